"""The controller's API as bytes on a bare socket."""

import itertools
import time

import pytest

from station.api.server import make_listener
from station.api.settings import ApiSettings
from station.core.damage import Decision, Reason
from station.core.errors import StationError
from station.core.status import CameraStatus, StationState

GETS = (
    "/v1/plc/next?after=0&wait=0",
    "/v1/plc/verdict/417",
    "/v1/plc/status",
    "/v1/plc/trigger?id=417&sku=TEA-20&barcode=4006381333931",
    "/v1/plc/ack?seq=1",
)
REFUSED = (
    ("/v1/plc/next?after=-1", "GET", 400, 1),
    ("/v1/plc/next?after=32768", "GET", 400, 1),
    ("/v1/plc/next?after=x&wait=", "GET", 400, 1),
    ("/v1/plc/next?wait=-1", "GET", 400, 1),
    ("/v1/plc/next?after=1_0", "GET", 400, 1),
    ("/v1/plc/next?wait=1e2", "GET", 400, 1),
    ("/v1/plc/next?after=%201", "GET", 400, 1),
    ("/v1/plc/verdict/1.0", "GET", 400, 1),
    ("/v1/plc/verdict/%D9%A1", "GET", 400, 1),
    ("/v1/plc/trigger?id=1_0", "GET", 400, 1),
    ("/v1/plc/ack?seq=%2B1", "POST", 400, 1),
    ("/v1/plc/verdict/0", "GET", 400, 1),
    ("/v1/plc/verdict/2147483648", "GET", 400, 1),
    ("/v1/plc/verdict/", "GET", 404, 2),
    ("/v1/plc/trigger", "GET", 400, 1),
    ("/v1/plc/trigger?id=0", "POST", 400, 1),
    ("/v1/plc/ack", "POST", 400, 1),
    ("/v1/plc/ack?seq=0", "GET", 400, 1),
    ("/v1/plc/next/", "GET", 404, 2),
    ("/v1/plc", "GET", 404, 2),
    ("/v1/plc/nothing", "GET", 404, 2),
    ("/v1/plc/next", "POST", 405, 3),
    ("/v1/plc/status", "DELETE", 405, 3),
)


def assert_plain(answer) -> None:
    """The form every answer to a controller has."""
    assert len(answer.body) <= 240
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert answer.headers["content-type"] == "application/json"
    forbidden = {"transfer-encoding", "set-cookie", "location", "content-encoding", "vary"}
    assert not forbidden & set(answer.names)
    assert answer.body.isascii()
    assert b" " not in answer.body
    assert all(type(value) is int for value in answer.json.values())
    assert answer.json["v"] == 1


def test_every_answer_is_flat_short_and_whole(station) -> None:
    station.door.judge(417)
    connections = ("", "Connection: close\r\n", "Connection: keep-alive\r\n")
    for path, version, connection in itertools.product(GETS, ("1.0", "1.1"), connections):
        answer = station.ask(path, version=version, headers=f"{connection}Accept-Encoding: gzip, br\r\nCookie: a=b\r\n")
        assert answer.status == 200
        assert_plain(answer)


@pytest.mark.parametrize(("path", "method", "status", "err"), REFUSED)
def test_refusals_are_flat_too(long_station, path, method, status, err) -> None:
    answer = long_station.ask(path, method)
    assert_plain(answer)
    assert (answer.status, answer.json) == (status, {"v": 1, "err": err})


@pytest.mark.parametrize(
    "garbage",
    [
        "GARBAGE\r\n\r\n",
        "GET /v1/plc/next HTTP/1.1\r\n\r\n",
        "GET /v1/plc/next HTTP/1.0\r\nContent-Length: x\r\n\r\n",
        "\x16\x03\x01\x00\x05hello\r\n\r\n",
    ],
    ids=["no HTTP", "no Host", "bad length", "TLS"],
)
def test_what_is_not_http_gets_a_short_answer_and_a_closed_line(long_station, garbage) -> None:
    line = long_station.line()
    line.send(garbage)
    answer = line.read()
    assert_plain(answer)
    assert (answer.status, answer.json) == (400, {"v": 1, "err": 7})
    assert line.read_to_end() == b""


