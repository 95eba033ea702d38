"""Whatever a verdict holds comes back exactly."""

import json
from dataclasses import fields
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from station.core.damage import DamageType, Decision, Reason, Severity
from station.core.status import Truth
from station.core.verdict import (
    SEQ_MAX,
    SEQ_WINDOW,
    Identity,
    IdentitySource,
    Provenance,
    Region,
    Verdict,
    number_from_seq,
    seq_from_number,
)
from station.store.codec import encode_verdict

NAMES = count()
NUMBER = st.floats(allow_nan=False)
TIME_NS = st.integers(0, 2**62)
PX = st.integers(-4096, 4096)
REGIONS = st.lists(st.builds(Region, st.text(), st.tuples(PX, PX, PX, PX), NUMBER), max_size=3).map(tuple)
MAYBE_TEXT = st.none() | st.text()
VERDICTS = st.builds(
    Verdict,
    item_id=st.builds(lambda: f"item-{next(NAMES)}"),
    plc_id=st.integers(0, 2**31 - 1),
    decision=st.sampled_from(Decision),
    damage_confidence=NUMBER,
    severity=st.sampled_from(Severity),
    reasons=st.lists(st.sampled_from(Reason), max_size=4).map(tuple),
    type_scores=st.dictionaries(st.sampled_from(DamageType), NUMBER),
    regions=REGIONS,
    identity=st.builds(Identity, MAYBE_TEXT, st.sampled_from(IdentitySource), MAYBE_TEXT),
    stage_ms=st.dictionaries(st.text(), NUMBER, max_size=4),
    provenance=st.builds(Provenance, st.text(), st.text(), st.text(), st.text()),
    arrived_ns=TIME_NS,
    decided_ns=TIME_NS,
    utc_ns=TIME_NS,
    simulated=st.booleans(),
    detail=st.text(),
)
TRUTHS = st.builds(
    Truth,
    st.lists(st.sampled_from(DamageType), max_size=3).map(tuple),
    st.sampled_from(Severity),
    st.text(),
    st.text(),
)
one_store = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60, derandomize=True
)


@one_store
@given(verdict=VERDICTS)
def test_a_verdict_comes_back_exactly(store, verdict):
    number = store.record(verdict).number
    stored = store.after_number(number - 1, 1)[0].verdict
    assert stored == verdict
    assert repr(stored) == repr(verdict), "equal, and of the same types"


@one_store
@given(truth=TRUTHS)
def test_a_truth_comes_back_exactly(store, make_verdict, truth):
    store.record(make_verdict("a-1"))
    store.record_truth("a-1", truth)
    assert store.item("a-1").truth == truth
    assert repr(store.item("a-1").truth) == repr(truth)


def test_every_field_of_a_verdict_is_stored_but_its_views(make_verdict):
    stored = set(json.loads(encode_verdict(make_verdict("a-1"))))
    assert stored == {field.name for field in fields(Verdict)} - {"views"}


@given(last=st.integers(0, 200_000), seq=st.integers(-5, SEQ_MAX + 5))
def test_a_controller_sequence_names_a_recent_verdict_that_has_it(last, seq):
    number = number_from_seq(seq, last)
    if number is not None:
        assert max(0, last - SEQ_WINDOW) < number <= last
        assert seq_from_number(number) == seq


@given(number=st.integers(1, 200_000), behind=st.integers(0, SEQ_WINDOW + 3))
def test_a_verdict_can_be_named_until_it_is_old(number, behind):
    expected = number if behind < SEQ_WINDOW else None
    assert number_from_seq(seq_from_number(number), number + behind) == expected
