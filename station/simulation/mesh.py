"""Triangles: an item's patches and the booth's own surfaces, ready to be traced."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from station.core.geometry import Transform
from station.simulation.finish import MATT, Finish
from station.simulation.layout import TrayPlan
from station.simulation.shape import Body

FLOOR_MM = -30.0


class Material(IntEnum):
    """What a triangle is made of."""

    FLOOR = 0
    TRAY = 1
    RIM = 2
    ITEM = 3
    SPILL = 4
    """What was spilt beside the item."""


@dataclass(frozen=True, slots=True)
class Mesh:
    """Triangles in the tray's frame.

    `points` float32 [V, 3] in mm, `normals` float32 [V, 3] unit, `uv_mm` float32 [V, 2];
    `triangles` int32 [T, 3], `material` uint8 [T], and `finish` uint8 [T], the place of a triangle's in `finishes`.
    """

    points: NDArray[np.float32]
    normals: NDArray[np.float32]
    uv_mm: NDArray[np.float32]
    triangles: NDArray[np.int32]
    material: NDArray[np.uint8]
    finish: NDArray[np.uint8]
    finishes: tuple[Finish, ...]


def booth_mesh(tray: TrayPlan) -> Mesh:
    """Return the empty booth: floor, tray and the tray's rim."""
    wide, deep = tray.size_mm[0] / 2, tray.size_mm[1] / 2
    rim, high = tray.rim_mm
    parts = [
        _box((-700, -600, FLOOR_MM - 5), (700, 600, FLOOR_MM), Material.FLOOR),
        _box((-wide, -deep, -4), (wide, deep, 0), Material.TRAY),
    ]
    for side in (-1, 1):
        y0, y1 = sorted((side * deep, side * (deep + rim)))
        x0, x1 = sorted((side * wide, side * (wide + rim)))
        parts.append(_box((-wide - rim, y0, -4), (wide + rim, y1, high), Material.RIM))
        parts.append(_box((x0, -deep, -4), (x1, deep, high), Material.RIM))
    return joined(parts)


def item_mesh(body: Body, tray_from_item: Transform) -> Mesh:
    """Return a body's mesh at its place on the tray; every triangle's first edge runs down the print, or up it."""
    parts = []
    finishes = tuple(dict.fromkeys(patch.finish for patch in body.patches.values()))
    rotation = tray_from_item[:3, :3].astype(np.float32)
    offset = tray_from_item[:3, 3].astype(np.float32)
    for patch in body.patches.values():
        rows, columns = patch.grid
        index = np.arange(rows * columns, dtype=np.int32).reshape(rows, columns)
        a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, :-1], index[1:, 1:]
        triangles = np.stack([np.stack([a, c, b], -1), np.stack([d, b, c], -1)]).reshape(-1, 3)
        points = patch.points.reshape(-1, 3) @ rotation.T + offset
        normals = patch.normals().reshape(-1, 3) @ rotation.T
        material = np.full(len(triangles), Material.SPILL if patch.spilt else Material.ITEM, np.uint8)
        finish = np.full(len(triangles), finishes.index(patch.finish), np.uint8)
        parts.append(
            Mesh(
                points,
                normals,
                patch.uv_mm.reshape(-1, 2),
                triangles,
                material,
                finish,
                finishes,
            )
        )
    return joined(parts)


def joined(parts: list[Mesh]) -> Mesh:
    """Return several meshes as one."""
    finishes = tuple(dict.fromkeys(finish for part in parts for finish in part.finishes))
    places = [np.array([finishes.index(finish) for finish in part.finishes], np.uint8) for part in parts]
    starts = np.cumsum([0] + [len(part.points) for part in parts[:-1]])
    return Mesh(
        np.concatenate([part.points for part in parts]),
        np.concatenate([part.normals for part in parts]),
        np.concatenate([part.uv_mm for part in parts]),
        np.concatenate([part.triangles + start for part, start in zip(parts, starts, strict=True)]).astype(np.int32),
        np.concatenate([part.material for part in parts]),
        np.concatenate([place[part.finish] for part, place in zip(parts, places, strict=True)]),
        finishes,
    )


def _box(low: tuple[float, float, float], high: tuple[float, float, float], material: Material) -> Mesh:
    """Return the five upper faces of an upright box."""
    middle, half = np.add(low, high) / 2, np.subtract(high, low) / 2
    x, y, z = np.eye(3)
    points, normals = [], []
    for right, down in ((x, -y), (-z, -y), (z, -y), (x, z), (x, -z)):
        normal = np.cross(down, right)
        points += [middle + (normal + i * right + j * down) * half for j in (-1, 1) for i in (-1, 1)]
        normals += [normal] * 4
    corners = np.array([[0, 2, 1], [1, 2, 3]])
    triangles = np.concatenate([corners + 4 * face for face in range(5)])
    count = len(points)
    return Mesh(
        np.array(points, np.float32),
        np.array(normals, np.float32),
        np.zeros((count, 2), np.float32),
        triangles.astype(np.int32),
        np.full(len(triangles), material, np.uint8),
        np.zeros(len(triangles), np.uint8),
        (MATT,),
    )
