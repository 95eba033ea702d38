"""The door: everything the API asks of the station behind it.

The daemon implements `Door`. All methods may be called from any thread and are synchronous. Those
marked memory only answer at once, without disk or locks held for long, because the server's loop calls
them directly; all others run in a worker thread.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from station.core.status import EvidencePicture, ItemRecord, StationStatus, Truth
from station.core.verdict import RecordedVerdict
from station.judge import Standing

UNREAD_LIMIT = 8
"""More unacknowledged verdicts than this are an overrun."""


@dataclass(frozen=True, slots=True)
class ProductSummary:
    """A product the station knows. `references` counts its reference pictures, 0 when it cannot be judged."""

    product_id: str
    name: str
    kind: str
    barcodes: tuple[str, ...]
    skus: tuple[str, ...]
    references: int


@dataclass(frozen=True, slots=True)
class GallerySummary:
    """The gallery that items are compared with, and the share of undamaged items it may sideline.

    `good_items` counts the undamaged items it was calibrated with, `good_items_needed` those that uphold
    `false_alarm_rate_asked`; with fewer, `false_alarm_rate_upheld` is higher.
    """

    digest: str
    products: int
    good_items: int
    good_items_needed: int
    false_alarm_rate_asked: float
    false_alarm_rate_upheld: float


class OutboxView(Protocol):
    """The newest recorded verdicts in memory, in the order a controller takes them. All memory only."""

    @property
    def newest(self) -> RecordedVerdict | None:
        """The last verdict recorded, None before the first."""

    @property
    def unread(self) -> int:
        """Verdicts the controller has not acknowledged."""

    @property
    def overrun(self) -> bool:
        """Whether more than `UNREAD_LIMIT` verdicts are unread."""

    def next_after(self, seq: int) -> RecordedVerdict | None:
        """Return the first verdict after the one with this sequence.

        For 0, and for a sequence that is not in memory, that is the oldest unread verdict. None when
        there is no such verdict yet.
        """

    def subscribe(self, callback: Callable[[], None]) -> None:
        """Call `callback` after each verdict, from the thread that published it. It must not block."""

    def unsubscribe(self, callback: Callable[[], None]) -> None:
        """Stop calling `callback`."""


class Door(Protocol):
    """The station as the API sees it."""

    @property
    def outbox(self) -> OutboxView:
        """The verdicts on their way to the controller."""

    def status(self) -> StationStatus:
        """Return the station's state now. Memory only."""

    def ready(self) -> tuple[bool, str]:
        """Return whether the station can judge items now, and if not why, as a sentence. Memory only."""

    def announce(self, plc_id: int, sku: str | None, barcode: str | None) -> ItemRecord:
        """Announce an item; it is durable when this returns.

        The same `plc_id` (1..2^31-1) gives the same item for as long as the store keeps the number in use; 0
        opens an item without a number.

        Raises:
            StoreError: the announcement could not be made durable; it does not count.
        """

    def item(self, item_id: str) -> ItemRecord | None:
        """Return one item, None when it is unknown.

        Raises:
            StoreError: the store cannot be read.
        """

    def item_by_plc_id(self, plc_id: int) -> ItemRecord | None:
        """Return the item the controller gave this number, None when it gave none.

        Raises:
            StoreError: the store cannot be read.
        """

    def verdicts(self, after_number: int, limit: int) -> list[RecordedVerdict]:
        """Return up to `limit` verdicts numbered above `after_number`, in order.

        Raises:
            StoreError: the store cannot be read.
        """

    def acknowledge(self, seq: int) -> int:
        """Note, durably, that the controller has taken the newest verdict with this sequence and all older ones.

        Returns how many verdicts this marked as read; 0 for one read before and for a sequence that names none.

        Raises:
            StoreError: the acknowledgement could not be made durable.
        """

    def evidence_names(self, item_id: str) -> tuple[str, ...]:
        """Return the names of an item's evidence pictures, empty when there are none."""

    def evidence(self, item_id: str, name: str) -> EvidencePicture | None:
        """Return one evidence picture, None when there is no such."""

    def record_truth(self, item_id: str, truth: Truth) -> None:
        """Store what a person found on an item; a later finding replaces an earlier one.

        Raises:
            StoreError: the finding could not be stored, or the item is unknown.
        """

    def gallery(self) -> GallerySummary:
        """Return what the gallery holds and upholds. Memory only."""

    def certificate(self) -> Standing:
        """Return how the certificate of the station's threshold stands. Memory only."""

    def products(self) -> tuple[ProductSummary, ...]:
        """Return every product the station knows."""

    def product_picture(self, product_id: str) -> EvidencePicture | None:
        """Return a reference picture of a product, None when there is none."""

    def camera_picture(self, camera_id: str) -> EvidencePicture | None:
        """Return the camera's latest picture, None when it has none or there is no such camera."""

    def metrics_text(self) -> bytes:
        """Return all metrics in Prometheus text form."""
