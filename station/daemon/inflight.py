"""The items in hand, each with its deadline; whoever claims an item first gives its only verdict.

A claimed item stays in hand until its verdict is stored, so that announcing it again meanwhile starts nothing new.
"""

import threading
from dataclasses import dataclass, replace

from station.core.items import Announcement


@dataclass(frozen=True, slots=True)
class ItemInFlight:
    """An item that owes the controller a verdict by `deadline_ns` (station clock)."""

    item_id: str
    since_ns: int
    deadline_ns: int
    announcement: Announcement | None


class InFlight:
    """All items in hand, safe to use from every thread."""

    def __init__(self) -> None:
        self._items: dict[str, ItemInFlight] = {}
        self._claimed: set[str] = set()
        self._lock = threading.Lock()

    def add(self, item: ItemInFlight) -> bool:
        """Take an item in hand; False when it already is."""
        with self._lock:
            if item.item_id in self._items:
                return False
            self._items[item.item_id] = item
            return True

    def reschedule(self, item_id: str, deadline_ns: int) -> bool:
        """Give an item a new deadline; False when it already has its verdict."""
        with self._lock:
            if not self._owes(item_id):
                return False
            self._items[item_id] = replace(self._items[item_id], deadline_ns=deadline_ns)
            return True

    def claim(self, item_id: str) -> bool:
        """Return True exactly once for each item: to the caller who may give its verdict."""
        with self._lock:
            if not self._owes(item_id):
                return False
            self._claimed.add(item_id)
            return True

    def settle(self, item_id: str) -> None:
        """Let go of an item: its verdict is stored."""
        with self._lock:
            self._items.pop(item_id, None)
            self._claimed.discard(item_id)

    def overdue(self, now_ns: int) -> list[ItemInFlight]:
        """Return the unclaimed items whose deadline has passed."""
        return [item for item in self.unclaimed() if item.deadline_ns <= now_ns]

    def is_overdue(self, item_id: str, now_ns: int) -> bool:
        """Return whether an item's deadline has passed without its verdict being stored, claimed or not."""
        with self._lock:
            return item_id in self._items and self._items[item_id].deadline_ns <= now_ns

    def unclaimed(self) -> list[ItemInFlight]:
        """Return every item that nobody has claimed yet."""
        with self._lock:
            return [item for item in self._items.values() if item.item_id not in self._claimed]

    def __len__(self) -> int:
        """Return how many items have no stored verdict yet."""
        with self._lock:
            return len(self._items)

    def _owes(self, item_id: str) -> bool:
        return item_id in self._items and item_id not in self._claimed
