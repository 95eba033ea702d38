"""Paint on bodies: colours that depend on where a texel lies in space, so that they run over edges and seams."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.catalogue import Material
from station.simulation.damage.moves import without
from station.simulation.damage.site import Site
from station.simulation.finish import MATT
from station.simulation.shape import Patch, Place, Shape, grid_patch
from station.simulation.trace import CLEAR

Points = NDArray[np.float32]
Field = Callable[[Points, Points], NDArray[np.float32]]
"""Gives values, float32 [N], of points [N, 3] in mm and their outward unit normals [N, 3]."""
Paint = Callable[[Points, NDArray[np.float32]], NDArray[np.float32]]
"""Gives colours, float32 RGB [N, 3], from points [N, 3] in mm and the colours there before."""

Near = Callable[[Points], NDArray[np.bool_]]
"""Tells which points, [N, 3] in mm, may be painted."""

_WAVES = 9
_WELD_MM, _STRETCHED_RGB = 6.0, (232, 235, 238)
_LIGHT = 150.0
"""Print lighter than this, in levels, has something darker beneath it."""
_BARE_BOARD_RGB = (234, 226, 210), (146, 122, 94)
_BARE_RGB = {
    Material.METAL: ((240, 242, 246), (72, 74, 78)),
    Material.FILM: ((236, 238, 240), (118, 120, 124)),
    Material.CLEAR: ((238, 240, 242), (238, 240, 242)),
    Material.PLASTIC: ((236, 238, 240), (150, 152, 154)),
}
"""What is beneath dark and beneath light print, by the material; board for those not named."""
_ABOVE_MM = 0.25
"""Paint on clear film lies this far above it."""


@dataclass(frozen=True, slots=True)
class Texels:
    """The texels a patch is printed with: `rows` and `columns` intp [N] on the sheet, points and normals [N, 3]."""

    rows: NDArray[np.intp]
    columns: NDArray[np.intp]
    points: Points
    normals: Points


def texels(patch: Patch, shape: Shape) -> Texels:
    """Return where each texel of a patch lies."""
    step = np.abs(np.diff(patch.uv_mm, axis=0)).max(), np.abs(np.diff(patch.uv_mm, axis=1)).max()
    rows, columns = (
        np.linspace(0, count - 1, (count - 1) * max(1, int(np.ceil(1.6 * mm * shape.px_per_mm))) + 1, dtype=np.float32)
        for count, mm in zip(patch.grid, step, strict=True)
    )
    across, along = np.meshgrid(columns, rows)
    uv_mm, points, normals = (
        np.asarray(cv2.remap(part, across, along, cv2.INTER_LINEAR), np.float32).reshape(-1, part.shape[2])
        for part in (patch.uv_mm, patch.points, patch.normals())
    )
    height, width = shape.texture.shape[:2]
    place = np.floor(uv_mm * shape.px_per_mm).astype(np.intp).clip(0, (width - 1, height - 1))
    flat, order = place[:, 1] * width + place[:, 0], np.arange(len(place))
    last = np.empty(width * height, np.intp)
    last[flat] = order  # every texel once, without sorting them
    once = last[flat] == order
    return Texels(place[once, 1], place[once, 0], points[once], normals[once])


def within(point: NDArray[np.float64], reach_mm: float) -> Near:
    """Return what tells which points lie this near a point."""
    return lambda points: np.asarray(((points - point) ** 2).sum(axis=1) < reach_mm**2)


def painted(shape: Shape, near: Near, cover: Field, paint: Paint, wet: float = 0.0, skins: bool = True) -> Shape:
    """Return the shape with its print changed; on clear film the paint lies as a skin of its own.

    Args:
        shape: the body.
        near: tells where paint can be at all, so that the rest is not looked at.
        cover: how far the paint covers a place, 0 to 1.
        paint: the colours painted.
        wet: how wet a place is that is wholly covered, 0 to 1.
        skins: whether clear film takes any of it.
    """
    for name, patch in shape.patches.items():
        close = None if patch.spilt else cropped(patch, near)
        if close is None or (patch.finish.opacity < CLEAR and not skins):
            continue
        spots = texels(close, shape)
        share = np.clip(cover(spots.points, spots.normals), 0, 1)
        hit = np.flatnonzero(share > 0.02)
        if not hit.size:
            continue
        if patch.finish.opacity < CLEAR:
            if not (share > 0.4).any():
                continue
            shape, name = _with_skin(shape, name, close, spots, share > 0.4)
            spots = texels(shape.patches[name], shape)
            share = np.clip(cover(spots.points, spots.normals), 0, 1)
            hit = np.flatnonzero(share > 0.4)
        rows, columns = spots.rows[hit], spots.columns[hit]
        texture = shape.texture.copy()
        below = texture[rows, columns, :3].astype(np.float32)
        mixed = below + (paint(spots.points[hit], below) - below) * share[hit, None]
        texture[rows, columns, :3] = np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)
        shape = replace(shape, texture=texture)
        if wet:
            wetness = np.zeros(texture.shape[:2], np.uint8) if shape.wetness is None else shape.wetness.copy()
            wetness[rows, columns] = np.maximum(wetness[rows, columns], (255 * wet * share[hit]).astype(np.uint8))
            shape = replace(shape, wetness=wetness)
    return shape


def cropped(patch: Patch, near: Near) -> Patch | None:
    """Return the rows and columns of a patch that are near, and their neighbours; None where there are none."""
    close = near(patch.points.reshape(-1, 3)).reshape(patch.grid)
    if not close.any():
        return None
    rows, columns = (np.flatnonzero(close.any(axis=axis)) for axis in (1, 0))
    cut = slice(max(0, rows[0] - 1), rows[-1] + 2), slice(max(0, columns[0] - 1), columns[-1] + 2)
    if min(close[cut].shape) < 2:
        return None
    return replace(patch.part(*cut), wraps=False)


def _with_skin(shape: Shape, name: str, patch: Patch, spots: Texels, there: NDArray[np.bool_]) -> tuple[Shape, str]:
    """Lay a skin on a clear patch that is solid only where told, with a piece of the sheet of its own."""
    low = np.array([spots.columns.min(), spots.rows.min()])
    swatch = shape.texture[low[1] : spots.rows.max() + 1, low[0] : spots.columns.max() + 1].copy()
    swatch[..., 3] = 0
    swatch[spots.rows[there] - low[1], spots.columns[there] - low[0], 3] = 255
    shape, place = with_swatch(shape, swatch)
    uv_mm = patch.uv_mm + (np.array(place[:2]) - low / shape.px_per_mm).astype(np.float32)
    skin = grid_patch(patch.points + _ABOVE_MM * patch.normals(), uv_mm, MATT)
    return shape.with_patches({f"{name} skin": skin}), f"{name} skin"


def coloured(rgb: tuple[float, float, float], grain: float, rng: np.random.Generator) -> Paint:
    """Return opaque paint of one colour, uneven by about `grain` levels."""
    uneven, fine = lumps(9.0, rng), lumps(2.2, rng)
    return lambda points, below: np.asarray(
        np.array(rgb, np.float32) + grain * (0.6 * uneven(points) + 0.5 * fine(points))[:, None], np.float32
    )


def bared(shape: Shape, rng: np.random.Generator, grain: float = 5.0) -> Paint:
    """Return what lies beneath the print: board's or paper's fibre, steel, plastic gone white; each tells from it."""
    on_dark, on_light = _BARE_RGB.get(shape.product.design.material, _BARE_BOARD_RGB)
    darker, lighter = coloured(on_light, grain, rng), coloured(on_dark, grain, rng)
    return lambda points, below: (darker if below.size and below.mean() > _LIGHT else lighter)(points, below)


def burst_weld(shape: Shape, outward: NDArray[np.float64], rng: np.random.Generator) -> Shape:
    """Return a bag whose weld has come apart at the edge that lies `outward`; stretched film there has gone white."""
    end = float((shape.points() @ outward).max())
    ragged = lumps(9.0, rng)

    def cover(points: Points, normals: Points) -> NDArray[np.float32]:
        return np.asarray(points @ outward > end - _WELD_MM * (1 + 0.4 * ragged(points)), np.float32)

    films = without(shape, shape.parts["contents"])
    torn = painted(films, lambda points: points @ outward > end - 3 * _WELD_MM, cover, coloured(_STRETCHED_RGB, 5, rng))
    return torn.with_patches({name: shape.patches[name] for name in shape.parts["contents"]})


def lumps(length_mm: float, rng: np.random.Generator) -> Callable[[Points], NDArray[np.float32]]:
    """Return smooth noise in space, of about unit deviation, whose bumps are about `length_mm` long."""
    ways = rng.normal(size=(_WAVES, 3))
    ways *= (2 * np.pi / length_mm * rng.uniform(0.4, 1.1, _WAVES) / np.linalg.norm(ways, axis=1))[:, None]
    ways, phases = ways.astype(np.float32), rng.uniform(0, 2 * np.pi, _WAVES).astype(np.float32)
    return lambda points: np.asarray(np.sin(points @ ways.T + phases).sum(axis=1) * np.sqrt(2 / _WAVES), np.float32)


def brightness_at(shape: Shape, site: Site) -> float:
    """Return the mean level of the print around a site, 0 to 255."""
    return float(_around(shape, site).mean())


def _around(shape: Shape, site: Site) -> NDArray[np.uint8]:
    column, row = np.rint(site.uv_mm * shape.px_per_mm).astype(int)
    reach = int(12 * shape.px_per_mm)
    return shape.texture[max(0, row - reach) : row + reach, max(0, column - reach) : column + reach, :3]


def unrest_at(shape: Shape, site: Site) -> float:
    """Return how much the print changes around a site, in levels."""
    return float(_around(shape, site).std(axis=(0, 1)).max())


def with_swatch(shape: Shape, swatch: NDArray[np.uint8]) -> tuple[Shape, Place]:
    """Append a picture, uint8 RGBA [h, w, 4], to the sheet; returns its place there as well.

    It holds what damage brings to light or spills.
    """
    height, width = shape.texture.shape[:2]
    rows, columns = swatch.shape[:2]
    wide = max(width, columns)
    sheet = np.zeros((height + rows, wide, 4), np.uint8)
    sheet[:height, :width] = shape.texture
    sheet[height:, :columns] = swatch
    wetness = shape.wetness
    if wetness is not None:
        wetness = np.pad(wetness, ((0, rows), (0, wide - width)))
    scale = shape.px_per_mm
    return replace(shape, texture=sheet, wetness=wetness), (0.0, height / scale, columns / scale, rows / scale)


def plain_swatch(
    shape: Shape, rgb: tuple[float, float, float], grain: float, rng: np.random.Generator
) -> tuple[Shape, Place]:
    """Append a piece of fibrous material of one colour, 30 by 30 mm, to the sheet; returns its place as well."""
    size = round(30 * shape.px_per_mm)
    fibre = cv2.GaussianBlur(rng.normal(0, 1, (size, size)).astype(np.float32), (0, 0), 1.2, sigmaY=0.6)
    colour = np.array(rgb) + grain * (fibre / fibre.std())[..., None]
    swatch = np.dstack([np.clip(colour, 0, 255), np.full((size, size), 255.0)])
    return with_swatch(shape, np.rint(swatch).astype(np.uint8))
