"""Which product is it: barcode, the announced item, looks."""

from station.identity.identifier import Identifier
from station.identity.retrieval import Likeness, Retriever, told_apart

__all__ = ["Identifier", "Likeness", "Retriever", "told_apart"]
