"""Lit solids, leaves, noise and blur: what photographs are made of."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.canvas import Colour, Point

Image = NDArray[np.float32]
"""float32 RGB [H, W, 3], levels 0 to 255."""
_LIGHT = np.array([-0.45, -0.6, 0.66])


def grid(size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return every pixel's x and y, float32 [H, W] each."""
    y, x = np.mgrid[: size[0], : size[1]].astype(np.float32)
    return x, y


def ramp(size: tuple[int, int], above: Colour, below: Colour) -> Image:
    """Return a picture that goes from one colour above to another below."""
    share = np.linspace(0, 1, size[0], dtype=np.float32)[:, None, None]
    image = np.array(above, np.float32) * (1 - share) + np.array(below, np.float32) * share
    return np.repeat(image, size[1], axis=1)


def noise(size: tuple[int, int], cell_px: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return smooth noise, float32 [H, W], 0 to 1, of four octaves; the coarsest has cells of `cell_px`."""
    total = np.zeros(size, np.float32)
    for octave in range(4):
        cell = max(1.0, cell_px / 2**octave)
        coarse = rng.random((int(size[0] / cell) + 3, int(size[1] / cell) + 3)).astype(np.float32)
        whole = max(size[1], int(coarse.shape[1] * cell)), max(size[0], int(coarse.shape[0] * cell))
        total += cv2.resize(coarse, whole, interpolation=cv2.INTER_CUBIC)[: size[0], : size[1]] / 2 ** (octave + 1)
    return np.clip(total, 0, 1)


def tone(colour: Colour, rng: np.random.Generator) -> Colour:
    """Return a colour a little lighter or darker, and a little off its hue."""
    red, green, blue = np.clip(np.array(colour) * rng.normal(1, 0.1) + rng.normal(0, 5, 3), 0, 255)
    return int(red), int(green), int(blue)


def blurred_discs(image: Image, count: int, colour: Colour, strength: float, rng: np.random.Generator) -> Image:
    """Return a picture with lights far out of focus."""
    high, wide = image.shape[:2]
    glow = np.zeros((high, wide), np.float32)
    for x, y, radius in rng.uniform((0, 0, 0.03), (wide, 0.8 * high, 0.14), (count, 3)):
        disc = np.zeros_like(glow)
        cv2.circle(disc, (int(x), int(y)), max(1, int(radius * high)), 1.0, -1, cv2.LINE_AA)
        glow += disc
    soft = np.minimum(cv2.GaussianBlur(glow, (0, 0), 0.012 * high + 0.5), 2) * strength
    return np.asarray(image + (np.array(colour, np.float32) - image) * soft[..., None], np.float32)


def solid(
    image: Image,
    centre: Point,
    axes: tuple[float, float],
    angle_deg: float,
    colour: Colour,
    *,
    flat: float = 1.0,
    gloss: float = 0.0,
    clear: float = 0.0,
    shadow: float = 0.5,
    rough: float = 0.0,
    rng: np.random.Generator | None = None,
) -> Image:
    """Draw a lit ellipsoid into a picture and return it.

    Args:
        image: is changed.
        centre: in px.
        axes: its half axes in px.
        angle_deg: of its first axis.
        colour: its own.
        flat: 1 for a ball; more for a disc with a rounded rim.
        gloss: how strong its highlight is, 0 to 1.
        clear: how much of what is behind it shows, 0 to 1.
        shadow: how dark it makes what it lies on, 0 to 1.
        rough: how uneven its surface is; needs `rng`.
        rng: draws the unevenness.
    """
    reach = 1.35 * max(axes) + 2
    left, top = (max(0, int(value - reach)) for value in centre)
    window = image[top : int(centre[1] + reach) + 1, left : int(centre[0] + reach) + 1]
    if window.size == 0 or centre[0] + reach < 0 or centre[1] + reach < 0:
        return image
    x, y = grid(window.shape[:2])
    x, y = x + left - centre[0], y + top - centre[1]
    turn = np.deg2rad(angle_deg)
    u = (x * np.cos(turn) + y * np.sin(turn)) / axes[0]
    v = (y * np.cos(turn) - x * np.sin(turn)) / axes[1]
    if shadow > 0:
        beside = np.hypot(u - 0.1, v - 0.22)
        window *= (1 - shadow * np.clip((1.25 - beside) / 0.4, 0, 1))[..., None]
    facing, upward = _facing(u, v, turn, flat)
    lit = 0.38 + 0.85 * facing
    if rough > 0 and rng is not None:
        lit = lit * (1 - rough + 2 * rough * rng.random(lit.shape, np.float32))
    body = np.array(colour, np.float32) * lit[..., None]
    body += 255 * gloss * facing[..., None] ** 24
    from_rim_px = (1 - np.sqrt(np.maximum(u**2 + v**2, 1e-6))) * min(axes)
    cover = np.clip(from_rim_px + 0.5, 0, 1) * (1 - clear * upward)
    window += (body - window) * cover[..., None]
    return image


def _facing(
    u: NDArray[np.float32], v: NDArray[np.float32], turn: float, flat: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How far an ellipsoid's surface faces the light and the viewer, 0 to 1 each, by place in half axes."""
    away = np.maximum(u**2 + v**2, 1e-6)
    steep = np.minimum(away**flat, 1)
    slope = np.sqrt(steep / away)
    upward = np.sqrt(1 - 0.92 * steep)
    normal_x, normal_y = slope * (u * np.cos(turn) - v * np.sin(turn)), slope * (u * np.sin(turn) + v * np.cos(turn))
    facing = normal_x * _LIGHT[0] + normal_y * _LIGHT[1] + upward * _LIGHT[2]
    return np.clip(facing, 0, 1), upward


def leaf(image: Image, root: Point, axes: tuple[float, float], angle_deg: float, colour: Colour) -> Image:
    """Draw a leaf from its root, `axes` its half length and half width in px, into a picture and return it."""
    turn = np.deg2rad(angle_deg)
    along = np.linspace(0, 1, 16)
    bulge = np.sin(np.pi * along**0.8) * axes[1]
    for side, share in ((1, 0.82), (-1, 1.12)):
        outline = np.concatenate([np.stack([2 * axes[0] * along, side * bulge], axis=1), [[0.0, 0.0]]])
        points = outline @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) + root
        painted(image, [(float(x), float(y)) for x, y in points], _lit(colour, share), 0)
    tip = (root[0] + 1.9 * axes[0] * np.cos(turn), root[1] + 1.9 * axes[0] * np.sin(turn))
    return painted(image, [root, tip], _lit(colour, 1.4), max(1.0, 0.06 * axes[1]))


def painted(image: Image, points: Sequence[Point], colour: Colour, width_px: float) -> Image:
    """Fill a polygon, or draw a line where `width_px` is above 0, into a picture and return it."""
    fixed = np.rint(np.asarray(points, np.float64) * 16).astype(np.int32)
    low = np.maximum(np.floor(np.min(points, axis=0) - width_px - 2), 0).astype(int)
    high = np.ceil(np.max(points, axis=0) + width_px + 2).astype(int)
    window = image[low[1] : max(high[1], 0), low[0] : max(high[0], 0)]
    if window.size == 0:
        return image
    cover = np.zeros(window.shape[:2], np.uint8)
    if width_px > 0:
        cv2.polylines(cover, [fixed - low * 16], False, 255, max(1, round(width_px)), cv2.LINE_AA, 4)
    else:
        cv2.fillPoly(cover, [fixed - low * 16], 255, cv2.LINE_AA, 4)
    window += (np.array(colour, np.float32) - window) * (cover[..., None] / np.float32(255))
    return image


def _lit(colour: Colour, share: float) -> Colour:
    red, green, blue = (min(255, round(value * share)) for value in colour)
    return red, green, blue
