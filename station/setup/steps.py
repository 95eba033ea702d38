"""The steps discover, depth and sync. Each reads what was captured."""

from collections import Counter

import numpy as np

from station.core.ports import CameraInfo
from station.setup.captures import Kind
from station.setup.chart import lines
from station.setup.depth import measure_depth, off_plane_percent, z_errors_mm
from station.setup.measure import SHARE, Bound, Measure, StepResult, at_least, at_most, figure_text, limit_text, plain
from station.setup.motion import lateness_ms
from station.setup.pictures import depth_sheet
from station.setup.poses import Observation, locate
from station.setup.roles import contact_sheet
from station.setup.session import Session

_BASELINES_MM = {"D405": 18.0, "D415": 55.0, "D435": 50.0, "D455": 95.0}
"""Distance of a model's two depth imagers, by the vendor's datasheet of the D400 series, 337029."""
_USUAL_BASELINE_MM = 50.0
_NS_PER_MS = 1e6


def discover(session: Session) -> StepResult:
    """State what cameras there are and what is amiss with how they are plugged in."""
    infos, warmth = session.cameras(), session.origin().temperature_c
    advice = [
        f"camera {info.camera_id} is on USB {info.usb_type}: use a USB 3 port and cable"
        for info in infos.values()
        if info.usb_type.startswith("2.")
    ]
    for what, words in (("firmware", "update them to one version"), ("model", "their depth differs")):
        kinds = Counter(getattr(info, what) for info in infos.values())
        if len(kinds) > 1:
            advice.append(f"the cameras' {what} is mixed ({', '.join(sorted(kinds))}): {words}")
    facts = tuple((f"camera {name}", _described(info, warmth.get(name))) for name, info in infos.items())
    seen = session.captures(Kind.BOARD)
    shots = session.load_capture(seen[0]) if seen else session.empty()
    picture = session.picture("discover", contact_sheet({name: shot.colour for name, shot in shots.items()}))
    return StepResult(
        "discover",
        (at_least("cameras", "booth", len(infos), "", 2),),
        tuple(advice),
        (("What each camera sees", picture),),
        facts,
    )


def depth(session: Session) -> StepResult:
    """Measure each camera's depth on the empty tray and against the board."""
    settings, lenses, shots, models = session.settings, session.lenses(), session.empty(), session.cameras()
    corners = session.board.corners_mm()
    errors: dict[str, list[float]] = {name: [] for name in lenses}
    for path in session.captures(Kind.BOARD):
        for name, shot in session.load_capture(path).items():
            if shot.sighting is None:
                continue
            seen = Observation(corners[shot.sighting.ids], shot.sighting.pixels)
            pose, _ = locate(lenses[name], seen)
            off_mm, true_mm = z_errors_mm(shot.depth_mm, lenses[name], pose, shot.sighting.pixels)
            if len(off_mm) > 100:
                errors[name].append(float(100 * np.median(off_mm / true_mm)))
    measures: list[Measure] = []
    for name, shot in shots.items():
        stack = shot.depth.astype(np.float32) * np.float32(shot.depth_unit_mm)
        found = measure_depth(stack, lenses[name], _baseline_mm(models[name].model))
        z_percent = float(np.median(errors[name])) if errors[name] else float("nan")
        measures += [
            at_least("fill rate", name, found.fill, SHARE, settings.min_fill),
            plain("distance", name, found.distance_mm, "mm"),
            at_most("plane-fit RMS", name, found.percent(found.plane_rms_mm), "%", settings.max_plane_rms_percent),
            plain("sub-pixel RMS", name, found.subpixel_rms_px, "px"),
            at_most(
                "temporal noise", name, found.percent(found.temporal_noise_mm), "%", settings.max_temporal_noise_percent
            ),
            at_most("Z error against the board", name, abs(z_percent), "%", settings.max_z_error_percent),
        ]
    advice = [
        f"camera {m.subject}: {m.name} is {figure_text(m)}, allowed is {limit_text(m)}. Clean its lenses, let it warm "
        "up for 20 minutes, then run its on-chip calibration"
        for m in measures
        if not m.ok
    ]
    off = {name: off_plane_percent(shot.depth_mm, lenses[name]) for name, shot in shots.items()}
    full = settings.max_plane_rms_percent
    caption = (
        f"Depth of the empty tray off its plane: blue {full:g} % nearer, red {full:g} % farther, grey no part of it"
    )
    picture = session.picture("depth", depth_sheet(off, full))
    return StepResult("depth", tuple(measures), tuple(advice), ((caption, picture),))


def sync(session: Session) -> StepResult:
    """Measure how far apart in time the cameras' pictures of one moment are: by the board's motion, and as stamped.

    Raises:
        SetupError: the extrinsics have not been solved.
    """
    limit = session.settings.max_skew_ms
    stamped_ms = np.ptp(np.array([shot.t_ns for shot in session.empty().values()]) / _NS_PER_MS, axis=0)
    measures = [at_most("skew as stamped, largest", "booth", float(stamped_ms.max()), "ms", limit)]
    waves = session.waves()
    late = lateness_ms(waves, session.solution(), session.board.corners_mm()) if waves else {}
    for name in list(session.cameras())[1:]:
        found = late.get(name, np.array([np.nan]))
        measures.append(at_most("late to the first camera", name, abs(np.median(found)), "ms", limit))
        measures.append(plain("spread of that", name, float(found.std()), "ms"))
    failures = [
        f"camera {name} did not see the board move. Run `station setup` again and move the board in slow circles, "
        "its print seen by all cameras"
        for name in session.cameras()
        if name not in late
    ]
    advice = [
        f"{measure.subject} takes its pictures apart from the others: check the sync cable, and that "
        "cameras.sync_master is set"
        for measure in measures
        if measure.bound is Bound.AT_MOST and measure.value > limit
    ]
    reference = next(iter(session.cameras()))
    drawn = {name: list(enumerate(found.tolist())) for name, found in late.items() if name != reference}
    drawing = session.drawing("sync", lines("late to the first camera, ms", drawn, lambda frame: f"frame {frame:.0f}"))
    pictures = (("The moving board, frame by frame", drawing),) if late else ()
    return StepResult("sync", tuple(measures), tuple(advice), pictures, (), tuple(failures))


def _described(info: CameraInfo, celsius: float | None) -> str:
    lens = info.intrinsics
    warmth = "" if celsius is None else f", ASIC at {celsius:.0f} C"
    usb = f", USB {info.usb_type}" if info.usb_type else ""
    firmware = f", firmware {info.firmware}" if info.firmware else ""
    size = f"{lens.width_px} x {lens.height_px} px at {info.fps} fps"
    return f"{info.model}, serial {info.serial}{firmware}{usb}{warmth}, {size}"


def _baseline_mm(model: str) -> float:
    """Return the baseline of a camera's model; of one that is not known, a D435's."""
    return next((mm for name, mm in _BASELINES_MM.items() if name in model), _USUAL_BASELINE_MM)
