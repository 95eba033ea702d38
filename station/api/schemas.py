"""Every body that crosses the wire, and the one place where they are built from the station's own types.

Verdict words follow OPC 40001-101 (Machinery, Result Transfer) where it has one, in snake case:
`result_id`, `is_partial`, `is_simulated`, `creation_time`, `result_evaluation`, `result_evaluation_code`
and `product_id`.
"""

import math
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from station.api.door import GallerySummary, ProductSummary
from station.core.damage import DamageType, Decision, Reason, Severity
from station.core.status import CameraStatus, ItemRecord, ItemState, Truth
from station.core.verdict import IdentitySource, Provenance, RecordedVerdict
from station.judge import Standing

PLC_ID_MAX = 2**31 - 1
"""The largest item number a controller may give."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]
"""A SKU or a barcode: 1..128 characters, no NUL."""

SeverityWord = Literal["none", "minor", "major"]


class _Body(BaseModel):
    """A body whose fields appear in the order they are written here."""

    model_config = ConfigDict(frozen=True)


class ReasonBody(_Body):
    """Why an item was not passed, or the station not ready."""

    code: int = Field(description="The number a controller reads.", examples=[10])
    reason: str = Field(description="The reason's word.", examples=["damage"])
    title: str = Field(description="The reason in a few words.", examples=["damage suspected"])
    fix: str = Field(description="What to do about it.", examples=["Look at the marked region of the item."])


class RegionBody(_Body):
    """Where on a view something is amiss."""

    camera_id: str = Field(description="The camera that saw it.", examples=["top"])
    x_px: int = Field(description="Left edge in the crop, px.", examples=[120])
    y_px: int = Field(description="Top edge in the crop, px.", examples=[88])
    width_px: int = Field(description="Width, px.", examples=[40])
    height_px: int = Field(description="Height, px.", examples=[32])
    score: float = Field(description="The region's raw score; higher is worse.", examples=[3.2])


class IdentityBody(_Body):
    """Which product the item is."""

    product_id: str | None = Field(
        description="OPC ProductId: the product, null when unknown.", examples=["tea-carton"]
    )
    source: IdentitySource = Field(description="How the product came to be known.", examples=["barcode"])
    barcode: str | None = Field(
        description="The barcode read on the item: it names the product, or two cameras agree on it; null otherwise.",
        examples=["4006381333931"],
    )


class ProvenanceBody(_Body):
    """What produced the verdict: the first 16 hex digits of SHA-256 digests."""

    model: str = Field(description="The model bundle.", examples=["000c5be1d2f3a4b5"])
    gallery: str = Field(description="The gallery of references.", examples=["9f86d081884c7d65"])
    rig: str = Field(description="The booth's geometry.", examples=["2c26b46b68ffc68f"])
    config: str = Field(description="The configuration.", examples=["bc557de0a1b2c3d4"])


class VerdictBody(_Body):
    """The station's answer for one item."""

    number: int = Field(description="Counts all verdicts of this store from 1; never wraps.", examples=[417])
    seq: int = Field(description="The controller's sequence of it, 1..32767.", examples=[417])
    result_id: str = Field(description="OPC ResultId: the id of the item judged.", examples=["a1b2-000417"])
    plc_id: int = Field(description="The controller's number for the item, 0 without one.", examples=[417])
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


class VerdictPage(_Body):
    """Verdicts in order."""

    verdicts: list[VerdictBody] = Field(description="The verdicts, oldest first.")
    next_after: int = Field(description="Ask for the next page with this `after`.", examples=[417])


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
        extra="forbid", frozen=True, json_schema_extra={"examples": [{"plc_id": 418, "barcode": "4006381333931"}]}
    )

    plc_id: int = Field(
        0, ge=0, le=PLC_ID_MAX, description="Your number for the item; the same number, the same item. 0: none."
    )
    sku: Word | None = Field(default=None, description="The stock keeping unit expected.")
    barcode: Word | None = Field(default=None, description="The barcode expected.")


