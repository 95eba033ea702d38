"""Items and verdicts as they cross the wire, built from the station's own types here alone.

Verdict words follow OPC 40001-101 (Machinery, Result Transfer) where it has one, in snake case:
`result_id`, `is_partial`, `is_simulated`, `creation_time`, `result_evaluation`, `result_evaluation_code`
and `product_id`.
"""

from datetime import datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from station.api.schemas import (
    PLC_ID_MAX,
    Body,
    Number,
    ProvenanceBody,
    ReasonBody,
    Word,
    confidence,
    provenance_body,
    reason_body,
    utc_time,
)
from station.core.damage import DamageType, Decision, Reason, Severity
from station.core.status import ItemRecord, ItemState, Truth
from station.core.verdict import IdentitySource, RecordedVerdict

SeverityWord = Literal["none", "minor", "major"]


class RegionBody(Body):
    """Where on a view something is amiss."""

    camera_id: str = Field(description="The camera that saw it.", examples=["top"])
    x_px: int = Field(description="Left edge in the crop, px.", examples=[120])
    y_px: int = Field(description="Top edge in the crop, px.", examples=[88])
    width_px: int = Field(description="Width, px.", examples=[40])
    height_px: int = Field(description="Height, px.", examples=[32])
    score: float = Field(description="The region's raw score; higher is worse.", examples=[3.2])


class IdentityBody(Body):
    """Which product the item is."""

    product_id: str | None = Field(
        description="OPC ProductId: the product, null when unknown.", examples=["carton-tea"]
    )
    source: IdentitySource = Field(description="How the product came to be known.", examples=["barcode"])
    barcode: str | None = Field(
        description="The barcode read on the item: it names the product, or two cameras agree on it; null otherwise.",
        examples=["4006381333931"],
    )


class VerdictBody(Body):
    """The station's answer for one item."""

    number: int = Field(description="Counts all verdicts of this store from 1; never wraps.", examples=[1])
    seq: int = Field(description="The controller's sequence of it, 1..32767.", examples=[1])
    result_id: str = Field(description="OPC ResultId: the id of the item judged.", examples=["000001-a000001"])
    plc_id: int = Field(description="The controller's number for the item, 0 without one.", examples=[1])
    decision: Literal["none", "pass", "sideline", "error"] = Field(
        description="What becomes of the item; only `pass` opens the gate.", examples=["sideline"]
    )
    result_evaluation: Literal["OK", "NotOK", "NotDecidable"] = Field(
        description="OPC ResultEvaluation: OK for a pass, NotOK for damage or a wrong item, NotDecidable otherwise.",
        examples=["NotOK"],
    )
    result_evaluation_code: int = Field(description="OPC ResultEvaluationCode: the first reason's code.", examples=[10])
    is_partial: bool = Field(description="OPC IsPartial: always false, a verdict is whole.", examples=[False])
    is_simulated: bool = Field(description="OPC IsSimulated: true when no live camera saw the item.", examples=[True])
    acknowledged: bool = Field(description="Whether the controller acknowledged it.", examples=[False])
    creation_time: datetime = Field(
        description="OPC CreationTime: when it was decided.", examples=["2025-01-31T09:26:53Z"]
    )
    damage_confidence: float = Field(ge=0, le=1, description="How sure the station is of damage.", examples=[0.987])
    severity: SeverityWord = Field(description="How bad the damage is.", examples=["major"])
    reasons: list[ReasonBody] = Field(description="Why it was not passed, worst first.")
    detail: str = Field(description="What exactly failed, empty when nothing did.", examples=[""])
    type_scores: dict[DamageType, float] = Field(
        description="Raw score for each type of damage.", examples=[{"deformation": 0.91}]
    )
    regions: list[RegionBody] = Field(description="Where something is amiss.")
    identity: IdentityBody = Field(description="Which product it is.")
    duration_ms: float = Field(description="From the settled item to its verdict, ms.", examples=[212.4])
    stage_ms: dict[str, float] = Field(description="Time of each stage, ms.", examples=[{"views": 21.5}])
    provenance: ProvenanceBody = Field(description="Digests of what produced it.")


class VerdictPage(Body):
    """Verdicts in order."""

    verdicts: list[VerdictBody] = Field(description="The verdicts, oldest first.")
    next_after: int = Field(description="Ask for the next page with this `after`.", examples=[1])


