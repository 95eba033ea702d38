"""A recording through the very daemon: each item one verdict, the same in lock-step, in real time and every time."""

import json
from collections import Counter

import cv2
import numpy as np
import pytest
from support import tiny_booth
from support.command import station
from support.stations import (
    assert_nothing_leaked,
    get,
    serving_replay,
    tiny_config,
    tiny_settings,
    wait_for,
    write_toml,
)

from station.core.damage import Decision, Reason
from station.core.status import StationState
from station.daemon.clock import ManualClock, SystemClock
from station.daemon.controller import SimulatedController
from station.daemon.following import follow
from station.daemon.lockstep import captures_lockstep, replay_lockstep
from station.daemon.parts import replay_source
from station.daemon.serving import serve

NUMBERS = [item.plc_id for item in tiny_booth.ITEMS]
EXPECTED = {
    101: (Decision.PASS, ()),
    102: (Decision.PASS, ()),
    103: (Decision.SIDELINE, (Reason.DAMAGE,)),
    104: (Decision.SIDELINE, (Reason.UNKNOWN_PRODUCT,)),
}


@pytest.fixture(scope="module")
def lockstep(tiny_recording, tiny_gallery, tmp_path_factory):
    """The verdicts of lock-step, by the controller's number."""
    config = tiny_config(tiny_gallery, tmp_path_factory.mktemp("lockstep"))
    verdicts = list(replay_lockstep(tiny_recording, config))
    assert [verdict.plc_id for verdict in verdicts] == NUMBERS
    return {verdict.plc_id: verdict for verdict in verdicts}


def decided(verdict):
    return verdict.decision, verdict.reasons, verdict.identity.product_id, verdict.severity


def test_lock_step_gives_each_item_its_verdict(lockstep):
    assert {number: (v.decision, v.reasons) for number, v in lockstep.items()} == EXPECTED
    damaged = lockstep[103]
    assert damaged.damage_confidence > 0.9
    assert {region.camera_id for region in damaged.regions} <= {"top", "left"}
    assert all(v.simulated and v.damage_confidence < 0.9 for number, v in lockstep.items() if number != 103)


def test_real_time_decides_as_lock_step_does(tiny_recording, tiny_gallery, tmp_path, lockstep):
    config = tiny_config(tiny_gallery, tmp_path)
    with serving_replay(config, tiny_recording) as serving:
        recorded = list(follow(serving.station))
        grabbed, dropped = serving.station.frames
        late = get(serving.url, "/v1/verdicts?after=0&limit=10")[1]
    assert {each.verdict.plc_id: decided(each.verdict) for each in recorded} == {
        number: decided(verdict) for number, verdict in lockstep.items()
    }
    for each in recorded:
        assert each.verdict.damage_confidence == pytest.approx(lockstep[each.verdict.plc_id].damage_confidence)
        assert each.verdict.regions == lockstep[each.verdict.plc_id].regions
    assert [each.number for each in recorded] == [1, 2, 3, 4]
    assert len(late["verdicts"]) == 4
    assert (grabbed, dropped) == (2 * tiny_booth.FRAMES, 0)


def test_after_the_end_the_station_says_so_and_sidelines_what_comes(tiny_recording, tiny_gallery, tmp_path):
    with serving_replay(tiny_config(tiny_gallery, tmp_path), tiny_recording, speed=2.0) as serving:
        list(follow(serving.station))
        assert (serving.station.status().state, serving.station.status().fault) == (StationState.FAULT, Reason.SHUTDOWN)
        assert get(serving.url, "/readyz")[1]["detail"] == "the recording or simulation has ended"
        serving.station.announce(900, "BRICK", None)
        record = wait_for(lambda: (r := serving.door.item_by_plc_id(900)).verdict and r, "verdict")
        assert record.verdict.verdict.reason is Reason.SHUTDOWN


def test_a_controller_at_the_http_door_gets_each_items_verdict_once(tiny_recording, tiny_gallery, tmp_path):
    """The simulated controller announces, polls, acknowledges; at twice the pace."""
    clock = SystemClock()
    config = tiny_config(tiny_gallery, tmp_path)
    source = replay_source(config, tiny_recording, clock, 2.0)
    with serve(config, clock, source, announce=False) as serving:
        controller = SimulatedController(serving.url, source, clock)
        controller.start()
        try:
            recorded = list(follow(serving.station))
            wait_for(lambda: len(controller.plc.log) >= len(NUMBERS), "controller's results")
            wait_for(lambda: serving.station.status().unread == 0, "acknowledgements")
            for number in NUMBERS:
                record = serving.door.item_by_plc_id(number)
                assert record.verdict.verdict.decision is EXPECTED[number][0]
                assert get(serving.url, f"/v1/items/{record.item_id}")[0] == 200
                names = serving.door.evidence_names(record.item_id)
                assert set(names) == {f"{camera}-{kind}" for camera in ("top", "left") for kind in ("crop", "overlay")}
        finally:
            controller.stop()
    assert_nothing_leaked(source)
    assert Counter(action.plc_id for action in controller.plc.log) == Counter(NUMBERS)
    assert {action.plc_id for action in controller.plc.log if action.opened} == {101, 102}
    assert [each.verdict.plc_id for each in recorded] == NUMBERS