@pytest.mark.parametrize("origin", ["http://station:8377", "HTTPS://127.0.0.1", "http://"])
def test_a_request_may_name_the_whole_address(serve, door, origin) -> None:
    """RFC 9112, 3.2.2: a server must accept the absolute form."""
    door.judge(417, Decision.PASS)
    open_station, locked_station = serve(door), serve(door, token="s3cret")
    for version in ("1.0", "1.1"):
        answer = open_station.ask(f"{origin}/v1/plc/next?after=0", version=version)
        assert_plain(answer)
        assert (answer.status, answer.json["id"], answer.json["verdict"]) == (200, 417, 1)
        assert locked_station.ask(f"{origin}/v1/plc/next?after=0", version=version).status == 401
        assert locked_station.ask(f"{origin}/t/s3cret/v1/plc/next?after=0", version=version).json["id"] == 417
    assert open_station.ask(origin).status == 404


def test_one_connection_serves_many_requests(long_station) -> None:
    line = long_station.line()
    for _ in range(3):
        for path in GETS:
            assert line.ask(path).status == 200


@pytest.mark.parametrize(
    ("version", "connection"), [("1.0", ""), ("1.0", "Connection: keep-alive\r\n"), ("1.1", "Connection: close\r\n")]
)
def test_the_station_hangs_up_when_that_is_agreed(long_station, version, connection) -> None:
    line = long_station.line()
    line.send(f"GET /v1/plc/status HTTP/{version}\r\nHost: station\r\n{connection}\r\n")
    answer = line.read()
    assert_plain(answer)
    assert answer.headers["connection"].lower() == "close"
    assert line.read_to_end() == b""


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_client_may_write_byte_by_byte(long_station, version) -> None:
    line = long_station.line()
    line.send(f"POST /v1/plc/trigger HTTP/{version}\r\nHost: s\r\nContent-Length: 6\r\n\r\nid=417", piece=1)
    answer = line.read()
    assert_plain(answer)
    assert answer.json["id"] == 417


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ("id=9&sku=A%20B", "Content-Type: application/x-www-form-urlencoded\r\n"),
        ('{"id": 9, "sku": "A B"}', "Content-Type: application/json\r\n"),
        ('{"id": "9", "sku": "A B"}', ""),
    ],
    ids=["form", "JSON", "no type"],
)
def test_a_posted_trigger_may_be_a_form_or_json(station, body, headers) -> None:
    assert station.ask("/v1/plc/trigger", "POST", headers=headers, body=body).json["id"] == 9
    record = station.door.item_by_plc_id(9)
    assert (record.sku, record.barcode) == ("A B", None)


@pytest.mark.parametrize("body", ["{", "[1]", '{"id": NaN}', '{"id": 5, "sku": "\\ud800"}', "\xff\xfe=1", "[" * 9999])
def test_a_posted_trigger_that_says_nothing_is_refused(long_station, body) -> None:
    answer = long_station.ask("/v1/plc/trigger", "POST", body=body)
    assert_plain(answer)
    assert (answer.status, answer.json["err"]) == (400, 1)


@pytest.mark.parametrize(("path", "field"), [("trigger", "id"), ("ack", "seq")])
@pytest.mark.parametrize("value", ["true", "false", "null", "1.5", "1e2", "1_0", '"true"', "[1]", "{}"])
def test_a_posted_number_must_be_one(long_station, path, field, value) -> None:
    answer = long_station.ask(f"/v1/plc/{path}", "POST", body=f'{{"{field}": {value}}}')
    assert_plain(answer)
    assert (answer.status, answer.json["err"]) == (400, 1)


