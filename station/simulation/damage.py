"""Damage: what happens to an item's sheets, in geometry and in texture."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType, Severity
from station.core.errors import SimulationError
from station.simulation.mesh import Sheet

_TOWARDS_CAMERAS = np.array([0.0, -0.42, 0.91])
_MIN_FACING = 0.6
_FIBRE = np.array([226, 214, 196], float)


def damaged(
    sheets: list[Sheet],
    up: str,
    rotation: NDArray[np.float64],
    kind: DamageType,
    severity: Severity,
    generator: np.random.Generator,
) -> list[Sheet]:
    """Return an item's sheets with one damage where the cameras can see it.

    Args:
        sheets: the undamaged item.
        up: name of the sheet that looks up; it is the one that opens.
        rotation: of the item on the tray, [3, 3].
        kind: what happens to it.
        severity: how badly.
        generator: draws place and form.

    Raises:
        SimulationError: the booth cannot do this kind of damage.
    """
    major = severity is Severity.MAJOR
    if kind is DamageType.DEFORMATION:
        sheet, row, col = _visible_spot(sheets, rotation, generator)
        centre, inward = sheet.points[row, col], -sheet.normals[row, col]
        return [_dented(each, centre, inward, major, generator) for each in sheets]
    if kind is DamageType.PENETRATION:
        target, row, col = _visible_spot(sheets, rotation, generator)
        return [_holed(each, (row, col), major, generator) if each is target else each for each in sheets]
    if kind is DamageType.ACTUATION:
        return [part for each in sheets for part in (_opened(each, major) if each.name == up else [each])]
    raise SimulationError(f"the simulated booth has no {kind} yet; choose deformation, penetration or actuation")


def _visible_spot(
    sheets: list[Sheet], rotation: NDArray[np.float64], generator: np.random.Generator
) -> tuple[Sheet, int, int]:
    """Draw a point, not too near a sheet's edge, that looks towards the cameras."""
    spots = []
    for sheet in sheets:
        n, m = sheet.points.shape[:2]
        inner = np.zeros((n, m), bool)
        inner[round(n * 0.25) : round(n * 0.75), round(m * 0.2) : round(m * 0.8)] = True
        facing = sheet.normals @ rotation.T @ _TOWARDS_CAMERAS > _MIN_FACING
        spots += [(sheet, int(row), int(col)) for row, col in zip(*np.nonzero(inner & facing), strict=True)]
    return spots[generator.integers(len(spots))]


def _dented(
    sheet: Sheet,
    centre: NDArray[np.float64],
    inward: NDArray[np.float64],
    major: bool,
    generator: np.random.Generator,
) -> Sheet:
    """Push in a facetted dent: a sharp floor and creased flanks, as card and tin give way."""
    extent = float(np.ptp(sheet.points.reshape(-1, 3), axis=0).max())
    radius_mm = extent * (0.32 if major else 0.16)
    depth_mm = radius_mm * (0.62 if major else 0.4)
    distance = np.linalg.norm(sheet.points - centre, axis=2)
    tangent = np.cross(inward, [0.3, 0.5, 0.8])
    angle = np.arctan2((sheet.points - centre) @ np.cross(inward, tangent), (sheet.points - centre) @ tangent)
    folds = 1 + 0.22 * np.sign(np.sin(angle * 3 + generator.uniform(0, 6))) * (distance / radius_mm)
    push = depth_mm * np.clip(1 - distance / (radius_mm * folds), 0, 1) ** 0.8
    return sheet.moved(sheet.points + push[..., None] * inward)


def _holed(sheet: Sheet, spot: tuple[int, int], major: bool, generator: np.random.Generator) -> Sheet:
    """Tear a ragged hole: cells are gone, the rim shows fibres and bends inward."""
    n, m = (side - 1 for side in sheet.open_cells.shape)
    size = np.array(sheet.texture.shape[:2], float)
    radius = size.min() * (0.2 if major else 0.085)
    centre = size * (np.array(spot) + 0.5) / np.array(sheet.points.shape[:2])
    rows, cols = np.mgrid[0 : sheet.texture.shape[0], 0 : sheet.texture.shape[1]]
    angle = np.arctan2(rows - centre[0], cols - centre[1])
    waves = sum(generator.normal(0, 0.12) * np.sin(k * angle + generator.uniform(0, 6)) for k in (2, 3, 5, 8))
    distance = np.hypot(rows - centre[0], cols - centre[1]) / (radius * (1 + waves))
    texture = sheet.texture.astype(float)
    rim = (distance >= 0.8) & (distance < 1.22)
    fibre = _FIBRE + generator.normal(0, 14, (*rim.shape, 1))
    texture = np.where(rim[..., None], fibre, texture).clip(0, 255).astype(np.uint8)
    gone = cv2.resize(distance.astype(np.float32), (m + 1, n + 1), interpolation=cv2.INTER_AREA) < 1.0
    bend = cv2.resize(distance.astype(np.float32), (m + 2, n + 2), interpolation=cv2.INTER_AREA)
    points = sheet.points - sheet.normals * (4.0 * np.clip(1.35 - bend, 0, 0.5))[..., None]
    return replace(sheet, points=points, texture=texture, open_cells=sheet.open_cells | gone)


def _opened(sheet: Sheet, major: bool) -> list[Sheet]:
    """Open the sheet like a lid: lifted when minor; when major two flaps stand wide open."""
    if not major:
        return [_swung(sheet, 0, np.radians(32))]
    rows, texture_rows = sheet.open_cells.shape[0] // 2, sheet.texture.shape[0] // 2
    first = replace(
        sheet,
        points=sheet.points[: rows + 1],
        texture=sheet.texture[:texture_rows],
        open_cells=sheet.open_cells[:rows],
    )
    second = replace(
        sheet, points=sheet.points[rows:], texture=sheet.texture[texture_rows:], open_cells=sheet.open_cells[rows:]
    )
    return [_swung(first, 0, np.radians(115)), _swung(second, -1, np.radians(115))]


def _swung(sheet: Sheet, hinge_row: int, angle: float) -> Sheet:
    """Turn a sheet outward about its first or last row."""
    hinge = sheet.points[hinge_row, 0]
    axis = sheet.points[hinge_row, -1] - hinge
    outward = sheet.normals.mean(axis=(0, 1))
    free = sheet.points[-1 - hinge_row if hinge_row == 0 else 0].mean(axis=0) - hinge
    turn = np.sign(np.dot(np.cross(axis, free), outward)) * angle
    rotation, _ = cv2.Rodrigues(axis / np.linalg.norm(axis) * turn)
    return sheet.moved((sheet.points - hinge) @ rotation.T + hinge)
