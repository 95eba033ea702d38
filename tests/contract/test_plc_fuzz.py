"""Whatever a controller asks: a short flat answer, never a server error, and PASS only where PASS was recorded."""

from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from station.core.damage import Decision

WORDS = st.one_of(
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(
        ["", "0", "1", "2", "3", "417", "32767", "32768", "2147483647", "NaN", "1e3", "0x1", " 1", "1_0", "١"]
    ),
    st.text(max_size=12),
)
NAMES = st.sampled_from(["after", "wait", "id", "seq", "sku", "barcode", "x"])
QUERIES = st.lists(st.tuples(NAMES, WORDS), max_size=5)
PATHS = st.one_of(
    st.sampled_from(
        ["next", "trigger", "ack", "status", "verdict/1", "verdict/2", "verdict/3", "next/", "", "%00", ".."]
    ),
    WORDS.map(lambda word: f"verdict/{quote(word)}"),
    st.text(max_size=12).map(quote),
)
PASSED_SEQ, PASSED_ID = 2, 2
RELAXED = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@pytest.fixture(scope="module")
def judged(long_station):
    """A station that has judged three items, of which one passed."""
    for plc_id, decision in ((1, Decision.SIDELINE), (PASSED_ID, Decision.PASS), (3, Decision.ERROR)):
        long_station.door.judge(plc_id, decision)
    return long_station


def assert_safe(answer) -> None:
    assert answer.status < 500
    assert len(answer.body) <= 240
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert "transfer-encoding" not in answer.headers
    if answer.json.get("verdict") == Decision.PASS:
        assert (answer.json["seq"], answer.json["id"]) == (PASSED_SEQ, PASSED_ID)


@RELAXED
@given(path=PATHS, query=QUERIES, method=st.sampled_from(["GET", "GET", "POST", "PUT"]), token=st.booleans())
def test_any_path_and_query(judged, path, query, method, token) -> None:
    told = "&".join(f"{name}={quote(word)}" for name, word in query if name != "wait" or not word.strip().isdigit())
    prefix = "/t/any" if token else ""
    assert_safe(judged.ask(f"{prefix}/v1/plc/{path}?{told}", method))


@RELAXED
@given(
    body=st.one_of(st.text(max_size=60), st.dictionaries(NAMES, WORDS).map(repr), st.from_regex(r'\{"id": ?.{0,20}\}'))
)
def test_any_posted_body(judged, body) -> None:
    raw = body.encode(errors="replace").decode("latin-1")
    assert_safe(judged.ask("/v1/plc/trigger", "POST", body=raw))


@RELAXED
@given(query=st.text("%&=;+?abc0123", max_size=40))
def test_any_raw_query(judged, query) -> None:
    for name in ("next", "trigger", "ack"):
        assert_safe(judged.ask(f"/v1/plc/{name}?{query}"))
