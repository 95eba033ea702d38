"""Verdicts, evidence, truths and open items, kept in SQLite or PostgreSQL."""

from station.store.settings import StoreSettings
from station.store.store import Boot, Store

__all__ = ["Boot", "Store", "StoreSettings"]
