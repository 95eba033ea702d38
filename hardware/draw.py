"""Draw a booth file as a plan and an elevation: `python hardware/draw.py hardware/booths/three.json drawing.svg`."""

import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.layout import Layout, booth_rig, load_layout
from station.simulation.light import Lighting
from station.simulation.settings import SimulationSettings

SCALE = 0.32
MARGIN_PX = 64
LINE_PX = 19
MARK_PX = 10
TRAY, CAMERA, PANEL, QUIET = "#3c4654", "#1f5fa8", "#a87000", "#667"
AXES = "xyz"
VIEWS = ((0, 1, "Seen from above, the person below"), (0, 2, "Seen by the person"))

Places = NDArray[np.float64]


def draw(name_or_path: str) -> str:
    """Return both views and a table of what they show as SVG; lengths are in mm."""
    layout = load_layout(name_or_path)
    cones, panels = _cones(name_or_path), _panels(layout)
    parts, left, tall = [], 0.0, 0.0
    for across, up, title in VIEWS:
        view, width, height = _view(layout, cones, panels, (across, up), title)
        parts.append(f'<g transform="translate({left:.0f} 0)">{view}</g>')
        left, tall = left + width, max(tall, height)
    rows = _table(layout)
    parts += [_text(MARGIN_PX, tall + LINE_PX * n, words, "start", ink) for n, (words, ink) in enumerate(rows, 1)]
    tall += LINE_PX * (len(rows) + 1)
    size = f'viewBox="0 0 {left:.0f} {tall:.0f}" width="{left:.0f}" font-family="system-ui,sans-serif" font-size="13"'
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{ground}{"".join(parts)}</svg>\n'


def _cones(name_or_path: str) -> list[Places]:
    """Return of each camera where it is and its picture's corners, down to the tray or as far as it looks, [5, 3]."""
    cones = []
    for camera, place in zip(
        booth_rig(SimulationSettings(booth=name_or_path)).cameras, load_layout(name_or_path).cameras, strict=True
    ):
        lens, far = camera.intrinsics, float(np.linalg.norm(np.subtract(place.look_at_mm, place.position_mm)))
        x, y = far * lens.width_px / lens.fx / 2, far * lens.height_px / lens.fy / 2
        seen = np.array([[0, 0, 0], [-x, -y, far], [x, -y, far], [x, y, far], [-x, y, far]])
        ways = seen @ camera.rig_from_camera[:3, :3].T
        high = camera.rig_from_camera[2, 3]
        down = np.minimum(1, high / np.maximum(-ways[:, 2:], high))
        cones.append(ways * down + camera.rig_from_camera[:3, 3])
    return cones


