"""What the judging rooms find, and what the station says in the end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType, Decision, Reason, Severity
from station.core.items import ItemView


class IdentitySource(StrEnum):
    """How the product was known."""

    NONE = "none"
    ANNOUNCED = "announced"
    BARCODE = "barcode"
    VISUAL = "visual"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which product the item is. `product_id` is None when unknown.

    `barcode` was read on the item: it names the product, or two views read it alike. None otherwise.
    """

    product_id: str | None
    source: IdentitySource
    barcode: str | None = None


@dataclass(frozen=True, slots=True)
class Region:
    """Where on a view something is amiss: a box `x, y, width, height` in crop px, with its score."""

    camera_id: str
    box_px: tuple[int, int, int, int]
    score: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One room's raw opinion of one view: a score (higher is worse), where, and its map.

    `source` names the room's method, e.g. `references`. `score_map` is float32 [h, w] over the crop,
    coarse; `damage_type` is None when the finding is of no type, `severity` when the method cannot tell.
    `camera_id` is empty where the finding is of all views together. `size_mm` is how wide or deep the damage is, None
    where the method does not measure it.
    """

    source: str
    camera_id: str
    score: float
    regions: tuple[Region, ...]
    score_map: NDArray[np.float32]
    damage_type: DamageType | None = None
    severity: Severity | None = None
    size_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """SHA-256 hex digests (first 16 characters) of what produced a verdict."""

    model: str
    gallery: str
    rig: str
    config: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The station's answer for one item.

    `damage_confidence` lies in 0..1. `reasons` is empty for PASS, worst first otherwise. `stage_ms`
    maps the walk's stages to milliseconds. `arrived_ns` and `decided_ns` are station clock;
    `utc_ns` is wall time of the decision. `simulated` marks items that no live camera saw.
    `detail` tells people what exactly failed, empty when nothing did. `views` are the pictures it
    was judged by; they travel with a fresh verdict to become evidence and are not stored in it.
    """

    item_id: str
    plc_id: int
    decision: Decision
    damage_confidence: float
    severity: Severity
    reasons: tuple[Reason, ...]
    type_scores: Mapping[DamageType, float]
    regions: tuple[Region, ...]
    identity: Identity
    stage_ms: Mapping[str, float]
    provenance: Provenance
    arrived_ns: int
    decided_ns: int
    utc_ns: int
    simulated: bool
    detail: str = ""
    views: tuple[ItemView, ...] = field(default=(), compare=False, repr=False)

    @property
    def reason(self) -> Reason:
        """The first reason, `Reason.NONE` for a pass."""
        return self.reasons[0] if self.reasons else Reason.NONE


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """A verdict that is safely stored. `number` counts all verdicts from 1; `seq` is its controller sequence.

    `told_ns` is the station clock when the controller could first read it, None before, in lock-step, after a restart.
    """

    number: int
    seq: int
    verdict: Verdict
    acknowledged: bool = False
    told_ns: int | None = None


SEQ_MAX = 32767
"""The controller's sequence runs 1..SEQ_MAX and wraps to 1."""


def seq_from_number(number: int) -> int:
    """Return the controller sequence of the verdict with this number (1, 2, 3, ...)."""
    return (number - 1) % SEQ_MAX + 1


SEQ_WINDOW = 16383
"""How many of the newest verdicts a controller sequence can still name: half a turn, so that old never looks new."""


def number_from_seq(seq: int, last_number: int) -> int | None:
    """Return the newest verdict number, up to `last_number`, that has this controller sequence.

    None when there is none among the last `SEQ_WINDOW` verdicts.
    """
    behind = (last_number - seq) % SEQ_MAX
    known = 1 <= seq <= SEQ_MAX and behind < min(SEQ_WINDOW, last_number)
    return last_number - behind if known else None
