"""Soft packs standing open: a mailer's flap and a bag's weld."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.canvas import Colour
from station.simulation.catalogue import SimProduct
from station.simulation.damage.moves import folded_back, moved
from station.simulation.damage.paint import Points, burst_weld, coloured, painted, plain_swatch
from station.simulation.damage.site import Stance
from station.simulation.faces import flap_mm
from station.simulation.shape import Patch, Shape, sheet_patch

_TOP, _UP = np.eye(3)[1:]
_CURL_MM = 4.0
"""The radius in which a peeled flap or film bends back."""
_FLAP_RISE_RAD = 0.25
"""How steeply a flap that is folded back begins to rise."""
_GLUE_MM, _GLUES_RGB = 10.0, ((238, 234, 222), (176, 132, 70))
"""How far from its end a mailer's flap is glued, and what strips of glue look like."""
_ABOVE_MM = 0.5
"""Film lies this far above what it covers."""
_BLOCK_RGB, _BLOCK_LONG, _BLOCK_HIGH = ((238, 235, 226), (40, 92, 176)), 0.5, 0.3
"""What a mailer holds: its colours, its length as a share of the mailer's height, its height as one of the depth."""
_PEEPS_MM = 16.0
"""How far what a mailer holds looks out of its mouth."""
_MOUTH_SHARE, _MOUTH_BACK = 0.4, 0.25
"""How far down a mailer gapes, as a share of its height, and how far its mouth's edge draws back, of the gape."""


