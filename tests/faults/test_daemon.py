"""A station whose parts fail while it runs: every item gets its verdict, and everyone is told what is wrong."""

import sqlite3
import subprocess
import threading
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
from support import tiny_booth
from support.stage import Stage, stalled
from support.stations import get, running, serving_source, tiny_config, wait_for

import station.daemon.serving as serving_module
from station.api.plc_client import PlcClient
from station.api.server import make_server
from station.core.damage import Decision, Reason
from station.core.errors import StationError
from station.core.status import ItemState, StationState
from station.daemon.clock import SystemClock
from station.daemon.parts import build_inspector
from station.daemon.serving import serve
from station.setup.history import LastCheck, remember
from station.setup.measure import StepResult
from station.setup.versions import RigVersions

BRICK = tiny_booth.boxes("brick", (5, -8), 3)
QUICK = {
    "cameras": {"lost_after_ms": 300},
    "scene": {"stale_ms": 400, "learn_framesets": 4, "arrival_timeout_ms": 3000},
}


@pytest.fixture
def stage():
    return Stage(SystemClock())


@pytest.fixture
def config(tiny_gallery, tmp_path):
    return tiny_config(tiny_gallery, tmp_path, **QUICK)


@pytest.fixture
def live(stage, config):
    """A station with its API that has learned the empty tray."""
    with serving_source(config, stage.source, stage.clock) as serving:
        wait_for(lambda: get(serving.url, "/readyz")[0] == 200, "readiness")
        yield serving


def verdict_of(serving, plc_id):
    """The item's verdict as the controller reads it; 0 is none yet, 3 the station's fault."""
    plc = PlcClient(serving.url)
    try:
        return wait_for(lambda: (answer := plc.verdict(plc_id))["verdict"] in (1, 2) and answer, f"verdict {plc_id}")
    finally:
        plc.close()


def announce(serving, plc_id, sku="BRICK"):
    plc = PlcClient(serving.url)
    plc.trigger(plc_id, sku)
    plc.close()


def judge_good_item(serving, stage, plc_id):
    """Present a good item, and clear the tray again."""
    announce(serving, plc_id)
    stage.scene = BRICK
    answer = verdict_of(serving, plc_id)
    stage.clear()
    assert (answer["verdict"], answer["code"]) == (Decision.PASS, 0)


def test_a_live_item_passes_and_the_next_one_too(live, stage):
    judge_good_item(live, stage, 1)
    judge_good_item(live, stage, 2)
    assert [each.verdict.plc_id for each in live.station.outbox.after_number(0)] == [1, 2]


@pytest.mark.parametrize("camera_id", ["top", "left"])
def test_a_camera_that_stops_costs_the_item_its_pass_and_is_told(live, stage, camera_id):
    announce(live, 7)
    stage.silent.add(camera_id)
    answer = verdict_of(live, 7)
    assert (answer["verdict"], answer["code"]) == (Decision.SIDELINE, Reason.STALE_FRAME.code)
    wait_for(lambda: live.door.status().state is StationState.FAULT, "fault")
    plc = PlcClient(live.url)
    status, told = plc.status(), plc.next(answer["seq"], wait_ms=2000)
    plc.close()
    assert (status["st"], status["code"], status["ready"], status["cams_ok"]) == (3, Reason.STALE_FRAME.code, 0, 1)
    assert (told["verdict"], told["code"]) == (3, Reason.STALE_FRAME.code), "at once: in fault nobody is held"
    code, problem = get(live.url, "/readyz")
    assert (code, problem["detail"]) == (503, f"{Reason.STALE_FRAME.title}. {Reason.STALE_FRAME.fix}")
    assert get(live.url, "/healthz")[0] == 200
    stage.silent.clear()
    wait_for(lambda: get(live.url, "/readyz")[0] == 200, "recovery")
    judge_good_item(live, stage, 8)


def test_a_camera_that_is_lost_is_told_and_taken_back(live, stage):
    announce(live, 7)
    stage.broken["left"] = stalled("left")
    answer = verdict_of(live, 7)
    assert (answer["verdict"], answer["code"]) == (Decision.SIDELINE, Reason.CAMERA_LOST.code)
    status = wait_for(lambda: (s := live.door.status()).fault is Reason.CAMERA_LOST and s, "fault")
    assert {camera.camera_id: camera.error for camera in status.cameras} == {"top": None, "left": str(stalled("left"))}
    assert get(live.url, "/readyz")[0] == 503
    stage.broken.clear()
    wait_for(lambda: get(live.url, "/readyz")[0] == 200, "recovery")
    judge_good_item(live, stage, 8)
    live.source.cameras[0].recoveries = 3  # brought back by itself, without being lost
    cameras = get(live.url, "/v1/cameras")[1]
    assert [(camera["camera_id"], camera["recoveries"]) for camera in cameras] == [("top", 3), ("left", 1)]
    assert b'station_camera_recoveries_total{camera="top"} 3.0' in live.door.metrics_text()


