"""The whole handshake, driven by the shipped controller over real HTTP, on good lines and bad ones."""

import itertools
import os
import sqlite3
import subprocess
import sys
from collections import Counter

import pytest
from support import command

from station.api.plc_client import PlcClient
from station.api.plc_simulator import PlcBehaviour, PlcSimulator
from station.core.damage import Decision, Reason
from station.core.errors import StationError
from station.core.status import StationState
from station.core.verdict import SEQ_MAX
from station.daemon.clock import SystemClock

DECISIONS = [Decision.PASS, Decision.SIDELINE, Decision.PASS, Decision.ERROR]
BEHAVIOURS = {
    "good": PlcBehaviour(wait_ms=0),
    "late acks": PlcBehaviour(wait_ms=0, late_acks=5),
    "lost responses": PlcBehaviour(wait_ms=0, lose_every=2),
    "every response lost once": PlcBehaviour(wait_ms=0, lose_every=1, late_acks=3),
    "reconnects": PlcBehaviour(wait_ms=0, reconnect_every=1),
}


@pytest.fixture
def controller():
    """Builds a controller for a station; hangs up in the end."""
    clients = []

    def build(station, behaviour=BEHAVIOURS["good"], http10=False, **more):
        clients.append(PlcClient(station.url, http10=http10))
        return PlcSimulator(clients[-1], SystemClock(), behaviour, **more)

    yield build
    for client in clients:
        client.close()


def drain(simulator):
    """Poll until there is nothing more."""
    while simulator.poll() is not None:
        pass
    return simulator.log


@pytest.mark.parametrize("http10", [False, True], ids=["HTTP 1.1", "HTTP 1.0"])
@pytest.mark.parametrize("behaviour", BEHAVIOURS.values(), ids=BEHAVIOURS)
def test_every_result_arrives_once_and_in_order(station, controller, behaviour, http10) -> None:
    simulator = controller(station, behaviour, http10)
    own = range(1, 9)
    for plc_id in own:
        simulator.expect(station.ask(f"/v1/plc/trigger?id={plc_id}").json)
    given = [station.door.judge(plc_id, DECISIONS[plc_id % 4]) for plc_id in range(1, 13)]
    log = drain(simulator)
    assert [(action.seq, action.plc_id, action.verdict) for action in log] == [
        (each.seq, each.verdict.plc_id, each.verdict.decision) for each in given
    ]
    assert [action.expected for action in log] == [each.verdict.plc_id in own for each in given]
    assert [action.opened for action in log] == [action.expected and action.verdict == Decision.PASS for action in log]
    assert sum(action.opened for action in log) == 4
    assert station.door.outbox.unread == behaviour.late_acks


@pytest.mark.parametrize("late_acks", [0, 1, 3])
def test_a_controller_that_forgets_is_given_the_oldest_unread_again(station, controller, late_acks) -> None:
    given = {each.seq: each for each in (station.door.judge(plc_id, DECISIONS[plc_id % 4]) for plc_id in range(1, 10))}
    simulator = controller(station, PlcBehaviour(wait_ms=0, late_acks=late_acks, restart_every=4))
    for _ in range(30):
        simulator.poll()
    log = simulator.log
    assert {action.seq for action in log} >= set(list(given)[: 4 + late_acks])
    for action in log:
        verdict = given[action.seq].verdict
        assert (action.plc_id, action.verdict) == (verdict.plc_id, verdict.decision)
    assert all(count == 1 for count in Counter(action.seq for action in log).values()) == (late_acks == 0)


def test_a_station_killed_and_restarted_goes_on_where_it_was(door, serve, controller) -> None:
    given = [door.judge(plc_id) for plc_id in range(1, 6)]
    first = serve(door)
    simulator = controller(first, PlcBehaviour(wait_ms=0, late_acks=2))
    for _ in range(3):
        simulator.poll()
    first.stop()
    boot = door.boot_id
    door.restart()
    second = serve(door)
    assert door.boot_id != boot
    assert door.outbox.unread == 4
    given.append(door.judge(6, Decision.PASS))
    # The controller goes on with what it remembers ...
    after = simulator.log[-1].seq
    seen = []
    client = PlcClient(second.url)
    while (reply := client.next(after))["seq"] != after:
        after = reply["seq"]
        seen.append(reply)
    assert [reply["seq"] for reply in seen] == [4, 5, 6]
    assert [reply["verdict"] for reply in seen] == [2, 2, 1]
    # ... and one that remembers nothing is given the oldest unread.
    assert client.next(0)["seq"] == 2
    client.close()


