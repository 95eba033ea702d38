"""What `station doctor` says of cameras, the store's folder, and the false alarms of the gallery that ships."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from station.cameras import DeviceInfo
from station.config import StationConfig
from station.daemon.doctor import Check, Health, check_cameras, check_daily, examine
from station.daemon.parts import find_gallery, source_rig
from station.gallery import METHOD, Gallery
from station.inference import find_bundle, load_bundle
from station.judge import Fusion, SourceWeight, write_fusion
from station.setup.history import LastCheck, remember
from station.setup.measure import StepResult
from station.setup.versions import RigVersions


def false_alarms(rate: float) -> Check:
    config = StationConfig()
    config = replace(config, judge=replace(config.judge, max_false_alarm_rate=rate), api=replace(config.api, port=0))
    [check] = [check for check in examine(config) if check.name == "false alarms"]
    return check


@pytest.fixture(scope="module")
def good_items() -> int:
    config = StationConfig()
    model = load_bundle(find_bundle(config.inference.bundle), config.inference)
    return len(Gallery.open(find_gallery(config.gallery.path), model.digest).good_scores)


def test_a_rate_that_the_gallery_upholds_is_well(good_items: int) -> None:
    check = false_alarms(0.02)
    assert (check.health, check.fix) == (Health.OK, "")
    assert check.found == f"{good_items} undamaged items uphold 2.00%, 2.00% asked for"


def test_a_rate_it_cannot_uphold_is_a_warning_that_says_how_many_items_are_missing(good_items: int) -> None:
    check = false_alarms(0.0001)
    assert check.health is Health.WARNING
    assert check.found.endswith(", 0.01% asked for")
    assert check.found != false_alarms(0.02).found
    assert check.fix.startswith(f"Enrol {29956 - good_items} more undamaged items")


@pytest.mark.parametrize(
    ("bundle", "health"), [("damage-lite0-s16", Health.WARNING), ("efficientnet-lite0-s16", Health.OK)]
)
def test_it_says_that_heads_do_not_judge_until_they_are_weighed(bundle: str, health: Health, tmp_path: Path) -> None:
    config = StationConfig()
    inference = replace(config.inference, bundle=bundle)
    judge = replace(config.judge, folder=str(tmp_path))
    config = replace(config, inference=inference, judge=judge, api=replace(config.api, port=0))
    [check] = [check for check in examine(config) if check.name == "judge"]
    assert check.health is health
    assert check.found.startswith("the references alone judge")
    model = load_bundle(find_bundle(bundle), inference).digest
    write_fusion(tmp_path, Fusion(model, METHOD, 0.0, {"shape": SourceWeight(0.0, 1.0, 0.0, 2.0)}, (), "parcels"))
    assert Check("judge", Health.OK, "weighs shape") in examine(config)


def test_the_folder_of_the_store_must_be_there(tmp_path: Path) -> None:
    config = StationConfig()
    store = replace(config.store, url=f"sqlite:///{tmp_path}/new/station.db")
    config = replace(config, store=store, api=replace(config.api, port=0))
    [check] = [check for check in examine(config) if check.name == "disk"]
    assert (check.health, check.found) == (Health.FAILED, f"{tmp_path}/new is no folder")


@pytest.mark.parametrize(("kind", "health"), [("live", Health.FAILED), ("replay", Health.OK)])
def test_a_live_station_without_cameras_fails(kind: str, health: Health) -> None:
    config = StationConfig()
    [check] = check_cameras(replace(config, source=replace(config.source, kind=kind)), ())
    assert (check.health, check.found) == (health, "none plugged in")


@pytest.mark.parametrize(("usb_type", "health"), [("3.2", Health.OK), ("", Health.WARNING), ("2.1", Health.FAILED)])
def test_only_a_camera_known_to_be_on_usb_3_is_well(usb_type: str, health: Health) -> None:
    [check] = check_cameras(StationConfig(), [DeviceInfo("7", "D455", "5.16", usb_type, "2-1")])
    assert (check.health, bool(check.fix)) == (health, health is not Health.OK)


def test_without_proc_it_says_so_and_goes_on() -> None:
    """As in a bare chroot; here in a mount namespace of its own."""
    code = "from station.cli import main; import sys; sys.argv = ['station', 'doctor']; main()"
    hidden = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$0" -c "$1"', sys.executable, code]
    if subprocess.run([*hidden[:4], "mount -t tmpfs none /proc"], capture_output=True, check=False).returncode:
        pytest.skip("cannot hide /proc here")
    done = subprocess.run(hidden, capture_output=True, text=True, timeout=60, check=False)
    assert "Traceback" not in done.stderr
    assert "libusb: /proc is not mounted" in done.stdout
    assert "Fix: mount -t proc proc /proc" in done.stdout
    assert "ONNX provider: " in done.stdout


@pytest.mark.parametrize(("required", "health"), [(False, Health.WARNING), (True, Health.FAILED)])
def test_daily_check_is_looked_at_where_a_booth_was_set_up(tmp_path: Path, required: bool, health: Health) -> None:
    config = StationConfig()
    setup = replace(config.setup, folder=str(tmp_path), check_required=required)
    config = replace(config, setup=setup, source=replace(config.source, kind="simulated"))
    rig = source_rig(config)
    RigVersions(tmp_path).put_in_force(rig)
    [check] = check_daily(config)
    assert check == Check("daily check", health, "the booth has never been checked", "Run `station setup check`")
    begun = LastCheck(time.time_ns(), rig.digest, "the booth", recorded=False)
    remember(tmp_path, begun, StepResult("check", failures=("camera top has moved. Tighten it",)), {}, {})
    assert check_daily(config)[0] == Check("daily check", health, "camera top has moved", "Tighten it")
    remember(tmp_path, begun, StepResult("check"), {}, {})
    assert check_daily(config)[0].health is Health.OK


def test_booth_that_was_never_set_up_needs_no_daily_check(tmp_path: Path) -> None:
    config = StationConfig()
    assert check_daily(replace(config, setup=replace(config.setup, folder=str(tmp_path)))) == []
