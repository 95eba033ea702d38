"""Bodies that hold several pieces: blister card and multipack."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.bodies.boxes import rim_patch
from station.simulation.bodies.soft import crinkles
from station.simulation.catalogue import Material, SimProduct
from station.simulation.faces import PackForm, blister_form, pack_form
from station.simulation.finish import BUBBLE, CLEAR_FILM, FILM, MATT, METAL, PLASTIC, outside
from station.simulation.shape import (
    Patch,
    disc_patch,
    grid_patch,
    shares,
    sheet_patch,
    standing,
    turned_patch,
    uv_grid,
    wall_patch,
)

_X, _Y, _Z = np.eye(3)
_TIN = (190, 192, 196)
_SAME_MM = 1e-3
"""Points of an outline nearer than that are one."""
_WRAP_MM = 0.9
"""Room between a multipack's units and its outside."""


def blister(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    """Build a card, and a clear bubble on it over its units, which stand side by side."""
    form, half = blister_form(product), np.array(product.size_mm) / 2
    top, finish = form.card - half[2], outside(product)
    right, down = 2 * half[0] * _X, -2 * half[1] * _Y
    corner = half * (-1, 1, -1)
    patches = {
        "front": sheet_patch(art.places_mm["front"], corner + form.card * _Z, right, down, step_mm, finish),
        "back": sheet_patch(art.places_mm["back"], corner + right, -right, down, step_mm, MATT),
        "rim": rim_patch(art.places_mm["front"], half, (top, -half[2]), step_mm, MATT),
    }
    left, low, wide, high = form.bubble
    across, along = np.meshgrid(shares(wide, step_mm), shares(high, step_mm))
    edge = np.minimum(np.minimum(across, 1 - across) * wide, np.minimum(along, 1 - along) * high)
    dome = form.depth * np.sin(np.pi / 2 * np.clip(edge / (0.35 * form.depth + 2.0), 0, 1)) ** 0.7
    bubble = np.stack([left + across * wide, low + (1 - along) * high, top + 0.2 + dome], axis=2)
    bubble[..., 2] = np.minimum(bubble[..., 2], half[2])
    patches["bubble"] = grid_patch(bubble, uv_grid(art.places_mm["bubble"], across, along), BUBBLE)
    radius, length = form.unit_radius, form.unit_length
    ends = np.sqrt(np.clip(1 - (1 - np.clip(shares(length, 2.0)[::-1] * length / radius, 0, 1)) ** 2, 0.01, 1))
    profile = np.stack([radius * np.minimum(ends, ends[::-1]), (shares(length, 2.0)[::-1] - 0.5) * length], axis=1)
    middle = np.array([0.0, low + high / 2, top + radius + 0.2])
    for number in range(product.units):
        aside = (number - (product.units - 1) / 2) * 2.25 * radius
        unit = standing(turned_patch(art.places_mm[f"unit {number + 1}"], profile, 49, PLASTIC))
        patches[f"unit {number + 1}"] = unit.moved(unit.points + middle + aside * _X)
    return patches


def multipack(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    """Build units that stand side by side, held by a band; where the wrap is clear, a film goes around all of them."""
    form = pack_form(product)
    width, _, depth = product.size_mm
    patches = {}
    for number in range(product.units):
        row, column = divmod(number, form.columns)
        offset = ((column - (form.columns - 1) / 2) * form.unit[0], 0.0, (row - (form.rows - 1) / 2) * form.unit[2])
        unit = f"unit {number + 1}"
        for name, patch in _unit(form, unit, art, step_mm).items():
            patches[name] = patch.moved(patch.points + np.array(offset))
    outline = _outline(form, width, depth, step_mm)
    clear = product.design.material is Material.CLEAR
    band = wall_patch(
        art.places_mm["band"], outline, (form.band / 2, -form.band / 2), step_mm, FILM if clear else outside(product)
    )
    patches["band"] = standing(band)
    if clear:
        patches |= _film(product, art, outline, step_mm, rng)
    return patches


def _unit(form: PackForm, name: str, art: Artwork, step_mm: float) -> dict[str, Patch]:
    """Return one unit about the pack's middle."""
    wide, high, deep = form.unit
    half = high / 2 - (0.0 if form.bare else _WRAP_MM)
    high = 2 * half
    body, lid, base = (art.places_mm[name + end] for end in ("", " lid", " base"))
    names = name, f"{name} lid", f"{name} base"
    if not form.round:
        box = np.array([[-1, 1], [-1, -1], [1, -1], [1, 1], [-1, 1]]) * (wide / 2 - _WRAP_MM, deep / 2 - _WRAP_MM)
        right, down = (wide - 2 * _WRAP_MM) * _X, (deep - 2 * _WRAP_MM) * _Z
        corner = -(right + down) / 2
        sides = (
            standing(wall_patch(body, box, (half, -half), step_mm)),
            sheet_patch(lid, corner + half * _Y, right, down, step_mm),
            sheet_patch(base, corner + down - half * _Y, right, -down, step_mm),
        )
        return dict(zip(names, sides, strict=True))
    radius = wide / 2 - _WRAP_MM
    columns = max(40, round(2 * np.pi * radius / step_mm)) + 1
    slender = high / wide > 2.0
    neck = 0.36 * radius if slender else radius * 0.9
    shoulder = (0.58 if slender else 0.93) * high
    heights = shares(high, step_mm)[::-1] * high
    share = np.clip((heights - shoulder) / ((0.86 if slender else 1.0) * high - shoulder), 0, 1)
    profile = neck + (radius - neck) * (0.5 + 0.5 * np.cos(np.pi * share))
    profile = np.minimum(profile, radius - np.clip(3.0 - heights, 0, 3.0))
    turned = (
        turned_patch(body, np.stack([profile, heights - half], axis=1), columns, replace(PLASTIC, inside=_TIN)),
        disc_patch(lid, neck, half - (0 if slender else 2.0), 1, columns, METAL),
        disc_patch(base, radius - 3.0, -half, -1, columns, METAL),
    )
    return {name: standing(patch) for name, patch in zip(names, turned, strict=True)}


def _corner_mm(form: PackForm) -> float:
    """Return the radius of a pack's upright edges."""
    return form.unit[0] / 2 if form.round else 1.0


def _outline(form: PackForm, width: float, depth: float, step_mm: float) -> NDArray[np.floating]:
    """Return the line around all units, [N, 2], counterclockwise from the middle of the back."""
    radius = _corner_mm(form)
    corners = []
    for x, y, start in ((-1, 1, 90), (-1, -1, 180), (1, -1, 270), (1, 1, 0)):
        angles = np.deg2rad(start + np.linspace(0, 90, 10 if form.round else 3))
        centre = np.array([x * (width / 2 - radius), y * (depth / 2 - radius)])
        corners.append(centre + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    path = np.concatenate([*corners, corners[0][:1]])
    around = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])
    even = np.union1d(around, shares(around[-1], step_mm) * around[-1])
    even = even[np.append(True, np.diff(even) > _SAME_MM)]
    return np.stack([np.interp(even, around, path[:, axis]) for axis in range(2)], axis=1)


def _film(
    product: SimProduct, art: Artwork, outline: NDArray[np.floating], step_mm: float, rng: np.random.Generator
) -> dict[str, Patch]:
    """Return clear film around a pack, above it and below."""
    width, height, depth = product.size_mm
    taut = outline * (1 - _WRAP_MM / np.array([width, depth]))
    wall = standing(wall_patch(art.places_mm["film"], taut, (height / 2 - 0.4, 0.4 - height / 2), step_mm, CLEAR_FILM))
    right, down = 0.97 * width * _X, 0.97 * depth * _Z
    corner, up = -(right + down) / 2, (height / 2 - 0.4) * _Y
    top = sheet_patch(art.places_mm["film top"], corner + up, right, down, step_mm, CLEAR_FILM)
    bottom = sheet_patch(art.places_mm["film bottom"], corner + down - up, right, -down, step_mm, CLEAR_FILM)
    patches = {}
    round_mm = _corner_mm(pack_form(product))
    ends = (_rounded(patch, width, depth, round_mm) for patch in (top, bottom))
    for name, patch in zip(("film", "film top", "film bottom"), (wall, *ends), strict=True):
        waves = crinkles(patch.uv_mm[..., 0], patch.uv_mm[..., 1], rng)
        waves *= 0.35 / np.abs(waves).max()
        patches[name] = patch.moved(patch.points + waves[..., None] * patch.normals())
    return patches


def _rounded(sheet: Patch, width: float, depth: float, radius: float) -> Patch:
    """Return a sheet over a pack drawn in at its corners, to follow the units' outline."""
    points = sheet.points.astype(np.float64)
    beyond = np.clip(np.abs(points[..., 2]) - (depth / 2 - radius), 0, radius)
    share = 1 - (radius - np.sqrt(radius**2 - beyond**2)) / (width / 2)
    points[..., 0] *= share
    middle = sheet.uv_mm[..., 0].mean()
    uv_mm = np.stack([middle + share * (sheet.uv_mm[..., 0] - middle), sheet.uv_mm[..., 1]], axis=2)
    return replace(sheet.moved(points), uv_mm=uv_mm.astype(np.float32))
