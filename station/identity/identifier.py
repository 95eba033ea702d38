"""Which product an item is: what was announced, the barcode it wears, and what it looks like."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from station.core.damage import Reason
from station.core.items import Announcement, ItemView
from station.core.verdict import Identity, IdentitySource
from station.gallery import Product, canonical, is_trade_number
from station.identity.retrieval import Retriever

_FORMATS = "EAN13,EAN8,UPCA,Code128"
"""The codes that trade goods wear at retail."""


@dataclass(frozen=True, slots=True)
class Codes:
    """What an item's codes say: those announced, and those it wears.

    Attributes:
        announced: the product announced; None where none was, or by codes that name no product, or two.
        claimed: whether any code was announced at all.
        named: the products that its barcodes name, each with its barcode.
        agreed: the first barcode that two views read alike.
    """

    announced: str | None
    claimed: bool
    named: Mapping[str, str]
    agreed: str | None

    @property
    def product_id(self) -> str | None:
        """The product they speak for; a barcode outweighs the announcement."""
        return self.announced if self.announced in self.named else next(iter(self.named), self.announced)


class Identifier:
    """Knows products by their codes and their looks. A code that two products share names neither."""

    def __init__(self, products: Mapping[str, Product], retriever: Retriever) -> None:
        self._retriever = retriever
        self._formats = zxingcpp.barcode_formats_from_str(_FORMATS)
        self._by_barcode = _index({product_id: product.barcodes for product_id, product in products.items()}, canonical)
        self._trade_numbers = {
            product_id: {canonical(code) for code in product.barcodes if is_trade_number(code)}
            for product_id, product in products.items()
        }
        self._by_sku = _index({product_id: product.skus for product_id, product in products.items()}, str.strip)

    def read(self, views: Sequence[ItemView], announcement: Announcement | None) -> Codes:
        """Return what the codes say: those that the controller announced, and the barcodes in an item's views."""
        announced, claimed = self._announced(announcement)
        named, agreed = self._read(views)
        return Codes(announced, claimed, named, agreed)

    def identify(
        self, codes: Codes, views: Sequence[ItemView], embeddings: Sequence[NDArray[np.float32]]
    ) -> tuple[Identity, tuple[Reason, ...]]:
        """Return which product the item is, and why that is in doubt, if it is.

        A barcode of another known product than the announced one outweighs the announcement and is WRONG_ITEM;
        barcodes of two known products are SEVERAL_ITEMS. An announcement of codes that name no product, or two, is
        UNKNOWN_PRODUCT even when a barcode is read, since the two cannot be compared. A barcode that names no known
        product is told only where two views read it alike; then an item that was not announced is none of the known
        ones, whatever it looks like, and one announced as a product with other trade numbers is WRONG_ITEM. Where no
        barcode names a product its looks count as a barcode would: one that does not look like what was announced is
        WRONG_ITEM, whether or not it looks like another, and one not announced that looks like none UNKNOWN_PRODUCT.

        Args:
            codes: what its codes say.
            views: the item's views.
            embeddings: each view's, float32 [C]; see `station.gallery.embed`.
        """
        announced, unclear = codes.announced, (Reason.UNKNOWN_PRODUCT,) if codes.claimed else ()
        if codes.named:
            read = codes.product_id
            identity = Identity(read, IdentitySource.BARCODE, codes.named[read] if read else None)
            if len(codes.named) > 1:
                return identity, (Reason.SEVERAL_ITEMS,)
            if announced is None:
                return identity, unclear
            if read != announced:
                return identity, (Reason.WRONG_ITEM,)
            return Identity(announced, IdentitySource.ANNOUNCED, identity.barcode), ()
        if announced is not None:
            looked = self._retriever.confirm(views, embeddings, announced)
            if looked == announced:
                wrong = codes.agreed is not None and self._contradicts(codes.agreed, announced)
                return Identity(announced, IdentitySource.ANNOUNCED, codes.agreed), (Reason.WRONG_ITEM,) * wrong
            unclear = (Reason.WRONG_ITEM,)
        else:
            looked = self._retriever.recognise(views, embeddings) if codes.agreed is None else None
        if looked is not None:
            return Identity(looked, IdentitySource.VISUAL), unclear
        return Identity(None, IdentitySource.NONE, codes.agreed), unclear or (Reason.UNKNOWN_PRODUCT,)

    def _contradicts(self, code: str, product_id: str) -> bool:
        """Whether a code is a trade number, and the product bears others alone."""
        own = self._trade_numbers[product_id]
        return bool(own) and is_trade_number(code) and canonical(code) not in own

    def _announced(self, announcement: Announcement | None) -> tuple[str | None, bool]:
        """The announced product, and whether any code was announced at all."""
        if announcement is None:
            return None, False
        named = set()
        if announcement.barcode:
            named.add(self._by_barcode.get(canonical(announcement.barcode)))
        if announcement.sku:
            named.add(self._by_sku.get(announcement.sku.strip()))
        return (named.pop() if len(named) == 1 else None), bool(announcement.barcode or announcement.sku)

    def _read(self, views: Sequence[ItemView]) -> tuple[dict[str, str], str | None]:
        """The products that barcodes name, each with its barcode; and the first barcode that two views agree on.

        A check digit lets one wrong read in ten through, so that a read which names nothing known and
        has no witness is none.
        """
        named: dict[str, str] = {}
        seen: set[str] = set()
        agreed = None
        for view in views:
            texts = self._barcodes(view)
            for text in texts:
                product = self._by_barcode.get(canonical(text))
                if product is not None:
                    named.setdefault(product, text)
            agreed = agreed or next((text for text in texts if text in seen), None)
            seen.update(texts)
        return named, agreed

    def _barcodes(self, view: ItemView) -> list[str]:
        rows = np.flatnonzero(view.mask.any(axis=1))  # a crop is as high as wide, most items in it are not
        item = cv2.cvtColor(view.crop[rows[0] : rows[-1] + 1], cv2.COLOR_RGB2GRAY)
        results = zxingcpp.read_barcodes(
            item, formats=self._formats, try_invert=False, text_mode=zxingcpp.TextMode.Plain
        )
        return [result.text for result in results]


def _index(codes: Mapping[str, Sequence[str]], spelling: Callable[[str], str]) -> dict[str, str]:
    index: dict[str, str | None] = {}
    for product_id, values in codes.items():
        for value in values:
            key = spelling(value)
            index[key] = product_id if index.get(key, product_id) == product_id else None
    return {key: product_id for key, product_id in index.items() if product_id is not None}
