"""Packs standing open: a blister's bubble torn off its card, a multipack's band and film cut."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.damage.moves import moved, turn_about
from station.simulation.damage.paint import coloured, lumps, painted, plain_swatch
from station.simulation.damage.site import Stance
from station.simulation.faces import blister_form
from station.simulation.shape import Patch, Shape, grid_patch, uv_grid

_GLUED_RGB, _BAND_INSIDE_RGB = (216, 204, 184), (206, 196, 176)
_FRAME_MM = 4.0
"""How wide the frame of paper is that comes off with a bubble."""
_SPRUNG_RAD = 2.2
"""How far round a cut band's end springs."""
_LOOSE, _PULLED_MM = 0.6, (30.0, 45.0)
"""From how far beyond the middle film is loose, as a share of half its width; how far its end comes in and up."""


def open_blister(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Tear the bubble off the card along three of its edges; it stands up about the fourth with what is in it."""
    bubble = shape.patches["bubble"].points.astype(np.float64)
    side = int(stance.towards_cameras[-1][0] < 0)  # that camera looks under the open edge
    hinge = bubble[:, -side].mean(axis=0)
    angle = np.deg2rad(float(rng.uniform(48, 65) if major else rng.uniform(26, 32))) * (1 if side else -1)
    shape = _with_torn_paper(shape, rng)
    names = ["bubble", "torn paper", *(name for part in _units(shape) for name in shape.parts[part] if major)]
    opened = shape.with_patches(moved(shape, names, turn_about(np.array([0.0, 1.0, 0.0]), angle), hinge))
    return with_glue_marks(opened, rng)


def _with_torn_paper(shape: Shape, rng: np.random.Generator) -> Shape:
    """Return a blister on whose bubble the paper stays that it was glued to: a frame around it."""
    shape, place = plain_swatch(shape, _GLUED_RGB, 5.0, rng)
    bubble = shape.patches["bubble"].points
    outer = np.concatenate([bubble[:-1, 0], bubble[-1, :-1], bubble[:0:-1, -1], bubble[0, ::-1]])
    middle = (bubble[0, 0] + bubble[-1, -1]) / 2
    inner = outer.copy()
    inner[:, :2] -= _FRAME_MM * (outer - middle)[:, :2] / np.abs(bubble[0, 0] - middle)[:2]
    across, along = np.meshgrid(np.linspace(0.1, 0.9, len(outer)), (0.1, 0.9))
    frame = grid_patch(np.stack([inner, outer]), uv_grid(place, across, along), wraps=True)
    return shape.with_patches({"torn paper": frame})


def with_glue_marks(shape: Shape, rng: np.random.Generator) -> Shape:
    """Return a blister whose card's print came off where the bubble was glued on."""
    height = float(shape.patches["front"].points[..., 2].max())
    left, low, wide, high = blister_form(shape.product).bubble
    ragged = lumps(7.0, rng)

    def cover(points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
        inset = np.minimum(
            np.minimum(points[:, 0] - left, left + wide - points[:, 0]),
            np.minimum(points[:, 1] - low, low + high - points[:, 1]),
        )
        band = np.abs(inset - 0.5) < 2.6 + 1.1 * ragged(points)
        return np.asarray(band & (normals[:, 2] > 0.9) & (np.abs(points[:, 2] - height) < 0.3), np.float32)

    return painted(shape, lambda points: points[:, 2] < height + 0.3, cover, coloured(_GLUED_RGB, 5.0, rng))


def open_multipack(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Cut the band open where a camera looks; its ends spring away; a film on top is pulled up (major)."""
    band = shape.patches["band"]
    columns = band.grid[1]
    long = max(4, int(float(rng.uniform(0.2, 0.26) if major else rng.uniform(0.12, 0.14)) * columns))
    faced = (band.normals().mean(axis=0) @ stance.towards_cameras.T).max(axis=1)
    middle = long + int(np.argmax(faced[long : columns - long]))
    ends = {
        "band": _sprung(band.part(slice(None), slice(middle + 1)), long, -1),
        "band end": _sprung(band.part(slice(None), slice(middle, None)), long, 0),
    }
    opened = shape.with_patches(ends)
    return _film_up(opened, rng) if major and "film top" in shape.patches else opened


def _sprung(band: Patch, long: int, end: int) -> Patch:
    """Bend a band's last columns (`end` -1) or first (0) outwards, further and further."""
    points = band.points.astype(np.float64)
    points = points[:, ::-1] if end == 0 else points
    steps = np.diff(points, axis=1)[:, -long:]
    normals = (band.normals()[:, ::-1] if end == 0 else band.normals())[:, -long:].astype(np.float64)
    angle = _SPRUNG_RAD * np.linspace(0, 1, long)[None, :, None] ** 0.8
    length = np.linalg.norm(steps, axis=2, keepdims=True)
    start = steps[:, :1] / length[:, :1]
    out = normals[:, :1]
    bent = points[:, -long - 1][:, None] + np.cumsum(length * (np.cos(angle) * start + np.sin(angle) * out), axis=1)
    points = np.concatenate([points[:, :-long], bent], axis=1)
    points = points[:, ::-1] if end == 0 else points
    return replace(band.moved(points), wraps=False, finish=replace(band.finish, inside=_BAND_INSIDE_RGB))


def _film_up(shape: Shape, rng: np.random.Generator) -> Shape:
    """Pull the film on top up from one end."""
    film = shape.patches["film top"]
    points = film.points.astype(np.float64)
    side = float(rng.choice([-1.0, 1.0]))
    reach = side * points[..., 0] / np.abs(points[..., 0]).max()
    loose = np.clip((reach + _LOOSE) / (1 + _LOOSE), 0, 1) ** 1.5
    points[..., :2] += loose[..., None] * (-side * _PULLED_MM[0], _PULLED_MM[1])
    return shape.with_patches({"film top": film.moved(points)})


def _units(shape: Shape) -> list[str]:
    return [part for part in shape.parts if part.startswith("unit ")]
