"""Which product is it: barcode, the announced item, looks."""

from station.identity.identifier import Codes, Identifier
from station.identity.retrieval import Likeness, Retriever, told_apart

__all__ = ["Codes", "Identifier", "Likeness", "Retriever", "told_apart"]