def test_a_camera_whose_frames_are_not_to_be_trusted_is_a_fault_and_says_why(live):
    live.source.cameras[0].trouble = "it is slow. Lower its rate"
    status = wait_for(lambda: (s := live.door.status()).fault is Reason.STALE_FRAME and s, "fault")
    assert [(camera.connected, camera.error) for camera in status.cameras] == [
        (False, "it is slow. Lower its rate"),
        (True, None),
    ]
    live.source.cameras[0].trouble = None
    wait_for(lambda: get(live.url, "/readyz")[0] == 200, "recovery")


def test_a_camera_that_fails_in_an_unforeseen_way_is_lost_like_any_other(live, stage):
    stage.broken["left"] = ZeroDivisionError("odd")
    wait_for(lambda: live.door.status().fault is Reason.CAMERA_LOST, "fault")
    announce(live, 7)
    assert verdict_of(live, 7)["code"] == Reason.CAMERA_LOST.code
    assert "failed unexpectedly (ZeroDivisionError('odd'))" in live.door.status().cameras[1].error


def test_an_announced_item_that_never_comes_is_sidelined(live):
    announce(live, 7)
    assert verdict_of(live, 7)["code"] == Reason.NO_ITEM.code


def test_what_is_in_hand_at_the_end_is_sidelined_and_stored(stage, config):
    with serving_source(config, stage.source, stage.clock) as serving:
        wait_for(lambda: serving.door.ready()[0], "readiness")
        announce(serving, 7)
    with serving_source(config, Stage(stage.clock).source, stage.clock) as again:
        answer = verdict_of(again, 7)
    assert (answer["verdict"], answer["code"]) == (Decision.SIDELINE, Reason.SHUTDOWN.code)


def checked(folder, clock, *failures):
    """Keep a daily check of the booth that found this amiss."""
    RigVersions(folder).put_in_force(tiny_booth.RIG)
    begun = LastCheck(clock.utc_ns(), tiny_booth.RIG.digest, "the booth", recorded=False)
    remember(folder, begun, StepResult("check", failures=failures), {}, {})


def test_no_item_passes_before_the_daily_check_has(stage, tiny_gallery, tmp_path):
    setup = {"folder": str(tmp_path / "booth"), "check_required": True}
    config = tiny_config(tiny_gallery, tmp_path, **QUICK, setup=setup)
    moved = "camera left has moved by 4.0 mm. Tighten it and run `station setup` again (limit 1.5)"
    with serving_source(config, stage.source, stage.clock) as serving:
        wait_for(lambda: "never been checked" in get(serving.url, "/readyz")[1]["detail"], "refusal")
        checked(tmp_path / "booth", stage.clock, moved)
        wait_for(lambda: get(serving.url, "/readyz")[1]["detail"] == moved, "the check's own words")
        assert b"station_setup_alarm 1.0" in serving.door.metrics_text()
        announce(serving, 1)
        stage.scene = BRICK
        answer = verdict_of(serving, 1)
        stage.clear()
        assert (answer["verdict"], answer["code"]) == (Decision.SIDELINE, Reason.UNCALIBRATED.code)
        assert serving.station.outbox.after_number(0)[0].verdict.detail == moved
        checked(tmp_path / "booth", stage.clock)
        wait_for(lambda: get(serving.url, "/readyz") == (200, {"status": "ready", "alarm": ""}), "readiness")
        assert b"station_setup_alarm 0.0" in serving.door.metrics_text()
        judge_good_item(serving, stage, 2)


def test_failed_check_that_is_not_required_is_an_alarm_alone(stage, config, tmp_path):
    folder = tmp_path / "booth"
    config = replace(config, setup=replace(config.setup, folder=str(folder)))
    checked(folder, stage.clock, "camera top is out of focus")
    with serving_source(config, stage.source, stage.clock) as serving:
        alarmed = 200, {"status": "ready", "alarm": "camera top is out of focus"}
        wait_for(lambda: get(serving.url, "/readyz") == alarmed, "alarm")


