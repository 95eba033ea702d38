"""What the API asks of the station, answered by the running one; see `api.door.Door`."""

from dataclasses import replace

from station.api.door import GallerySummary, ProductSummary
from station.core.damage import Reason
from station.core.status import EvidencePicture, ItemRecord, ItemState, StationState, StationStatus, Truth
from station.core.verdict import RecordedVerdict
from station.daemon.outbox import Outbox
from station.daemon.station import Station
from station.gallery import Gallery
from station.judge import JudgeSettings, Standing, choose_threshold, good_items_needed
from station.store import Store


class StationDoor:
    """Reads go straight to the store; everything that writes passes the station's writer.

    A verdict that is stored but not told yet, for it may prove late, is shown to nobody: the outbox tells it first.
    """

    def __init__(
        self, station: Station, store: Store, gallery: Gallery, policy: JudgeSettings, standing: Standing
    ) -> None:
        self._policy = policy
        self._standing = standing
        self._station = station
        self._store = store
        self._gallery = gallery

    @property
    def outbox(self) -> Outbox:
        """The verdicts on their way to the controller."""
        return self._station.outbox

    def status(self) -> StationStatus:
        """Return the station's state now."""
        return self._station.status()

    def ready(self) -> tuple[bool, str]:
        """Return whether items can be judged now, and if not why."""
        status = self._station.status()
        if status.fault is Reason.SHUTDOWN:
            return False, "the recording or simulation has ended"
        if status.fault is not Reason.NONE:
            return False, f"{status.fault.title}. {status.fault.fix}"
        if status.state is StationState.STARTING:
            waiting = [camera.camera_id for camera in status.cameras if not camera.connected]
            return False, f"waiting for camera {', '.join(waiting)}" if waiting else "learning the empty tray"
        refusal = self._station.refusal or self._standing.refusal
        return not refusal, refusal or "ready"

    def announce(self, plc_id: int, sku: str | None, barcode: str | None) -> ItemRecord:
        """Announce an item; durable on return."""
        last_told = self._last_told()
        return _as_told(self._station.announce(plc_id, sku, barcode), last_told)

    def item(self, item_id: str) -> ItemRecord | None:
        """Return one item."""
        last_told = self._last_told()
        record = self._store.item(item_id)
        return record and _as_told(record, last_told)

    def item_by_plc_id(self, plc_id: int) -> ItemRecord | None:
        """Return the newest item the controller gave this number."""
        last_told = self._last_told()
        record = self._store.item_by_plc_id(plc_id)
        return record and _as_told(record, last_told)

    def verdicts(self, after_number: int, limit: int) -> list[RecordedVerdict]:
        """Return verdicts numbered above `after_number`, in order."""
        last_told = self._last_told()
        page = self._store.after_number(after_number, limit)
        return [recorded for recorded in page if recorded.number <= last_told]

    def acknowledge(self, seq: int) -> int:
        """Note durably that the controller has taken a verdict and all older ones; returns how many this marked."""
        self._station.write(lambda store: store.acknowledge(seq))
        return self._station.outbox.acknowledge(seq)

    def evidence_names(self, item_id: str) -> tuple[str, ...]:
        """Return the names of an item's evidence pictures."""
        return self._store.evidence_names(item_id)

    def evidence(self, item_id: str, name: str) -> EvidencePicture | None:
        """Return one evidence picture."""
        return self._store.evidence(item_id, name)

    def record_truth(self, item_id: str, truth: Truth) -> None:
        """Store what a person found on an item."""
        self._station.write(lambda store: store.record_truth(item_id, truth))

    def gallery(self) -> GallerySummary:
        """Return what the gallery holds and upholds."""
        asked, confidence = self._policy.max_false_alarm_rate, self._policy.confidence
        upheld = choose_threshold(self._gallery.good_scores, asked, confidence).max_false_alarm_rate
        return GallerySummary(
            digest=self._gallery.digest,
            products=len(self._gallery.products),
            good_items=len(self._gallery.good_scores),
            good_items_needed=good_items_needed(asked, confidence),
            false_alarm_rate_asked=asked,
            false_alarm_rate_upheld=upheld,
        )

    def certificate(self) -> Standing:
        """Return how the station's certificate stands."""
        return self._standing

    def products(self) -> tuple[ProductSummary, ...]:
        """Return every product of the gallery."""
        return tuple(
            ProductSummary(
                product_id=product.product_id,
                name=product.name,
                kind=product.kind,
                barcodes=product.barcodes,
                skus=product.skus,
                references=len(self._gallery.pictures(product.product_id)),
            )
            for product in self._gallery.products.values()
        )

    def product_picture(self, product_id: str) -> EvidencePicture | None:
        """Return a reference picture of a product."""
        files = self._gallery.pictures(product_id)
        return EvidencePicture(files[0].stem, "image/jpeg", files[0].read_bytes()) if files else None

    def camera_picture(self, camera_id: str) -> EvidencePicture | None:
        """Return a camera's newest picture."""
        runners = {runner.camera_id: runner for runner in self._station.runners}
        return runners[camera_id].picture() if camera_id in runners else None

    def metrics_text(self) -> bytes:
        """Return all metrics in Prometheus text form."""
        return self._station.telemetry.text()

    def _last_told(self) -> int:
        """Return the number of the newest verdict told. Ask it before the store: what was told by then is final."""
        newest = self._station.outbox.newest
        return newest.number if newest else 0


def _as_told(record: ItemRecord, last_told: int) -> ItemRecord:
    if record.verdict is None or record.verdict.number <= last_told:
        return record
    return replace(record, state=ItemState.CAPTURED, verdict=None)
