"""Bodies with flat faces: carton, sleeve box, book."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import SimProduct
from station.simulation.faces import BOOK_COVER_MM, BOOK_OVERHANG_MM
from station.simulation.finish import MATT, PAPER, Finish, outside
from station.simulation.shape import Patch, Place, shares, sheet_patch, uv_grid, wall_patch

_X, _Y, _Z = np.eye(3)
_AXES = {  # right and down along the print
    "front": (_X, -_Y),
    "back": (-_X, -_Y),
    "right": (-_Z, -_Y),
    "left": (_Z, -_Y),
    "top": (_X, _Z),
    "bottom": (_X, -_Z),
}
_BOARD_MM = 0.8
_TRAY_BACK_MM = 3.0
"""How far a sleeve's tray ends behind the sleeve's edges."""


def carton(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    """Build six faces."""
    half = np.array(product.size_mm) / 2
    finish = outside(product)
    return {name: _face(name, half, art.places_mm[name], step_mm, finish) for name in _AXES}


def sleeve(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    """Build four faces open at the left and right, and a tray in them that holds something."""
    half = np.array(product.size_mm) / 2
    finish = outside(product)
    board = replace(MATT, inside=product.design.inside)
    patches = {
        name: _face(name, half, art.places_mm[name], step_mm, finish) for name in ("front", "back", "top", "bottom")
    }
    inner = half - (_TRAY_BACK_MM, _BOARD_MM, _BOARD_MM)
    for name, face in (
        ("left", "left"),
        ("right", "right"),
        ("tray floor", "back"),
        ("tray top", "top"),
        ("tray bottom", "bottom"),
    ):
        patches[name] = _face(face, inner, art.places_mm[name], step_mm, board)
    filled = inner - (_BOARD_MM, _BOARD_MM, 0.12 * product.size_mm[2])
    contents = _face("front", filled, art.places_mm["contents"], min(step_mm, 5.0), MATT)
    bumps = 1.5 * np.sin(contents.uv_mm[..., 0] * 0.21) * np.sin(contents.uv_mm[..., 1] * 0.17)
    patches["contents"] = contents.moved(contents.points + bumps[..., None] * _Z)
    return patches


def book(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    """Build two boards and a spine, at the left, around a block of pages."""
    half = np.array(product.size_mm) / 2
    finish = replace(outside(product), inside=None)
    patches: dict[str, Patch] = {}
    for side, name in ((1, "front"), (-1, "back")):
        patches |= _board(name, side, half, art.places_mm[name], step_mm, finish)
    patches["spine"] = _face("left", half, art.places_mm["spine"], step_mm, finish)
    block = half - (BOOK_OVERHANG_MM, BOOK_OVERHANG_MM, BOOK_COVER_MM)
    for name, face in (("fore edge", "right"), ("head", "top"), ("foot", "bottom")):
        patches[name] = _pages(face, block, art.places_mm["pages"], step_mm)
    page = block - (0, 0, 0.2)
    patches["contents"] = _face("front", page, art.places_mm["contents"], step_mm, MATT)
    patches["last page"] = _face("back", page, art.places_mm["contents"], step_mm, MATT)
    return patches


def _face(name: str, half: NDArray[np.floating], place: Place, step_mm: float, finish: Finish) -> Patch:
    right, down = _AXES[name]
    corner = (np.cross(down, right) - right - down) * half
    return sheet_patch(place, corner, 2 * right * half, 2 * down * half, step_mm, finish)


def _pages(face: str, half: NDArray[np.floating], place: Place, step_mm: float) -> Patch:
    """Return one edge of the block of pages; its lines, across the print, run along the edge."""
    patch = _face(face, half, place, step_mm, MATT)
    if face != "right":
        return patch
    left, top, wide, high = place
    along, across = np.meshgrid(np.linspace(0, 1, patch.grid[1]), np.linspace(0, 1, patch.grid[0]))
    return replace(patch, uv_mm=uv_grid((left, top, wide, high), across, along))


def _board(
    name: str, side: int, half: NDArray[np.floating], place: Place, step_mm: float, finish: Finish
) -> dict[str, Patch]:
    """Return a cover's outer face with its groove beside the spine, its lining and its rim."""
    outer = _face(name, half, place, step_mm, finish)
    lining = _face("back" if side > 0 else "front", half * (1, 1, 1), place, step_mm, replace(PAPER, inside=None))
    points = lining.points.copy()
    points[..., 2] = side * (half[2] - BOOK_COVER_MM)
    top = half[2] if side > 0 else BOOK_COVER_MM - half[2]
    rim = rim_patch(place, half, (top, top - BOOK_COVER_MM), step_mm, finish, side)
    return {
        name: outer,
        f"{name} lining": lining.moved(points),
        f"{name} rim": rim,
    }


def rim_patch(
    place: Place,
    half: NDArray[np.floating],
    z_mm: tuple[float, float],
    step_mm: float,
    finish: Finish,
    side: int = 1,
) -> Patch:
    """Return the edge around a board, from its lower left corner on; the print of its front or back runs over it."""
    path = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]]) * half[:2]
    outline = np.concatenate(
        [a + shares(float(np.linalg.norm(b - a)), step_mm)[:, None] * (b - a) for a, b in pairwise(path)]
    )
    rim = wall_patch(place, outline, z_mm, step_mm, finish, wraps=False)
    inward = rim.points[..., :2] / half[:2] * 0.49
    return replace(rim, uv_mm=uv_grid(place, 0.5 + side * inward[..., 0], 0.5 - inward[..., 1]))
