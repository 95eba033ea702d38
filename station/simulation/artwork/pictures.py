"""Photographs on packaging, made of light and noise: what a ware looks like when it looks its best."""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork.solids import (
    Image,
    blurred_discs,
    grid,
    leaf,
    noise,
    painted,
    ramp,
    solid,
    tone,
)
from station.simulation.canvas import PX_PER_MM, Colour, blend, brightness
from station.simulation.catalogue import Design, Picture

_PICTURE_PX_PER_MM = 2.0
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_GREEN = (70, 122, 44)


def photograph(design: Design, width_mm: float, height_mm: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the photograph of a drawn product's ware, uint8 RGB [H, W, 3] at `PX_PER_MM`."""
    assert design.style is not None
    size = max(8, round(height_mm * _PICTURE_PX_PER_MM)), max(8, round(width_mm * _PICTURE_PX_PER_MM))
    image = _SCENES[design.style.picture](size, design, design.style.ware, rng)
    image += rng.normal(0, 1.5, (*size, 1))
    whole = round(width_mm * PX_PER_MM), round(height_mm * PX_PER_MM)
    return np.asarray(cv2.resize(np.clip(image, 0, 255).astype(np.uint8), whole, interpolation=cv2.INTER_CUBIC))


Size = tuple[int, int]


def _backdrop(size: Size, design: Design, rng: np.random.Generator) -> Image:
    """Return a table before a wall out of focus, in the design's colours."""
    light = brightness(design.base) > 128
    wall = blend(design.base, _WHITE if light else _BLACK, 0.35)
    image = ramp(size, blend(wall, design.accent, 0.15), blend(design.base, _WHITE, 0.3))
    image = blurred_discs(image, 14, blend(design.accent, _WHITE, 0.5), 0.22, rng)
    table = int(size[0] * 0.66)
    image[table:] = ramp((size[0] - table, size[1]), blend(design.base, _BLACK, 0.25), blend(design.base, _WHITE, 0.25))
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 0.02 * size[0] + 0.5), np.float32)


