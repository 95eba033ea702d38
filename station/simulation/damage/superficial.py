"""Superficial damage: scuffs, dried stains, scratches and torn labels; the body keeps its form."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.paint import bared, brightness_at, lumps, painted, unrest_at, within
from station.simulation.damage.site import Site, Stance, draw_site
from station.simulation.shape import Shape

_DIRTS_RGB = ((58, 46, 34), (40, 40, 42), (96, 66, 36), (86, 70, 48))
_DUST_RGB = (204, 194, 172)
_PRINTED = {Kind.CAN: ("body",), Kind.MULTIPACK: ("band",)}
"""The patches that are marred: what is bare already shows no wear."""
_WIPED = (Kind.TUBE, Kind.CAN)
"""Smooth and hard: dirt is wiped off these, and only what takes the print with it stays."""
_TRIES = 4
"""A can is full of small print: its wear is put at the calmest of so many places."""
_DARK = 110.0
"""On print darker than this, in levels, only dust shows."""
_FACING = 0.35
"""Rubbed and stained is what faces the same way as the damage's middle, at least by this cosine."""


def marred(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape scuffed, stained, scratched or with a piece of its print torn off."""
    forms: tuple[Callable[[Shape, bool, Site, np.random.Generator], Shape], ...] = (
        _scuffed,
        _stained,
        _scratched,
        _label_torn,
    )
    kind, margin_mm = shape.product.kind, 24.0 if major else 14.0
    tries = _TRIES if kind is Kind.CAN else 1
    sites = [draw_site(shape, stance, margin_mm, rng, _PRINTED.get(kind)) for _ in range(tries)]
    site = min(sites, key=lambda place: unrest_at(shape, place))
    lasting = tuple(form for form in forms if form is not _stained or kind not in _WIPED)
    return lasting[int(rng.integers(len(lasting)))](shape, major, site, rng)


def _on_this_side(site: Site, normals: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.asarray(normals @ site.normal > _FACING)


def _scuffed(shape: Shape, major: bool, site: Site, rng: np.random.Generator) -> Shape:
    """Rub the print off in streaks along one direction."""
    size = np.array([rng.uniform(38, 50), rng.uniform(22, 30)] if major else [rng.uniform(18, 22), rng.uniform(10, 13)])
    plane = site.plane(rng) / size
    streaks, patches = lumps(0.3, rng), lumps(0.8, rng)

    def cover(points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
        flat = (points - site.point) @ plane
        drawn_out = np.column_stack([flat * (0.12, 1.0), np.zeros(len(flat))]).astype(np.float32)
        worn = 1.2 * (1 - np.linalg.norm(flat, axis=1)) + 0.42 * streaks(drawn_out) + 0.2 * patches(drawn_out)
        return np.asarray(0.85 * np.clip(2.2 * worn, 0, 1) * _on_this_side(site, normals), np.float32)

    return painted(shape, within(site.point, 1.7 * size[0]), cover, bared(shape, rng))


def _stained(shape: Shape, major: bool, site: Site, rng: np.random.Generator) -> Shape:
    """Leave dirt that has dried, darker along its border."""
    radius = float(rng.uniform(30, 42) if major else rng.uniform(11, 14))
    dirts = _DIRTS_RGB if brightness_at(shape, site) > _DARK else (_DUST_RGB,)
    dirt = np.array(dirts[int(rng.integers(len(dirts)))], np.float32)
    coarse, fine = lumps(1.1 * radius, rng), lumps(0.4 * radius, rng)

    def cover(points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
        far = np.linalg.norm(points - site.point, axis=1) / radius
        level = 1 - far + 0.22 * coarse(points) + 0.1 * fine(points)
        edge = 0.3 * np.exp(-(((level - 0.08) / 0.07) ** 2))
        blot = np.clip(8 * level, 0, 1) * (0.84 + 0.1 * fine(points) + edge)
        return np.asarray(blot * _on_this_side(site, normals), np.float32)

    return painted(
        shape,
        within(site.point, 2.0 * radius),
        cover,
        lambda points, below: np.broadcast_to(dirt, below.shape) + 0.15 * below,
    )


def _scratched(shape: Shape, major: bool, site: Site, rng: np.random.Generator) -> Shape:
    """Draw bent scratches down to what lies beneath the print."""
    count, length, width = (int(rng.integers(5, 8)), 85.0, 2.2) if major else (2, 46.0, 1.7)
    plane = site.plane(rng)
    lines = [
        (rng.uniform(-11, 11) * (count > 1), rng.normal(0, 0.16), rng.uniform(-0.004, 0.004), rng.uniform(0.6, 1))
        for _ in range(count)
    ]
    skips = lumps(5.0, rng)

    def cover(points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
        along, aside = ((points - site.point) @ plane).T
        nearest = np.full(len(points), np.inf)
        for offset, slope, bend, share in lines:
            off = np.abs(aside - offset - slope * along - bend * along**2)
            beyond = np.maximum(np.abs(along) - share * length / 2, 0)
            nearest = np.minimum(nearest, off + beyond)
        cut = np.clip(width * (1 + 0.25 * skips(points)) - nearest + 0.3, 0, 1)
        return np.asarray(cut * _on_this_side(site, normals), np.float32)

    return painted(shape, within(site.point, 0.75 * length), cover, bared(shape, rng))


def _label_torn(shape: Shape, major: bool, site: Site, rng: np.random.Generator) -> Shape:
    """Tear a strip of the print off; its white fibre shows, with a feathered border."""
    size = np.array([rng.uniform(38, 52), rng.uniform(18, 26)] if major else [rng.uniform(19, 22), rng.uniform(11, 13)])
    plane = site.plane(rng) / size
    ragged, frayed = lumps(0.5, rng), lumps(0.13, rng)
    fibre = bared(shape, rng, 7.0)

    def level(points: NDArray[np.float32]) -> NDArray[np.float32]:
        flat = (points - site.point) @ plane
        place = np.column_stack([flat, np.zeros(len(flat))]).astype(np.float32)
        taper = np.clip(1.15 - 0.45 * (flat[:, 0] + 1), 0.15, 1)
        border = np.maximum(np.abs(flat[:, 0]), np.abs(flat[:, 1]) / taper)
        return np.asarray(1 - border + 0.12 * ragged(place) + 0.05 * frayed(place), np.float32)

    def cover(points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray((level(points) > 0) & _on_this_side(site, normals), np.float32)

    def paint(points: NDArray[np.float32], below: NDArray[np.float32]) -> NDArray[np.float32]:
        torn = np.clip(1.5 - 9 * level(points), 0.0, 1.0)[:, None]  # a lighter ply along the border
        return np.asarray(fibre(points, below) * (0.86 + 0.14 * torn), np.float32)

    return painted(shape, within(site.point, 1.7 * size[0]), cover, paint)
