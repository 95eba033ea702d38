"""Penetration: holes with torn edges bent out or in, and tears whose edge curls back; the inside shows."""

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.deformation import pushed_in
from station.simulation.damage.moves import without
from station.simulation.damage.open_lids import filled
from station.simulation.damage.open_soft import block_rgb
from station.simulation.damage.paint import cropped, plain_swatch, texels, with_swatch, within
from station.simulation.damage.site import Site, Stance, draw_site, lifted
from station.simulation.finish import MATT, Finish
from station.simulation.shape import Patch, Place, Shape, grid_patch, uv_grid
from station.simulation.trace import CLEAR

_TORN_RGB: dict[Kind, tuple[int, int, int]] = {
    Kind.MAILER: (186, 178, 162),
    Kind.POLYBAG: (228, 230, 232),
    Kind.BOTTLE: (206, 218, 216),
    Kind.CAN: (166, 170, 176),
    Kind.BLISTER: (226, 228, 230),
    Kind.TUBE: (226, 226, 224),
    Kind.MULTIPACK: (230, 232, 234),
}
"""What torn edges look like: padding, stretched film, splintered glass, burnished metal; board's fibre elsewhere."""
_FIBRE_RGB = (218, 205, 182)
_ENDS = ("lid", "base", "cap", "cap top", "flap", "rim", "front rim", "back rim", "neck", "band")
"""Patches that only close or hold others."""
_DEEP_MM = 3.5
"""Whatever lies this close beneath the surface is torn open with it."""
_HELD = ("contents", "contents back", "contents top", "last page", "filling", "mouth")
"""What a product holds stays whole: it is what one sees through the hole."""
_CURL_STEPS = 5
_STRIP_MM = 7.0
"""A longer strip would hide the tear it hangs at."""
_PIERCED = (Kind.CAN, Kind.BLISTER, Kind.MULTIPACK)
"""Stiff skins do not tear."""
_FLAT = ("front", "back")
"""A blister's card, which the tray or its bubble backs, does not sink."""
_SPLIT = {Kind.BLISTER: (1.3, 1.3), Kind.MULTIPACK: (1.7, 1.0), Kind.BOOK: (1.7, 1.0), Kind.CAN: (1.7, 1.0)}
"""Thin plastic around a set, a book's cover and tin split further: a small and a large hole are larger by so much."""
_HOLLOW_RGB, _DARK = (44, 40, 36), 80.0
"""A hole in a bright mailer is dark; in one darker than this, in levels, one sees what it holds."""


