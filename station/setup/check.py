"""The daily check: the golden target on the tray shows which camera moved, drifted, lost light or went out of focus.

What moved is found by `station.setup.moved`; depth, light and focus are compared with how they were at setup.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from station.core.errors import SetupError
from station.rig import Rig
from station.setup.board import Board
from station.setup.captures import Capture, Shot
from station.setup.depth import z_errors_mm
from station.setup.light import GAMMA
from station.setup.measure import SHARE, Measure, StepResult, at_least, at_most, figure_text, limit_text, plain
from station.setup.moved import LYING_MM, Moved, Placement, disagreement_px, find_moved
from station.setup.poses import Observation, locate
from station.setup.settings import SetupSettings

_SWAPPED_PX = 6.0
_NO_BASELINE = (
    "there is nothing to compare depth, light and focus with: it is not known how they were when this rig was set up. "
    "Run `station setup` again"
)


@dataclass(frozen=True, slots=True)
class Health:
    """One camera as the golden target shows it: depth error in percent, white's level, edges' width in px."""

    depth_percent: float
    white: float
    edge_px: float


def check(
    rig: Rig,
    target: Board,
    captures: Sequence[Capture],
    baseline: Mapping[str, Health] | None,
    settings: SetupSettings,
) -> tuple[StepResult, dict[str, Health]]:
    """Compare the booth with its rig and with how it was; return the figures, and how every camera is now.

    Args:
        rig: the one in force.
        target: the golden target.
        captures: the target in several places on the tray.
        baseline: how every camera was at setup; None where that is not known, and then the check fails.
        settings: the limits.

    Cameras that are swapped are told alone, without figures of theirs, which would all be off for it.

    Raises:
        SetupError: a camera does not see the target.
    """
    placements = [_placement(target, capture, settings) for capture in captures]
    for camera in rig.cameras:
        if not any(camera.camera_id in placement for placement in placements):
            raise SetupError(
                f"camera {camera.camera_id} does not see the golden target. Lay it in the tray's middle, print up, and "
                "check that the lens is clean; the rig in force was not changed"
            )
    shown = _shown(rig, placements, settings)
    if swapped := _swapped(rig, placements):
        return StepResult("check", tuple(shown), failures=(swapped,)), {}
    measures = [*shown, *_places(rig, placements, settings)]
    now = health_of(rig, target, captures)
    for name, health in now.items():
        measures += _figures(name, health)
        measures += _against(name, health, baseline[name], settings) if baseline else []
    failures = [_sentence(measure, len(rig.cameras)) for measure in measures if not measure.ok]
    failures += [] if baseline else [_NO_BASELINE]
    return StepResult("check", tuple(measures), _advice(measures, rig, settings), failures=tuple(failures)), now


def health_of(rig: Rig, target: Board, captures: Sequence[Capture]) -> dict[str, Health]:
    """Return how every camera of a rig is, as captures of a target show it."""
    return {camera.camera_id: _health(rig, target, camera.camera_id, captures) for camera in rig.cameras}


def _shown(rig: Rig, placements: Sequence[Placement], settings: SetupSettings) -> list[Measure]:
    """Return how often the target was shown, and to which camera."""
    asked = settings.check_placements + settings.check_held
    measures = [at_least("poses shown", "booth", len(placements), "", asked)]
    for camera in rig.cameras:
        count = sum(camera.camera_id in placement for placement in placements)
        measures.append(at_least("poses seen", camera.camera_id, count, "", settings.check_seen))
    return measures


def _places(rig: Rig, placements: Sequence[Placement], settings: SetupSettings) -> list[Measure]:
    """Return how far each camera has moved, and how far all together have from the tray."""
    found = find_moved(rig, placements, Moved(settings.check_moved_mm, settings.check_moved_deg))
    measures = [at_least("places on the tray", "booth", found.lying, "", settings.check_placements)]
    if found.lying:
        measures.append(at_most("all moved together", "booth", found.together.mm, "mm", settings.check_moved_mm))
        measures.append(at_most("all turned together", "booth", found.together.deg, "deg", settings.check_moved_deg))
    for name, by in found.cameras.items():
        measures.append(at_most("moved", name, by.mm, "mm", settings.check_moved_mm))
        measures.append(at_most("turned", name, by.deg, "deg", settings.check_moved_deg))
    return measures


def _placement(target: Board, capture: Capture, settings: SetupSettings) -> Placement:
    """Return what cameras see of the target; its points lie that high above what it lies on (its z is down)."""
    points = target.corners_mm() - np.array([0, 0, settings.board_thickness_mm])
    return {
        name: Observation(points[shot.sighting.ids], shot.sighting.pixels)
        for name, shot in capture.items()
        if shot.sighting is not None
    }


def _swapped(rig: Rig, placements: Sequence[Placement]) -> str:
    """Return a sentence for two cameras that see what the other should, empty where none do."""
    names = [camera.camera_id for camera in rig.cameras]
    off_px = disagreement_px(rig, placements)
    if off_px < _SWAPPED_PX:
        return ""
    for one, other in combinations(names, 2):
        exchange = {one: other, other: one}
        crossed = [{exchange.get(name, name): seen for name, seen in placement.items()} for placement in placements]
        if disagreement_px(rig, crossed) < min(_SWAPPED_PX, off_px / 4):
            return (
                f"cameras {one} and {other} are swapped: each sees what the other should. "
                "Exchange their cables or roles"
            )
    return ""


def _health(rig: Rig, target: Board, camera_id: str, captures: Sequence[Capture]) -> Health:
    lens = rig.camera(camera_id).intrinsics
    corners = target.corners_mm()
    percents, whites, edges = [], [], []
    for capture in captures:
        shot: Shot | None = capture.get(camera_id)
        if shot is None or shot.sighting is None:
            continue
        pose, _ = locate(lens, Observation(corners[shot.sighting.ids], shot.sighting.pixels))
        off_mm, true_mm = z_errors_mm(shot.depth_mm, lens, pose, shot.sighting.pixels)
        if len(off_mm):
            percents.append(float(100 * np.median(off_mm / true_mm)))
        whites.append(shot.sighting.white)
        edges.append(shot.sighting.edge_px)
    return Health(*(float(np.median(values)) if values else float("nan") for values in (percents, whites, edges)))


def _advice(measures: Sequence[Measure], rig: Rig, settings: SetupSettings) -> tuple[str, ...]:
    """Return what else it may be where more than one camera seems to have moved."""
    blamed = sorted({m.subject for m in measures if m.name in ("moved", "turned") and not m.ok})
    if len(blamed) < 2:
        return ()
    bars = (
        "a golden target printed off scale looks like cameras that moved: measure its bars, setup.golden_bar_mm says "
        f"{settings.golden_bar_mm:g} mm"
    )
    if len(rig.cameras) == 2:
        return (bars,)
    another = (
        f"cameras {', '.join(blamed[:-1])} and {blamed[-1]} seldom move at once: the rig in force may be of another "
        "time. `station setup rollback` puts the one before it back, if there is one"
    )
    return bars, another


def _against(name: str, now: Health, then: Health, settings: SetupSettings) -> list[Measure]:
    light = abs((now.white / then.white) ** GAMMA - 1) if then.white else float("nan")
    return [
        at_most("depth drifted", name, abs(now.depth_percent - then.depth_percent), "%", settings.check_depth_percent),
        at_most("light changed", name, light, SHARE, settings.check_light),
        at_most("edges grown by", name, now.edge_px / then.edge_px, "x", settings.check_focus),
    ]


def _figures(name: str, now: Health) -> list[Measure]:
    return [
        plain("depth error", name, now.depth_percent, "%"),
        plain("white", name, now.white, "levels"),
        plain("edges' width", name, now.edge_px, "px"),
    ]


def _sentence(measure: Measure, cameras: int) -> str:
    """Return what a figure beyond its limit means, and what to do about it."""
    camera = f"camera {measure.subject}"
    it = "it" if cameras > 2 else "it, or the other, as two cameras do not tell which,"
    all_or_tray = "all cameras together, or the tray, have"
    again = "run `station setup` again"
    advice = {
        "poses shown": f"the golden target was shown {measure.value:.0f} times. Run `station setup check` again",
        "poses seen": f"{camera} saw the golden target {measure.value:.0f} times. Show it more often, near the middle",
        "places on the tray": f"the golden target lay flat on the tray {measure.value:.0f} times. Lay it, print up; if "
        f"it lay, {all_or_tray} moved by more than {LYING_MM:.0f} mm: {again}",
        "all moved together": f"{all_or_tray} moved by {measure.value:.1f} mm. Fasten both and {again}",
        "all turned together": f"{all_or_tray} turned by {measure.value:.2f} degrees. Fasten both and {again}",
        "moved": f"{camera} has moved by {measure.value:.1f} mm. Tighten {it} and {again}",
        "turned": f"{camera} has turned by {measure.value:.2f} degrees. Tighten {it} and {again}",
        "depth drifted": f"{camera}'s depth drifted by {measure.value:.1f} %. Let it warm up, then calibrate its depth",
        "light changed": f"{camera} sees light changed by {figure_text(measure)} since setup. Check lamps and lens",
        "edges grown by": f"{camera} is out of focus: edges are {measure.value:.1f} times as wide. Clean its lens",
    }
    return f"{advice[measure.name]} (allowed: {limit_text(measure)})"