class TruthBody(BaseModel):
    """What a person found on an item. No damage types means the item was good."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"damage_types": ["deformation"], "severity": "minor", "author": "kim", "note": "dent at one corner"}
            ]
        },
    )

    damage_types: list[DamageType] = Field(max_length=len(DamageType), description="The types of damage found.")
    severity: SeverityWord = Field(description="How bad it is; `none` exactly when there are no damage types.")
    author: Word = Field(description="Who looked.")
    note: str = Field(default="", max_length=2000, pattern=r"^[^\x00]*$", description="Anything worth knowing.")

    @model_validator(mode="after")
    def _severity_agrees(self) -> Self:
        if bool(self.damage_types) != (self.severity != "none"):
            raise ValueError("severity must be none exactly when damage_types is empty")
        return self

    def to_truth(self) -> Truth:
        """Return the finding in the station's own words."""
        return Truth(tuple(dict.fromkeys(self.damage_types)), Severity[self.severity.upper()], self.author, self.note)


class NewItem(BaseModel):
    """An item about to be presented."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"plc_id": 2, "barcode": "4006381333931"}]}
    )

    plc_id: Number = Field(
        0, ge=0, le=PLC_ID_MAX, description="Your number for the item; the same number, the same item. 0: none."
    )
    sku: Word | None = Field(default=None, description="The stock keeping unit expected.")
    barcode: Word | None = Field(default=None, description="The barcode expected.")


class ItemBody(Body):
    """An item and how far it has come."""

    item_id: str = Field(description="The station's name for the item.", examples=["000001-a000001"])
    plc_id: int = Field(description="The controller's number for it, 0 without one.", examples=[1])
    sku: str | None = Field(description="The stock keeping unit announced.", examples=["TEA-20"])
    barcode: str | None = Field(description="The barcode announced.", examples=["4006381333931"])
    opened_time: datetime = Field(description="When the station first knew of it.", examples=["2025-01-31T09:26:52Z"])
    state: ItemState = Field(description="How far it has come.", examples=["judged"])
    verdict: VerdictBody | None = Field(description="The verdict, null until judged.")
    truth: TruthBody | None = Field(description="What a person found, null until someone looked.")


class PictureLink(Body):
    """A picture to fetch."""

    name: str = Field(description="The picture's name.", examples=["top-overlay"])
    href: str = Field(description="Where it is.", examples=["/v1/items/000001-a000001/evidence/top-overlay"])


def verdict_body(recorded: RecordedVerdict) -> VerdictBody:
    """Build a verdict for people and programs."""
    verdict = recorded.verdict
    return VerdictBody(
        number=recorded.number,
        seq=recorded.seq,
        result_id=verdict.item_id,
        plc_id=verdict.plc_id,
        decision=verdict.decision.name.lower(),  # type: ignore[arg-type]
        result_evaluation=_evaluation(verdict.decision, verdict.reason),
        result_evaluation_code=verdict.reason.code,
        is_partial=False,
        is_simulated=verdict.simulated,
        acknowledged=recorded.acknowledged,
        creation_time=utc_time(verdict.utc_ns),
        damage_confidence=confidence(verdict.damage_confidence),
        severity=_severity_word(verdict.severity),
        reasons=[reason_body(reason) for reason in verdict.reasons],
        detail=verdict.detail,
        type_scores=dict(verdict.type_scores),
        regions=[
            RegionBody(camera_id=region.camera_id, x_px=x, y_px=y, width_px=width, height_px=height, score=region.score)
            for region in verdict.regions
            for x, y, width, height in (region.box_px,)
        ],
        identity=IdentityBody(
            product_id=verdict.identity.product_id, source=verdict.identity.source, barcode=verdict.identity.barcode
        ),
        duration_ms=(verdict.decided_ns - verdict.arrived_ns) / 1e6,
        stage_ms=dict(verdict.stage_ms),
        provenance=provenance_body(verdict.provenance),
    )


def item_body(record: ItemRecord) -> ItemBody:
    """Build an item."""
    return ItemBody(
        item_id=record.item_id,
        plc_id=record.plc_id,
        sku=record.sku,
        barcode=record.barcode,
        opened_time=utc_time(record.opened_utc_ns),
        state=record.state,
        verdict=verdict_body(record.verdict) if record.verdict else None,
        truth=_truth_body(record.truth) if record.truth else None,
    )


def _truth_body(truth: Truth) -> TruthBody:
    # A finding already stored is shown as it is, whatever today's rules for new ones say.
    return TruthBody.model_construct(
        damage_types=list(truth.damage_types),
        severity=_severity_word(truth.severity),
        author=truth.author,
        note=truth.note,
    )


def _severity_word(severity: Severity) -> SeverityWord:
    return severity.name.lower()  # type: ignore[return-value]


def _evaluation(decision: Decision, reason: Reason) -> Literal["OK", "NotOK", "NotDecidable"]:
    if decision is Decision.PASS:
        return "OK"
    return "NotOK" if reason in (Reason.DAMAGE, Reason.WRONG_ITEM) else "NotDecidable"