def penetrated(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape with a hole or a tear that lets one look inside."""
    if shape.product.kind is Kind.CAN:
        shape = filled(shape, art)
    if shape.product.kind is Kind.MAILER:
        shape = _padded(shape, rng)
    is_tear = bool(rng.random() < 0.5) and shape.product.kind not in _PIERCED
    if is_tear:
        half = (rng.uniform(27, 36), rng.uniform(13, 16)) if major else (rng.uniform(14, 17), rng.uniform(5.0, 6.0))
    else:
        half = (rng.uniform(16, 21), rng.uniform(13, 17)) if major else (rng.uniform(6.6, 8.0), rng.uniform(6.0, 7.0))
    split = _SPLIT.get(shape.product.kind, (1.0, 1.0))[major]
    half = (split * half[0], split * half[1])
    solid = without(shape, [name for name in shape.parts.get("wrap", ()) if name != "band"])
    site = draw_site(solid, stance, 0.7 * half[0] + 3, rng, _skins(solid))
    sunk_mm = 0.0
    if not is_tear and not (
        shape.product.kind is Kind.BLISTER and site.patch in _FLAT
    ):  # clear plastic goes white around it
        sunk_mm = half[0] * (0.7 if shape.patches[site.patch].finish.opacity < CLEAR else 0.3)
        shape = pushed_in(shape, site.point, site.normal, 1.7 * half[0], sunk_mm, half[0] + 8, rng)
    outline = _outline(half, is_tear, rng)
    rgb = _TORN_RGB.get(shape.product.kind, _FIBRE_RGB)
    shape, place = plain_swatch(shape, rgb, 6.0, rng)
    whole = shape.patches[site.patch]
    shape = _cut(shape, site, outline, sunk_mm)
    torn = _Torn(whole, site.uv_mm, place, replace(MATT, inside=rgb))
    edge = {"torn edge": torn.rim(outline, rng)}
    if is_tear:
        upper = outline[: len(outline) // 2]
        long = min(0.7 * half[1], _STRIP_MM) * np.sin(np.linspace(0.15, np.pi - 0.15, len(upper)))
        edge["torn strip"] = torn.bent(upper, long, 2.8, rng)
    else:
        edge |= _petals(torn, outline, half, rng)
    number = sum(name.startswith("torn edge") for name in shape.patches)
    return shape.with_patches({f"{name} {number}" if number else name: patch for name, patch in edge.items()})


def _padded(shape: Shape, rng: np.random.Generator) -> Shape:
    """Return a mailer with what one sees through a hole, all over its inside, halfway between its sheets."""
    is_dark = np.mean(shape.product.design.base) < _DARK
    shape, place = plain_swatch(shape, block_rgb(shape.product) if is_dark else _HOLLOW_RGB, 3.0, rng)
    front, back = shape.patches["front"], shape.patches["back"]
    across, along = np.meshgrid(*(np.linspace(0, 1, count) for count in front.grid[::-1]))
    middle = (front.points + back.points[:, ::-1]) / 2
    return shape.with_patches({"filling": grid_patch(middle, uv_grid(place, across, along))})


def _skins(shape: Shape) -> tuple[str, ...]:
    """Return the patches that holes are made in: not a thin one that only closes or covers another."""
    return tuple(
        name
        for name in shape.patches
        if name not in (*_ENDS, "sticker", "filling") and not name.endswith((" lid", " base", " skin"))
    )


def _outline(half: tuple[float, float], is_tear: bool, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a ragged outline around the origin in mm, float64 [N, 2]; a tear's first half is its upper edge."""
    angles = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    ragged = rng.uniform(0.78, 1.15, angles.size)
    if not is_tear:
        ragged[rng.choice(angles.size, 3, replace=False)] *= rng.uniform(1.3, 1.7)
    bow = np.sin(angles) if not is_tear else np.sign(np.sin(angles)) * np.abs(np.sin(angles)) ** 1.4
    flat = np.stack([half[0] * np.cos(angles), half[1] * bow], axis=1) * ragged[:, None]
    if is_tear:
        flat[:, 1] += 0.12 * half[0] * np.sin(2.2 * flat[:, 0] / half[0])
    lean = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
    return np.asarray(flat @ turn)


def _cut(shape: Shape, site: Site, outline: NDArray[np.float64], sunk_mm: float) -> Shape:
    """Cut a hole along an outline on the site's patch, which sank by so much, and through what lies close beneath."""
    corners, _ = lifted(shape.patches[site.patch], site.uv_mm + outline)
    along = np.linalg.svd(corners - corners.mean(axis=0))[2][:2].T
    flat = ((corners - site.point) @ along * 8).astype(np.float32)
    for name in tuple(shape.patches):
        if name == site.patch or (name not in _HELD and _is_near(shape.patches[name], site, outline)):
            shape = shape if name == site.patch else _with_own_print(shape, name, site)
            close = cropped(shape.patches[name], within(site.point, 1.5 * float(np.abs(outline).max()) + 6.0))
            if close is None:
                continue
            spots = texels(close, shape)
            offset = spots.points - site.point
            deep = -(offset @ site.normal)
            is_torn = name in (site.patch, f"{site.patch} skin")
            bowed = sunk_mm + (0.5 * np.abs(offset @ along).max(axis=1) if is_torn else 0)
            near = np.flatnonzero((deep < _DEEP_MM + bowed) & (deep > -_DEEP_MM - bowed))
            inside = _inside(flat, offset[near] @ along * 8)
            texture = shape.texture.copy()
            texture[spots.rows[near][inside], spots.columns[near][inside], 3] = 0
            shape = replace(shape, texture=texture)
    return shape


def _is_near(patch: Patch, site: Site, outline: NDArray[np.float64]) -> bool:
    offset = patch.points.reshape(-1, 3) - site.point
    reach = float(np.abs(outline).max())
    beneath = np.abs(offset @ site.normal) < _DEEP_MM
    return not patch.spilt and bool((beneath & (np.linalg.norm(offset, axis=1) < reach + _DEEP_MM)).any())


def _inside(polygon: NDArray[np.float32], places: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Tell which places [N, 2] lie in a polygon [M, 2], both in eighths of mm."""
    low = np.floor(polygon.min(axis=0)).astype(int) - 1
    size = np.ceil(polygon.max(axis=0)).astype(int) - low + 2
    mask = cv2.fillPoly(np.zeros((size[1], size[0]), np.uint8), [np.rint(polygon - low).astype(np.int32)], 1)
    at = np.rint(places - low).astype(int)
    within = ((at >= 0) & (at < size)).all(axis=1)
    at = at.clip(0, size - 1)
    return np.asarray(within & (mask[at[:, 1], at[:, 0]] > 0))


def _with_own_print(shape: Shape, name: str, site: Site) -> Shape:
    """Give a patch a piece of the sheet of its own if it shares that of the site's patch, as a book's lining does."""
    patch, other = shape.patches[name], shape.patches[site.patch]
    low, high = (patch.uv_mm.reshape(-1, 2).min(axis=0), patch.uv_mm.reshape(-1, 2).max(axis=0))
    if (low > other.uv_mm.max(axis=(0, 1)) - 0.5).any() or (high < other.uv_mm.min(axis=(0, 1)) + 0.5).any():
        return shape
    first, last = (np.floor(edge * shape.px_per_mm).astype(int) + beyond for edge, beyond in ((low, -1), (high, 2)))
    columns, rows = (
        np.arange(*ends).clip(0, size - 1)  # a texel more at each side, which its border is blended with
        for ends, size in zip(np.stack([first, last], axis=1), shape.texture.shape[1::-1], strict=True)
    )
    shape, place = with_swatch(shape, shape.texture[np.ix_(rows, columns)])
    moved = patch.uv_mm + (np.array(place[:2]) - first / shape.px_per_mm).astype(np.float32)
    return shape.with_patches({name: replace(patch, uv_mm=moved)})


def _petals(
    torn: "_Torn", outline: NDArray[np.float64], half: tuple[float, float], rng: np.random.Generator
) -> dict[str, Patch]:
    """Bend pieces of a hole's edge: most outwards, some into the hole."""
    petals = {}
    for number, piece in enumerate(np.array_split(np.arange(len(outline)), 6)):
        base = outline[np.append(piece, (piece[-1] + 1) % len(outline))]
        length = 0.62 * half[1] * np.sin(np.linspace(0.2, np.pi - 0.2, len(base))) * rng.uniform(0.7, 1.2)
        curl = float(rng.uniform(1.7, 2.5) if rng.random() < 0.7 else rng.uniform(-1.3, -0.9))
        petals[f"torn petal {number}"] = torn.bent(base, length, curl, rng)
    return petals


class _Torn:
    """Torn material at a hole in a patch: `middle_mm` is the hole's on the sheet, `place` what its edges look like."""

    def __init__(self, patch: Patch, middle_mm: NDArray[np.float64], place: Place, finish: Finish) -> None:
        self._patch, self._middle, self._finish = patch, middle_mm, finish
        self._corner = np.array(place[:2]) + 4.0

    def rim(self, outline: NDArray[np.float64], rng: np.random.Generator) -> Patch:
        """Return the frayed ring of bared material around a hole."""
        closed = np.concatenate([outline, outline[:1]])
        outward = closed / np.linalg.norm(closed, axis=1, keepdims=True)
        width = rng.uniform(0.8, 2.6, len(outline))
        width = np.append(width, width[0])[:, None]
        rings = [closed - 0.5 * outward, closed + 0.5 * width * outward, closed + width * outward]
        rows = []
        for ring, above in zip(rings, (0.3, 0.45, 0.2), strict=True):
            points, normals = lifted(self._patch, self._middle + ring)
            rows.append(points + above * normals)
        uv_mm = self._corner + np.stack(np.meshgrid(np.linspace(0, 12, len(closed)), (0, 1, 2)), axis=2)
        return grid_patch(np.stack(rows)[:, ::-1], uv_mm, self._finish)

    def bent(
        self, base: NDArray[np.float64], length_mm: NDArray[np.float64], curl: float, rng: np.random.Generator
    ) -> Patch:
        """Return material that hangs at the `base`, [N, 2], and curls out of the hole, or into it if `curl` < 0."""
        points, normals = lifted(self._patch, self._middle + base)
        ahead, _ = lifted(self._patch, self._middle + 0.9 * base)
        inward = ahead - points
        inward -= (inward * normals).sum(axis=1, keepdims=True) * normals
        inward /= np.maximum(np.linalg.norm(inward, axis=1, keepdims=True), 1e-6)
        share = np.linspace(0, 1, _CURL_STEPS)
        angle = curl * (0.35 + 0.65 * share)
        length = np.maximum(length_mm * rng.uniform(0.75, 1.15, len(base)), 0.2)
        step = length[None, :, None] / (_CURL_STEPS - 1)
        way = np.cos(angle)[:, None, None] * inward + np.sin(angle)[:, None, None] * normals
        curled = points + 0.3 * normals + np.cumsum(np.concatenate([np.zeros_like(way[:1]), way[1:]]) * step, axis=0)
        across, along = np.meshgrid(np.linspace(0, 14, len(base)), np.linspace(0, 8, _CURL_STEPS))
        return grid_patch(curled, self._corner + np.stack([across, along], axis=2), self._finish)
