"""A hand with its arm: places items on the tray and takes them."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.canvas import Colour
from station.simulation.finish import MATT, PLASTIC
from station.simulation.shape import Limb, Patch, grid_patch

_SLEEVES: tuple[Colour, ...] = ((34, 48, 82), (86, 88, 92), (214, 96, 30), (52, 84, 66), (28, 28, 32))
_SKINS: tuple[Colour, ...] = ((224, 176, 146), (198, 142, 106), (140, 92, 64), (92, 60, 44))
_GLOVES: tuple[Colour, ...] = ((48, 92, 160), (38, 40, 44), (200, 204, 206))
_GLOVED_SHARE = 0.5
_LENGTH_MM = 900.0
"""The arm is as long as that: its end is never seen."""
_TEXTURE_PX = 64
_CLOSED_MM = 0.5
"""The radius of the hole that is left at a tube's end."""


def draw_hand(grip_mm: NDArray[np.floating], rng: np.random.Generator) -> Limb:
    """Return an arm in the tray's frame that reaches from the tray's near side; its fingers lie about a point.

    Args:
        grip_mm: the middle of an item's upper side, float64 [3].
        rng: draws sleeve, skin or glove, and the arm's bearing.
    """
    gloved = rng.random() < _GLOVED_SHARE
    hand = _one_of(_GLOVES if gloved else _SKINS, rng)
    aside, side = float(rng.uniform(-120, 160)), float(rng.choice([-1.0, 1.0]))
    x, y, z = (float(value) for value in grip_mm)
    wrist = np.array([x + 0.06 * aside, y - 95, z + 48])
    elbow = np.array([x + aside, y - _LENGTH_MM, z + 190])
    knuckles = np.array([x, y - 12, z + 34])
    finish = PLASTIC if gloved else MATT
    parts: dict[str, Patch] = {
        "sleeve": _tube(np.linspace(elbow, wrist, 40), np.linspace(58, 36, 40), 0, 1.0),
        "wrist": _tube(wrist + np.linspace((0, -12, 0), (0, 30, -6), 4), np.array([27, 26, 27, 30]), 1, 0.75),
        "palm": _tube(
            np.linspace(wrist + np.array([0, 20, -4]), knuckles + np.array([0, 8, -2]), 6),
            np.array([30, 40, 44, 44, 40, 20]),
            1,
            0.42,
        ),
    }
    for number, length in enumerate((66, 76, 72, 56)):
        root = knuckles + np.array([side * (number - 1.5) * 19, 0, 0])
        bend = np.linspace(0, 1, 9)[:, None]
        spread = (side * (number - 1.5) * 4 * bend, length * bend, -32 * bend**2)
        parts[f"finger {number + 1}"] = _tube(root + np.concatenate(spread, axis=1), _finger(9.5), 1, 1.0)
    bend = np.linspace(0, 1, 9)[:, None]
    thumb = np.concatenate((side * (-38 - 26 * bend), 52 * bend, -34 * bend), axis=1)
    parts["thumb"] = _tube(wrist + np.array([0, 38, -4]) + thumb, _finger(11.0), 1, 1.0)
    dressed = {name: replace(patch, finish=MATT if name == "sleeve" else finish) for name, patch in parts.items()}
    return Limb(dressed, _texture(_one_of(_SLEEVES, rng), hand, rng), 1.0)


def _finger(radius_mm: float) -> NDArray[np.float64]:
    return radius_mm * np.array([1.05, 1.0, 0.97, 1.0, 0.95, 0.9, 0.85, 0.65, 0.05])


def _tube(
    centres: NDArray[np.floating], radii: NDArray[np.floating], column: int, flatness: float, around: int = 20
) -> Patch:
    """Return a tube along a line of points, [R, 3], of radii [R], as high as `flatness` times its width.

    Both of its ends are closed.
    """
    ahead = np.gradient(centres, axis=0)
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    aside = np.cross(ahead, (0.0, 0.0, 1.0))
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    up = np.cross(aside, ahead)
    angles = np.linspace(0, 2 * np.pi, around)[None, :, None]
    ring = np.cos(angles) * aside[:, None] + flatness * np.sin(angles) * up[:, None]
    centres, ring = (np.concatenate([part[:1], part, part[-1:]]) for part in (centres, ring))
    radii = np.array([_CLOSED_MM, *radii, _CLOSED_MM])
    points = centres[:, None] + radii[:, None, None] * ring
    along, turn = np.meshgrid(np.linspace(0.05, 0.95, len(centres)), np.linspace(0.05, 0.95, around), indexing="ij")
    uv_mm = np.stack([(column + along) * _TEXTURE_PX, turn * _TEXTURE_PX], axis=-1)
    return grid_patch(points, uv_mm, wraps=True)


def _texture(sleeve: Colour, hand: Colour, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the cloth at the left and the skin or glove at the right, uint8 RGBA."""
    picture = np.full((_TEXTURE_PX, 2 * _TEXTURE_PX, 4), 255, np.uint8)
    for column, (colour, spread) in enumerate(((sleeve, 9.0), (hand, 3.0))):
        grain = rng.normal(0, spread, (_TEXTURE_PX, _TEXTURE_PX, 1))
        part = np.clip(np.array(colour) + grain, 0, 255)
        picture[:, column * _TEXTURE_PX : (column + 1) * _TEXTURE_PX, :3] = part
    return picture


def _one_of(colours: tuple[Colour, ...], rng: np.random.Generator) -> Colour:
    return colours[int(rng.integers(len(colours)))]
