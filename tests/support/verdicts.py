"""A plain verdict to make others of, and a sideliner as the inspector is one."""

from dataclasses import replace

from station.core.damage import Decision, Reason, Severity
from station.core.items import ItemCapture
from station.core.verdict import Identity, IdentitySource, Provenance, Verdict

PASSED = Verdict(
    item_id="item",
    plc_id=0,
    decision=Decision.PASS,
    damage_confidence=0.1,
    severity=Severity.NONE,
    reasons=(),
    type_scores={},
    regions=(),
    identity=Identity("brick", IdentitySource.ANNOUNCED),
    stage_ms={},
    provenance=Provenance("m", "g", "r", "c"),
    arrived_ns=0,
    decided_ns=0,
    utc_ns=0,
    simulated=True,
)


def passed(item_id: str, plc_id: int = 0) -> Verdict:
    return replace(PASSED, item_id=item_id, plc_id=plc_id)


def sideline(capture: ItemCapture, reason: Reason) -> Verdict:
    verdict = passed(capture.item_id, capture.plc_id)
    return replace(verdict, decision=Decision.SIDELINE, reasons=(reason,), arrived_ns=capture.arrived_ns)