class GatedBundle:
    """A model that does not answer before it is let."""

    def __init__(self, bundle):
        self._bundle = bundle
        self.digest = bundle.digest
        self.entered, self.let = threading.Event(), threading.Event()

    compares = False

    def start(self, crop):
        self.entered.set()
        assert self.let.wait(30)
        return self._bundle.start(crop)


@contextmanager
def gated_station(config, stage):
    inspector = build_inspector(config, stage.source.rig, stage.clock, simulated=True)
    gate = GatedBundle(inspector.bundle)
    with running(config, stage.source, replace(inspector, bundle=gate), stage.clock) as station:
        wait_for(lambda: station.status().state is StationState.READY, "readiness")
        try:
            yield station, gate
        finally:
            gate.let.set()


def reasons(station):
    return {each.verdict.plc_id: each.verdict.reason for each in station.outbox.after_number(0)}


def test_a_judge_that_hangs_is_overtaken_by_the_watch_and_its_late_verdict_dropped(stage, tiny_gallery, tmp_path):
    config = tiny_config(tiny_gallery, tmp_path, inspection={"deadline_ms": 200}, **QUICK)
    with gated_station(config, stage) as (station, gate):
        station.announce(7, "BRICK", None)
        stage.scene = BRICK
        assert gate.entered.wait(10)
        wait_for(lambda: reasons(station), "verdict from the watch")
        assert reasons(station) == {7: Reason.TIMEOUT}
        wait_for(lambda: station.status().fault is Reason.INTERNAL_FAULT, "word of the hanging thread")
        beats = station.status().heartbeat
        assert station.status().heartbeat == beats
        gate.let.set()
        wait_for(lambda: b"station_late_verdicts_total 1.0" in station.telemetry.text(), "the late verdict, counted")
        wait_for(lambda: station.status().heartbeat > beats, "the heart beating again")
        assert reasons(station) == {7: Reason.TIMEOUT}


def test_items_faster_than_they_are_judged_are_sidelined(stage, tiny_gallery, tmp_path):
    quick = {**QUICK, "scene": {**QUICK["scene"], "trigger": "controller", "settle_framesets": 1}}
    config = tiny_config(tiny_gallery, tmp_path, inspection={"deadline_ms": 20_000, "queue_items": 1}, **quick)
    stage.scene = BRICK
    with gated_station(config, stage) as (station, gate):
        station.announce(1, "BRICK", None)
        assert gate.entered.wait(10)
        for plc_id in (2, 3, 4):  # each is on its way before the next: of two announced at once neither would be judged
            item = station.announce(plc_id, "BRICK", None)
            wait_for(
                lambda item=item: (
                    station.write(lambda store: store.item(item.item_id)).state is not ItemState.ANNOUNCED
                ),
                f"item {plc_id} on its way",
            )
        wait_for(lambda: len(reasons(station)) == 2, "two verdicts")
        assert reasons(station) == {3: Reason.QUEUE_FULL, 4: Reason.QUEUE_FULL}
        gate.let.set()
        wait_for(lambda: len(reasons(station)) == 4, "the others")
        assert reasons(station) == {
            1: Reason.NONE,
            2: Reason.NONE,
            3: Reason.QUEUE_FULL,
            4: Reason.QUEUE_FULL,
        }


def test_a_taken_port_is_told_and_nothing_is_left_running(live, config, tmp_path, tiny_gallery):
    port = int(live.url.rpartition(":")[2])
    taken = tiny_config(
        tiny_gallery, tmp_path, api={"port": port}, store={"url": f"sqlite:///{tmp_path}/other.db"}, **QUICK
    )
    with (
        pytest.raises(StationError, match=rf"cannot listen on 127\.0\.0\.1:{port}: .* choose another"),
        serve(taken, SystemClock(), Stage(SystemClock()).source),
    ):
        pass
    assert not (tmp_path / "other.db").exists(), "it never opened its store"


def test_an_api_that_ends_by_itself_ends_the_station(stage, config, monkeypatch):
    servers = []

    def kept(app, listener):
        servers.append(make_server(app, listener))
        return servers[-1]

    monkeypatch.setattr(serving_module, "make_server", kept)
    with serving_source(config, stage.source, stage.clock) as serving:
        servers[0].should_exit = True
        with pytest.raises(StationError, match="'api' has ended"):
            serving.station.threads.wait()