def open_mailer(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Peel half of the flap off its strip of glue (minor), or fold it back so that the mouth gapes (major)."""
    if major:
        return _gaping(shape, rng)
    height, reach = shape.product.size_mm[1], flap_mm(shape.product)
    end = reach - height / 2

    def glue(points: Points, normals: Points) -> NDArray[np.float32]:
        return np.asarray(np.abs(points[:, 1] + end - _GLUE_MM) < 0.6 * _GLUE_MM, np.float32)

    front = replace(shape, patches={"front": shape.patches["front"]})
    rgb = max(_GLUES_RGB, key=lambda tone: float(np.abs(np.subtract(tone, shape.product.design.base)).max()))
    glued = painted(front, lambda points: points[:, 1] > -end, glue, coloured(rgb, 4.0, rng))
    shape = replace(glued, patches={**shape.patches, **glued.patches})
    return shape.with_patches(_corner_peeled(shape, ["flap"], end, -1.0, 1.5 * reach, rng))


def _gaping(shape: Shape, rng: np.random.Generator) -> Shape:
    flap, front, (width, height, _) = shape.patches["flap"], shape.patches["front"], shape.product.size_mm
    along = np.linspace(0, 1, flap.grid[0])[:, None]
    steps = np.diff(along * flap_mm(shape.product), axis=0, prepend=0)
    angle = _FLAP_RISE_RAD + float(rng.uniform(0.35, 0.6)) * along
    turned = flap.points.astype(np.float64)
    turned[..., 1] = height / 2 + np.cumsum(np.cos(angle) * steps, axis=0)
    turned[..., 2] = shape.patches["back"].points[0, ::-1, 2] + np.cumsum(np.sin(angle) * steps, axis=0)
    shape = with_block(shape, 0.6, 0.5 * height + _PEEPS_MM, rng)
    mouth = front.points.astype(np.float64)
    near = np.clip(1 - (height / 2 - mouth[..., 1]) / (_MOUTH_SHARE * height), 0, 1) ** 1.5
    gape = float(rng.uniform(28, 36)) * near
    mouth[..., 2] += gape * np.clip(1 - (mouth[..., 0] / (width / 2)) ** 2, 0, 1) ** 0.6
    mouth[..., 1] -= _MOUTH_BACK * gape
    return shape.with_patches({"flap": flap.moved(turned), "front": front.moved(mouth)})


def block_rgb(product: SimProduct) -> Colour:
    """Return the colour of what a mailer holds: that of some which is least like the mailer's own."""
    return max(_BLOCK_RGB, key=lambda rgb: float(np.abs(np.subtract(rgb, product.design.base)).max()))


def with_block(shape: Shape, wide: float, top_mm: float, rng: np.random.Generator) -> Shape:
    """Return a mailer with what it holds.

    Args:
        shape: the mailer.
        wide: the block's width as a share of the mailer's.
        top_mm: how far above the mailer's middle its upper end lies.
        rng: draws its grain.
    """
    width, height, depth = shape.product.size_mm
    shape, place = plain_swatch(shape, block_rgb(shape.product), 3.0, rng)
    corner = np.array([-wide * width / 2, top_mm, float(shape.patches["back"].points[..., 2].max())])
    right, down = np.array([wide * width, 0.0, 0.0]), np.array([0.0, -_BLOCK_LONG * height, 0.0])
    sheet = sheet_patch(place, corner, right, down, 4.0)
    across, along = (np.abs(np.linspace(-1, 1, count)) ** 12 for count in sheet.grid[::-1])
    rise = _BLOCK_HIGH * depth * (1 - across) * (1 - along)[:, None]
    return shape.with_patches({"contents": sheet.moved(sheet.points + rise[..., None] * _UP)})


def open_polybag(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Open the weld at the top: a corner of the front film peels back (minor) or all of its upper part (major).

    What is inside shows there (minor) or comes out (major).
    """
    width, height, depth = shape.product.size_mm
    films = [name for name in shape.patches if name in ("front", "front skin", "sticker")]
    if major:
        shape = burst_weld(shape, _TOP, rng)
        out = (0, float(rng.uniform(0.24, 0.3)) * height, 0.02 * depth)
        shape = shape.with_patches(moved(shape, shape.parts["contents"], np.eye(3), np.zeros(3), out))
        shape = shape.with_patches({name: _draped(shape.patches[name], shape.patches["contents"]) for name in films})
        line, turn = float(rng.uniform(0.18, 0.24)) * height, np.deg2rad(float(rng.uniform(135, 150)))
        level = 0.4 * depth
        peeled = {name: folded_back(shape.patches[name], _TOP, line, 2 * _CURL_MM, turn, _UP, level) for name in films}
    else:
        peeled = _corner_peeled(shape, films, height / 2, 1.0, float(rng.uniform(0.4, 0.46)) * width, rng)
    return shape.with_patches(peeled)


def _draped(film: Patch, contents: Patch) -> Patch:
    """Return a film raised to lie over what is inside, a sheet over a rectangle."""
    rows, columns = contents.grid
    left, top = contents.points[0, 0, :2]
    right, bottom = contents.points[-1, -1, :2]
    points = film.points.copy()
    at = (points[..., :2] - (left, top)) / (right - left, bottom - top) * (columns - 1, rows - 1)
    across, along = np.moveaxis(at.astype(np.float32), 2, 0)
    beneath = cv2.remap(contents.points[..., 2], across, along, cv2.INTER_LINEAR)
    points[..., 2] = np.where(beneath > 0, np.maximum(points[..., 2], beneath + _ABOVE_MM), points[..., 2])
    return film.moved(points)


def _corner_peeled(
    shape: Shape, names: list[str], end_mm: float, way: float, size_mm: float, rng: np.random.Generator
) -> dict[str, Patch]:
    """Bend a corner of sheets up and back, at their end `end_mm` off the middle in the direction `way` (1: along y)."""
    side, lean = float(rng.choice([-1.0, 1.0])), float(rng.uniform(0.6, 0.85))
    outward = np.array([side * np.sin(lean), way * np.cos(lean), 0.0])
    line = float(outward @ (side * shape.product.size_mm[0] / 2, way * end_mm, 0.0)) - size_mm
    turn = np.deg2rad(float(rng.uniform(125, 145)))
    points = shape.patches[names[0]].points.reshape(-1, 3)
    level = float(points[np.abs(points @ outward - line - _CURL_MM) < _CURL_MM, 2].mean())
    return {name: folded_back(shape.patches[name], outward, line, _CURL_MM, turn, _UP, level) for name in names}
