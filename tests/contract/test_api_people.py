"""The API for people and programs, over a real store and real sockets."""

import json

import pytest

from station.core.damage import Decision, Reason
from station.core.errors import StoreError
from station.core.status import ItemState


def post(station, path, body):
    return station.ask(path, "POST", headers="Content-Type: application/json\r\n", body=json.dumps(body))


def assert_problem(answer, status, path) -> dict:
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json
    assert list(problem) == ["type", "title", "status", "detail", "instance"]
    assert (problem["status"], problem["instance"]) == (status, path)
    assert problem["detail"]
    return problem


def test_an_item_from_announcement_to_truth(station) -> None:
    created = post(station, "/v1/items", {"plc_id": 5, "sku": "TEA-20"})
    assert created.status == 201
    path = created.headers["location"]
    assert created.json["state"] == "announced"
    assert station.ask(path).json == created.json
    station.door.judge(5)
    judged = station.ask(path).json
    assert judged["state"] == "judged"
    assert judged["verdict"]["result_id"] == judged["item_id"]
    found = post(station, f"{path}/truth", {"damage_types": ["deformation"], "severity": "minor", "author": "kim"})
    assert found.status == 200
    assert station.ask(path).json["truth"] == {
        "damage_types": ["deformation"],
        "severity": "minor",
        "author": "kim",
        "note": "",
    }


@pytest.mark.parametrize("plc_id", [True, False, 1.5, None])
def test_an_item_s_number_must_be_one(long_station, plc_id) -> None:
    assert_problem(post(long_station, "/v1/items", {"plc_id": plc_id}), 422, "/v1/items")


def test_the_same_number_announces_the_same_item(station) -> None:
    first, second = (post(station, "/v1/items", {"plc_id": 5}).json for _ in range(2))
    assert first == second


def test_a_verdict_says_it_all(station) -> None:
    station.door.judge(5)
    [verdict] = station.ask("/v1/verdicts").json["verdicts"]
    assert verdict == {
        "number": 1,
        "seq": 1,
        "result_id": "seen-000001",
        "plc_id": 5,
        "decision": "sideline",
        "result_evaluation": "NotOK",
        "result_evaluation_code": 10,
        "is_partial": False,
        "is_simulated": True,
        "acknowledged": False,
        "creation_time": "2026-09-21T14:13:20Z",
        "damage_confidence": 0.987,
        "severity": "major",
        "reasons": [
            {
                "code": 10,
                "reason": "damage",
                "title": "damage suspected",
                "fix": "Look at the marked region of the item.",
            }
        ],
        "detail": "",
        "type_scores": {"deformation": 0.91},
        "regions": [{"camera_id": "top", "x_px": 120, "y_px": 88, "width_px": 40, "height_px": 32, "score": 3.2}],
        "identity": {"product_id": "carton-tea", "source": "barcode", "barcode": "4006381333931"},
        "duration_ms": 212.0,
        "stage_ms": {"views": 21.5},
        "provenance": {
            "model": "000c5be1d2f3a4b5",
            "gallery": "9f86d081884c7d65",
            "rig": "2c26b46b68ffc68f",
            "config": "bc557de0a1b2c3d4",
        },
    }


@pytest.mark.parametrize(
    ("decision", "reasons", "evaluation"),
    [
        (Decision.PASS, (), "OK"),
        (Decision.SIDELINE, (Reason.WRONG_ITEM,), "NotOK"),
        (Decision.SIDELINE, (Reason.TIMEOUT,), "NotDecidable"),
        (Decision.ERROR, (Reason.MODEL_FAULT,), "NotDecidable"),
    ],
)
def test_opc_evaluation(long_station, decision, reasons, evaluation) -> None:
    recorded = long_station.door.judge(0, decision, reasons=reasons)
    verdict = long_station.ask(f"/v1/items/{recorded.verdict.item_id}").json["verdict"]
    assert (verdict["result_evaluation"], verdict["decision"]) == (evaluation, decision.name.lower())


def test_verdicts_are_paged_by_number(station) -> None:
    for _ in range(5):
        station.door.judge()
    after, numbers = 0, []
    while (page := station.ask(f"/v1/verdicts?after={after}&limit=2").json)["verdicts"]:
        numbers += [verdict["number"] for verdict in page["verdicts"]]
        after = page["next_after"]
    assert numbers == [1, 2, 3, 4, 5]
    assert page["next_after"] == 5


def test_waiting_for_an_item_ends_with_its_verdict(station) -> None:
    path = post(station, "/v1/items", {"plc_id": 5}).headers["location"]
    line = station.line()
    line.send(f"GET {path}?wait=20000 HTTP/1.1\r\nHost: s\r\n\r\n")
    station.door.judge(0)  # another item's verdict wakes the waiter and does not satisfy it
    station.door.judge(5)
    assert line.read().json["state"] == ItemState.JUDGED
    assert station.ask("/v1/items/unknown?wait=20000").status == 404


def test_evidence_is_listed_and_fetched(station) -> None:
    item_id = station.door.judge(5).verdict.item_id
    [link] = station.ask(f"/v1/items/{item_id}/evidence").json
    assert link["name"] == "top-overlay"
    picture = station.ask(link["href"])
    assert (picture.headers["content-type"], picture.body) == ("image/jpeg", b"\xff\xd8 picture")
    assert_problem(station.ask(f"{link['href']}x"), 404, f"{link['href']}x")