def _panels(layout: Layout) -> list[Places]:
    """Return each panel's corners, [4, 3]."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return [
        panel.ahead * panel.distance_mm + corners * panel.half_mm @ np.stack([panel.across, panel.up])
        for panel in Lighting(layout).panels
    ]


def _view(
    layout: Layout, cones: Sequence[Places], panels: Sequence[Places], axes: tuple[int, int], title: str
) -> tuple[str, float, float]:
    """Return a view along an axis, and its width and height in px."""
    width, depth = layout.tray.size_mm
    tray = np.array([[x, y, 0.0] for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]) * [width / 2, depth / 2, 1]
    volume = np.concatenate([tray, tray + np.array([0, 0, layout.tray.max_item_height_mm])])
    built = np.concatenate([tray, *panels, *(cone[:1] for cone in cones)])[:, axes]
    shown = np.concatenate([built, *(cone[:, axes] for cone in cones)])
    corner = shown.min(axis=0)
    size = np.ptp(shown, axis=0) * SCALE + 2 * MARGIN_PX

    def at(places: Places) -> Places:
        across, up = ((places[:, axes] - corner) * SCALE + MARGIN_PX).T
        return np.column_stack([across, size[1] - up])

    parts = [_text(MARGIN_PX, 24, title, "start", weight=600)]
    parts += [_outline(at(cone), CAMERA, 0.05) for cone in cones]
    parts += [_outline(at(panel), PANEL, 0.12) for panel in panels]
    parts += [_outline(at(volume), QUIET, 0.0, 'stroke-dasharray="4 3"'), _outline(at(tray), TRAY, 0.12)]
    ends = np.zeros((2, 3))
    ends[:, axes] = built.min(axis=0), built.max(axis=0)
    parts += _sizes(at(ends), np.ptp(built, axis=0), axes, size[1])
    named = [(str(n), CAMERA, cone[0]) for n, cone in enumerate(cones, 1)]
    named += [(chr(ord("A") + n), PANEL, panel.mean(axis=0)) for n, panel in enumerate(panels)]
    taken: list[complex] = []
    for word, ink, place in named:
        mark = complex(*at(place[None])[0])
        while any(abs(mark - other) < 2 * MARK_PX for other in taken):
            mark += MARK_PX
        taken.append(mark)
        parts.append(_mark(mark.real, mark.imag, word, ink))
    return "".join(parts), float(size[0]), float(size[1])


def _sizes(corners: Places, size_mm: Places, axes: tuple[int, int], bottom: float) -> list[str]:
    """Return the overall size: a line below and one to the left, with their lengths."""
    (left, low), (right, high) = corners
    x, y = left - MARGIN_PX / 2, bottom - MARGIN_PX / 2
    ends = f"M{left:.0f} {y - 5:.0f}v10M{right:.0f} {y - 5:.0f}v10M{x - 5:.0f} {low:.0f}h10M{x - 5:.0f} {high:.0f}h10"
    line = f'<path d="M{left:.0f} {y:.0f}H{right:.0f}M{x:.0f} {low:.0f}V{high:.0f}{ends}" stroke="{QUIET}"/>'
    words = [f"{AXES[axis]} {length:.0f} mm" for axis, length in zip(axes, size_mm, strict=True)]
    middle = (low + high) / 2
    turned = f'<g transform="rotate(-90 {x - 8:.0f} {middle:.0f})">{_text(x - 8, middle, words[1])}</g>'
    return [line, _text((left + right) / 2, y + 18, words[0]), turned]


def _table(layout: Layout) -> list[tuple[str, str]]:
    """Return what the marks are, in words, and each line's ink."""
    width, depth = layout.tray.size_mm
    rows = [(f"tray {width:g} x {depth:g} mm, items up to {layout.tray.max_item_height_mm:g} mm high (dashed)", TRAY)]
    for number, camera in enumerate(layout.cameras, 1):
        words = f"{number}  camera {camera.camera_id} at {_place(camera.position_mm)}, looks at"
        rows.append((f"{words} {_place(camera.look_at_mm)}", CAMERA))
    for number, panel in enumerate(layout.panels):
        words = f"{chr(ord('A') + number)}  panel {panel.panel_id} at {_place(panel.centre_mm)}"
        width, height = panel.size_mm
        rows.append((f"{words}, {width:g} x {height:g} mm, {panel.flux_lm:g} lm, {panel.temperature_k:g} K", PANEL))
    return rows


def _place(place_mm: tuple[float, float, float]) -> str:
    return f"({', '.join(f'{value:g}' for value in place_mm)})"


def _outline(places: Places, ink: str, fill: float, look: str = "") -> str:
    hull = cv2.convexHull(places.astype(np.float32)).reshape(-1, 2)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in hull)
    return f'<polygon points="{points}" fill="{ink}" fill-opacity="{fill}" stroke="{ink}" stroke-opacity="0.6" {look}/>'


def _mark(x: float, y: float, word: str, ink: str) -> str:
    words = f'<text x="{x:.1f}" y="{y + 4.5:.1f}" text-anchor="middle" fill="#fff" font-weight="600">{word}</text>'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{MARK_PX}" fill="{ink}"/>{words}'


def _text(x: float, y: float, words: str, anchor: str = "middle", ink: str = "#1c2330", weight: int = 400) -> str:
    look = f'text-anchor="{anchor}" fill="{ink}" font-weight="{weight}" xml:space="preserve"'
    return f'<text x="{x:.0f}" y="{y:.0f}" {look}>{words}</text>'


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(draw(sys.argv[1]))
