"""Items known by their looks: found among many, told apart from their like, and refused where nothing is like them."""

from functools import cache

import cv2
import numpy as np
import pytest

from station.core.damage import Reason
from station.core.items import Announcement, ItemView, Quality
from station.core.verdict import Identity, IdentitySource
from station.gallery import Looks, Product, embed, learn_looks
from station.identity import Identifier, Retriever

SIDE = 256
NAMES = ("tea", "soap", "salt")


@cache
def artwork(name: str) -> np.ndarray:
    """A print of its own: coarse blocks and fine ones."""
    rng = np.random.default_rng(sum(name.encode()))
    coarse, fine = (rng.integers(0, 255, (cells, cells, 3)).astype(np.uint8) for cells in (6, 40))
    scaled = [cv2.resize(cells, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST) for cells in (coarse, fine)]
    return cv2.GaussianBlur(cv2.addWeighted(scaled[0], 0.6, scaled[1], 0.4, 0), (0, 0), 1)


def view(name: str, turn_deg: float = 0.0, shift_px: float = 0.0) -> ItemView:
    turn = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), turn_deg, 0.8)
    turn[:, 2] += shift_px
    crop = cv2.warpAffine(artwork(name), turn, (SIDE, SIDE), borderValue=(127, 127, 127))
    mask = cv2.warpAffine(np.ones((SIDE, SIDE), np.uint8), turn, (SIDE, SIDE)) > 0
    height_mm = np.zeros((SIDE, SIDE), np.float32)
    return ItemView("top", crop, mask, height_mm, 0.5, np.eye(2, 3), Quality(100.0, 0.0, 0.0, 1.0))


def embeddings(views: list[ItemView]) -> list[np.ndarray]:
    return [embed(own, one.mask) for own, one in zip(features(views), views, strict=True)]


def features(views: list[ItemView]) -> list[np.ndarray]:
    """What a model would say: each patch's colours, mixed at random and rectified."""
    small = [cv2.resize(one.crop, (64, 64), interpolation=cv2.INTER_AREA).astype(np.float32) for one in views]
    patches = [one.reshape(16, 4, 16, 4, 3).swapaxes(1, 2).reshape(16, 16, 48) - 127 for one in small]
    mixing = np.random.default_rng(7).normal(size=(48, 64)).astype(np.float32)
    return [np.maximum(one @ mixing, 0) for one in patches]


@cache
def looks(name: str) -> Looks:
    views = [view(name, turn) for turn in (0, 90, 180)]
    return learn_looks([one.crop for one in views], [one.mask for one in views], features(views))


@cache
def retriever(names: tuple[str, ...] = NAMES) -> Retriever:
    known = {name: looks(name) for name in names}
    return Retriever({name: own.embeddings for name, own in known.items()}, known.get)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("turn_deg", [8, 170])
def test_an_item_is_known_by_its_looks(name: str, turn_deg: float) -> None:
    views = [view(name, turn_deg, 5.0)]
    assert retriever().recognise(views, embeddings(views)) == name


def test_an_item_like_no_product_is_unknown() -> None:
    views = [view("pepper", 8)]
    assert retriever().recognise(views, embeddings(views)) is None


def test_an_item_like_two_products_is_unknown() -> None:
    twins = {"a": looks("tea"), "b": looks("tea")}
    views = [view("tea", 8)]
    found = Retriever({name: own.embeddings for name, own in twins.items()}, twins.get)
    assert found.recognise(views, embeddings(views)) is None


def test_without_products_or_views_nothing_is_known() -> None:
    assert Retriever({}, lambda _: None).recognise([view("tea")], embeddings([view("tea")])) is None
    assert retriever().recognise([], []) is None


def announce(sku: str) -> Announcement:
    return Announcement(plc_id=1, t_ns=0, sku=sku)


@pytest.mark.parametrize(
    ("shown", "announced", "identity", "doubts"),
    [
        ("tea", None, Identity("tea", IdentitySource.VISUAL), ()),
        ("pepper", None, Identity(None, IdentitySource.NONE), (Reason.UNKNOWN_PRODUCT,)),
        ("tea", "tea", Identity("tea", IdentitySource.ANNOUNCED), ()),
        ("salt", "tea", Identity("salt", IdentitySource.VISUAL), (Reason.WRONG_ITEM,)),
        ("pepper", "tea", Identity(None, IdentitySource.NONE), (Reason.WRONG_ITEM,)),
        ("tea", "nothing known", Identity("tea", IdentitySource.VISUAL), (Reason.UNKNOWN_PRODUCT,)),
    ],
)
def test_looks_speak_where_no_barcode_does(
    shown: str, announced: str | None, identity: Identity, doubts: tuple[Reason, ...]
) -> None:
    identifier = Identifier({name: Product(name, name, skus=(name,)) for name in NAMES}, retriever())
    views = [view(shown, 8)]
    codes = identifier.read(views, announce(announced) if announced else None)
    found = identifier.identify(codes, views, embeddings(views))
    assert found == (identity, doubts)


@pytest.mark.parametrize("known", [("tea",), ("tea", "soap"), NAMES])
def test_an_item_like_nothing_known_is_not_what_was_announced(known: tuple[str, ...]) -> None:
    views = [view("pepper", 8)]
    assert retriever(known).confirm(views, embeddings(views), "tea") is None
    views = [view("tea", 8)]
    assert retriever(known).confirm(views, embeddings(views), "tea") == "tea"


def test_a_product_that_shares_its_faces_with_another_is_believed() -> None:
    twins = {"a": looks("tea"), "b": looks("tea")}
    views = [view("tea", 8)]
    found = Retriever({name: own.embeddings for name, own in twins.items()}, twins.get)
    assert found.confirm(views, embeddings(views), "b") == "b"


def test_a_product_without_looks_is_believed_unless_another_is_recognised() -> None:
    views = [view("pepper", 8)]
    assert retriever().confirm(views, embeddings(views), "new") == "new"
    views = [view("tea", 8)]
    assert retriever().confirm(views, embeddings(views), "new") == "tea"
