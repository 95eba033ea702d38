"""Announcement and barcode: who wins, and what is in doubt."""

import cv2
import numpy as np
import pytest
import zxingcpp

from station.core.damage import Reason
from station.core.items import Announcement, ItemView, Quality
from station.core.verdict import Identity, IdentitySource
from station.gallery import Product
from station.identity import Identifier, Retriever

TEA, SOAP, STRANGER = "4006381333931", "0012345678905", "9780201379624"
PRODUCTS = {
    "tea": Product("tea", "Green tea", barcodes=(TEA,), skus=("SKU-1",)),
    "soap": Product("soap", "Soap", barcodes=(SOAP,), skus=("SKU-2",)),
}


def view(barcode: str | None = None, turn_degrees: float = 0.0) -> ItemView:
    """A grey crop that wears the barcode, turned."""
    crop = np.full((448, 448, 3), 190, np.uint8)
    if barcode:
        code = zxingcpp.create_barcode(
            barcode, getattr(zxingcpp.BarcodeFormat, "EAN13" if barcode.isdecimal() else "Code128")
        )
        symbol = np.array(zxingcpp.write_barcode_to_image(code, scale=2))
        height, width = symbol.shape[:2]
        crop[200 : 200 + height, 100 : 100 + width] = symbol[..., None] if symbol.ndim == 2 else symbol
        turn = cv2.getRotationMatrix2D((224, 224), turn_degrees, 1.0)
        crop = cv2.warpAffine(crop, turn, (448, 448), borderValue=(190, 190, 190))
    return ItemView(
        camera_id="top",
        crop=crop,
        mask=np.ones((448, 448), np.bool_),
        height_mm=np.zeros((448, 448), np.float32),
        mm_per_px=0.5,
        crop_from_image=np.eye(2, 3),
        quality=Quality(100.0, 0.0, 0.0, 1.0),
    )


def announce(sku: str | None = None, barcode: str | None = None) -> Announcement:
    return Announcement(plc_id=1, t_ns=0, sku=sku, barcode=barcode)


BLIND = Retriever({}, lambda _: None)
IDENTIFIER = Identifier(PRODUCTS, BLIND)


def identify(
    identifier: Identifier, views: list[ItemView], announcement: Announcement | None
) -> tuple[Identity, tuple[Reason, ...]]:
    """Without features: nobody looks at these views."""
    return identifier.identify(identifier.read(views, announcement), views, ())


@pytest.mark.parametrize("turn_degrees", [0, 90, 180, 270, 8])
def test_barcode_names_the_product_however_it_lies(turn_degrees: float) -> None:
    identity, doubts = identify(IDENTIFIER, [view(), view(TEA, turn_degrees)], None)
    assert identity == Identity("tea", IdentitySource.BARCODE, TEA)
    assert doubts == ()


@pytest.mark.parametrize("announcement", [announce(sku="SKU-1"), announce(barcode=TEA), announce("SKU-1", TEA)])
def test_announced_product_holds_where_nothing_is_read(announcement: Announcement) -> None:
    identity, doubts = identify(IDENTIFIER, [view()], announcement)
    assert identity == Identity("tea", IdentitySource.ANNOUNCED)
    assert doubts == ()


def test_barcode_that_agrees_is_kept() -> None:
    identity, doubts = identify(IDENTIFIER, [view(TEA)], announce("SKU-1"))
    assert identity == Identity("tea", IdentitySource.ANNOUNCED, TEA)
    assert doubts == ()


def test_barcode_of_another_known_product_is_the_wrong_item() -> None:
    identity, doubts = identify(IDENTIFIER, [view(SOAP)], announce("SKU-1"))
    assert (identity.product_id, identity.source) == ("soap", IdentitySource.BARCODE)
    assert doubts == (Reason.WRONG_ITEM,)


@pytest.mark.parametrize(("announcement", "named"), [(announce("SKU-1"), "tea"), (None, "soap")])
def test_barcodes_of_two_products_are_several_items(announcement: Announcement | None, named: str) -> None:
    identity, doubts = identify(IDENTIFIER, [view(SOAP), view(TEA)], announcement)
    assert (identity.product_id, identity.source) == (named, IdentitySource.BARCODE)
    assert doubts == (Reason.SEVERAL_ITEMS,)


