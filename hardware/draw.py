"""Draw a booth file as a plan and an elevation: `python hardware/draw.py hardware/booths/three.json drawing.svg`."""

import json
import math
import sys
from pathlib import Path

SCALE = 0.42
MARGIN_MM = 80.0
BAR_MM = 200
INKS = {"tray": "#3c4654", "camera": "#1f5fa8", "panel": "#a87000", "sight": "#9db7d6"}


def draw(booth: dict) -> str:
    """Return both views as SVG; lengths are those of the booth file, in mm."""
    places = [place["position_mm"] for place in booth["cameras"]]
    places += [corner for panel in booth["panels"] for corner in _corners(panel)]
    reach = max(abs(value) for x, y, _ in places for value in (x, y)) + MARGIN_MM
    high = max(z for *_, z in places) + MARGIN_MM
    parts = [_view(booth, 0, 1, reach, reach, "Seen from above (x right, y away from the person)", 0.0)]
    side = "Seen from the person's side (x right, z up)"
    parts.append(_view(booth, 0, 2, reach, high, side, 2 * reach + MARGIN_MM))
    width, height = (4 * reach + MARGIN_MM) * SCALE, (max(2 * reach, high + 60) + 70) * SCALE
    size = (
        f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" font-family="system-ui,sans-serif" font-size="12"'
    )
    ground = '<rect width="100%" height="100%" fill="#fff"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{ground}{"".join(parts)}</svg>\n'


def _text(x: float, y: float, words: str, anchor: str = "middle", ink: str = "#1c2330") -> str:
    halo = 'stroke="#fff" stroke-width="3" paint-order="stroke"'
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{ink}" {halo}>{words}</text>'


def _box(x: float, y: float, width: float, height: float, look: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" {look}/>'


def _corners(panel: dict) -> list[list[float]]:
    """Return a panel's corners: it faces the tray's middle, its width level."""
    x, y, z = panel["centre_mm"]
    flat, far = math.hypot(x, y), math.hypot(x, y, z)
    across = (-y / flat, x / flat, 0.0) if flat else (1.0, 0.0, 0.0)
    up = (-z * x / flat / far, -z * y / flat / far, flat / far) if flat else (0.0, 1.0, 0.0)
    wide, tall = (side / 2 for side in panel["size_mm"])
    signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return [[c + i * wide * a + j * tall * u for c, a, u in zip((x, y, z), across, up, strict=True)] for i, j in signs]


def _view(booth: dict, across: int, up: int, reach: float, top: float, title: str, shift: float) -> str:
    def at(point: list[float]) -> tuple[float, float]:
        return (shift + reach + point[across]) * SCALE, (top - point[up] + 70) * SCALE

    width, depth = booth["tray"]["size_mm"]
    low = [-width / 2, -depth / 2, -4.0]
    high = [width / 2, depth / 2, 0.0]
    (x0, y1), (x1, y0) = at(low), at(high)
    parts = [f'<text x="{(shift + 30) * SCALE:.0f}" y="18" font-weight="600">{title}</text>']
    parts.append(_box(x0, y0, x1 - x0, max(y1 - y0, 2), f'fill="#e6eaf0" stroke="{INKS["tray"]}"'))
    if up == 2:
        volume_mm = booth["tray"]["max_item_height_mm"]
        top_px = y0 - volume_mm * SCALE
        parts.append(_box(x0, top_px, x1 - x0, y0 - top_px, 'fill="none" stroke="#889" stroke-dasharray="4 3"'))
        parts.append(_text(x0 + 6, top_px + 16, f"{volume_mm} mm", "start", "#667"))
    bar_x, bar_y, bar = (shift + 2 * reach - 30 - BAR_MM) * SCALE, 14, BAR_MM * SCALE
    parts.append(_box(bar_x, bar_y, bar, 3, f'fill="{INKS["tray"]}"') + _text(bar_x - 6, 18, f"{BAR_MM} mm", "end"))
    taken: dict[tuple[float, float], str] = {}

    def label(x: float, y: float, words: str, ink: str) -> None:
        """Write words over all lines, moved down until no others stand there."""
        while any(abs(x - other_x) < 150 and abs(y - other_y) < 13 for other_x, other_y in taken):
            y += 7
        taken[x, y] = _text(x, y, words, ink=ink)

    label((x0 + x1) / 2, y1 + 16, f"tray {width} x {depth} mm", INKS["tray"])

    for panel in booth["panels"]:
        corners = [at(corner) for corner in _corners(panel)]
        outline = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
        parts.append(f'<polygon points="{outline}" fill="#f3e3bd" fill-opacity="0.5" stroke="{INKS["panel"]}"/>')
        x, low = at(panel["centre_mm"])[0], max(y for _, y in corners)
        label(x, low + 16, f"panel {panel['panel_id']}, {panel['flux_lm']} lm", INKS["panel"])
    for camera in booth["cameras"]:
        (x, y), (aim_x, aim_y) = at(camera["position_mm"]), at(camera["look_at_mm"])
        ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{aim_x:.1f}" y2="{aim_y:.1f}"'
        parts.append(f'<line {ends} stroke="{INKS["sight"]}" stroke-dasharray="6 4"/>')
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{INKS["camera"]}"/>')
        place = ", ".join(f"{value:g}" for value in camera["position_mm"])
        words = f"{camera['camera_id']} ({place})"
        label(x, y + 20, words, INKS["camera"])
    return "".join([*parts, *taken.values()])


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(draw(json.loads(Path(sys.argv[1]).read_text())))
