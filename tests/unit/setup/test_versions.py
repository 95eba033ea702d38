"""Rigs are versioned, and nothing that goes wrong takes the one in force away."""

import resource
import signal
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from support.setup_booth import RIG

from station.cameras import DeviceInfo
from station.core.errors import SetupError
from station.setup.board_pdf import write_board_pdf
from station.setup.captures import Kind, Shot
from station.setup.history import LastCheck, remember, unfit
from station.setup.measure import StepResult
from station.setup.procedure import go_back
from station.setup.report import pdf_path, publish, stage
from station.setup.roles import load_roles, port_advice, save_roles
from station.setup.session import Session
from station.setup.settings import SetupSettings
from station.setup.versions import RigVersions

SECOND = replace(RIG, tray=replace(RIG.tray, max_item_height_mm=200.0))
THIRD = replace(RIG, tray=replace(RIG.tray, max_item_height_mm=300.0))


@contextmanager
def full_disk(limit_bytes: int = 64):
    """No file can be written beyond its first bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_newest_rig_is_in_force_and_rollback_goes_back_one_by_one(tmp_path):
    versions = RigVersions(tmp_path)
    assert versions.in_force() is None
    for rig in (RIG, SECOND, THIRD):
        versions.put_in_force(rig)
    assert versions.in_force().digest == THIRD.digest
    assert versions.rollback().name == f"0002-{SECOND.digest}.json"
    assert versions.in_force().digest == SECOND.digest
    versions.rollback()
    with pytest.raises(SetupError, match="holds no rig earlier than the one in force"):
        versions.rollback()
    assert versions.in_force().digest == RIG.digest
    assert len(versions.all()) == 3


def test_same_rig_again_is_no_new_version(tmp_path):
    versions = RigVersions(tmp_path)
    assert versions.put_in_force(RIG) == versions.put_in_force(RIG)
    assert len(versions.all()) == 1


def test_rig_that_comes_back_is_its_own_version_and_rollback_goes_on(tmp_path):
    versions = RigVersions(tmp_path)
    for rig in (RIG, SECOND):
        versions.put_in_force(rig)
    versions.rollback()
    assert versions.put_in_force(SECOND).name == f"0002-{SECOND.digest}.json"
    assert len(versions.all()) == 2
    assert versions.rollback().name == f"0001-{RIG.digest}.json"


def test_rig_that_was_rolled_back_does_not_come_back_by_another_rollback(tmp_path):
    versions = RigVersions(tmp_path)
    for rig in (RIG, SECOND):
        versions.put_in_force(rig)
    versions.rollback()
    versions.put_in_force(THIRD)
    assert versions.rollback().name == f"0001-{RIG.digest}.json"
    with pytest.raises(SetupError, match="holds no rig earlier than the one in force"):
        versions.rollback()


@pytest.mark.parametrize("words", [b"", b"\n\xff\n../rig.json\n", b"0009-other.json\n"])
def test_spoiled_order_of_rigs_puts_no_wrong_one_in_force(tmp_path, words):
    versions = RigVersions(tmp_path)
    for rig in (RIG, SECOND):
        versions.put_in_force(rig)
    (tmp_path / "rigs" / "order.txt").write_bytes(words)
    with pytest.raises(SetupError, match="holds no rig earlier than the one in force"):
        versions.rollback()
    assert versions.in_force().digest == SECOND.digest


def test_full_disk_leaves_the_earlier_rig_in_force(tmp_path):
    versions = RigVersions(tmp_path)
    versions.put_in_force(RIG)
    with full_disk(), pytest.raises(SetupError, match=r"Free disk space.*a rig in force stays so"):
        versions.put_in_force(SECOND)
    assert versions.in_force().digest == RIG.digest
    assert len(versions.all()) == 1


def passed(folder, utc_ns):
    """Keep a daily check of the first rig that found nothing amiss."""
    remember(folder, LastCheck(utc_ns, RIG.digest, "the booth", recorded=False), StepResult("check"), {}, {})


@pytest.fixture
def set_up_twice(tmp_path) -> Session:
    """A booth whose daily check passed with its first rig; then a second rig came into force."""
    versions = RigVersions(tmp_path)
    versions.put_in_force(RIG)
    passed(tmp_path, 0)
    assert unfit(tmp_path, RIG.digest, 24, 0) == ""
    versions.put_in_force(SECOND)
    return Session(tmp_path, SetupSettings())


def test_rollback_revives_no_check_of_the_rig_it_goes_back_to(set_up_twice):
    folder = set_up_twice.folder
    go_back(set_up_twice)
    assert RigVersions(folder).in_force().digest == RIG.digest
    assert unfit(folder, RIG.digest, 24, 0) == (
        f"a rollback to 0001-{RIG.digest}.json ended the last daily check. Run `station setup check`"
    )


def test_rollback_that_cannot_be_done_keeps_the_check(set_up_twice):
    folder = set_up_twice.folder
    go_back(set_up_twice)
    passed(folder, 1)
    with pytest.raises(SetupError, match="Nothing was changed"):
        go_back(set_up_twice)
    assert unfit(folder, RIG.digest, 24, 1) == ""


def test_rollback_on_a_full_disk_tells_what_is_in_force(set_up_twice):
    folder = set_up_twice.folder
    with full_disk(), pytest.raises(SetupError, match="a rig in force stays so"):
        go_back(set_up_twice)
    assert RigVersions(folder).in_force().digest == SECOND.digest


def test_report_too_large_for_the_disk_does_not_break_a_rollback_off(set_up_twice):
    folder = set_up_twice.folder
    (folder / "report.html").write_text("of the second rig")
    (folder / "rigs" / f"0001-{RIG.digest}.html").write_text("of the first rig" * 1000)
    with full_disk(limit_bytes=10_000):
        go_back(set_up_twice)
    assert RigVersions(folder).in_force().digest == RIG.digest
    assert not (folder / "report.html").exists()


def test_full_disk_leaves_no_half_capture(tmp_path):
    session = Session(tmp_path, SetupSettings())
    shot = Shot(
        np.zeros((48, 64, 3), np.uint8), np.zeros((1, 48, 64), np.uint16), 0.1, np.zeros(1, np.int64), np.zeros(1)
    )
    session.save_capture(Kind.EMPTY, {"top": shot})
    with full_disk(), pytest.raises(SetupError, match="Free disk space"):
        session.save_capture(Kind.BOARD, {"top": shot})
    assert [path.name for path in tmp_path.glob("captures/*")] == ["0000-empty"]
    assert session.save_capture(Kind.BOARD, {"top": shot}).name == "0001-board"


def test_roles_are_kept_and_each_camera_has_one(tmp_path):
    with pytest.raises(SetupError, match="no camera has a role yet"):
        load_roles(tmp_path)
    save_roles(tmp_path, {"top": "A", "left": "B"})
    assert list(load_roles(tmp_path).items()) == [("top", "A"), ("left", "B")]
    with pytest.raises(SetupError, match="camera A was given two roles"):
        save_roles(tmp_path, {"top": "A", "left": "A"})


def test_full_disk_leaves_no_half_board_or_picture(tmp_path):
    session = Session(tmp_path, SetupSettings())
    for write in (
        lambda: write_board_pdf(session.board, tmp_path / "board.pdf"),
        lambda: session.picture("light", np.zeros((48, 64, 3), np.uint8)),
    ):
        with full_disk(), pytest.raises(SetupError, match="Free disk space"):
            write()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize(("printed", "kept"), [(b"%PDF-1.4 ...", False), (b"%PDF-1.4 ... %%EOF\n", True)])
def test_report_that_was_printed_by_half_is_not_kept(tmp_path, monkeypatch, printed, kept):
    browser = tmp_path / "chromium"
    browser.write_text(
        "#!/bin/sh\nfor word; do case $word in --print-to-pdf=*) "
        f"printf '%s' '{printed.decode()}' > \"${{word#*=}}\";; esac; done\n"
    )
    browser.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    folder = tmp_path / "booth"
    folder.mkdir()
    report = publish(folder, stage(folder, "<html></html>"))
    assert (pdf_path(report) is not None) == kept
    assert len(list(folder.iterdir())) == 1 + kept


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "json: 0, but a booth has two to six"),
        ('{"top": "A"}', "json: 1, but a booth has two to six"),
        ("[]", "it must give each role a serial number"),
        ('{"top": 7, "left": "B"}', "it must give each role a serial number"),
        ("{", r"malformed \(.*station setup discover"),
    ],
)
def test_roles_that_make_no_booth_are_refused(tmp_path, text, words):
    (tmp_path / "roles.json").write_text(text)
    with pytest.raises(SetupError, match=words):
        load_roles(tmp_path)


def test_ports_are_advised_on():
    port = "/sys/devices/pci0000:00/0000:00:14.0/usb2/2-{}/video4linux"
    devices = [DeviceInfo(str(n), "D435", "5.15", "3.2", port.format(n)) for n in range(4)]
    devices[0] = replace(devices[0], usb_type="2.1", firmware="5.13")
    words = port_advice(devices, SetupSettings())
    assert words[0].startswith("camera 0 is on USB 2.1: use a USB 3 port")
    assert words[1].startswith("4 cameras share the USB controller 0000:00:14.0")
    assert words[2].startswith("the cameras' firmware is mixed (5.13, 5.15)")
    assert port_advice(devices[1:], SetupSettings()) == []
