"""Dirt on the tray: smudges, scratches, crumbs and what tape leaves behind; small and flat, and nobody's item."""

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.canvas import Colour
from station.simulation.layout import TrayPlan

PX_PER_MM = 2.0
_SMUDGES, _SCRATCHES, _CRUMBS, _TAPES = 14, 16, 60, 3
"""How many there are of each on the dirtiest tray."""
_SMUDGE_RGB: tuple[Colour, ...] = ((72, 62, 52), (150, 150, 148), (58, 60, 66))
_CRUMB_RGB: tuple[Colour, ...] = ((176, 142, 98), (206, 190, 160), (84, 66, 50), (212, 214, 216))
_TAPE_RGB: Colour = (186, 164, 118)
_SCRATCH_RGB: Colour = (152, 156, 160)


def draw_dirt(tray: TrayPlan, amount: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return what lies on a tray, uint8 RGBA [H, W, 4], its first row at the tray's far edge.

    Args:
        tray: which.
        amount: how dirty it is, 0 for not at all to 1.
        rng: draws what lies where.
    """
    width, height = (round(side * PX_PER_MM) for side in tray.size_mm)
    dirt = np.zeros((height, width, 4), np.uint8)
    for count, draw in ((_SMUDGES, _smudge), (_SCRATCHES, _scratch), (_TAPES, _tape), (_CRUMBS, _crumb)):
        for _ in range(round(count * amount)):
            colour, cover = draw((height, width), rng)
            _lay(dirt, colour, cover)
    return dirt


def at(dirt: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the dirt at points of the tray's frame in mm, [N, 2 or 3]: float32 RGBA [N, 4], levels 0 to 255."""
    height, width = dirt.shape[:2]
    columns = np.clip(points[:, 0] * PX_PER_MM + width / 2, 0, width - 1).astype(np.intp)
    rows = np.clip(height / 2 - points[:, 1] * PX_PER_MM, 0, height - 1).astype(np.intp)
    return np.asarray(dirt[rows, columns], np.float32)


def _lay(dirt: NDArray[np.uint8], colour: Colour, cover: NDArray[np.float32]) -> None:
    """Lay a colour over what is there; `cover` float32 [H, W] is how much of it is hidden, 0 to 1."""
    before = dirt[..., 3] / np.float32(255)
    after = cover + before * (1 - cover)
    share = (cover / np.maximum(after, 1e-6))[..., None]
    dirt[..., :3] = np.rint(dirt[..., :3] * (1 - share) + np.array(colour, np.float32) * share)
    dirt[..., 3] = np.rint(255 * after)


def _smudge(shape: tuple[int, int], rng: np.random.Generator) -> tuple[Colour, NDArray[np.float32]]:
    """A soft spot, wiped to and fro."""
    mask = np.zeros(shape, np.float32)
    at, axes = rng.uniform(0, shape[::-1]), rng.uniform(8, 60, 2)
    cv2.ellipse(mask, (tuple(map(float, at)), tuple(map(float, 2 * axes)), float(rng.uniform(0, 180))), 1.0, -1)
    streaks = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), 9, sigmaY=2)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), float(axes.min()) / 2), np.float32)
    cover = soft * np.clip(0.7 + streaks * 6, 0, 1.4) * float(rng.uniform(0.06, 0.3))
    return _one_of(_SMUDGE_RGB, rng), np.asarray(np.clip(cover, 0, 1), np.float32)


def _scratch(shape: tuple[int, int], rng: np.random.Generator) -> tuple[Colour, NDArray[np.float32]]:
    mask = np.zeros(shape, np.uint8)
    start, angle, length = rng.uniform(0, shape[::-1]), rng.uniform(0, 2 * np.pi), rng.uniform(20, 240)
    along = np.linspace(0, 1, 12)
    bend = rng.uniform(-12, 12) * along * (1 - along)
    towards, aside = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])
    line = start + length * along[:, None] * towards + bend[:, None] * aside
    cv2.polylines(mask, [np.rint(line * 16).astype(np.int32)], False, 255, 1, cv2.LINE_AA, 4)
    return _SCRATCH_RGB, mask.astype(np.float32) * float(rng.uniform(0.1, 0.5) / 255)


def _crumb(shape: tuple[int, int], rng: np.random.Generator) -> tuple[Colour, NDArray[np.float32]]:
    """A grain or shred of 1 to 4 mm."""
    mask = np.zeros(shape, np.uint8)
    size = PX_PER_MM * float(rng.uniform(0.5, 2.0))
    angles = np.sort(rng.uniform(0, 2 * np.pi, 6))
    radius = size * rng.uniform(0.5, 1, 6) * np.array([1.0, float(rng.uniform(0.4, 1))])[:, None]
    outline = rng.uniform(0, shape[::-1]) + np.stack([radius[0] * np.cos(angles), radius[1] * np.sin(angles)], axis=1)
    cv2.fillPoly(mask, [np.rint(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return _one_of(_CRUMB_RGB, rng), mask.astype(np.float32) * np.float32(0.9 / 255)


def _tape(shape: tuple[int, int], rng: np.random.Generator) -> tuple[Colour, NDArray[np.float32]]:
    """A strip of glue that tape has left behind, most of it along its edges."""
    mask = np.zeros(shape, np.float32)
    size = PX_PER_MM * np.array([rng.uniform(25, 80), rng.uniform(12, 30)])
    strip = (tuple(map(float, rng.uniform(0, shape[::-1]))), tuple(map(float, size)), float(rng.uniform(0, 180)))
    corners = cv2.boxPoints(strip)
    cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 1.0)
    worn = cv2.GaussianBlur(rng.normal(0, 1, shape).astype(np.float32), (0, 0), 6)
    inner = cv2.GaussianBlur(mask, (0, 0), 5)
    mask *= np.clip(0.65 + 8 * worn + 0.5 * (1 - inner), 0, 1) * float(rng.uniform(0.2, 0.4))
    return _TAPE_RGB, mask


def _one_of(colours: tuple[Colour, ...], rng: np.random.Generator) -> Colour:
    return colours[int(rng.integers(len(colours)))]
