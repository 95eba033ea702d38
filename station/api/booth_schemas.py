"""Products, gallery, certificate and cameras as they cross the wire."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from station.api.door import GallerySummary, ProductSummary
from station.api.schemas import Body, ProvenanceBody, provenance_body, utc_time
from station.core.status import CameraStatus
from station.judge import Standing


class ProductBody(Body):
    """A product the station knows."""

    product_id: str = Field(description="The station's name for the product.", examples=["carton-tea"])
    name: str = Field(description="The name people use.", examples=["Tea, 20 bags"])
    kind: str = Field(description="Its kind of packaging.", examples=["carton"])
    barcodes: list[str] = Field(description="Barcodes it carries.", examples=[["4006381333931"]])
    skus: list[str] = Field(description="Stock keeping units it is known by.", examples=[["TEA-20"]])
    references: int = Field(description="Reference pictures; without any it is always sidelined.", examples=[24])


class GalleryBody(Body):
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


class CertificateBody(Body):
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


class CameraBody(Body):
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
        issued_time=utc_time(own.utc_ns) if own else None,
        fusion=own.fusion if own else None,
        provenance=provenance_body(own.provenance) if own else None,
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