class ItemBody(_Body):
    """An item and how far it has come."""

    item_id: str = Field(description="The station's name for the item.", examples=["a1b2-000417"])
    plc_id: int = Field(description="The controller's number for it, 0 without one.", examples=[417])
    sku: str | None = Field(description="The stock keeping unit announced.", examples=["TEA-20"])
    barcode: str | None = Field(description="The barcode announced.", examples=["4006381333931"])
    opened_time: datetime = Field(description="When the station first knew of it.", examples=["2025-01-31T09:26:52Z"])
    state: ItemState = Field(description="How far it has come.", examples=["judged"])
    verdict: VerdictBody | None = Field(description="The verdict, null until judged.")
    truth: TruthBody | None = Field(description="What a person found, null until someone looked.")


class PictureLink(_Body):
    """A picture to fetch."""

    name: str = Field(description="The picture's name.", examples=["top-overlay"])
    href: str = Field(description="Where it is.", examples=["/v1/items/a1b2-000417/evidence/top-overlay"])


class ProductBody(_Body):
    """A product the station knows."""

    product_id: str = Field(description="The station's name for the product.", examples=["tea-carton"])
    name: str = Field(description="The name people use.", examples=["Tea, 20 bags"])
    kind: str = Field(description="Its kind of packaging.", examples=["carton"])
    barcodes: list[str] = Field(description="Barcodes it carries.", examples=[["4006381333931"]])
    skus: list[str] = Field(description="Stock keeping units it is known by.", examples=[["TEA-20"]])
    references: int = Field(description="Reference pictures; without any it is always sidelined.", examples=[24])


class GalleryBody(_Body):
    """The gallery that items are compared with. Its false alarms are counted over all products together."""

    digest: str = Field(description="First 16 hex digits of its SHA-256.", examples=["9f86d081884c7d65"])
    products: int = Field(description="Products it knows.", examples=[8])
    good_items: int = Field(description="Undamaged items it was calibrated with.", examples=[384])
    good_items_needed: int = Field(description="Undamaged items that uphold the rate asked for.", examples=[149])
    false_alarm_rate_asked: float = Field(
        description="Share of undamaged items that may be sidelined, as configured.", examples=[0.02]
    )
    false_alarm_rate_upheld: float = Field(
        description="The share upheld with the confidence asked for; more than asked for with too few good items.",
        examples=[0.02],
    )


class CertificateBody(_Body):
    """What the threshold is certified for; void once model, gallery, rig, configuration or fusion weights change.

    While none is in force, the threshold is the one that the calibration's good items give, without proof.
    """

    state: Literal["none", "in_force", "void"] = Field(description="Whether it holds.", examples=["in_force"])
    detail: str = Field(description="Why it does not hold, empty when it does.", examples=[""])
    required: bool = Field(description="Whether every item is sidelined while none is in force.", examples=[False])
    max_false_alarm_rate: float | None = Field(
        description="Share of undamaged items that is sidelined at most.", examples=[0.001]
    )
    confidence: float | None = Field(description="Probability that this share is upheld.", examples=[0.95])
    good_items: int | None = Field(description="Undamaged items it was proven on.", examples=[4742])
    products: int | None = Field(description="Products these were of.", examples=[120])
    false_alarms: int | None = Field(description="How many of them lie above the threshold.", examples=[1])
    threshold: float | None = Field(description="The threshold, in the judge's scores.", examples=[4.21])
    source: str | None = Field(description="Where the undamaged items come from.", examples=["gallery demo-gallery"])
    issued_time: datetime | None = Field(description="When it was issued.", examples=["2025-01-31T09:26:53Z"])
    fusion: str | None = Field(
        description="Digest of the fusion weights, empty without.", examples=["9f86d081884c7d65"]
    )
    provenance: ProvenanceBody | None = Field(description="Digests of what it was proven with.")


class CameraBody(_Body):
    """A camera now."""

    camera_id: str = Field(description="The camera's name in the rig.", examples=["top"])
    serial: str = Field(description="Its serial number.", examples=["912112073118"])
    connected: bool = Field(description="Whether a frame arrived recently.", examples=[True])
    frame_age_ms: float | None = Field(
        description="Age of its newest frame, ms; null before the first.", examples=[31.0]
    )
    frames: int = Field(description="Fresh frames since the start.", examples=[86231])
    dropped: int = Field(description="Frames lost since the start.", examples=[0])
    recoveries: int = Field(description="Times it fell silent or was lost, and came back.", examples=[0])
    error: str | None = Field(description="What ails it, null when nothing does.", examples=[None])


