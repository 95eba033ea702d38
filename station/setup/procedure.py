"""The procedure: run the steps on what was captured, and put the rig in force if every figure keeps its limit."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from station.core.errors import SetupError
from station.rig import Rig
from station.setup import depth_calibration, rigging, steps
from station.setup.captures import Kind
from station.setup.check import health_of
from station.setup.history import keep_baseline, void
from station.setup.intrinsics import intrinsics
from station.setup.light import light
from station.setup.measure import Measure, StepResult, at_most
from station.setup.poses import difference, inverse
from station.setup.report import keep, publish, recall, report_text, stage
from station.setup.session import Session
from station.setup.versions import RigVersions

Step = Callable[[Session], StepResult]

STEPS: dict[str, Step] = {
    "discover": steps.discover,
    "light": light,
    "depth": steps.depth,
    "intrinsics": intrinsics,
    "extrinsics": rigging.extrinsics,
    "tray": rigging.tray,
    "sync": steps.sync,
}
"""Every step that measures, in their order. Each reads what was captured, so each can be run again by itself."""

BUILT_ON = {"intrinsics": ("extrinsics", "tray", "sync"), "extrinsics": ("tray", "sync")}
"""The steps that compute with what a step found, in their order: what they found before holds no longer."""

_UNTRUE = (
    "the rig is farther from the simulated booth's true one than its limits allow: what the steps were told is wrong, "
    "as setup.board_thickness_mm may be"
)


def run_step(session: Session, name: str) -> StepResult:
    """Run one step on what was captured, and keep its result; those built on it are forgotten and must run again.

    Raises:
        SetupError: the step cannot be done; it has failed. Or what was captured is of another board than is told, and
            nothing was changed.
    """
    session.hold_to_board()
    basis = _basis(session, name)
    for later in BUILT_ON.get(name, ()):
        session.forget(later, ())
    try:
        return session.save_result(replace(STEPS[name](session), basis=basis))
    except SetupError as error:
        session.save_result(StepResult(name, failures=(str(error),), basis=basis))
        raise


def finish(session: Session, utc_ns: int) -> tuple[Path, Path | None]:
    """Write the report and, if every step passed, put the rig in force; return the report and the rig's version.

    A simulated booth's rig must be true besides.
    The report of a rig that passed is written whole before the rig comes into force, and takes its name only then: it
    never tells of a rig that is not in force as if it were.

    Raises:
        SetupError: nothing was captured, as after a rollback; a step has not run on it, with the board that is told;
            or the disk is full. The rig in force is then as before.
    """
    session.hold_to_board()
    results = [_current(session, name) for name in STEPS]
    rig = session.draft()
    if rig is None:
        raise SetupError("the step `station setup tray` found no tray. Run it first")
    truth, calibrated = session.truth(), session.result(depth_calibration.STEP)
    results += [held_to_truth(rig, truth)] if truth else []
    passed = all(result.ok for result in results)
    text = report_text(session, [*results, *([calibrated] if calibrated else [])], rig, utc_ns, passed)
    staged = stage(session.folder, text)
    if not passed:
        return publish(session.folder, staged), None
    shown = [session.load_capture(path) for path in session.captures(Kind.BOARD)]
    try:
        keep_baseline(session.folder, rig.digest, health_of(rig, session.board, shown))
        version = RigVersions(session.folder).put_in_force(rig)
    except SetupError:
        staged.unlink(missing_ok=True)
        raise
    report = publish(session.folder, staged)
    keep(report, version)
    return report, version


def _basis(session: Session, name: str) -> str:
    """Return what tells what a step's verdict rests on: all captures, and the board's measures that bear on it."""
    bar_mm, thickness_mm = session.settings.board_bar_mm, session.settings.board_thickness_mm
    bearing = {"discover": (), "light": (), "tray": (bar_mm, thickness_mm)}.get(name, (bar_mm,))
    return " ".join([session.captures_digest(), *map(str, bearing)])


def _current(session: Session, name: str) -> StepResult:
    """Return what a step found on the captures that are there, with the board as it is told.

    Raises:
        SetupError: the step has not run on them.
    """
    result = session.result(name)
    if result is not None and result.basis == _basis(session, name):
        return result
    settings, verb = session.settings, "station setup" if name == "discover" else f"station setup {name}"
    raise SetupError(
        f"the step {name} has not run since what it builds on: what was captured, bars of {settings.board_bar_mm:g} mm "
        f"and a print {settings.board_thickness_mm:g} mm high, earlier steps. If these figures are wrong, name the "
        f"right configuration by --config; else run `{verb}` first"
    )


def go_back(session: Session) -> Path:
    """Put the rig that was in force before back in force, and its report with it; return its version.

    What was captured is of another rig: it is forgotten, and a new daily check is needed.

    Raises:
        SetupError: there is no earlier rig, or the disk is full; the rig in force is then the same as before.
    """
    versions = RigVersions(session.folder)
    version = versions.before()
    void(session.folder, f"a rollback to {version.name} ended the last daily check. Run `station setup check`")
    session.begin_anew()
    versions.rollback()
    recall(session.folder, version)
    return version


def held_to_truth(rig: Rig, truth: Rig) -> StepResult:
    """Return how far a rig lies from the true one, and that it fails where that is more than the limits allow."""
    result = StepResult("truth", tuple(against_truth(rig, truth)))
    return result if result.ok else replace(result, failures=(_UNTRUE,))


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