def test_lock_step_twice_is_the_same_to_the_byte(tiny_recording, tiny_gallery, tmp_path, monkeypatch):
    config = write_toml(tmp_path / "station.toml", tiny_settings(tiny_gallery, tmp_path))
    outputs = []
    for name in ("first", "second"):
        file = tmp_path / f"{name}.jsonl"
        arguments = ("replay", tiny_recording.path, "--lockstep", "--json", file, "--config", config)
        assert station(monkeypatch, *arguments) == 0
        outputs.append(file.read_bytes())
    assert outputs[0] == outputs[1]
    verdicts = [json.loads(line) for line in outputs[0].splitlines()]
    assert [verdict["plc_id"] for verdict in verdicts] == NUMBERS


def test_lock_step_says_nothing_of_latency(tiny_recording, tiny_gallery, tmp_path, monkeypatch, capsys):
    """Where the controller triggers, its moment lies before the verdict by time of the recording alone."""
    config = write_toml(
        tmp_path / "station.toml", tiny_settings(tiny_gallery, tmp_path, scene={"trigger": "controller"})
    )
    assert station(monkeypatch, "replay", tiny_recording.path, "--lockstep", "--config", config) == 0
    summary = capsys.readouterr().err
    assert "frames" in summary
    assert "settle to verdict" not in summary
    assert " ms " not in summary


def test_the_real_time_replay_of_the_command_line(tiny_recording, tiny_gallery, tmp_path, monkeypatch, capsys):
    config = write_toml(tmp_path / "station.toml", tiny_settings(tiny_gallery, tmp_path))
    arguments = ("replay", tiny_recording.path, "--json", "-", "--speed", "2", "--config", config)
    assert station(monkeypatch, *arguments) == 0
    out, err = capsys.readouterr()
    assert [json.loads(line)["plc_id"] for line in out.splitlines()] == NUMBERS
    assert "4: 3 good, 1 damaged (1 major)" in err
    assert "settle to verdict" in err
    assert "104 carton (good): SIDELINE" in err
    assert ": 4 items" in " ".join(err.split())


def test_a_recording_of_unknown_items_does_not_say_it_has_none(tmp_path, tiny_gallery, monkeypatch, capsys):
    stills = tmp_path / "stills"
    stills.mkdir()
    for name in ("background", "parcel"):
        cv2.imwrite(str(stills / f"{name}.color.png"), np.full((48, 64, 3), 90, np.uint8))
        cv2.imwrite(str(stills / f"{name}.depth.png"), np.full((48, 64), 500, np.uint16))
    intrinsics = {"fx": 60, "fy": 60, "cx": 31.5, "cy": 23.5, "depth_unit_mm": 1}
    (stills / "intrinsics.json").write_text(json.dumps(intrinsics))
    assert station(monkeypatch, "recordings", "import", stills, tmp_path / "recording") == 0
    config = write_toml(tmp_path / "station.toml", tiny_settings(tiny_gallery, tmp_path))
    assert station(monkeypatch, "replay", tmp_path / "recording", "--lockstep", "--config", config) == 0
    assert "items unknown, 1 announced" in " ".join(capsys.readouterr().err.split())


def test_the_api_tells_which_false_alarm_rate_the_gallery_upholds(tiny_recording, tiny_gallery, tmp_path):
    with serving_replay(tiny_config(tiny_gallery, tmp_path), tiny_recording) as serving:
        status, told = get(serving.url, "/v1/gallery")
    assert status == 200
    assert 0 < told["good_items"] < told["good_items_needed"] == 149
    assert told["false_alarm_rate_upheld"] > told["false_alarm_rate_asked"] == 0.02


def test_lock_step_holds_no_frame_at_the_end(tiny_recording, tiny_gallery, tmp_path):
    config = tiny_config(tiny_gallery, tmp_path)
    clock = ManualClock()
    source = replay_source(config, tiny_recording, clock, speed=None)
    for capture in captures_lockstep(source, config, clock):
        capture.release()
    assert_nothing_leaked(source)
