"""Actuation: flaps and lids that stand open, with what lies beneath them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.moves import moved, points_of, turn_about
from station.simulation.damage.paint import coloured, lumps, painted
from station.simulation.damage.site import Stance
from station.simulation.faces import blister_form, bottle_form, flap_mm
from station.simulation.finish import PLASTIC
from station.simulation.shape import Patch, Shape, disc_patch, sheet_patch, turned_patch

_FACE_UP = {
    Kind.CAN: "lid",
    Kind.BOTTLE: "lid",
    Kind.TUBE: "front leaning",
    Kind.MULTIPACK: "top",
}
"""Which face has to be up for an open product to look open, or for a piece to be missed; the front of others."""


def opening_face(shape: Shape) -> str:
    """Return the face that has to be up, or seen, for an open product to look open."""
    if shape.product.kind is Kind.CARTON and shape.product.design.flaps == 1:
        return "top"
    return _FACE_UP.get(shape.product.kind, "front")


def open_shape(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape open: ajar (minor), or so far that one looks inside (major)."""
    return _OPENERS[shape.product.kind](shape, major, art, rng)


def _open_carton(shape: Shape, major: bool, art: Artwork, rng: np.random.Generator) -> Shape:
    face = opening_face(shape)
    lid = shape.patches[face]
    rows = lid.wear.shape[0]
    angle = float(rng.uniform(100, 128) if major else rng.uniform(24, 32))
    patches: dict[str, Patch] = {}
    if shape.product.design.flaps == 1:
        patches[face] = _hinged(lid, -1, angle)
    else:
        upper, lower = _rows(lid, 0, rows // 2 + 1), _rows(lid, rows // 2, rows)
        patches[face] = _hinged(upper, 0, angle if major else 0.0)
        patches["second flap"] = _hinged(lower, -1, angle * float(rng.uniform(0.85, 1.0)))
    patches["contents"] = _beneath(lid, art, 0.35, shape)
    if major:
        patches |= _dust_flaps(lid, shape, rng)
    return shape.with_patches(patches)


def _open_mailer(shape: Shape, major: bool, art: Artwork, rng: np.random.Generator) -> Shape:
    """Fold the flap back; far open, the mouth gapes as well."""
    flap, front = shape.patches["flap"], shape.patches["front"]
    height = shape.product.size_mm[1]
    along = np.linspace(0, 1, flap.wear.shape[0])[:, None]
    across = np.linspace(-1, 1, flap.wear.shape[1])[None, :]
    hinge = flap.points[:1]
    length = along * flap_mm(shape.product)
    if not major:
        side = float(rng.choice([-1.0, 1.0]))
        lift = np.clip((side * across + 0.35) / 1.35, 0, 1) * float(rng.uniform(0.9, 1.1))
        angle = np.pi - lift * along * 1.25  # pi lies closed on the front
        steps = np.diff(length, axis=0, prepend=0)
        points = np.stack(
            [
                np.broadcast_to(flap.points[..., 0], angle.shape),
                np.cumsum(np.cos(angle) * steps, axis=0),
                np.cumsum(np.sin(angle) * steps, axis=0),
            ],
            axis=2,
        )
        points[..., 1:] += hinge[..., 1:]
        points[..., 2] = np.maximum(points[..., 2], flap.points[..., 2])
        return shape.with_patches({"flap": flap.moved(points)})
    curl = float(rng.uniform(0.35, 0.6))
    angle = 0.25 + curl * along
    steps = np.diff(length, axis=0, prepend=0)
    rise = np.cumsum(np.sin(angle) * steps, axis=0) + 0 * across
    reach = np.cumsum(np.cos(angle) * steps, axis=0) + 0 * across
    points = np.stack(
        [flap.points[..., 0], height / 2 + reach, shape.patches["back"].points[0, ::-1, 2] + rise], axis=2
    )
    mouth = front.points.copy()
    from_top = (height / 2 - mouth[..., 1]) / (0.4 * height)
    gape = float(rng.uniform(24, 32)) * np.clip(1 - from_top, 0, 1) ** 1.5
    aside = mouth[..., 0] / (shape.product.size_mm[0] / 2)
    mouth[..., 2] += gape * np.clip(1 - aside**2, 0, 1) ** 0.6
    mouth[..., 1] -= 0.25 * gape
    turned = flap.moved(points)
    return shape.with_patches({"flap": turned, "front": front.moved(mouth)})


def _open_can(shape: Shape, major: bool, art: Artwork, rng: np.random.Generator) -> Shape:
    """Bend the lid up about a point of the rim."""
    lid = shape.patches["lid"]
    radius = shape.product.size_mm[0] / 2
    angle = np.deg2rad(float(rng.uniform(55, 85) if major else rng.uniform(9, 12)))
    turn = float(rng.uniform(0, 2 * np.pi))
    towards, aside = np.array([np.cos(turn), np.sin(turn), 0]), np.array([-np.sin(turn), np.cos(turn), 0])
    hinge = lid.points[0, 0] * (0, 0, 1) + towards * radius * 0.96
    offset = lid.points - hinge
    away = -(offset @ towards) * 0.95
    bent = angle * np.clip(away / (0.5 * radius), 0, 1) if major else np.full_like(away, angle)
    points = hinge + (offset @ aside)[..., None] * aside * 0.95
    points = points - (away * np.cos(bent))[..., None] * towards
    points[..., 2] += away * np.sin(bent)
    return with_contents(shape, art).with_patches({"lid": lid.moved(points)})


def with_contents(shape: Shape, art: Artwork) -> Shape:
    """Return a can with what it holds, some way below its rim."""
    radius, half = shape.product.size_mm[0] / 2, shape.product.size_mm[2] / 2
    columns = shape.patches["lid"].wear.shape[1]
    return shape.with_patches({"contents": disc_patch(art.places_mm["contents"], radius * 0.97, half - 14, 1, columns)})


def _open_sleeve(shape: Shape, major: bool, art: Artwork, rng: np.random.Generator) -> Shape:
    """Push the tray out at one end."""
    side = float(rng.choice([-1.0, 1.0]))
    out = side * shape.product.size_mm[0] * float(rng.uniform(0.42, 0.55) if major else rng.uniform(0.09, 0.13))
    return shape.with_patches(moved(shape, shape.parts["tray"], np.eye(3), np.zeros(3), (out, 0, 0)))


def _open_polybag(shape: Shape, major: bool, art: Artwork, rng: np.random.Generator) -> Shape:
    """Open the weld at the top: the front film gapes, and what is inside peeps or slides out."""
    front = shape.patches["front"]
    width, height, depth = shape.product.size_mm
    points = front.points.astype(np.float64)
    reach = 0.5 if major else 0.25
    near = np.clip(1 - (height / 2 - points[..., 1]) / (reach * height), 0, 1) ** 1.5
    middle, wide = (0.0, 1.0) if major else (float(rng.uniform(-0.2, 0.2)), 0.45)
    bow = np.clip(1 - ((points[..., 0] / width * 2 - 2 * middle) / wide) ** 2, 0, 1) ** 0.7
    points[..., 2] += (float(rng.uniform(30, 38)) if major else float(rng.uniform(11, 14))) * near * bow
    points[..., 1] -= (0.16 * height if major else 0.04 * height) * near * bow
    out = float(rng.uniform(0.16, 0.22) if major else rng.uniform(0.07, 0.09)) * height
    opened = shape.with_patches({"front": front.moved(points)})
    return opened.with_patches(moved(opened, shape.parts["contents"], np.eye(3), np.zeros(3), (0, out, 0.02 * depth)))


def _unscrew(shape: Shape, major: bool, art: Artwork, rng: np.random.Generator) -> Shape:
    """Screw the cap up (minor), or off, so that it hangs askew on the mouth (major)."""
    cap = shape.parts["cap"]
    points = points_of({name: shape.patches[name] for name in cap})
    axis = np.array([0.0, 0.0, 1.0]) if shape.product.kind is Kind.BOTTLE else np.array([0.0, -1.0, 0.0])
    heights = points @ axis
    tall = float(np.ptp(heights))
    base = points.mean(axis=0) + (heights.min() - heights.mean()) * axis
    lean = rng.uniform(0, 2 * np.pi)
    one = np.cross(axis, [1.0, 0, 0])
    tilt = np.cos(lean) * one + np.sin(lean) * np.cross(axis, one)
    angle = np.deg2rad(float(rng.uniform(32, 44) if major else rng.uniform(7, 10)))
    wide = float(np.ptp(points @ one)) / 2
    lift = (float(rng.uniform(0.75, 0.9)) * tall if major else max(5.0, 0.35 * tall)) + 0.4 * wide * np.sin(angle)
    aside = 0.35 * wide * np.cross(tilt, axis) if major else np.zeros(3)
    turned = moved(shape, cap, turn_about(tilt, angle), base, lift * axis + aside)
    return with_neck(shape, art).with_patches(turned)


def with_neck(shape: Shape, art: Artwork) -> Shape:
    """Return a bottle with what its cap hides, the open neck; a tube has one already."""
    if shape.product.kind is not Kind.BOTTLE:
        return shape
    form = bottle_form(shape.product)
    foot = form.neck - form.height / 2
    radius, top = 0.74 * form.cap_radius, foot + 0.7 * (form.height - form.neck)
    profile = np.array([[0.85 * radius, top], [radius, top], [radius, top - 3.0], [1.04 * radius, foot - 2.0]])
    mouth = disc_patch(art.places_mm["contents"], 0.85 * radius, top - 4.0, 1, 49, shape.patches["contents"].finish)
    neck = turned_patch(art.places_mm["cap"], profile, 49, PLASTIC)
    return shape.with_patches({"open neck": neck, "open mouth": mouth})


def _open_blister(shape: Shape, major: bool, art: Artwork, rng: np.random.Generator) -> Shape:
    """Tear the bubble off the card along three of its edges; it stands up about the fourth with what is in it."""
    bubble = shape.patches["bubble"].points.astype(np.float64)
    side = int(rng.integers(2))
    hinge = bubble[:, -side].mean(axis=0)
    angle = np.deg2rad(float(rng.uniform(48, 65) if major else rng.uniform(13, 17))) * (1 if side else -1)
    names = [*shape.parts["bubble"], *(name for part in _units(shape) for name in shape.parts[part] if major)]
    opened = shape.with_patches(moved(shape, names, turn_about(np.array([0.0, 1.0, 0.0]), angle), hinge))
    return with_glue_marks(opened, rng)


def with_glue_marks(shape: Shape, rng: np.random.Generator) -> Shape:
    """Return a blister whose card's print came off where the bubble was glued on."""
    height = float(shape.patches["front"].points[..., 2].max())
    left, low, wide, high = blister_form(shape.product).bubble
    ragged = lumps(7.0, rng)

    def cover(points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
        inset = np.minimum(
            np.minimum(points[:, 0] - left, left + wide - points[:, 0]),
            np.minimum(points[:, 1] - low, low + high - points[:, 1]),
        )
        band = np.abs(inset - 0.5) < 2.6 + 1.1 * ragged(points)
        return np.asarray(band & (normals[:, 2] > 0.9) & (np.abs(points[:, 2] - height) < 0.3), np.float32)

    return painted(shape, lambda points: points[:, 2] < height + 0.3, cover, coloured((216, 204, 184), 5.0, rng))


def _open_book(shape: Shape, major: bool, art: Artwork, rng: np.random.Generator) -> Shape:
    """Turn the front cover up, a little sprung at its edge (minor) or far over (major)."""
    spine = shape.patches["spine"].points
    hinge = np.array([spine[..., 0].min(), 0.0, shape.product.size_mm[2] / 2 - 1.2])
    angle = np.deg2rad(float(rng.uniform(75, 120) if major else rng.uniform(9, 13)))
    turn = turn_about(np.array([0.0, 1.0, 0.0]), -angle)
    return shape.with_patches(moved(shape, shape.parts["cover"], turn, hinge))


def _open_multipack(shape: Shape, major: bool, art: Artwork, rng: np.random.Generator) -> Shape:
    """Cut the band open at the front: its ends spring away from the units; a film over them is pulled up as well."""
    band = shape.patches["band"]
    columns = band.wear.shape[1]
    middle = int(columns * (0.5 + float(rng.uniform(-0.03, 0.03))))
    share = float(rng.uniform(0.2, 0.26) if major else rng.uniform(0.06, 0.08))
    long = max(4, int(share * columns))
    ends = {
        "band": _sprung(_columns(band, 0, middle + 1), long, -1, 2.2 if major else 1.2),
        "band end": _sprung(_columns(band, middle, columns), long, 0, 2.2 if major else 1.2),
    }
    opened = shape.with_patches(ends)
    return opened if "film top" not in shape.patches else _film_up(opened, major, rng)


def _sprung(band: Patch, long: int, end: int, turn: float) -> Patch:
    """Bend a band's last columns (`end` -1) or first (0) outwards, further and further."""
    points = band.points.astype(np.float64)
    points = points[:, ::-1] if end == 0 else points
    steps = np.diff(points, axis=1)[:, -long:]
    normals = (band.normals()[:, ::-1] if end == 0 else band.normals())[:, -long:].astype(np.float64)
    angle = turn * np.linspace(0, 1, long)[None, :, None] ** 0.8
    length = np.linalg.norm(steps, axis=2, keepdims=True)
    start = steps[:, :1] / length[:, :1]
    out = normals[:, :1]
    bent = points[:, -long - 1][:, None] + np.cumsum(length * (np.cos(angle) * start + np.sin(angle) * out), axis=1)
    points = np.concatenate([points[:, :-long], bent], axis=1)
    points = points[:, ::-1] if end == 0 else points
    return replace(band.moved(points), wraps=False, finish=replace(band.finish, inside=(206, 196, 176)))


def _film_up(shape: Shape, major: bool, rng: np.random.Generator) -> Shape:
    """Pull the film on top up from one end."""
    film = shape.patches["film top"]
    points = film.points.astype(np.float64)
    side = float(rng.choice([-1.0, 1.0]))
    reach = side * points[..., 0] / np.abs(points[..., 0]).max()
    loose = np.clip((reach + (0.6 if major else -0.4)) / (1.6 if major else 0.6), 0, 1) ** 1.5
    points[..., 1] += (45.0 if major else 14.0) * loose
    points[..., 0] -= side * (30.0 if major else 6.0) * loose
    return shape.with_patches({"film top": film.moved(points)})


def _units(shape: Shape) -> list[str]:
    return [part for part in shape.parts if part.startswith("unit ")]


def _hinged(patch: Patch, hinge_row: int, angle_deg: float) -> Patch:
    """Turn a flap outwards about its first (0) or last (-1) row, a little curled."""
    points = patch.points.astype(np.float64)
    hinge, free = points[hinge_row], points[-1 - hinge_row]
    inward = free - hinge
    length = np.linalg.norm(inward, axis=1, keepdims=True)
    inward /= length
    normal = patch.normals()[hinge_row].astype(np.float64)
    distance = np.linalg.norm(points - hinge, axis=2)
    angle = np.deg2rad(angle_deg) * (0.9 + 0.1 * distance / length.max())
    turned = np.cos(angle)[..., None] * inward + np.sin(angle)[..., None] * normal
    return patch.moved(hinge + distance[..., None] * turned)


def _rows(patch: Patch, start: int, stop: int) -> Patch:
    cut = slice(start, stop)
    return replace(patch, points=patch.points[cut], uv_mm=patch.uv_mm[cut], wear=patch.wear[cut])


def _columns(patch: Patch, start: int, stop: int) -> Patch:
    cut = slice(None), slice(start, stop)
    return replace(patch, points=patch.points[cut], uv_mm=patch.uv_mm[cut], wear=patch.wear[cut], wraps=False)


def _beneath(lid: Patch, art: Artwork, share: float, shape: Shape) -> Patch:
    """Return the contents: a crumpled surface some way beneath a lid."""
    corner, right, down, normal, deep = _frame(lid, shape)
    inset = 0.985
    start = corner + (1 - inset) / 2 * (right + down) - share * deep * normal
    patch = sheet_patch(art.places_mm["contents"], start, inset * right, inset * down, 5.0)
    bumps = 3.0 * np.sin(patch.uv_mm[..., 0] * 0.21) * np.sin(patch.uv_mm[..., 1] * 0.17)
    return patch.moved(patch.points + bumps[..., None] * normal)


def _dust_flaps(lid: Patch, shape: Shape, rng: np.random.Generator) -> dict[str, Patch]:
    """Return the two short flaps at a carton opening's sides, half raised; their print is the lid's own."""
    corner, right, down, normal, _ = _frame(lid, shape)
    length = min(0.4 * float(np.linalg.norm(right)), 0.7 * float(np.linalg.norm(down)))
    along = right / np.linalg.norm(right)
    left, top = lid.uv_mm[0, 0]
    wide, high = np.abs(lid.uv_mm[-1, -1] - lid.uv_mm[0, 0])
    share = length / float(np.linalg.norm(right))
    flaps = {}
    for name, start, inward, uv_left in (
        ("left dust flap", corner, along, left),
        ("right dust flap", corner + right, -along, left + wide * (1 - share)),
    ):
        angle = np.deg2rad(float(rng.uniform(75, 125)))
        stretch = length * (np.cos(angle) * inward + np.sin(angle) * normal)
        place = (float(uv_left), float(top), float(wide * share), float(high))
        flap = sheet_patch(
            place, start if inward is along else start + stretch, stretch if inward is along else -stretch, down, 8.0
        )
        flaps[name] = flap
    return flaps


def _frame(
    lid: Patch, shape: Shape
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """Return a flat face's upper left corner, its edges right and down, its normal and the body's depth behind it."""
    points = lid.points.astype(np.float64)
    corner, right, down = points[0, 0], points[0, -1] - points[0, 0], points[-1, 0] - points[0, 0]
    normal = np.cross(down, right)
    normal /= np.linalg.norm(normal)
    deep = float(np.abs(normal) @ np.array(shape.product.size_mm))
    return corner, right, down, normal, deep


_OPENERS: dict[Kind, Callable[[Shape, bool, Artwork, np.random.Generator], Shape]] = {
    Kind.CARTON: _open_carton,
    Kind.SLEEVE: _open_sleeve,
    Kind.MAILER: _open_mailer,
    Kind.POLYBAG: _open_polybag,
    Kind.BOTTLE: _unscrew,
    Kind.CAN: _open_can,
    Kind.BLISTER: _open_blister,
    Kind.BOOK: _open_book,
    Kind.TUBE: _unscrew,
    Kind.MULTIPACK: _open_multipack,
}
