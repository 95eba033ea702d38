"""Bodies that cross the wire and belong to no one subject, and what all of them are built with."""

import math
import re
from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from station.core.damage import Reason
from station.core.verdict import Provenance

PLC_ID_MAX = 2**31 - 1
"""The largest item number a controller may give."""

Word = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00]*$")]
"""A SKU or a barcode: 1..128 characters, no NUL."""

Alarm = Annotated[
    str,
    Field(
        description="What the booth's daily check found amiss, or that it is due; empty when it passed, or where "
        "the booth was never set up.",
        examples=[""],
    ),
]


def _plain_number(value: object) -> object:
    if type(value) is int or (isinstance(value, str) and re.fullmatch("-?[0-9]+", value)):
        return value
    raise ValueError("write a whole number in the digits 0 to 9")


Number = Annotated[int, BeforeValidator(_plain_number)]
"""A whole number that a client sends. Left to Python, `1_0`, ` 1`, 1e2 and true would be numbers too."""


class Body(BaseModel):
    """A body whose fields appear in the order they are written here."""

    model_config = ConfigDict(frozen=True)


class ReasonBody(Body):
    """Why an item was not passed, or the station not ready."""

    code: int = Field(description="The number a controller reads.", examples=[10])
    reason: str = Field(description="The reason's word.", examples=["damage"])
    title: str = Field(description="The reason in a few words.", examples=["damage suspected"])
    fix: str = Field(description="What to do about it.", examples=["Look at the marked region of the item."])


class ProvenanceBody(Body):
    """What produced the verdict: the first 16 hex digits of SHA-256 digests."""

    model: str = Field(description="The model bundle.", examples=["000c5be1d2f3a4b5"])
    gallery: str = Field(description="The gallery of references.", examples=["9f86d081884c7d65"])
    rig: str = Field(description="The booth's geometry.", examples=["2c26b46b68ffc68f"])
    config: str = Field(description="The configuration.", examples=["bc557de0a1b2c3d4"])


class HealthBody(Body):
    """A healthy answer."""

    status: str = Field(description="`alive`.", examples=["alive"])
    alarm: Alarm


class ReadyBody(Body):
    """A station that can judge items."""

    status: str = Field(description="`ready`.", examples=["ready"])
    alarm: Alarm


class Problem(BaseModel):
    """What went wrong, as RFC 9457 describes it."""

    type: str = Field(default="about:blank", description="The kind of problem; about:blank: the status says it all.")
    title: str = Field(description="The status in words.", examples=["Not Found"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(description="What is wrong here, and what to do.", examples=["there is no item 000001-a000999"])
    instance: str = Field(description="The path asked for.", examples=["/v1/items/000001-a000999"])


def reason_body(reason: Reason) -> ReasonBody:
    """Build a reason."""
    return ReasonBody(code=reason.code, reason=reason.word, title=reason.title, fix=reason.fix)


def provenance_body(provenance: Provenance) -> ProvenanceBody:
    """Build the digests a verdict was made with."""
    return ProvenanceBody(
        model=provenance.model, gallery=provenance.gallery, rig=provenance.rig, config=provenance.config
    )


def confidence(value: float) -> float:
    """Return the confidence within 0..1; what is not a number must not look harmless and becomes 1."""
    return 1.0 if math.isnan(value) else min(max(value, 0.0), 1.0)


def utc_time(utc_ns: int) -> datetime:
    """Return wall time, nanoseconds since the Unix epoch, as a date."""
    return datetime.fromtimestamp(utc_ns / 1e9, UTC)