def _landscape(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    high, wide = size
    evening = blend(design.accent, _WHITE, 0.45)
    image = ramp(size, blend(design.base, (90, 140, 200), 0.5), evening)
    x, y = grid(size)
    sun = (rng.uniform(0.2, 0.8) * wide, rng.uniform(0.2, 0.36) * high)
    glow = np.exp(-np.hypot(x - sun[0], y - sun[1]) / (0.16 * high))
    image += glow[..., None] * 130
    image = solid(image, sun, (0.07 * high, 0.07 * high), 0, (255, 244, 210), flat=6, shadow=0)
    clouds = np.clip(noise(size, 0.35 * high, rng) - 0.55, 0, 1) * np.clip(1 - y / (0.5 * high), 0, 1)
    image += clouds[..., None] * 260
    for ridge in range(5):
        nearness = ridge / 4
        outline = high * (0.42 + 0.11 * ridge - 0.3 * (1 - nearness) * noise((1, wide), 0.5 * wide, rng)[0])
        below = np.clip((y - outline) / 1.5, 0, 1)
        colour = np.array(blend(blend(evening, design.base, 0.35), blend(design.base, _BLACK, 0.45), nearness))
        texture = 0.8 + 0.4 * noise(size, 0.03 * high * (1 + nearness), rng)
        image += (colour * texture[..., None] - image) * below[..., None]
    return image


def _fruit(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    high, wide = size
    image = _backdrop(size, design, rng)
    count = int(np.clip(round(2.4 * wide / high), 2, 7))
    for row, (share, level) in enumerate(((0.24, 0.52), (0.29, 0.68))):
        for place in range(count + row):
            radius = share * high * rng.uniform(0.85, 1.05)
            centre = ((place + 0.5 - 0.5 * row) * wide / count + rng.normal(0, 3), level * high)
            image = solid(image, centre, (radius, radius * 0.94), 0, tone(ware, rng), gloss=0.7, rough=0.05, rng=rng)
            stem = (centre[0] + 0.12 * radius, centre[1] - 0.82 * radius)
            for angle in rng.uniform(-60, 60, 2):
                image = leaf(image, stem, (0.42 * radius, 0.16 * radius), angle - 40, tone(_GREEN, rng))
    return image


def _pieces(size: Size, colour: Colour, share: float, aspect: float, flat: float, rng: np.random.Generator) -> Image:
    """Return a heap of pieces that fills the picture; `share` is their length as a share of its height."""
    high, wide = size
    image = ramp(size, blend(colour, _BLACK, 0.75), blend(colour, _BLACK, 0.65))
    length = max(5.0, share * min(high, 160))
    count = int(np.clip(3.2 * high * wide / (length**2 * aspect * np.pi), 12, 420))
    for x, y, angle in rng.uniform((-5, -5, 0), (wide + 5, high + 5, 180), (count, 3)):
        axes = length * rng.uniform(0.85, 1.15), length * aspect
        image = solid(image, (x, y), axes, angle, tone(colour, rng), flat=flat, gloss=0.25, rough=0.08, rng=rng)
    return image


def _grain(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    return _pieces(size, ware, 0.085, rng.uniform(0.45, 0.62), 1.0, rng)


def _biscuits(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    return _pieces(size, ware, 0.3, 0.88, 4.0, rng)


def _leaves(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    high, wide = size
    image = ramp(size, blend(ware, _BLACK, 0.6), blend(ware, _BLACK, 0.3))
    image = blurred_discs(image, 10, (226, 236, 170), 0.2, rng)
    length = 0.26 * min(high, 170)
    count = int(np.clip(1.6 * high * wide / length**2, 14, 90))
    for x, y, angle in rng.uniform((0, 0, -70), (wide, high, 70), (count, 3)):
        shade = blend(ware, (190, 214, 110) if rng.random() < 0.5 else _GREEN, rng.uniform(0, 0.6))
        image = leaf(image, (x, y), (length * rng.uniform(0.6, 1.1), length * 0.26), angle - 60, shade)
    return image


def _cup(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    high, wide = size
    image = _backdrop(size, design, rng)
    x, y = grid(size)
    middle, rim, radius = wide / 2, 0.46 * high, min(0.26 * wide, 0.34 * high)
    image = solid(image, (middle, 0.85 * high), (1.7 * radius, 0.3 * radius), 0, (236, 232, 224), flat=3)
    depth = (y - rim) / (0.38 * high)
    half = radius * np.sqrt(np.clip(1 - 0.75 * np.clip(depth, 0, 1) ** 2.5, 0.05, 1))
    handle = (
        np.abs(np.hypot((x - middle - 1.05 * radius) / 0.42, (y - rim - 0.15 * high) / 0.42) - radius) < 0.22 * radius
    )
    image[handle] = (206, 202, 194)
    body = (np.abs(x - middle) < half) & (depth > 0) & (depth < 1)
    across = (x - middle) / np.maximum(half, 1)
    image[body] = (
        np.array((244, 240, 232)) * (0.62 + 0.38 * np.sqrt(np.clip(1 - (across + 0.35) ** 2, 0, 1)))[..., None]
    )[body]
    image = solid(image, (middle, rim), (radius, 0.24 * radius), 0, (250, 248, 242), flat=8, shadow=0)
    image = solid(image, (middle, rim + 1), (0.9 * radius, 0.19 * radius), 0, ware, flat=8, gloss=0.5, shadow=0)
    steam = noise(size, 0.12 * high, rng) * np.exp(-(((x - middle) / radius) ** 2)) * np.clip(1 - y / rim, 0, 1)
    return np.asarray(image + 150 * (steam**2)[..., None], np.float32)


def _chocolate(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    x, y = grid(size)
    turn, cell = rng.uniform(-0.5, 0.5), 0.3 * min(size[0], 180)
    u, v = (x * np.cos(turn) + y * np.sin(turn)) / cell, (y * np.cos(turn) - x * np.sin(turn)) / (0.7 * cell)
    left, top = u % 1, v % 1
    bevel = 0.13
    light = np.clip((bevel - left) / bevel, 0, 1) * 0.5 + np.clip((bevel - top) / bevel, 0, 1) * 0.6
    shade = np.clip((left - 1 + bevel) / bevel, 0, 1) * 0.5 + np.clip((top - 1 + bevel) / bevel, 0, 1) * 0.5
    sheen = 0.9 + 0.35 * np.exp(-(((x - y * 0.6) / size[1] - 0.3) ** 2) * 14)
    level = (1 + light - shade) * sheen * (0.92 + 0.16 * noise(size, 0.4 * size[0], rng))
    return np.asarray(np.array(ware) * level[..., None] * 1.15, np.float32)


def _drops(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    high, wide = size
    image = ramp(size, blend(ware, _WHITE, 0.55), blend(ware, design.base, 0.5))
    image = blurred_discs(image, 12, _WHITE, 0.3, rng)
    for _ in range(int(np.clip(wide * high / 900, 16, 90))):
        radius = float(np.clip(rng.lognormal(np.log(0.022 * high + 2), 0.7), 1.5, 0.16 * high))
        centre = (rng.uniform(0, wide), rng.uniform(0, high))
        image = solid(image, centre, (radius, radius), 0, blend(ware, _WHITE, 0.45), gloss=1.0, clear=0.75, shadow=0.2)
    return image


def _lamp(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    high, wide = size
    image = _backdrop(size, design, rng)
    x, y = grid(size)
    lit = (0.42 * wide, 0.4 * high)
    cone = (y > lit[1]) & (np.abs(x - lit[0]) < 0.1 * high + 0.55 * (y - lit[1]))
    image += (cone * np.exp(-(y - lit[1]) / (0.5 * high)))[..., None] * np.array((120, 100, 50))
    image = np.asarray(cv2.GaussianBlur(image, (0, 0), 1.5), np.float32)
    metal, thick = tone(ware, rng), 0.03 * high
    foot = (min(0.8 * wide, lit[0] + 0.5 * high), 0.86 * high)
    image = solid(image, foot, (0.2 * high, 0.05 * high), 0, metal, flat=3, gloss=0.4)
    elbow = (foot[0] + 0.06 * high, 0.2 * high)
    image = painted(image, [foot, elbow, (lit[0], lit[1] - 0.15 * high)], blend(metal, _BLACK, 0.25), thick)
    shade = [(-0.08, -0.16), (0.08, -0.16), (0.2, 0.03), (-0.2, 0.03)]
    image = painted(image, [(lit[0] + u * high, lit[1] + v * high) for u, v in shade], metal, 0)
    return solid(
        image, (lit[0], lit[1] + 0.03 * high), (0.2 * high, 0.035 * high), 0, (255, 240, 190), flat=8, shadow=0
    )


def _headphones(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    high, wide = size
    image, radius = _backdrop(size, design, rng), 0.3 * min(high, wide)
    middle = (0.5 * wide, 0.5 * high)
    angles = np.linspace(np.pi, 2 * np.pi, 40)
    for width, colour in ((0.2, blend(ware, _BLACK, 0.3)), (0.09, blend(ware, _WHITE, 0.3))):
        band = [(middle[0] + radius * np.cos(a), middle[1] + 1.15 * radius * np.sin(a)) for a in angles]
        image = painted(image, band, colour, width * radius)
    for side in (-1, 1):
        centre = (middle[0] + side * radius, middle[1] + 0.25 * radius)
        image = solid(image, centre, (0.36 * radius, 0.52 * radius), 0, tone(ware, rng), flat=2.5, gloss=0.5)
        image = solid(image, centre, (0.2 * radius, 0.3 * radius), 0, design.accent, flat=2, gloss=0.4, shadow=0)
    return image


def _cells(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    high, wide = size
    image = _backdrop(size, design, rng)
    x, y = grid(size)
    count, top, bottom = max(2, round(2.2 * wide / high)), 0.2 * high, 0.86 * high
    radius = min(0.42 * wide / count, 0.15 * high)
    for place in range(count):
        across = (x - (place + 0.5) * wide / count) / radius
        lit = 0.35 + 0.75 * np.sqrt(np.clip(1 - (across + 0.3) ** 2, 0, 1))
        body = (np.abs(across) < 1) & (y > top) & (y < bottom)
        colour = np.where((y < top + 0.3 * (bottom - top))[..., None], np.array(design.accent), np.array(ware))
        image[body] = (colour * lit[..., None])[body]
        button = (np.abs(across) < 0.4) & (y > top - 0.04 * high) & (y <= top)
        image[button] = (np.array((206, 208, 210)) * lit[..., None])[button]
    return image


def _gears(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    image = _backdrop(size, design, rng)
    x, y = grid(size)
    for _ in range(int(np.clip(2.5 * size[1] / size[0], 2, 7))):
        radius = rng.uniform(0.14, 0.27) * min(size)
        u, v = x - rng.uniform(0.1, 0.9) * size[1], y - rng.uniform(0.2, 0.8) * size[0]
        away, angle = np.hypot(u, v), np.arctan2(v, u)
        teeth = radius * (1 + 0.1 * np.clip(3 * np.sin(14 * angle), -1, 1))
        part = (away < teeth) & (away > 0.3 * radius)
        sheen = 0.7 + 0.35 * np.cos(2 * angle + 1) + 0.12 * np.sin(away * 1.3)
        image[np.roll(part, (4, 4), (0, 1))] *= 0.6
        image[part] = (np.array(tone(ware, rng)) * sheen[..., None])[part]
    return image


def _fabric(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    x, y = grid(size)
    pitch = 7.0
    stitch = np.abs(np.sin(np.pi * (y + pitch * np.abs((x / pitch) % 2 - 1)) / pitch))
    row = (y / (9 * pitch)) % 2 < 0.5
    colour = np.where(row[..., None], np.array(blend(ware, _WHITE, 0.6)), np.array(ware))
    folds = 0.75 + 0.5 * noise(size, 0.5 * min(size), rng)
    return np.asarray(colour * (0.55 + 0.5 * stitch)[..., None] * folds[..., None], np.float32)


def _marble(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    warp = noise(size, 0.5 * min(size), rng) * 4 + noise(size, 0.16 * min(size), rng)
    x, y = grid(size)
    wave = 0.5 + 0.5 * np.sin(6 * warp + 3 * x / size[1] + 2 * y / size[0])
    one, other, third = (np.array(c, np.float32) for c in (design.base, blend(design.base, design.accent, 0.5), ware))
    share = wave[..., None]
    image = one + (other - one) * share + (third - one) * np.clip(warp - 2.4, 0, 1)[..., None]
    vein = np.exp(-((np.sin(5 * warp) / 0.06) ** 2))
    return np.asarray(image + vein[..., None] * 60, np.float32)


def _skyline(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    high, wide = size
    image = ramp(size, (12, 14, 38), blend(design.accent, (80, 60, 110), 0.5))
    stars = rng.random(size) > 0.9985
    image[stars & (np.arange(high) < 0.5 * high)[:, None]] = 220
    moon = (rng.uniform(0.2, 0.8) * wide, 0.2 * high)
    image = solid(image, moon, (0.08 * high, 0.08 * high), 0, (246, 238, 208), flat=5, shadow=0, rough=0.08, rng=rng)
    for depth in range(3):
        left, shade = 0.0, blend((60, 52, 92), (10, 10, 20), depth / 2)
        while left < wide:
            broad, top = rng.uniform(0.05, 0.13) * high + 6, rng.uniform(0.36, 0.62) + 0.1 * depth
            block = slice(int(top * high), high), slice(int(left), int(left + broad))
            image[block] = shade
            rows, columns = image[block].shape[:2]
            if rows > 8 and columns > 6:
                windows = rng.random((rows // 7 + 1, columns // 5 + 1)) > 0.62
                lit = np.kron(windows, np.pad(np.ones((3, 2)), ((2, 2), (1, 2))))[:rows, :columns] > 0
                image[block][lit] = (250, 206, 120)
            left += broad
    return image


def _creature(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    """Return the face of a cat."""
    high, wide = size
    image, radius = _backdrop(size, design, rng), 0.36 * min(high, wide)
    x, y = wide / 2, 0.56 * high
    for side in (-1, 1):
        ear = [(x + side * u * radius, y - v * radius) for u, v in ((0.95, 0.2), (0.85, 1.25), (0.2, 0.8))]
        image = painted(image, ear, ware, 0)
        inner = [(x + side * u * radius, y - v * radius) for u, v in ((0.82, 0.5), (0.78, 1.02), (0.4, 0.78))]
        image = painted(image, inner, blend(ware, (255, 170, 160), 0.6), 0)
    image = solid(image, (x, y), (radius, 0.88 * radius), 0, ware, flat=1.6, rough=0.16, rng=rng)
    image = solid(image, (x, y + 0.4 * radius), (0.42 * radius, 0.3 * radius), 0, blend(ware, _WHITE, 0.7), shadow=0)
    for side in (-1, 1):
        eye = (x + side * 0.42 * radius, y - 0.08 * radius)
        image = solid(image, eye, (0.2 * radius, 0.2 * radius), 0, (196, 204, 90), flat=3, shadow=0)
        image = solid(image, eye, (0.07 * radius, 0.18 * radius), 0, (12, 12, 14), flat=3, gloss=0.8, shadow=0)
        for rise in (-0.06, 0.06, 0.18):
            hair = [(x + side * 0.3 * radius, y + 0.4 * radius), (x + side * 1.2 * radius, y + (0.36 + rise) * radius)]
            image = painted(image, hair, (250, 250, 246), 1)
    nose = [(x - 0.1 * radius, y + 0.22 * radius), (x + 0.1 * radius, y + 0.22 * radius), (x, y + 0.34 * radius)]
    return painted(image, nose, (176, 84, 84), 0)


def _fillet(size: Size, design: Design, ware: Colour, rng: np.random.Generator) -> Image:
    x, y = grid(size)
    bend = 0.7 * np.abs(y / size[0] - 0.5) * size[0] + 6 * noise(size, 0.3 * size[0], rng)
    stripe = np.abs(((x + bend) / (0.2 * min(size[0], 160))) % 1 - 0.5) * 2
    fat = np.clip((stripe - 0.8) / 0.2, 0, 1) ** 1.5
    flesh = np.array(ware) * (0.85 + 0.3 * noise(size, 0.08 * size[0], rng))[..., None]
    image = flesh + (np.array((252, 214, 190)) - flesh) * fat[..., None] * 0.8
    return leaf(
        leaf(image, (0.2 * size[1], 0.9 * size[0]), (0.3 * size[0], 0.05 * size[0]), -50, _GREEN),
        (0.25 * size[1], 0.92 * size[0]),
        (0.3 * size[0], 0.05 * size[0]),
        -15,
        _GREEN,
    )


_SCENES: dict[Picture, Callable[[Size, Design, Colour, np.random.Generator], Image]] = {
    Picture.LANDSCAPE: _landscape,
    Picture.FRUIT: _fruit,
    Picture.GRAIN: _grain,
    Picture.LEAVES: _leaves,
    Picture.CUP: _cup,
    Picture.BISCUITS: _biscuits,
    Picture.CHOCOLATE: _chocolate,
    Picture.DROPS: _drops,
    Picture.LAMP: _lamp,
    Picture.HEADPHONES: _headphones,
    Picture.CELLS: _cells,
    Picture.GEARS: _gears,
    Picture.FABRIC: _fabric,
    Picture.MARBLE: _marble,
    Picture.SKYLINE: _skyline,
    Picture.CREATURE: _creature,
    Picture.FILLET: _fillet,
}
