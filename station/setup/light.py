"""The step `light`: what is locked, evenness over the tray, clipping, flicker, and advice that names the panels.

Where on the tray a pixel looks is told by the board that was first laid in its middle, and by the booth's plan for a
camera that did not see it: cameras are calibrated later.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.ports import CameraInfo
from station.rig import RigCamera
from station.setup.captures import Kind, Shot
from station.setup.measure import SHARE, Measure, StepResult, at_least, at_most
from station.setup.pictures import with_scale
from station.setup.poses import Observation, inverse, locate
from station.setup.roles import contact_sheet
from station.setup.session import Session
from station.setup.settings import SetupSettings
from station.simulation.layout import Layout, booth_rig, load_layout, project
from station.simulation.settings import SimulationSettings

GAMMA = 2.2
"""By which a picture's levels rise slower than the light."""
_CLIPPED = 254
_MIDDLE = 0.5
_INNER = 0.7
"""Share of the tray's width and depth that is looked at: not its rim, and a planned camera may be somewhat off."""
_STEP_MM = 2.0
_SMOOTH_MM = 12.0
_TELLING = 0.05
_BESIDE = 0.5
"""A panel stands to one side when so much of its way from the middle leads there."""
_SIDES = {"right": (1.0, 0.0), "left": (-1.0, 0.0), "far": (0.0, 1.0), "near": (0.0, -1.0)}
_OPPOSITE = (("right", "left"), ("far", "near"))


def light(session: Session) -> StepResult:
    """Measure the light on the empty tray as every camera sees it, and say in words what to change.

    Raises:
        SimulationError: the booth file `setup.booth` names cannot be used.
    """
    settings, shots, automatic = session.settings, session.empty(), session.origin().automatic
    measures: list[Measure] = [at_most("settings not locked", "booth", len(automatic), "", 0)]
    advice = [*automatic, *_unseen_flicker(session.cameras(), settings.mains_hz)]
    for name, shot in shots.items():
        found, words = _exposure(name, shot, settings)
        measures += found
        advice += words
    for name, shot in _laid(session).items():
        if shot.sighting is not None:
            found, words = _brightness(name, shot.sighting.white, settings.min_white)
            measures += found
            advice += words
    plan = load_layout(settings.booth)
    cameras = _cameras(session)
    trays = {
        name: _tray(shot.colour, cameras[name], plan.tray.size_mm) for name, shot in shots.items() if name in cameras
    }
    uneven = {name: _evenness(level) for name, level in trays.items()}
    for name, shares in uneven.items():
        most = max(map(abs, shares))
        measures.append(at_most("light between halves", name, most, SHARE, settings.max_light_unevenness))
    if len(trays) < len(shots):
        strangers = ", ".join(name for name in shots if name not in trays)
        advice.append(
            f"camera {strangers} did not see the board laid first, and setup.booth does not plan it: the light's "
            "evenness is not measured by it"
        )
    if not trays:
        return StepResult("light", tuple(measures), tuple(advice))
    advice += _panel_words(np.median(list(uneven.values()), axis=0).tolist(), plan, settings.max_light_unevenness)
    caption = "Light on the empty tray by camera, seen from above, linear"
    maps = contact_sheet({name: _map(level) for name, level in trays.items()})
    scaled = with_scale(
        maps, _coloured(np.arange(256, dtype=np.uint8)[None])[0], "0 %", "100 % of each one's brightest"
    )
    picture = session.picture("light", scaled)
    return StepResult("light", tuple(measures), tuple(advice), ((caption, picture),))


def _exposure(name: str, shot: Shot, settings: SetupSettings) -> tuple[list[Measure], list[str]]:
    """Return one camera's clipping and flicker, and what to do about them."""
    clipped = float((_middle(shot.colour) >= _CLIPPED).any(axis=2).mean())
    swing = float(np.ptp(shot.brightness) / max(shot.brightness.mean(), 1e-6))
    measures = [
        at_most("overexposed share", name, clipped, SHARE, settings.max_clipped),
        at_most("flicker, peak to peak", name, swing, SHARE, settings.max_flicker),
    ]
    advice = (
        f"camera {name} is overexposed: lower its exposure or turn the lamps away from it",
        f"camera {name} sees the light flicker: use lamps without flicker, or {_steady(settings.mains_hz)}",
    )
    return measures, [words for measure, words in zip(measures, advice, strict=True) if not measure.ok]


def _brightness(name: str, white: float, least: float) -> tuple[list[Measure], list[str]]:
    """Return how bright one camera sees the laid board's white, and what to do where that is dark."""
    measure = at_least("board's white", name, white, "levels", least)
    words = f"camera {name} sees the board's white paper at {white:.0f} of 255: expose longer, or switch on more light"
    return [measure], [] if measure.ok else [words]