def test_a_trade_number_that_two_views_read_and_the_announced_product_does_not_bear_is_the_wrong_item() -> None:
    identity, doubts = identify(IDENTIFIER, [view(STRANGER), view(STRANGER)], announce("SKU-1"))
    assert identity == Identity("tea", IdentitySource.ANNOUNCED, STRANGER)
    assert doubts == (Reason.WRONG_ITEM,)


@pytest.mark.parametrize(
    ("own", "read"),
    [((), STRANGER), (("X-17",), STRANGER), ((TEA,), "PARCEL-0815"), ((TEA, STRANGER), STRANGER)],
    ids=["no code is known", "no trade number is known", "a shipper's label", "shared with another product"],
)
def test_other_codes_do_not_contradict_the_announcement(own: tuple[str, ...], read: str) -> None:
    products = {
        "tea": Product("tea", "Green tea", barcodes=own, skus=("SKU-1",)),
        "pack": Product("pack", "Twelve of them", barcodes=(STRANGER,)),
    }
    if STRANGER not in own:
        del products["pack"]
    _, doubts = identify(Identifier(products, BLIND), [view(read), view(read)], announce("SKU-1"))
    assert doubts == ()


@pytest.mark.parametrize("announcement", [None, announce("SKU-1")])
def test_a_lone_foreign_barcode_may_be_misread_and_is_not_kept(announcement: Announcement | None) -> None:
    identity, _ = identify(IDENTIFIER, [view(STRANGER), view(), view("2266838953415")], announcement)
    assert identity.barcode is None


def test_a_known_barcode_outweighs_foreign_ones_that_agree() -> None:
    identity, doubts = identify(IDENTIFIER, [view(STRANGER), view(STRANGER), view(TEA)], None)
    assert identity == Identity("tea", IdentitySource.BARCODE, TEA)
    assert doubts == ()


class SeesTea(Retriever):
    """To which everything looks like tea."""

    def __init__(self) -> None:
        super().__init__({}, lambda _: None)

    def confirm(self, views: object, embeddings: object, expected: str) -> str | None:
        return "tea"


@pytest.mark.parametrize("shown", [[STRANGER], [STRANGER, STRANGER]])
def test_a_foreign_barcode_does_not_keep_looks_from_telling_another_product(shown: list[str]) -> None:
    identity, doubts = identify(Identifier(PRODUCTS, SeesTea()), [view(code) for code in shown], announce("SKU-2"))
    assert identity.product_id == "tea"
    assert doubts == (Reason.WRONG_ITEM,)


@pytest.mark.parametrize("announcement", [None, announce(), announce(sku="SKU-9"), announce("SKU-1", SOAP)])
def test_nothing_known_is_an_unknown_product(announcement: Announcement | None) -> None:
    identity, doubts = identify(IDENTIFIER, [view(STRANGER), view(STRANGER, 8)], announcement)
    assert identity == Identity(None, IdentitySource.NONE, STRANGER)
    assert doubts == (Reason.UNKNOWN_PRODUCT,)


def test_unknown_announcement_is_in_doubt_even_with_a_barcode() -> None:
    identity, doubts = identify(IDENTIFIER, [view(TEA)], announce(sku="SKU-9"))
    assert identity.product_id == "tea"
    assert doubts == (Reason.UNKNOWN_PRODUCT,)


def test_upc_and_ean_are_one_number() -> None:
    identity, _ = identify(IDENTIFIER, [view()], announce(barcode=SOAP[1:]))
    assert identity.product_id == "soap"


def test_code_shared_by_two_products_names_neither() -> None:
    twins = {name: Product(name, name, barcodes=(TEA,)) for name in ("a", "b", "c")}
    identity, doubts = identify(Identifier(twins, BLIND), [view(TEA)], None)
    assert identity.product_id is None
    assert doubts == (Reason.UNKNOWN_PRODUCT,)


def test_no_views_and_no_products() -> None:
    identity, doubts = identify(Identifier({}, BLIND), [], None)
    assert identity.product_id is None
    assert doubts == (Reason.UNKNOWN_PRODUCT,)
