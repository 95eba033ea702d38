"""Superficial damage: scuffs, dried stains, scratches and torn labels; the body keeps its form."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.paint import Paint, bared, brightness_at, coloured, lumps, painted, unrest_at, within
from station.simulation.damage.site import Site, Stance, draw_site
from station.simulation.shape import Shape

_TINTS = ((0.60, 0.42, 0.24), (0.45, 0.43, 0.42), (0.62, 0.50, 0.30))
"""What is left of the light through a thick stain of coffee, grease or mud."""
_DUST_RGB = (204, 194, 172)
_GRIME_RGB = (46, 43, 40)
_PLY_RGB = (246, 244, 238)
_PRINTED = {
    Kind.BLISTER: ("front", "back"),
    Kind.BOTTLE: ("label",),
    Kind.CAN: ("body",),
    Kind.TUBE: ("front", "back"),
    Kind.MULTIPACK: ("band",),
}
"""The patches that are marred: what is bare or clear already shows no wear."""
_NO_PAPER = (Kind.POLYBAG, Kind.TUBE, Kind.CAN, Kind.MULTIPACK)
"""Of these no label is torn off; what rubs on them leaves its dirt where their print is light."""
_UNEVEN = (Kind.BLISTER, Kind.BOTTLE, Kind.CAN, Kind.TUBE, Kind.MULTIPACK)
"""Nothing wet is put down on these."""
_TRIES = 4
"""Much is full of small print: wear is put at the calmest of so many places."""
_DARK = 110.0
"""On print darker than this, in levels, only dust shows."""
_GRIMY = 95.0
"""On film and metal with print lighter than this, in levels, what rubbed on it has left dirt."""
_NARROW_MM = 9.0
"""How far from the edges of a blister's card its wear is: there is little room beside the bubble."""
_ASKEW_DEG = (30.0, 60.0)
"""Wear runs at such an angle to the print: along it, it could be taken for print."""
_SLIM = 0.7
"""Wear on a tube is smaller by so much, so that it does not go all around."""
_DRAWN_OUT = 0.3
"""What a scuff rubs off is this much shorter across its direction."""
_FACING = 0.35
"""Rubbed and stained is what faces the same way as the damage's middle, at least by this cosine."""

_Mar = Callable[[Shape, bool, Site, np.random.Generator], Shape]