def test_an_item_in_hand_at_a_restart_is_sidelined_as_restarted(door, serve) -> None:
    station = serve(door)
    assert station.ask("/v1/plc/trigger?id=31").json["item"] == 1
    door.restart()
    door.judge(31, reasons=(Reason.RESTARTED,))
    restarted = serve(door)
    for path in ("/v1/plc/verdict/31", "/v1/plc/next"):
        answer = restarted.ask(path).json
        assert (answer["id"], answer["verdict"], answer["code"]) == (31, 2, Reason.RESTARTED.code)
    assert restarted.ask("/v1/plc/trigger?id=31").json["item"] == 3


def test_the_sequence_wraps_without_losing_a_result(door, serve, controller, tmp_path) -> None:
    door.judge(1)
    # As though the station had given nearly a whole turn of verdicts.
    with sqlite3.connect(tmp_path / "station.db") as database:
        database.execute("UPDATE verdicts SET number = ?", (2 * SEQ_MAX - 3,))
    database.close()
    door.restart()
    given = [door.judge(plc_id, DECISIONS[plc_id % 4]) for plc_id in range(2, 10)]
    log = drain(controller(serve(door), PlcBehaviour(wait_ms=0, late_acks=4, lose_every=3)))
    assert [action.seq for action in log] == [SEQ_MAX - 3, SEQ_MAX - 2, SEQ_MAX - 1, SEQ_MAX, 1, 2, 3, 4, 5]
    assert [action.verdict for action in log[1:]] == [each.verdict.decision for each in given]
    assert door.outbox.unread == 4
    assert [given.acknowledged for given in door.store.after_number(0, 20)] == [True] * 5 + [False] * 4


@pytest.mark.parametrize("decision", DECISIONS[:2] + DECISIONS[3:])
def test_announce_judge_poll_open_acknowledge(station, controller, decision) -> None:
    simulator = controller(station, PlcBehaviour(wait_ms=200, trigger_twice=True))
    door = station.door
    announce = door.announce
    judged = set()

    def announce_and_judge(plc_id, sku, barcode):
        record = announce(plc_id, sku, barcode)
        if plc_id not in judged:
            judged.add(plc_id)
            door.judge(plc_id, decision)
        return record

    door.announce = announce_and_judge
    for plc_id in (11, 12, 13):
        action = simulator.handle(plc_id, sku="TEA-20", window_ms=3000)
        assert (action.plc_id, action.verdict, action.opened) == (plc_id, decision, decision is Decision.PASS)
    assert len(simulator.log) == 3
    assert door.store.last_number() == 3
    assert door.outbox.unread == 0


def test_a_pass_for_another_item_opens_nothing(station, controller) -> None:
    station.door.judge(5, Decision.PASS)
    simulator = controller(station, PlcBehaviour(wait_ms=10))
    action = simulator.handle(6, window_ms=40)
    assert (action.seq, action.plc_id, action.opened) == (0, 6, False)
    assert [(each.plc_id, each.verdict, each.opened) for each in simulator.log] == [(5, 1, False), (6, 0, False)]


def test_an_items_pass_opens_once(station, controller) -> None:
    simulator = controller(station)
    simulator.expect(station.ask("/v1/plc/trigger?id=5").json)
    station.door.judge(5, Decision.PASS)
    station.door.judge(5, Decision.PASS, item_id="another")
    assert [action.opened for action in drain(simulator)] == [True, False]


def test_a_pass_after_the_window_opens_nothing(station, controller) -> None:
    simulator = controller(station)
    simulator.handle(5, window_ms=0)
    station.door.judge(5, Decision.PASS)
    assert [action.opened for action in drain(simulator)] == [False, False]


