"""Which product is it: barcode and the announced item."""

from station.identity.identifier import Identifier

__all__ = ["Identifier"]
