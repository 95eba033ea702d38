"""Verdicts and truths as JSON documents, and back, exactly."""

import json
from typing import Any

from station.core.damage import DamageType, Decision, Reason, Severity
from station.core.errors import StoreError
from station.core.status import Truth
from station.core.verdict import Identity, IdentitySource, Provenance, Region, Verdict


def encode_verdict(verdict: Verdict) -> str:
    """Return the verdict as ASCII JSON, enums by their words; its `views` are left out.

    Numbers are turned into Python's own first, since rooms may hand in NumPy scalars.
    """
    return json.dumps(
        {
            "item_id": verdict.item_id,
            "plc_id": int(verdict.plc_id),
            "decision": verdict.decision.name,
            "damage_confidence": float(verdict.damage_confidence),
            "severity": verdict.severity.name,
            "reasons": [reason.name for reason in verdict.reasons],
            "type_scores": {kind.value: float(score) for kind, score in verdict.type_scores.items()},
            "regions": [
                [region.camera_id, [int(px) for px in region.box_px], float(region.score)] for region in verdict.regions
            ],
            "identity": [verdict.identity.product_id, verdict.identity.source.value, verdict.identity.barcode],
            "stage_ms": {stage: float(ms) for stage, ms in verdict.stage_ms.items()},
            "provenance": {
                "model": verdict.provenance.model,
                "gallery": verdict.provenance.gallery,
                "rig": verdict.provenance.rig,
                "config": verdict.provenance.config,
            },
            "arrived_ns": int(verdict.arrived_ns),
            "decided_ns": int(verdict.decided_ns),
            "utc_ns": int(verdict.utc_ns),
            "simulated": bool(verdict.simulated),
            "detail": verdict.detail,
        },
        separators=(",", ":"),
    )


def decode_verdict(document: str) -> Verdict:
    """Return the verdict that `encode_verdict` wrote.

    Raises:
        StoreError: the document is not one of ours.
    """
    try:
        return _verdict(json.loads(document))
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"a stored verdict cannot be read ({error!r}): {document[:80]}. Restore a backup") from error


def _verdict(fields: dict[str, Any]) -> Verdict:
    product_id, source, barcode = fields["identity"]
    return Verdict(
        item_id=fields["item_id"],
        plc_id=fields["plc_id"],
        decision=Decision[fields["decision"]],
        damage_confidence=fields["damage_confidence"],
        severity=Severity[fields["severity"]],
        reasons=tuple(Reason[name] for name in fields["reasons"]),
        type_scores={DamageType(kind): score for kind, score in fields["type_scores"].items()},
        regions=tuple(Region(camera_id, (x, y, w, h), score) for camera_id, (x, y, w, h), score in fields["regions"]),
        identity=Identity(product_id, IdentitySource(source), barcode),
        stage_ms=fields["stage_ms"],
        provenance=Provenance(**fields["provenance"]),
        arrived_ns=fields["arrived_ns"],
        decided_ns=fields["decided_ns"],
        utc_ns=fields["utc_ns"],
        simulated=fields["simulated"],
        detail=fields["detail"],
    )


def encode_truth(truth: Truth) -> str:
    """Return what a person found as ASCII JSON."""
    return json.dumps(
        {
            "damage_types": [kind.value for kind in truth.damage_types],
            "severity": truth.severity.name,
            "author": truth.author,
            "note": truth.note,
        },
        separators=(",", ":"),
    )


def decode_truth(document: str) -> Truth:
    """Return the truth that `encode_truth` wrote.

    Raises:
        StoreError: the document is not one of ours.
    """
    try:
        fields = json.loads(document)
        kinds = tuple(DamageType(kind) for kind in fields["damage_types"])
        return Truth(kinds, Severity[fields["severity"]], fields["author"], fields["note"])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"a stored truth cannot be read ({error!r}): {document[:80]}. Restore a backup") from error