def marred(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape scuffed, stained, scratched or with a piece of its print torn off."""
    kind = shape.product.kind
    forms: list[_Mar] = [_scuffed]
    if kind is not Kind.POLYBAG:  # on film that shines a scratch passes for gloss
        forms.append(_scratched)
    if kind not in _UNEVEN:
        forms.append(_stained)
    if kind not in _NO_PAPER:
        forms.append(_label_torn)
    names = _PRINTED.get(kind, tuple(shape.patches))
    margin_mm = _NARROW_MM if kind is Kind.BLISTER else 24.0 if major else 14.0
    sites = [draw_site(shape, stance, margin_mm, rng, names) for _ in range(_TRIES)]
    site = min(sites, key=lambda place: unrest_at(shape, place))
    printed = replace(shape, patches={name: shape.patches[name] for name in names})
    hurt = forms[int(rng.integers(len(forms)))](printed, major, site, rng)
    return replace(hurt, patches={**shape.patches, **hurt.patches})


def _on_this_side(site: Site, normals: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.asarray(normals @ site.normal > _FACING)


def _askew(site: Site, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return two unit directions along the surface, neither along the print, float64 [3, 2]."""
    across = np.cross(site.normal, np.eye(3)[np.abs(site.normal).argmin()])
    across /= np.linalg.norm(across)
    angle = np.deg2rad(float(rng.uniform(*_ASKEW_DEG)) + 90 * int(rng.integers(2)))
    one = np.cos(angle) * across + np.sin(angle) * np.cross(site.normal, across)
    return np.stack([one, np.cross(site.normal, one)], axis=1)


def _worn(shape: Shape, site: Site, rng: np.random.Generator) -> Paint:
    """Return what a rubbed place shows: what lies beneath its print, or dirt where that might be print or gloss."""
    if shape.product.kind in _NO_PAPER and brightness_at(shape, site) > _GRIMY:
        return coloured(_GRIME_RGB, 5.0, rng)
    return coloured(_DUST_RGB, 5.0, rng) if shape.product.kind is Kind.POLYBAG else bared(shape, rng)


def _scuffed(shape: Shape, major: bool, site: Site, rng: np.random.Generator) -> Shape:
    """Rub the print off along one direction: a rough patch that runs out in streaks, with crumbs of print in it."""
    size = np.array([rng.uniform(40, 52), rng.uniform(22, 30)] if major else [rng.uniform(22, 26), rng.uniform(9, 12)])
    size *= _SLIM if shape.product.kind is Kind.TUBE else 1.0
    plane = _askew(site, rng)
    streaks, crumbs = lumps(5.0, rng), lumps(1.6, rng)

    def cover(points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
        flat = (points - site.point) @ plane
        drawn_out = np.column_stack([flat * (_DRAWN_OUT, 1.0), np.zeros(len(flat))]).astype(np.float32)
        worn = 1 - np.linalg.norm(flat / size, axis=1) + 0.3 * streaks(drawn_out) + 0.22 * crumbs(drawn_out)
        return np.asarray(np.clip(6 * worn, 0, 1) * _on_this_side(site, normals), np.float32)

    return painted(shape, within(site.point, 1.7 * size[0]), cover, _worn(shape, site, rng))


def _stained(shape: Shape, major: bool, site: Site, rng: np.random.Generator) -> Shape:
    """Leave the ring of a wet cup or bottle, dried and thin enough to read the print through it."""
    radius, width = (float(rng.uniform(30, 38)), 4.6) if major else (float(rng.uniform(12, 14)), 2.8)
    is_dark = brightness_at(shape, site) < _DARK
    tint = np.array(_TINTS[int(rng.integers(len(_TINTS)))], np.float32)
    coarse, fine = lumps(1.1 * radius, rng), lumps(4.0, rng)

    def cover(points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
        far = np.linalg.norm(points - site.point, axis=1) - radius * (1 + 0.05 * coarse(points))
        ring = np.clip(1.6 * (1 - np.abs(far) / (width * (1 + 0.25 * fine(points)))), 0, 1)
        dried = 0.3 * np.clip(-far, 0, 1)  # a film of it within
        return np.asarray(np.maximum(ring, dried) * _on_this_side(site, normals), np.float32)

    def paint(points: NDArray[np.float32], below: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(0.25 * below + 0.75 * np.array(_DUST_RGB, np.float32) if is_dark else below * tint)

    return painted(shape, within(site.point, 1.6 * radius), cover, paint)


def _scratched(shape: Shape, major: bool, site: Site, rng: np.random.Generator) -> Shape:
    """Draw bent scratches down to what lies beneath the print."""
    count, length, width = (int(rng.integers(8, 11)), 92.0, 1.3) if major else (5, 52.0, 1.0)
    plane = _askew(site, rng)
    lines = [
        (rng.uniform(-11, 11), rng.normal(0, 0.16), rng.uniform(-0.004, 0.004), rng.uniform(0.6, 1))
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

    return painted(shape, within(site.point, 0.75 * length), cover, _worn(shape, site, rng))


def _label_torn(shape: Shape, major: bool, site: Site, rng: np.random.Generator) -> Shape:
    """Tear a strip of the print off; its white fibre shows, with a feathered border."""
    size = np.array([rng.uniform(44, 56), rng.uniform(20, 27)] if major else [rng.uniform(23, 27), rng.uniform(8, 10)])
    plane = _askew(site, rng) / size
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
        ply = 0.85 * np.clip(1.8 - 9 * level(points), 0.0, 1.0)[:, None]  # the white one below the print
        return np.asarray(fibre(points, below) * (1 - ply) + np.array(_PLY_RGB) * ply, np.float32)

    return painted(shape, within(site.point, 1.7 * size[0]), cover, paint)
