"""What the station counts is what Prometheus reads."""

from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from station.core.damage import Decision, Reason, Severity
from station.core.status import CameraStatus, StationState, StationStatus
from station.core.verdict import Identity, IdentitySource, Provenance, Verdict
from station.telemetry import Telemetry

CAMERA = CameraStatus("top", "912112073118", True, 31.0, 86231, 4, 1)
STATUS = StationStatus(
    state=StationState.BUSY,
    fault=Reason.NONE,
    boot_id="9c1e",
    heartbeat=8123,
    last_seq=417,
    unread=2,
    overrun=False,
    disk_ok=True,
    cameras=(CAMERA, replace(CAMERA, camera_id="left", connected=False, frame_age_ms=None)),
    model="000c",
    gallery="9f86",
    rig="2c26",
    config="bc55",
)
VERDICT = Verdict(
    item_id="a-1",
    plc_id=1,
    decision=Decision.SIDELINE,
    damage_confidence=0.9,
    severity=Severity.MAJOR,
    reasons=(Reason.DAMAGE, Reason.CLIPPED),
    type_scores={},
    regions=(),
    identity=Identity(None, IdentitySource.NONE),
    stage_ms={"views": 20.0},
    provenance=Provenance("", "", "", ""),
    arrived_ns=0,
    decided_ns=212_000_000,
    utc_ns=0,
    simulated=True,
)
TOLD_NS = 350_000_000


def samples(telemetry: Telemetry) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(telemetry.text().decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_verdicts_are_counted_by_decision_and_first_reason() -> None:
    telemetry = Telemetry()
    telemetry.count_verdict(VERDICT, TOLD_NS)
    telemetry.count_verdict(VERDICT, TOLD_NS)
    telemetry.count_verdict(replace(VERDICT, decision=Decision.PASS, reasons=()), TOLD_NS)
    telemetry.count_late_verdict()
    seen = samples(telemetry)
    assert seen["station_verdicts_total", (("decision", "sideline"), ("reason", "damage"))] == 2
    assert seen["station_verdicts_total", (("decision", "pass"), ("reason", "none"))] == 1
    assert seen["station_late_verdicts_total", ()] == 1


def test_times_fall_into_their_buckets_in_seconds() -> None:
    telemetry = Telemetry()
    telemetry.count_verdict(VERDICT, TOLD_NS)
    seen = samples(telemetry)
    assert seen["station_verdict_seconds_bucket", (("le", "0.3"),)] == 0
    assert seen["station_verdict_seconds_bucket", (("le", "0.4"),)] == 1
    assert seen["station_stage_seconds_sum", (("stage", "views"),)] == 0.02


def test_status_is_read_at_each_scrape() -> None:
    telemetry = Telemetry()
    now = [STATUS]
    telemetry.watch(lambda: now[0], "1.2.3")
    seen = samples(telemetry)
    assert seen["station_state", (("state", "busy"),)] == 1
    assert seen["station_state", (("state", "fault"),)] == 0
    assert seen["station_heartbeats_total", ()] == 8123
    assert seen["station_unread_verdicts", ()] == 2
    assert seen["station_camera_frames_total", (("camera", "top"),)] == 86231
    assert seen["station_camera_dropped_frames_total", (("camera", "top"),)] == 4
    assert seen["station_camera_recoveries_total", (("camera", "top"),)] == 1
    assert seen["station_camera_frame_age_seconds", (("camera", "top"),)] == 0.031
    assert ("station_camera_frame_age_seconds", (("camera", "left"),)) not in seen
    assert seen["station_camera_connected", (("camera", "left"),)] == 0
    now[0] = replace(STATUS, state=StationState.FAULT, fault=Reason.CAMERA_LOST)
    seen = samples(telemetry)
    assert seen["station_state", (("state", "fault"),)] == 1
    assert seen["station_fault_code", ()] == Reason.CAMERA_LOST.code


def test_build_information_names_what_runs() -> None:
    telemetry = Telemetry()
    telemetry.watch(lambda: STATUS, "1.2.3")
    [labels] = [dict(labels) for name, labels in samples(telemetry) if name == "station_build_info"]
    assert labels == {
        "version": "1.2.3",
        "boot": "9c1e",
        "model": "000c",
        "gallery": "9f86",
        "rig": "2c26",
        "config": "bc55",
    }


def test_two_stations_in_one_process_do_not_share_counters() -> None:
    first, second = Telemetry(), Telemetry()
    first.count_late_verdict()
    assert samples(second)["station_late_verdicts_total", ()] == 0