def test_a_body_too_large_is_refused(long_station) -> None:
    line = long_station.line()
    line.send("POST /v1/plc/trigger HTTP/1.1\r\nHost: s\r\nContent-Length: 70000\r\n\r\n")
    assert line.read().status == 413
    line = long_station.line()
    chunk = "4000\r\n" + "x" * 0x4000 + "\r\n"
    line.send("POST /v1/plc/trigger HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 5)
    answer = line.read()
    assert_plain(answer)
    assert answer.status == 413


def test_a_verdict_in_the_order_of_its_fields(station) -> None:
    station.ask("/v1/plc/trigger?id=417")
    station.door.judge(417, Decision.PASS)
    station.door.clock.sleep(0.14)
    expected = (
        b'{"v":1,"st":1,"hb":8123,"seq":1,"id":417,"verdict":1,"conf":10,"code":0,"sev":0,"ms":212,'
        b'"age":140,"mdl":12,"cfg":48213}'
    )
    assert station.ask("/v1/plc/next?after=0").body == expected
    assert station.ask("/v1/plc/verdict/417").body == expected


def test_next_waits_for_a_verdict_and_no_longer(station) -> None:
    line = station.line()
    started_s = time.monotonic()
    line.send("GET /v1/plc/next?after=0&wait=60000 HTTP/1.1\r\nHost: s\r\n\r\n")
    station.ask("/healthz")  # by its answer the waiting request has been taken up, or will see the verdict at once
    station.door.judge(1)
    answer = line.read()
    assert (answer.json["seq"], answer.json["verdict"]) == (1, 2)
    assert time.monotonic() - started_s < 1.5


def test_next_without_a_verdict_answers_none_with_the_sequence_asked(station) -> None:
    answer = station.ask("/v1/plc/next?after=77&wait=30")
    assert answer.status == 200
    assert (answer.json["verdict"], answer.json["seq"], answer.json["code"]) == (0, 77, 0)


@pytest.mark.parametrize("state", [StationState.STARTING, StationState.BUSY, StationState.FAULT])
def test_a_recorded_verdict_is_given_in_any_state(station, state) -> None:
    station.door.judge(5, Decision.PASS)
    station.door.state, station.door.fault = state, Reason.CAMERA_LOST
    answer = station.ask("/v1/plc/next?after=0").json
    assert (answer["verdict"], answer["seq"], answer["st"]) == (1, 1, state)


def test_a_fault_is_told_at_once_and_moves_no_sequence(station) -> None:
    station.door.judge(5, Decision.PASS)
    station.door.state, station.door.fault = StationState.FAULT, Reason.CAMERA_LOST
    started_s = time.monotonic()
    answer = station.ask("/v1/plc/next?after=1&wait=2000").json
    assert (answer["verdict"], answer["code"], answer["seq"]) == (3, Reason.CAMERA_LOST.code, 1)
    assert time.monotonic() - started_s < 1.5
    assert station.ask("/v1/plc/verdict/6").json["verdict"] == 3
    status = station.ask("/v1/plc/status").json
    assert (status["st"], status["ready"], status["code"]) == (3, 0, Reason.CAMERA_LOST.code)


def test_an_unknown_or_open_item_has_no_verdict(station) -> None:
    assert station.ask("/v1/plc/verdict/99").json["verdict"] == 0
    station.ask("/v1/plc/trigger?id=99")
    answer = station.ask("/v1/plc/verdict/99").json
    assert (answer["verdict"], answer["id"], answer["seq"]) == (0, 99, 0)


def test_a_trigger_never_carries_a_verdict(station) -> None:
    assert station.ask("/v1/plc/trigger?id=7").json["item"] == 1
    station.door.judge(7, Decision.PASS)
    again = station.ask("/v1/plc/trigger?id=7").json
    assert again["item"] == 3
    assert "verdict" not in again


def test_status_tells_cameras_disk_and_boot(station) -> None:
    door = station.door
    door.cameras = (*door.cameras, CameraStatus("left", "2", False, None, 0, 0, 3, "no frames"))
    first = station.ask("/v1/plc/status").json
    assert (first["cams"], first["cams_ok"], first["disk"], first["seq"]) == (2, 1, 1, 0)
    door.full = True
    assert station.ask("/v1/plc/status").json["disk"] == 0


def test_a_store_that_refuses_is_told_and_never_a_pass(station) -> None:
    station.door.judge(7, Decision.PASS)
    station.door.full = True
    for path in ("/v1/plc/trigger?id=8", "/v1/plc/ack?seq=1"):
        answer = station.ask(path)
        assert_plain(answer)
        assert (answer.status, answer.json) == (503, {"v": 1, "err": 5})
    verdict = station.ask("/v1/plc/verdict/7").json
    assert (verdict["verdict"], verdict["code"]) == (3, Reason.STORE_FAULT.code)


TOKENS = (
    ("/v1/plc/next", "", 401),
    ("/v1/plc/next", "X-Station-Token: wrong\r\n", 401),
    ("/v1/plc/next", "Authorization: Basic s3cret\r\n", 401),
    ("/t/wrong/v1/plc/next", "", 401),
    ("/t//v1/plc/next", "", 401),
    ("/v1/plc/next", "X-Station-Token: s3cret\r\n", 200),
    ("/v1/plc/next", "authorization: bearer s3cret\r\n", 200),
    ("/t/s3cret/v1/plc/next?after=0", "", 200),
    ("/t/s3cret/v1/plc/next/", "", 404),
)


def test_a_token_comes_in_a_header_or_the_path(door, serve) -> None:
    station = serve(door, token="s3cret")
    for path, headers, status in TOKENS:
        answer = station.ask(path, headers=headers)
        assert_plain(answer)
        assert answer.status == status, (path, headers)


def test_a_token_guards_people_s_paths_as_well(door, serve) -> None:
    station = serve(door, token="s3cret")
    assert station.ask("/v1/verdicts").status == 401
    assert station.ask("/v1/verdicts").headers["content-type"] == "application/problem+json"
    assert station.ask("/t/s3cret/v1/verdicts").status == 401
    assert station.ask("/v1/verdicts", headers="X-Station-Token: s3cret\r\n").status == 200
    assert station.ask("/healthz").status == 200


def test_a_port_in_use_is_named_with_the_remedy(long_station) -> None:
    taken = ApiSettings(port=long_station.port)
    with pytest.raises(StationError, match=rf"{long_station.port}.*--port"):
        make_listener(taken)


def test_stopping_answers_whoever_waits(door, serve) -> None:
    station = serve(door)
    waiting, streaming = station.line(), station.line()
    waiting.send("GET /v1/plc/next?after=0&wait=2000 HTTP/1.1\r\nHost: s\r\n\r\n")
    streaming.send("GET /v1/events HTTP/1.1\r\nHost: s\r\n\r\n")
    assert b"200 OK" in streaming.socket.recv(4096)
    station.server.should_exit = True
    assert waiting.read().json["verdict"] == 0
    started_s = time.monotonic()
    streaming.read_to_end()
    assert time.monotonic() - started_s < 1.0


def test_polls_of_many_controllers_wait_side_by_side(station) -> None:
    lines = [station.line() for _ in range(20)]
    for line in lines:
        line.send("GET /v1/plc/next?after=0&wait=2000 HTTP/1.1\r\nHost: s\r\n\r\n")
    started_s = time.monotonic()
    station.door.judge(3)
    assert {line.read().json["seq"] for line in lines} == {1}
    assert time.monotonic() - started_s < 1.5


def test_more_than_eight_unread_verdicts_are_an_overrun(station) -> None:
    for count in itertools.count(1):
        station.door.judge(count)
        status = station.ask("/v1/plc/status").json
        assert (status["unread"], status["overrun"]) == (count, int(count > 8))
        if status["overrun"]:
            break
    answer = station.ask("/v1/plc/ack?seq=1").json
    assert (answer["unread"], answer["overrun"]) == (8, 0)
