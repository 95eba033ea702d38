"""The checks of `station doctor`: each looks at one thing and says what to do about it."""

import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from station.api.server import make_listener
from station.api.settings import exposure_warning
from station.cameras import DeviceInfo, Devices
from station.config import StationConfig
from station.core.errors import StationError
from station.daemon.calibration import Calibration, check_matters
from station.daemon.clock import SystemClock
from station.daemon.parts import find_gallery, source_rig
from station.gallery import METHOD, Gallery
from station.inference import Bundle, find_bundle, load_bundle
from station.judge import JudgeSettings, choose_threshold, good_items_needed, read_fusion
from station.recording.librealsense import rs
from station.rig import load_rig
from station.setup.history import last_check
from station.setup.report import minute

_UDEV_RULES = (Path("/etc/udev/rules.d"), Path("/usr/lib/udev/rules.d"), Path("/lib/udev/rules.d"))
_MIN_FREE_GB = 2.0
_MIN_YEAR = 2026


class Health(StrEnum):
    """How a check went. A warning does not keep the station from working."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found, and the one thing to do; `fix` is empty when all is well."""

    name: str
    health: Health
    found: str
    fix: str = ""


def examine(config: StationConfig) -> list[Check]:
    """Run every check."""
    return [
        _libusb(),
        *check_cameras(config, Devices().discover()),
        _udev(),
        *_models(config),
        _disk(config),
        _clock(),
        _port(config),
        _exposure(config),
        *check_daily(config),
    ]


def _libusb() -> Check:
    """The library really loaded, which librealsense links by name."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return Check("libusb", Health.WARNING, "/proc is not mounted, which names it", "mount -t proc proc /proc")
    mapped = (line.split() for line in maps.read_text().splitlines())
    found = next((parts[5] for parts in mapped if len(parts) > 5 and "libusb" in parts[5]), "")
    if not found:
        return Check("libusb", Health.FAILED, "not loaded", "pip install libusb-package")
    return Check("libusb", Health.OK, f"{found}; librealsense {rs.__version__}")


def check_cameras(config: StationConfig, devices: Sequence[DeviceInfo]) -> list[Check]:
    """Check the cameras plugged in; a live station needs some, and those of its rig."""
    if not devices:
        needed = config.source.kind == "live"
        health = Health.FAILED if needed else Health.OK
        fix = "Plug a RealSense camera into a USB 3 port, or see `station demo`" if needed else ""
        checks = [Check("cameras", health, "none plugged in", fix)]
    else:
        checks = [_camera(device) for device in devices]
    if config.source.kind == "live" and config.source.rig:
        checks.append(_rig(Path(config.source.rig), {device.serial for device in devices}))
    return checks


def _camera(device: DeviceInfo) -> Check:
    name = f"camera {device.serial}"
    found = f"{device.model}, firmware {device.firmware}, USB {device.usb_type or 'unknown'}"
    if device.usb_type.startswith("2"):
        return Check(name, Health.FAILED, found, "Use a USB 3 port and a USB 3 cable; USB 2 is too slow")
    if not device.usb_type:
        return Check(name, Health.WARNING, found, "Make sure that it is a USB 3 port and cable; USB 2 is too slow")
    return Check(name, Health.OK, found)


def _rig(path: Path, plugged: set[str]) -> Check:
    try:
        missing = [camera.serial for camera in load_rig(path).cameras if camera.serial not in plugged]
    except StationError as error:
        return Check("rig", Health.FAILED, str(error), "Name a rig file in source.rig")
    if missing:
        return Check("rig", Health.FAILED, f"cameras {', '.join(missing)} are not plugged in", "Check their cables")
    return Check("rig", Health.OK, str(path))


def check_daily(config: StationConfig) -> list[Check]:
    """Look at how the booth's last daily check went, where it matters; one that is required must have passed."""
    setup = config.setup
    if not check_matters(setup):
        return []
    try:
        amiss = Calibration(setup, source_rig(config).digest, SystemClock()).alarm()
        last = last_check(Path(setup.folder))
    except StationError as error:
        amiss, last = str(error), None
    if last is not None and not amiss:
        return [Check("daily check", Health.OK, f"passed, {minute(last.utc_ns)}")]
    found, _, fix = amiss.partition(". ")
    return [Check("daily check", Health.FAILED if setup.check_required else Health.WARNING, found, fix)]


def _udev() -> Check:
    """Whether the user may open RealSense devices: root may, others need the vendor's udev rules."""
    if os.geteuid() == 0:
        return Check("permission", Health.OK, "running as root")
    rules = [file for folder in _UDEV_RULES if folder.is_dir() for file in folder.glob("*realsense*.rules")]
    if rules:
        return Check("permission", Health.OK, f"udev rules {rules[0]}")
    return Check(
        "permission",
        Health.WARNING,
        "no udev rules for RealSense cameras",
        "Copy librealsense's 99-realsense-libusb.rules to /etc/udev/rules.d, then run `udevadm control --reload`",
    )