@pytest.mark.parametrize(
    "body",
    [
        {"damage_types": [], "severity": "minor", "author": "kim"},
        {"damage_types": ["spillage"], "severity": "none", "author": "kim"},
        {"damage_types": ["rust"], "severity": "minor", "author": "kim"},
        {"damage_types": [], "severity": "none"},
        {"damage_types": [], "severity": "none", "author": "kim", "colour": "red"},
    ],
)
def test_a_truth_that_contradicts_itself_is_refused(long_station, body) -> None:
    item_id = long_station.door.judge().verdict.item_id
    assert_problem(post(long_station, f"/v1/items/{item_id}/truth", body), 422, f"/v1/items/{item_id}/truth")


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/", "GET", 404),
        ("/v1/items/", "GET", 404),
        ("/v1/items/none", "GET", 404),
        ("/v1/items/none/evidence", "GET", 404),
        ("/v1/products/none/picture", "GET", 404),
        ("/v1/cameras/none/picture", "GET", 404),
        ("/v1/verdicts?limit=0", "GET", 422),
        ("/v1/verdicts?after=9223372036854775808", "GET", 422),
        ("/v1/items", "DELETE", 405),
        ("/v1/items", "POST", 422),
    ],
)
def test_errors_are_problem_documents(long_station, path, method, status) -> None:
    assert_problem(long_station.ask(path, method), status, path.partition("?")[0])


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/v1/plc/ack", "GET, POST"), ("/v1/plc/next", "GET"), ("/v1/items", "POST")],
)
def test_a_method_refused_names_all_that_are_not(long_station, path, methods) -> None:
    assert long_station.ask(path, "DELETE").headers["allow"] == methods


def test_a_failing_store_is_a_problem_with_the_reason(station) -> None:
    station.door.full = True
    problem = assert_problem(post(station, "/v1/items", {"plc_id": 5}), 503, "/v1/items")
    assert problem["detail"] == "the disk is full; free some space"


def test_an_unforeseen_failure_is_a_problem_and_tells_no_secrets(station) -> None:
    def fail(item_id):
        raise RuntimeError("password=hunter2")

    station.door.item = fail
    problem = assert_problem(station.ask("/v1/items/a"), 500, "/v1/items/a")
    assert "hunter2" not in str(problem)
    station.door.item_by_plc_id = fail
    answer = station.ask("/v1/plc/verdict/1")
    assert (answer.status, answer.body) == (500, b'{"v":1,"err":6}')


def test_products_cameras_and_reasons(long_station) -> None:
    [product] = long_station.ask("/v1/products").json
    assert (product["product_id"], product["references"]) == ("carton-tea", 24)
    assert long_station.ask("/v1/products/carton-tea/picture").headers["content-type"] == "image/jpeg"
    [camera] = long_station.ask("/v1/cameras").json
    assert (camera["camera_id"], camera["connected"]) == ("top", True)
    assert long_station.ask("/v1/cameras/top/picture").status == 200
    assert [each["code"] for each in long_station.ask("/v1/reasons").json] == [reason.code for reason in Reason]


def test_health_tells_the_truth(station) -> None:
    assert station.ask("/readyz").json == {"status": "ready", "alarm": ""}
    station.door.why = "camera top delivers no frames; check its cable"
    problem = assert_problem(station.ask("/readyz"), 503, "/readyz")
    assert problem["detail"] == station.door.why
    assert station.ask("/healthz").json == {"status": "alive", "alarm": ""}


def test_metrics_are_prometheus_text(station) -> None:
    station.door.judge()
    answer = station.ask("/metrics")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert b'station_verdicts_total{decision="sideline",reason="damage"} 1.0' in answer.body


def read_events(line, count):
    """Read `count` server-sent events from a stream that does not end."""
    data = b""
    while data.count(b"event: ") < count or not data.endswith(b"}\n\n"):
        piece = line.socket.recv(65536)
        assert piece, "the stream ended"
        data += piece
    text = data.decode().rpartition("\r\n\r\n")[2]
    ids = [int(row.removeprefix("id: ")) for row in text.splitlines() if row.startswith("id: ")]
    bodies = [json.loads(row.removeprefix("data: ")) for row in text.splitlines() if row.startswith("data: ")]
    return ids, bodies


def test_events_stream_verdicts_as_they_come(station) -> None:
    for _ in range(3):
        station.door.judge()
    line = station.line()
    line.send("GET /v1/events HTTP/1.0\r\nLast-Event-ID: 1\r\n\r\n")
    ids, bodies = read_events(line, 2)
    assert ids == [2, 3]
    station.door.judge(4, Decision.PASS)
    ids, bodies = read_events(line, 1)
    assert (ids, bodies[0]["plc_id"], bodies[0]["decision"]) == ([4], 4, "pass")


def test_events_end_with_the_store_s_own_words(station) -> None:
    def fail(after_number, limit):
        raise StoreError("the database\nis gone")

    station.door.verdicts = fail
    line = station.line()
    line.send("GET /v1/events HTTP/1.0\r\n\r\n")
    assert line.read_to_end().endswith(b"event: problem\ndata: the database is gone\n\n")