@contextmanager
def locked_store(folder):
    """Another program holds the station's database."""
    with closing(sqlite3.connect(folder / "station.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_a_pass_that_waited_for_the_database_beyond_its_deadline_is_told_as_a_sideline(stage, tiny_gallery, tmp_path):
    store = {"busy_timeout_s": 20.0}
    config = tiny_config(tiny_gallery, tmp_path, inspection={"deadline_ms": 1500}, store=store, **QUICK)
    with gated_station(config, stage) as (station, gate):
        item_id = station.announce(7, "BRICK", None).item_id
        stage.scene = BRICK
        assert gate.entered.wait(10)
        station.write(lambda store: None)  # the capture is on disk
        with locked_store(tmp_path):
            gate.let.set()
            wait_for(lambda: not station.desk.in_flight.unclaimed(), "the judge's verdict")
            wait_for(lambda: station.desk.in_flight.is_overdue(item_id, stage.clock.now_ns()), "the deadline")
            assert reasons(station) == {}
            overdue_ns = stage.clock.now_ns()
        wait_for(lambda: reasons(station), "the verdict")
        assert reasons(station) == {7: Reason.TIMEOUT}
        (told,) = station.outbox.after_number(0)
        assert told.verdict.decided_ns < overdue_ns <= told.told_ns
        assert b'station_verdict_seconds_bucket{le="1.0"} 0.0' in station.telemetry.text()


def test_a_database_that_hangs_sidelines_every_item_and_loses_none(live, stage, tmp_path):
    """An announced item is on the tray when it begins, another one comes meanwhile, a third is refused."""
    announce(live, 7)
    with locked_store(tmp_path):
        stage.scene = BRICK
        wait_for(lambda: live.door.status().fault is Reason.STORE_FAULT, "fault")
        assert get(live.url, "/readyz")[0] == 503
        stage.clear()
        stage.scene = BRICK
        wait_for(lambda: len(live.station.desk.in_flight) == 2, "the second item in hand")
        stage.clear()
        with pytest.raises(StationError, match="announce it again"):
            live.door.announce(9, "BRICK", None)
        plc = PlcClient(live.url)
        assert [plc.next(0)["verdict"], plc.verdict(7)["verdict"]] == [3, 3]
        plc.close()
    wait_for(lambda: len(live.door.verdicts(0, 10)) == 2, "both verdicts")
    wait_for(lambda: get(live.url, "/readyz")[0] == 200, "recovery")
    told = live.door.verdicts(0, 10)
    assert [(each.verdict.plc_id, each.verdict.reason) for each in told] == [
        (7, Reason.STORE_FAULT),
        (0, Reason.UNKNOWN_PRODUCT),  # nobody said what it is; a sideline needs no haste
    ]
    judge_good_item(live, stage, 9)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 3 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"cannot mount a small disk here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def fill(folder):
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 1024, 1):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                continue
    return filler


def test_a_full_disk_is_a_fault_no_pass_is_given_and_it_ends_with_the_fullness(stage, small_disk, tiny_gallery, caplog):
    config = tiny_config(tiny_gallery, small_disk, inspection={"deadline_ms": 20_000}, **QUICK)
    with gated_station(config, stage) as (station, gate):
        station.announce(7, "BRICK", None)
        stage.scene = BRICK
        assert gate.entered.wait(10)
        filler = fill(small_disk)
        gate.let.set()
        wait_for(lambda: "is not stored and becomes a sideline" in caplog.text, "the verdict's refusal")
        assert station.status().fault is Reason.STORE_FAULT
        assert not station.status().disk_ok
        with pytest.raises(StationError, match="Free disk space"):
            station.announce(8, "BRICK", None)
        assert reasons(station) == {}
        filler.unlink()
        wait_for(lambda: reasons(station), "the verdict")
        assert reasons(station) == {7: Reason.STORE_FAULT}
        wait_for(lambda: station.status().disk_ok and station.status().fault is Reason.NONE, "end of the fault")
        stage.clear()
        station.announce(8, "BRICK", None)
        stage.scene = BRICK
        wait_for(lambda: 8 in reasons(station), "the next verdict")


def test_a_disk_that_fills_up_while_nothing_comes_is_told_before_it_costs_an_item(stage, small_disk, tiny_gallery):
    with gated_station(tiny_config(tiny_gallery, small_disk, **QUICK), stage) as (station, _):
        filler = fill(small_disk)
        wait_for(lambda: not station.status().disk_ok, "word of the disk")
        filler.unlink()
        wait_for(lambda: station.status().disk_ok and station.status().state is StationState.READY, "recovery")
