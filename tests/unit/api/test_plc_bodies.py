"""Flat bodies stay flat, short and in range, whatever the station says of itself."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st

from station.api.plc_schemas import (
    PlcAck,
    PlcError,
    PlcItem,
    PlcResult,
    PlcStatus,
    plc_no_result,
    plc_result,
    plc_status,
)
from station.core.damage import Decision, Reason, Severity
from station.core.status import CameraStatus, StationState, StationStatus
from station.core.verdict import SEQ_MAX, Identity, IdentitySource, Provenance, RecordedVerdict, Verdict

WIDE = st.integers(-(2**70), 2**70)
DIGESTS = st.one_of(st.text(max_size=20), st.text("0123456789abcdef", min_size=16, max_size=16))
CAMERAS = st.integers(0, 3).flatmap(
    lambda count: st.tuples(*[st.booleans().map(lambda ok: CameraStatus("c", "1", ok, None, 0, 0, 0))] * count)
)
STATUSES = st.builds(
    StationStatus,
    state=st.sampled_from(StationState),
    fault=st.sampled_from(Reason),
    boot_id=st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    heartbeat=st.integers(0, 2**70),
    last_seq=st.integers(0, SEQ_MAX),
    unread=st.integers(0, 2**70),
    overrun=st.booleans(),
    disk_ok=st.booleans(),
    cameras=CAMERAS,
    model=DIGESTS,
    gallery=DIGESTS,
    rig=DIGESTS,
    config=DIGESTS,
)
VERDICTS = st.builds(
    Verdict,
    item_id=st.text(max_size=9),
    plc_id=WIDE,
    decision=st.sampled_from(Decision),
    damage_confidence=st.floats(),
    severity=st.sampled_from(Severity),
    reasons=st.lists(st.sampled_from(Reason), max_size=3).map(tuple),
    type_scores=st.just({}),
    regions=st.just(()),
    identity=st.just(Identity(None, IdentitySource.NONE)),
    stage_ms=st.just({}),
    provenance=st.builds(Provenance, DIGESTS, DIGESTS, DIGESTS, DIGESTS),
    arrived_ns=WIDE,
    decided_ns=WIDE,
    utc_ns=WIDE,
    simulated=st.booleans(),
)
RECORDED = st.builds(RecordedVerdict, number=st.integers(1, 2**40), seq=st.integers(1, SEQ_MAX), verdict=VERDICTS)
RESULT_KEYS = ["v", "st", "hb", "seq", "id", "verdict", "conf", "code", "sev", "ms", "age", "mdl", "cfg"]


def assert_flat(body) -> dict[str, int]:
    text = body.model_dump_json()
    assert len(text) <= 240
    assert text.isascii()
    assert " " not in text
    values = json.loads(text)
    assert all(type(value) is int and 0 <= value < 2**31 for value in values.values())
    return values


@given(RECORDED, STATUSES, WIDE)
def test_a_result_is_flat_whatever_the_verdict(recorded, status, utc_ns) -> None:
    values = assert_flat(plc_result(recorded, status, utc_ns))
    assert list(values) == RESULT_KEYS
    assert values["verdict"] == recorded.verdict.decision
    assert values["code"] == recorded.verdict.reason.code
    if math.isnan(recorded.verdict.damage_confidence):
        assert values["conf"] == 1000


@given(STATUSES, st.integers(0, SEQ_MAX), st.integers(0, 2**31 - 1), st.sampled_from(Reason))
def test_no_result_never_opens(status, seq, plc_id, fault) -> None:
    values = assert_flat(plc_no_result(status, seq, plc_id, fault))
    assert list(values) == RESULT_KEYS
    in_fault = status.state is StationState.FAULT or fault is not Reason.NONE
    assert values["verdict"] == (3 if in_fault else 0)
    assert (values["seq"], values["id"]) == (seq, plc_id)


@given(STATUSES)
def test_status_is_flat(status) -> None:
    values = assert_flat(plc_status(status))
    assert values["ready"] == (status.state in (StationState.READY, StationState.BUSY))


def test_the_largest_values_of_every_body_fit() -> None:
    """The bound holds by the schemas themselves: every field at its documented maximum."""
    for model in (PlcResult, PlcItem, PlcAck, PlcStatus, PlcError):
        largest = {}
        for name, field in model.model_json_schema()["properties"].items():
            largest[name] = field.get("const", field.get("maximum", field.get("exclusiveMaximum", 1) - 1))
        assert len(model(**largest).model_dump_json()) <= 240, model.__name__
