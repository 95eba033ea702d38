"""Deconstruction: things come apart; seams give way, parts lie beside what they belong to."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.actuation import with_contents, with_glue_marks, with_neck
from station.simulation.damage.moves import laid_beside, moved, points_of, tray_height, turn_about, without
from station.simulation.damage.site import Stance
from station.simulation.shape import Patch, Shape, sheet_patch

_Z = np.array([0.0, 0.0, 1.0])
_Apart = Callable[[Shape, bool, Stance, Artwork, np.random.Generator], Shape]


def taken_apart(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape with a part loose (minor), or off and beside the rest (major)."""
    return _APART[shape.product.kind](shape, major, stance, art, rng)


def _carton(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Burst a box: its sides lean out and its lid lies beside it; or one side has come off its seams."""
    faces = ("front", "back", "right", "left", "top", "bottom")
    facing = {name: float(shape.patches[name].normals().mean(axis=(0, 1)) @ stance.up) for name in faces}
    lid = max(faces, key=lambda name: facing[name])
    sides = [name for name in faces if abs(facing[name]) < 0.5]
    if not major:
        seen = [
            float((shape.patches[name].normals().mean(axis=(0, 1)) @ stance.towards_cameras.T).max()) for name in sides
        ]
        side = sides[int(np.argsort(seen)[-1 - int(rng.integers(2))])]
        leaned = _leaning(shape, side, stance, float(rng.uniform(13, 18)))
        return shape.with_patches({side: leaned, "contents": _stuffing(shape, art, stance, 0.94)})
    panel = {lid: shape.patches[lid]}
    burst = {side: _leaning(shape, side, stance, float(rng.uniform(16, 48))) for side in sides}
    rest = without(shape, (lid,)).with_patches({**burst, "contents": _stuffing(shape, art, stance, 0.7)})
    normal = shape.patches[lid].normals().mean(axis=(0, 1))
    return laid_beside(
        rest, panel, stance, rng, normal if rng.random() < 0.6 else -normal, tray_height(shape, stance.up)
    )


def _leaning(shape: Shape, side: str, stance: Stance, angle_deg: float) -> Patch:
    """Lean one side of a box outwards about its lower edge."""
    points = shape.patches[side].points.astype(np.float64)
    normal = shape.patches[side].normals().mean(axis=(0, 1)).astype(np.float64)
    flat = points.reshape(-1, 3)
    heights = flat @ stance.up
    foot = flat[heights < heights.min() + 1.0].mean(axis=0)
    return moved(shape, (side,), turn_about(np.cross(stance.up, normal), np.deg2rad(angle_deg)), foot)[side]


def _stuffing(shape: Shape, art: Artwork, stance: Stance, share: float) -> Patch:
    """Return a rumpled heap of what a box holds, which fills this share of its height."""
    points = shape.points().astype(np.float64)
    up = stance.up
    ahead = np.eye(3)[int(np.argmin(np.abs(up)))]
    aside = np.cross(ahead, up)
    low, high = ((points @ up).min(), (points @ up).max())
    wide, deep = np.ptp(points @ aside), np.ptp(points @ ahead)
    middle = points.mean(axis=0) - (points.mean(axis=0) @ up - low) * up
    corner = middle - 0.48 * wide * aside + 0.48 * deep * ahead
    sheet = sheet_patch(art.places_mm["contents"], corner, 0.96 * wide * aside, -0.96 * deep * ahead, 5.0)
    u, v = ((np.linspace(-1, 1, count)) for count in sheet.wear.shape)
    fall = (1 - np.abs(u)[:, None] ** 9) * (1 - np.abs(v)[None, :] ** 9)
    bumps = 1 + 0.05 * np.sin(sheet.uv_mm[..., 0] * 0.21) * np.sin(sheet.uv_mm[..., 1] * 0.17)
    return sheet.moved(sheet.points + ((high - low) * share * fall * bumps)[..., None] * up)


def _sleeve(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Slide the sleeve off its tray; or its glued edge has come open."""
    if major:
        tray = {name: shape.patches[name] for name in shape.parts["tray"]}
        return laid_beside(without(shape, tray), tray, stance, rng, _Z)
    front = shape.patches["front"].points
    hinge = front[-1].mean(axis=0)
    turn = turn_about(np.array([1.0, 0.0, 0.0]), np.deg2rad(float(rng.uniform(11, 15))))
    return shape.with_patches(moved(shape, ("front",), turn, hinge))


def _mailer(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Split the seams of the lower end: the front sheet peels up from the back one, and what is inside shows."""
    front = shape.patches["front"]
    width, height, depth = shape.product.size_mm
    points = front.points.astype(np.float64)
    from_end = points[..., 1] + height / 2
    if not major:
        middle = float(rng.uniform(-0.22, 0.22)) * width
        bow = np.clip(1 - ((points[..., 0] - middle) / (0.3 * width)) ** 2, 0, 1)
        near = np.clip(1 - from_end / (0.22 * height), 0, 1) ** 1.3
        points[..., 2] += float(rng.uniform(14, 18)) * near * bow
        points[..., 1] += 0.05 * height * near * bow
        return shape.with_patches({"front": front.moved(points)})
    length = float(rng.uniform(0.42, 0.52)) * height
    beyond = np.maximum(length - from_end, 0)
    bend = 26.0
    angle = np.minimum(beyond / bend, 2.6)
    rest = beyond - bend * angle
    points[..., 1] = np.where(
        beyond > 0, length - height / 2 - bend * np.sin(angle) - rest * np.cos(angle), points[..., 1]
    )
    points[..., 2] += np.where(beyond > 0, bend * (1 - np.cos(angle)) + rest * np.sin(angle), 0)
    back = shape.patches["back"].points
    sheet = sheet_patch(
        art.places_mm["back"],
        np.array([-0.4 * width, -0.06 * height, 0]),
        np.array([0.8 * width, 0, 0]),
        np.array([0, -0.4 * height, 0]),
        5.0,
    )
    plain = replace(sheet, uv_mm=np.broadcast_to(sheet.uv_mm[:1, :1] + 2.0, sheet.uv_mm.shape).copy())
    block = plain.moved(sheet.points + (float(back[..., 2].max()) + 0.3 * depth) * _Z)
    return shape.with_patches({"front": front.moved(points), "contents": block})


def _polybag(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Split a side weld: the films part there and what is inside comes out, or lies beside the bag."""
    width, _, depth = shape.product.size_mm
    side = float(rng.choice([-1.0, 1.0]))
    parted = {}
    for name, way in (("front", 1.0), ("back", 0.0)):
        points = shape.patches[name].points.astype(np.float64)
        near = np.clip(side * points[..., 0] / (width / 2), 0, 1) ** 2
        points[..., 2] += way * (0.5 if major else 0.3) * depth * near
        points[..., 0] -= way * side * 0.08 * width * near
        parted[name] = shape.patches[name].moved(points)
    opened = shape.with_patches(parted)
    out = side * width * float(rng.uniform(0.5, 0.62) if major else rng.uniform(0.11, 0.14))
    turn = turn_about(_Z, float(rng.uniform(0.12, 0.3)) * float(rng.choice([-1, 1])) * (1.0 if major else 0.3))
    contents = {name: opened.patches[name] for name in shape.parts["contents"]}
    names = tuple(contents)
    return opened.with_patches(moved(opened, names, turn, np.zeros(3), (out, 0, 0)))


def _capped(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Take the cap off and lay it beside; or half of it has broken away and lies there."""
    axis = _Z if shape.product.kind is Kind.BOTTLE else np.array([0.0, -1.0, 0.0])
    cap = {name: shape.patches[name] for name in shape.parts["cap"]}
    opened = without(with_neck(shape, art), cap)
    low = tray_height(shape, stance.up)
    if major:
        return laid_beside(opened, cap, stance, rng, axis if rng.random() < 0.5 else -axis, low)
    kept, broken = _broken(cap, axis, stance)
    return laid_beside(opened.with_patches(kept), broken, stance, rng, None, low)


def _broken(
    cap: dict[str, Patch], axis: NDArray[np.float64], stance: Stance
) -> tuple[dict[str, Patch], dict[str, Patch]]:
    """Break a cap in two along its axis; the camera that sees it best sees where it is broken."""
    kept, broken = {}, {}
    for name, patch in cap.items():
        columns = patch.wear.shape[1]
        middle = points_of(cap).mean(axis=0)
        out = patch.points[-1] - middle
        seen = (out - (out @ axis)[:, None] * axis) @ stance.towards_cameras[-1]
        patch = _rolled(patch, int(np.argmax(seen)) - columns // 4)
        cut = columns // 2 + 1
        broken[name], kept[name] = _cut(patch, slice(0, cut)), _cut(patch, slice(cut - 1, columns))
    return kept, {f"broken {name}": patch for name, patch in broken.items()}


def _rolled(patch: Patch, columns: int) -> Patch:
    """Return a patch that goes around with its first column elsewhere."""

    def roll(grid: NDArray[np.float32]) -> NDArray[np.float32]:
        turned = np.roll(grid[:, :-1], -columns, axis=1)
        return np.concatenate([turned, turned[:, :1]], axis=1)

    return replace(patch, points=roll(patch.points), uv_mm=roll(patch.uv_mm), wear=roll(patch.wear))


def _cut(patch: Patch, columns: slice) -> Patch:
    points, uv_mm, wear = patch.points[:, columns], patch.uv_mm[:, columns], patch.wear[:, columns]
    return replace(patch, points=points, uv_mm=uv_mm, wear=wear, wraps=False)


def _can(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Take the lid off and lay it beside; or it has slipped to one side."""
    opened = with_contents(shape, art)
    lid = {"lid": shape.patches["lid"]}
    if major:
        return laid_beside(without(opened, lid), lid, stance, rng, _Z if rng.random() < 0.5 else -_Z)
    turn = rng.uniform(0, 2 * np.pi)
    way = np.array([np.cos(turn), np.sin(turn), 0.0])
    tilt = turn_about(np.cross(_Z, way), np.deg2rad(float(rng.uniform(4, 6))))
    slip = float(rng.uniform(0.2, 0.26)) * shape.product.size_mm[0] * way + 7.5 * _Z
    return opened.with_patches(moved(opened, ("lid",), tilt, lid["lid"].points.mean(axis=(0, 1)), slip))


def _blister(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Take the bubble off its card with what it holds; or it sits askew."""
    held = [
        *shape.parts["bubble"],
        *(name for part, names in shape.parts.items() if part[:5] == "unit " for name in names),
    ]
    torn = with_glue_marks(shape, rng)
    bubble = {name: torn.patches[name] for name in held if name in torn.patches}
    if major:
        return laid_beside(without(torn, bubble), bubble, stance, rng, _Z)
    turn = turn_about(_Z, float(rng.choice([-1, 1])) * np.deg2rad(float(rng.uniform(9, 12))))
    slip = np.array([float(rng.uniform(5, 7)) * float(rng.choice([-1, 1])), float(rng.uniform(6, 9)), 0.6])
    return torn.with_patches(moved(torn, bubble, turn, points_of(bubble).mean(axis=0), slip))


def _book(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Tear the cover off the pages and lay it beside; or it hangs askew on them."""
    part = "cover" if stance.up[2] > 0 else "back cover"
    cover = {name: shape.patches[name] for name in shape.parts[part]}
    facing = np.sign(stance.up[2]) * _Z
    if major:
        return laid_beside(without(shape, cover), cover, stance, rng, facing if rng.random() < 0.6 else -facing)
    turn = turn_about(_Z, float(rng.choice([-1, 1])) * np.deg2rad(float(rng.uniform(5, 7))))
    slip = np.array([float(rng.uniform(7, 10)), float(rng.uniform(-4, 4)), 0.0]) + 0.8 * facing
    return shape.with_patches(moved(shape, cover, turn, points_of(cover).mean(axis=0), slip))


def _multipack(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Take the band off and set the units apart, one of them fallen; or one unit has worked its way up."""
    units = [part for part in shape.parts if part.startswith("unit ")]
    unit = str(rng.choice(units))
    names = shape.parts[unit]
    if not major:
        lift = float(rng.uniform(0.13, 0.17)) * shape.product.size_mm[1] * np.array([0.0, 1.0, 0.0])
        opened = without(shape, ("film top",))
        return opened.with_patches(moved(opened, names, np.eye(3), np.zeros(3), lift))
    loose = {name: shape.patches[name] for name in names}
    rest = without(shape, [*shape.parts["wrap"], *names])
    middle = points_of(rest.patches).mean(axis=0)
    for part in units:
        if part != unit:
            own = {name: rest.patches[name] for name in shape.parts[part]}
            away = points_of(own).mean(axis=0) - middle
            away -= (away @ stance.up) * stance.up
            rest = rest.with_patches(moved(rest, own, np.eye(3), middle, 0.2 * away))
    return laid_beside(rest, loose, stance, rng, _Z)


_APART: dict[Kind, _Apart] = {
    Kind.CARTON: _carton,
    Kind.SLEEVE: _sleeve,
    Kind.MAILER: _mailer,
    Kind.POLYBAG: _polybag,
    Kind.BOTTLE: _capped,
    Kind.CAN: _can,
    Kind.BLISTER: _blister,
    Kind.BOOK: _book,
    Kind.TUBE: _capped,
    Kind.MULTIPACK: _multipack,
}