def test_the_verb_opens_for_the_item_it_announced(station, monkeypatch, capsys) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    door, announce = station.door, station.door.announce
    door.judge(6, Decision.PASS)  # of an earlier shift, and nobody took it

    def announce_and_judge(plc_id, sku, barcode):
        record = announce(plc_id, sku, barcode)
        door.judge(5, Decision.PASS)
        door.judge(plc_id, Decision.PASS)
        return record

    door.announce = announce_and_judge
    assert command.station(monkeypatch, "plc-sim", station.url, "--announce", "7") == 0
    _, heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.split()[:3] == ["seq", "item", "gate"]
    assert [row.split()[:3] for row in rows] == [["2", "5", "not"], ["3", "7", "opens"]]
    assert door.outbox.unread == 0


@pytest.mark.parametrize(("after", "seen"), [((), ["5"]), (("--after", "0"), ["4", "5"])])
def test_the_verb_without_an_item_only_watches(station, after, seen) -> None:
    station.door.judge(4, Decision.PASS)
    verb = [sys.executable, "-c", "from station.cli import main; main()", "plc-sim", station.url, *after]
    with subprocess.Popen(verb, stdout=subprocess.PIPE, text=True, env={**os.environ, "COLUMNS": "80"}) as process:
        assert "last sequence 1" in process.stdout.readline()
        assert process.stdout.readline().split()[1] == "item"
        station.door.judge(5, Decision.PASS)
        rows = [process.stdout.readline().split() for _ in seen]
        process.kill()
    assert [row[1:4] for row in rows] == [[item, "not", "mine"] for item in seen]
    assert station.door.outbox.unread == 2, "taking them is left to the real controller"


def test_the_old_pass_of_a_number_used_again_opens_nothing(station, controller) -> None:
    """A controller that lost its memory, and counts from 1 again before the station let go of the number."""
    station.ask("/v1/plc/trigger?id=1")
    station.door.judge(1, Decision.PASS)
    simulator = controller(station)
    with pytest.raises(StationError, match="judged item 1 already"):
        simulator.handle(1)
    assert simulator.log == ()


def test_the_verb_tells_of_a_number_judged_already(station, monkeypatch, capsys) -> None:
    station.ask("/v1/plc/trigger?id=77")
    station.door.judge(77, Decision.PASS)
    assert command.station(monkeypatch, "plc-sim", station.url, "--announce", "77") == 1
    out, err = capsys.readouterr()
    assert "judged item 77 already" in err
    assert "nothing amiss" not in out


def test_without_a_result_the_gate_stays_shut(station, controller) -> None:
    action = controller(station, PlcBehaviour(wait_ms=10)).handle(8, window_ms=30)
    assert (action.opened, action.verdict) == (False, 0)


def test_a_fault_opens_nothing_and_is_no_result(station, controller) -> None:
    station.door.state, station.door.fault = StationState.FAULT, Reason.CAMERA_LOST
    simulator = controller(station)
    assert simulator.poll() is None
    assert simulator.log == ()


def test_a_running_controller_outlives_a_station_that_is_away(door, serve, controller) -> None:
    station = serve(door)
    seen = []
    simulator = controller(station, PlcBehaviour(wait_ms=10), on_action=seen.append)
    door.judge(1, Decision.PASS)
    rounds = itertools.count()

    def away_at_the_third_round() -> bool:
        count = next(rounds)
        if count == 2:
            station.stop()
        return count == 3

    simulator.run(away_at_the_third_round)
    assert [action.plc_id for action in seen] == [1]
    with pytest.raises(StationError, match=f"{station.port} gave no answer"):
        simulator.poll()


def test_a_connection_the_station_closed_meanwhile_is_made_anew(door, serve) -> None:
    first = serve(door)
    client = PlcClient(first.url)
    assert client.next(0)["verdict"] == 0
    first.stop()
    door.judge(1)
    serve(door, port=first.port)
    assert client.next(0)["verdict"] == 2
    client.close()


def test_a_refused_request_is_an_error_with_the_answer(station) -> None:
    client = PlcClient(station.url)
    with pytest.raises(StationError, match=r'status 400: \{"v":1,"err":1\}'):
        client.trigger(0)
    assert client.status()["st"] == 1
    client.close()


def test_the_client_carries_the_token(door, serve) -> None:
    station = serve(door, token="s3cret")
    client = PlcClient(station.url, token="s3cret")
    assert client.trigger(4)["id"] == 4
    assert client.verdict(4)["verdict"] == 0
    client.close()
    stranger = PlcClient(station.url)
    with pytest.raises(StationError, match="401"):
        stranger.status()
    stranger.close()