class HealthBody(_Body):
    """A healthy answer."""

    status: str = Field(description="`alive`.", examples=["alive"])


class ReadyBody(_Body):
    """A station that can judge items."""

    status: str = Field(description="`ready`.", examples=["ready"])
    alarm: str = Field(
        description="What the booth's last daily check found amiss; empty when it passed.",
        examples=[""],
    )


class Problem(BaseModel):
    """What went wrong, as RFC 9457 describes it."""

    type: str = Field(default="about:blank", description="The kind of problem; about:blank: the status says it all.")
    title: str = Field(description="The status in words.", examples=["Not Found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(description="What is wrong here, and what to do.", examples=["there is no item a1b2-000999"])
    instance: str = Field(description="The path asked for.", examples=["/v1/items/a1b2-000999"])


def reason_body(reason: Reason) -> ReasonBody:
    """Build a reason."""
    return ReasonBody(code=reason.code, reason=reason.word, title=reason.title, fix=reason.fix)


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
        creation_time=_time(verdict.utc_ns),
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
        provenance=_provenance_body(verdict.provenance),
    )


def item_body(record: ItemRecord) -> ItemBody:
    """Build an item."""
    return ItemBody(
        item_id=record.item_id,
        plc_id=record.plc_id,
        sku=record.sku,
        barcode=record.barcode,
        opened_time=_time(record.opened_utc_ns),
        state=record.state,
        verdict=verdict_body(record.verdict) if record.verdict else None,
        truth=_truth_body(record.truth) if record.truth else None,
    )


def product_body(product: ProductSummary) -> ProductBody:
    """Build a product."""
    return ProductBody(
        product_id=product.product_id,
        name=product.name,
        kind=product.kind,
        barcodes=list(product.barcodes),
        skus=list(product.skus),
        references=product.references,
    )


def gallery_body(gallery: GallerySummary) -> GalleryBody:
    """Build the gallery."""
    return GalleryBody(
        digest=gallery.digest,
        products=gallery.products,
        good_items=gallery.good_items,
        good_items_needed=gallery.good_items_needed,
        false_alarm_rate_asked=gallery.false_alarm_rate_asked,
        false_alarm_rate_upheld=gallery.false_alarm_rate_upheld,
    )


def certificate_body(standing: Standing) -> CertificateBody:
    """Build the certificate and how it stands; a certificate that cannot be read has a state alone."""
    own = standing.certificate
    state: Literal["none", "in_force", "void"] = "void" if standing.void else "in_force" if own else "none"
    return CertificateBody(
        state=state,
        detail=standing.alarm,
        required=standing.required,
        max_false_alarm_rate=own.threshold.max_false_alarm_rate if own else None,
        confidence=own.threshold.confidence if own else None,
        good_items=own.threshold.good_items if own else None,
        products=own.products if own else None,
        false_alarms=own.threshold.false_alarms if own else None,
        threshold=own.threshold.score if own else None,
        source=own.source if own else None,
        issued_time=_time(own.utc_ns) if own else None,
        fusion=own.fusion if own else None,
        provenance=_provenance_body(own.provenance) if own else None,
    )


def _provenance_body(provenance: Provenance) -> ProvenanceBody:
    return ProvenanceBody(
        model=provenance.model, gallery=provenance.gallery, rig=provenance.rig, config=provenance.config
    )


def camera_body(camera: CameraStatus) -> CameraBody:
    """Build a camera."""
    return CameraBody(
        camera_id=camera.camera_id,
        serial=camera.serial,
        connected=camera.connected,
        frame_age_ms=camera.frame_age_ms,
        frames=camera.frames,
        dropped=camera.dropped,
        recoveries=camera.recoveries,
        error=camera.error,
    )


def confidence(value: float) -> float:
    """Return the confidence within 0..1; what is not a number must not look harmless and becomes 1."""
    return 1.0 if math.isnan(value) else min(max(value, 0.0), 1.0)


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


def _time(utc_ns: int) -> datetime:
    return datetime.fromtimestamp(utc_ns / 1e9, UTC)
