"""What is known of a product besides its pictures."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Product:
    """A product the station knows. `barcodes` and `skus` are the codes it may be announced or read by."""

    product_id: str
    name: str
    kind: str = ""
    barcodes: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
