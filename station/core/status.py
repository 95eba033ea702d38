"""What the station says of itself and of its items while it runs."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from station.core.damage import DamageType, Reason, Severity
from station.core.verdict import RecordedVerdict


class StationState(IntEnum):
    """The station's state. The numbers are those a controller reads."""

    STARTING = 0
    READY = 1
    BUSY = 2
    FAULT = 3


@dataclass(frozen=True, slots=True)
class CameraStatus:
    """One camera now. `connected` means a frame arrived recently; `frame_age_ms` is None before the first.

    `recoveries` counts how often it fell silent or was lost, and came back.
    """

    camera_id: str
    serial: str
    connected: bool
    frame_age_ms: float | None
    frames: int
    dropped: int
    recoveries: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class StationStatus:
    """The whole station now.

    `boot_id` differs on every start. `heartbeat` stands still when the station does. `unread` counts
    verdicts the controller has not acknowledged; more than eight of them is an `overrun`.
    `fault` is `Reason.NONE` unless `state` is FAULT. `alarm` is a sentence on what the booth's daily check found
    amiss or that it is due, empty when it passed or the booth was never set up. `uncertified` says why the threshold's
    certificate does not hold, empty when it does or none was ever asked for.
    """

    state: StationState
    fault: Reason
    boot_id: str
    heartbeat: int
    last_seq: int
    unread: int
    overrun: bool
    disk_ok: bool
    cameras: tuple[CameraStatus, ...]
    model: str
    gallery: str
    rig: str
    config: str
    alarm: str = ""
    uncertified: str = ""


class ItemState(StrEnum):
    """Where an item stands on its way to a verdict."""

    ANNOUNCED = "announced"
    CAPTURED = "captured"
    JUDGED = "judged"


@dataclass(frozen=True, slots=True)
class Truth:
    """What a person found on an item afterwards. No damage types means the item was good."""

    damage_types: tuple[DamageType, ...]
    severity: Severity
    author: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class ItemRecord:
    """An item as the store knows it. `opened_utc_ns` is wall time."""

    item_id: str
    plc_id: int
    sku: str | None
    barcode: str | None
    opened_utc_ns: int
    state: ItemState
    verdict: RecordedVerdict | None = None
    truth: Truth | None = None


@dataclass(frozen=True, slots=True)
class EvidencePicture:
    """An encoded picture kept with a verdict. `name` is e.g. `top-overlay`; `media_type` e.g. `image/jpeg`."""

    name: str
    media_type: str
    data: bytes