def _models(config: StationConfig) -> list[Check]:
    try:
        bundle = load_bundle(find_bundle(config.inference.bundle), config.inference)
    except StationError as error:
        return [Check("model bundle", Health.FAILED, str(error), "Install the station again, or rebuild the bundle")]
    checks = [
        Check("model bundle", Health.OK, f"{config.inference.bundle}, hashes and golden outputs agree"),
        Check("ONNX provider", Health.OK, f"{bundle.providers[0]} is active"),
        _judging(config.judge, bundle),
    ]
    try:
        gallery = Gallery.open(find_gallery(config.gallery.path), bundle.digest)
        checks.append(Check("gallery", Health.OK, f"{config.gallery.path}, {len(gallery.product_ids)} products"))
        checks.append(_false_alarms(gallery, config.judge))
    except StationError as error:
        checks.append(Check("gallery", Health.FAILED, str(error), "Enrol the products again with this model"))
    return checks


def _judging(policy: JudgeSettings, bundle: Bundle) -> Check:
    """Which sources decide: without fusion weights the references alone."""
    try:
        fusion = read_fusion(Path(policy.folder), bundle.digest, METHOD)
    except StationError as error:
        return Check("judge", Health.FAILED, str(error), "Run `station tune DATASET`, or remove the weights")
    if fusion is not None:
        weighed = sorted(source for source, own in fusion.weights.items() if own.weight)
        return Check("judge", Health.OK, f"weighs {', '.join(weighed)}")
    if bundle.manifest.heads is not None:
        found = "the references alone judge; what damage heads and shapes find decides nothing yet"
        return Check("judge", Health.WARNING, found, "Run `station tune DATASET`")
    return Check("judge", Health.OK, "the references alone judge")


def _false_alarms(gallery: Gallery, policy: JudgeSettings) -> Check:
    """Whether the gallery has enough undamaged items for the false alarm rate asked for; all products share them."""
    count, asked = len(gallery.good_scores), policy.max_false_alarm_rate
    upheld = choose_threshold(gallery.good_scores, asked, policy.confidence).max_false_alarm_rate
    found = f"{count} undamaged items uphold {upheld:.2%}, {asked:.2%} asked for"
    if upheld > asked:
        missing = good_items_needed(asked, policy.confidence) - count
        fix = (
            f"Enrol {missing} more undamaged items (a product with fewer than four gives none), "
            f"or raise judge.max_false_alarm_rate"
        )
        return Check("false alarms", Health.WARNING, found, fix)
    return Check("false alarms", Health.OK, found)


def _disk(config: StationConfig) -> Check:
    """Where the store is a file, the disk it is on; else the working folder's."""
    url = config.store.url
    folder = Path(url.removeprefix("sqlite:///")).parent if url.startswith("sqlite:///") else Path()
    if not folder.is_dir():
        return Check("disk", Health.FAILED, f"{folder} is no folder", "Make it, or correct store.url")
    free_gb = shutil.disk_usage(folder).free / 1e9
    found = f"{free_gb:.1f} GB free at {folder.resolve()}"
    if not os.access(folder, os.W_OK):
        return Check("disk", Health.FAILED, f"{folder.resolve()} is not writable", "Run as its owner, or set store.url")
    if free_gb < _MIN_FREE_GB:
        return Check("disk", Health.FAILED, found, f"Free at least {_MIN_FREE_GB:g} GB, or move store.url")
    return Check("disk", Health.OK, found)


def _clock() -> Check:
    """A wall clock before this release was built is a clock that was never set."""
    now = time.gmtime()
    found = time.strftime("%Y-%m-%d %H:%M:%S UTC", now)
    if now.tm_year < _MIN_YEAR:
        return Check("clock", Health.FAILED, found, "Set the clock: `timedatectl set-ntp true`")
    return Check("clock", Health.OK, found)


def _port(config: StationConfig) -> Check:
    address = f"{config.api.host}:{config.api.port}"
    try:
        make_listener(config.api).close()
    except StationError as error:
        return Check("port", Health.FAILED, str(error), "Stop that program, or set api.port")
    return Check("port", Health.OK, f"{address} is free")


def _exposure(config: StationConfig) -> Check:
    warning = exposure_warning(config.api)
    if warning is not None:
        return Check("exposure", Health.WARNING, warning, "Set api.token")
    return Check("exposure", Health.OK, "loopback only" if not config.api.token else "a token is asked for")
