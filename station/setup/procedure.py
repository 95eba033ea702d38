"""The procedure: gather captures, run the steps on them, and put the rig in force if every figure keeps its limit."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from station.core.errors import SetupError
from station.rig import Rig
from station.setup import rigging, steps
from station.setup.board import golden_target
from station.setup.check import check
from station.setup.extrinsics import difference, inverse
from station.setup.gather import (
    Gatherer,
    captured_poses,
    close_cameras,
    framesets,
    missing_poses,
    open_cameras,
)
from station.setup.history import baseline, remember, write_page
from station.setup.measure import Measure, StepResult, at_most
from station.setup.report import write_report
from station.setup.session import BOARD, EMPTY, Capture, Session
from station.setup.settings import SetupSettings
from station.setup.sighting import Finder
from station.setup.sources import SetupSource
from station.setup.versions import RigVersions

Step = Callable[[Session], StepResult]

STEPS: dict[str, Step] = {
    "discover": steps.discover,
    "light": steps.light,
    "depth": steps.depth,
    "intrinsics": steps.intrinsics,
    "extrinsics": rigging.extrinsics,
    "tray": rigging.tray,
    "sync": steps.sync,
}
"""Every step that measures, in their order. Each reads what was captured, so each can be run again by itself."""

Tell = Callable[[str], None]


def capture(session: Session, source: SetupSource, tolerance_ms: float, tell: Tell) -> None:
    """Gather the empty tray and poses of the board, until there are enough or the source ends.

    Every capture is kept at once; captures of an earlier run count.

    Raises:
        SetupError: a camera cannot be opened or was lost, or the disk is full.
    """
    infos = open_cameras(source.cameras, {})
    try:
        session.save_cameras(infos, source.simulated, source.truth)
        gatherer = Gatherer(
            Finder(session.board, session.settings), list(infos), session.settings, bool(session.captures(EMPTY))
        )
        gatherer.known(captured_poses(session))
        said: tuple[str, ...] = ()
        tell("clear the tray" if not session.captures(EMPTY) else "hold the board before the cameras")
        for frameset in framesets(source.cameras, tolerance_ms):
            kept = gatherer.push(frameset)
            if gatherer.notices != said:
                said = gatherer.notices
                for notice in said:
                    tell(notice)
            if kept is None:
                continue
            session.save_capture(kept.kind, kept.capture)
            missing = _missing(session, list(infos))
            count = len(session.captures(BOARD))
            tell(f"{count} poses kept; {missing[0] if missing else 'that is enough'}")
            if not missing and not source.simulated:
                return
    finally:
        close_cameras(source.cameras)


def look_at_golden(
    session: Session,
    source: SetupSource,
    tolerance_ms: float,
    utc_ns: int,
    temperature_c: Callable[[str], float | None],
    tell: Tell,
) -> tuple[StepResult, Path]:
    """Make the daily check: gather the golden target's places, compare, remember; return the result and its page.

    Raises:
        SetupError: no rig is in force, a camera was lost or does not see the target, or the disk is full.
    """
    rig = RigVersions(session.folder).in_force()
    if rig is None:
        raise SetupError(f"{session.folder} has no rig in force. Run `station setup` first")
    target, settings = golden_target(), session.settings
    infos = open_cameras(source.cameras, {camera.camera_id: camera.serial for camera in rig.cameras})
    try:
        gatherer = Gatherer(Finder(target, settings), list(infos), settings, has_empty=True)
        kept: list[Capture] = []
        tell("lay the golden target flat on the tray")
        for frameset in framesets(source.cameras, tolerance_ms):
            found = gatherer.push(frameset)
            for notice in gatherer.notices if found is None else ():
                tell(notice)
            if found is not None:
                kept.append(found.capture)
                tell(_next_place(len(kept), settings))
            if len(kept) >= settings.check_placements + settings.check_held:
                break
        warmth = {name: temperature_c(info.serial) for name, info in infos.items()}
    finally:
        close_cameras(source.cameras)
    if not kept:
        raise SetupError("no camera saw the golden target. Lay it flat in the tray's middle, print up")
    result, health = check(rig, target, kept, baseline(session.folder, rig.digest), settings)
    known = {name: celsius for name, celsius in warmth.items() if celsius is not None}
    remember(session.folder, rig.digest, result, health, known, utc_ns)
    return result, write_page(session.folder, result)


def _next_place(count: int, settings: SetupSettings) -> str:
    """Return what to do with the golden target after so many places."""
    if count < settings.check_placements:
        return f"{count} of {settings.check_placements} places on the tray; lay it elsewhere"
    held = count - settings.check_placements
    return f"{held} of {settings.check_held} poses above the tray; hold it still, tilted another way"


def run_step(session: Session, name: str) -> StepResult:
    """Run one step on what was captured, and keep its result.

    Raises:
        SetupError: the step cannot be done.
    """
    return session.save_result(STEPS[name](session))


def finish(session: Session, utc_ns: int) -> tuple[Path, Path | None]:
    """Write the report and, if every step passed, put the rig in force; return the report and the rig's version.

    Raises:
        SetupError: a step has not run, or the disk is full; the earlier rig is then still in force.
    """
    results = []
    for name in STEPS:
        result = session.result(name)
        if result is None:
            raise SetupError(f"the step `station setup {name}` has not run. Run it first; the earlier rig is in force")
        results.append(result)
    rig = session.draft()
    passed = all(result.ok for result in results)
    report = write_report(session, results, rig, utc_ns, passed)
    version = RigVersions(session.folder).put_in_force(rig) if passed else None
    return report, version


def against_truth(rig: Rig, truth: Rig) -> list[Measure]:
    """Return how far a rig lies from the true one, relative to the first camera, in mm and degrees.

    The tray is compared by its plane alone: how far its height above the true tray's middle is off, and its tilt.
    """
    measures = []
    here, there = (each.cameras[0].rig_from_camera for each in (rig, truth))
    for camera in truth.cameras[1:]:
        found = inverse(here) @ rig.camera(camera.camera_id).rig_from_camera
        apart_mm, apart_deg = difference(found, inverse(there) @ camera.rig_from_camera)
        measures.append(at_most("error of place", camera.camera_id, apart_mm, "mm", 2.0))
        measures.append(at_most("error of direction", camera.camera_id, apart_deg, "deg", 0.2))
    tray, true_tray = inverse(here) @ rig.tray.rig_from_tray, inverse(there) @ truth.tray.rig_from_tray
    up = tray[:3, 2]
    tilt_deg = float(np.degrees(np.arctan2(np.linalg.norm(np.cross(up, true_tray[:3, 2])), up @ true_tray[:3, 2])))
    measures.append(at_most("error of height", "tray", abs(float(up @ (true_tray[:3, 3] - tray[:3, 3]))), "mm", 1.0))
    measures.append(at_most("error of tilt", "tray", tilt_deg, "deg", 0.2))
    return measures


def _missing(session: Session, camera_ids: list[str]) -> list[str]:
    if not session.captures(BOARD):
        return ["lay the board flat in the tray's middle"]
    return missing_poses(list(session.sightings()), camera_ids, session.settings)