def _unseen_flicker(infos: Mapping[str, CameraInfo], mains_hz: int) -> list[str]:
    """Return a sentence for each frame rate by which every frame meets the lamps' flicker at the same moment of it."""
    return [
        f"flicker of {mains_hz} Hz mains does not show at {fps} frames a second, a divisor of {2 * mains_hz}: the "
        f"figure says nothing of it. Measure with another cameras.fps, or lock {_steady(mains_hz)}"
        for fps in sorted({info.fps for info in infos.values()})
        if 2 * mains_hz % fps == 0
    ]


def _steady(mains_hz: int) -> str:
    """Return which exposures take in whole swings of the light."""
    return f"an exposure (cameras.colour_exposure_us) of a multiple of {1000 / (2 * mains_hz):.3g} ms"


def _cameras(session: Session) -> dict[str, RigCamera]:
    """Return the cameras in the tray's frame, as the board laid first shows it, or else as they are planned."""
    settings, board, lenses = session.settings, session.board, session.lenses()
    planned = booth_rig(SimulationSettings(booth=settings.booth)).cameras
    found = {
        camera.camera_id: replace(camera, intrinsics=lenses[camera.camera_id])
        for camera in planned
        if camera.camera_id in lenses
    }
    for name, shot in _laid(session).items():
        if shot.sighting is not None:
            seen = Observation(board.corners_mm()[shot.sighting.ids], shot.sighting.pixels)
            camera_from_board, _ = locate(lenses[name], seen)
            tray_from_camera = board.tray_from_board(settings.board_thickness_mm) @ inverse(camera_from_board)
            found[name] = RigCamera(name, session.cameras()[name].serial, lenses[name], tray_from_camera)
    return found


def _laid(session: Session) -> dict[str, Shot]:
    """Return what every camera saw of the board that was laid first; nothing before that."""
    captures = session.captures(Kind.BOARD)
    return session.load_capture(captures[0]) if captures else {}


def _tray(colour: NDArray[np.uint8], camera: RigCamera, size_mm: tuple[float, float]) -> NDArray[np.float32]:
    """Return the tray's light as a camera sees it, from above: linear, [H, W], far side up; NaN where unseen."""
    half_x, half_y = (_INNER * side / 2 for side in size_mm)
    x, y = np.meshgrid(np.arange(-half_x, half_x, _STEP_MM), np.arange(half_y, -half_y, -_STEP_MM))
    places = project(camera, np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)]))[:, :2].astype(np.float32)
    columns, rows = places.T.reshape(2, *x.shape)
    linear = ((colour.mean(axis=2) / 255) ** GAMMA).astype(np.float32)
    return np.asarray(
        cv2.remap(linear, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=float("nan")),
        np.float32,
    )


def _evenness(level: NDArray[np.float32]) -> tuple[float, ...]:
    """Return by how much the right half is brighter than the left, and the far one than the near, in shares."""
    height, width = level.shape
    pairs = ((level[:, width // 2 :], level[:, : width // 2]), (level[: height // 2], level[height // 2 :]))
    whole = max(float(np.nanmean(level)), 1e-6)
    return tuple(float(np.nanmean(one) - np.nanmean(other)) / whole for one, other in pairs)


def _panel_words(shares: Sequence[float], plan: Layout, limit: float) -> list[str]:
    """Return which side of the tray is brighter and by how much, naming the panels there; what to do if it is much."""
    words = []
    for share, (one, other) in zip(shares, _OPPOSITE, strict=True):
        if abs(share) <= _TELLING:
            continue
        bright, dark = (one, other) if share > 0 else (other, one)
        todo = ". Dim the panels there, or brighten those across" if abs(share) > limit else ""
        words.append(
            f"the tray's {bright} side ({_panels_at(bright, plan)}) is {abs(share):.0%} brighter than its {dark} side "
            f"({_panels_at(dark, plan)}){todo}"
        )
    return words


def _panels_at(side: str, plan: Layout) -> str:
    """Return the names of the panels that stand to one side of the tray."""
    way = np.array(_SIDES[side])
    centres = {panel.panel_id: np.array(panel.centre_mm[:2]) for panel in plan.panels}
    names = [name for name, centre in centres.items() if way @ centre > _BESIDE * np.linalg.norm(centre)]
    return f"panel {' and '.join(names)}" if names else "no panel"


def _middle(colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = colour.shape[:2]
    down, across = round(height * (1 - _MIDDLE) / 2), round(width * (1 - _MIDDLE) / 2)
    return colour[down : height - down, across : width - across]


def _map(level: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Draw the tray's light, smoothed, RGB [H, W, 3]."""
    smooth = cv2.GaussianBlur(np.nan_to_num(level), (0, 0), _SMOOTH_MM / _STEP_MM)
    scaled = np.clip(smooth / max(float(smooth.max()), 1e-6) * 255, 0, 255).astype(np.uint8)
    return _coloured(scaled)


def _coloured(share: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return shares of 255, uint8 [H, W], as colours, RGB [H, W, 3]."""
    return np.asarray(cv2.cvtColor(cv2.applyColorMap(share, cv2.COLORMAP_VIRIDIS), cv2.COLOR_BGR2RGB), np.uint8)
