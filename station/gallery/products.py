"""What is known of a product besides its pictures."""

from dataclasses import dataclass

_GTIN_DIGITS = 14


@dataclass(frozen=True, slots=True)
class Product:
    """A product the station knows. `barcodes` and `skus` are the codes it may be announced or read by."""

    product_id: str
    name: str
    kind: str = ""
    barcodes: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()

    def told(self, news: "Product") -> "Product":
        """Return the product with what is new of it: its name and kind where they are given, and more codes."""
        barcodes = {canonical(code): code for code in (*self.barcodes, *news.barcodes)}
        return Product(
            self.product_id,
            news.name or self.name,
            news.kind or self.kind,
            tuple(barcodes.values()),
            tuple(dict.fromkeys((*self.skus, *news.skus))),
        )


def is_trade_number(code: str) -> bool:
    """Return whether a barcode is written as an EAN-8, UPC-A or EAN-13."""
    return code.strip().isdecimal() and len(code.strip()) in (8, 12, 13)


def canonical(code: str) -> str:
    """Return one spelling for one trade number: EAN-8, UPC-A and EAN-13 are GTIN-14 with leading zeros (GS1)."""
    return code.strip().zfill(_GTIN_DIGITS) if is_trade_number(code) else code.strip()
