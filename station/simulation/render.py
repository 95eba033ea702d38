"""Rendering: embree casts the rays, NumPy and OpenCV shade what they hit."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import SimulationError
from station.core.geometry import Intrinsics
from station.rig import RigCamera
from station.simulation import light
from station.simulation.catalogue import Kind
from station.simulation.layout import Layout, load_layout, project
from station.simulation.lens import slopes
from station.simulation.mesh import Material, Mesh, booth_mesh, joined
from station.simulation.shape import Shape

_TRAY_RGB = (104, 110, 116)
_FLOOR_RGB = (46, 47, 50)
_RIM_RGB = (138, 142, 146)
_WORN_BOARD_RGB = (226, 214, 194)
_WORN_TIN_RGB = (224, 226, 228)
_DARKEST = 0.06
_SHADE_EXPONENT = 1 / 2.2
"""Shading multiplies linear light; on gamma-coded colours the same is a product with the light to this power."""
_MAX_LAYERS = 4
_FAR = 1e30
_HORIZON_MM = 2000.0
_OPAQUE = 128
_LENS_BLUR_PX = 0.5
_PAD_PX = 8
"""Rendered around every box, so that blurs at its border see what lies beyond."""


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a picture: rows `top` to `bottom` and columns `left` to `right`, ends excluded, in px."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """The box as an index."""
        return slice(self.top, self.bottom), slice(self.left, self.right)


@dataclass(frozen=True, slots=True)
class Geometry:
    """What a camera's pixel centres meet: depth float32 [h, w] in mm, item bool [h, w].

    `paired` bool [h, w] tells where the second depth imager sees the same point.
    """

    depth_mm: NDArray[np.float32]
    item: NDArray[np.bool_]
    paired: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Surface:
    """What a camera's pixel centres meet, unlit: depth float32 [h, w] in mm, item bool [h, w], albedo float32 RGB.

    `item` leaves out what was spilt beside the item; `albedo` [h, w, 3] is in levels, 0 to 255.
    """

    depth_mm: NDArray[np.float32]
    item: NDArray[np.bool_]
    albedo: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Hits:
    """Where rays end, one entry per ray: the triangle (-1 for none), barycentric `u` and `v`, and the depth in mm."""

    triangle: NDArray[np.int32]
    u: NDArray[np.float32]
    v: NDArray[np.float32]
    depth_mm: NDArray[np.float32]


class Scene:
    """The booth with at most one item on its tray.

    Raises:
        SimulationError: the renderer is not installed.
    """

    def __init__(self, item: Mesh | None = None, shape: Shape | None = None, layout: Layout | None = None) -> None:
        booth = booth_mesh((layout or load_layout("three")).tray)
        self._mesh = joined([booth] + ([item] if item else []))
        self._shape = shape
        self._holed = shape is not None and bool((shape.texture[..., 3] == 0).any())
        corners = self._mesh.points[self._mesh.triangles]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        self._face_normals = (normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)).astype(
            np.float32
        )
        self._embree = _embree_scene(self._mesh)

    def geometry(self, camera: RigCamera, box: Box, baseline_mm: float) -> Geometry:
        """Trace one ray through every pixel's centre."""
        shape = (box.bottom - box.top, box.right - box.left)
        eye, rays = _rays(camera, np.arange(box.top, box.bottom) + 0.0, np.arange(box.left, box.right) + 0.0)
        hits = self._cast(eye, rays)
        points = eye + rays * hits.depth_mm[:, None]
        second = (eye + baseline_mm * camera.rig_from_camera[:3, 0]).astype(np.float32)
        paired = self._clear(points - 0.5 * rays, second - points, 1.0)
        item = self._material(hits.triangle) == Material.ITEM
        return Geometry(hits.depth_mm.reshape(shape), item.reshape(shape), paired.reshape(shape))

    def surface(self, camera: RigCamera, box: Box) -> Surface:
        """Trace one ray through every pixel's centre for what is there, whatever the light."""
        shape = (box.bottom - box.top, box.right - box.left)
        eye, rays = _rays(camera, np.arange(box.top, box.bottom) + 0.0, np.arange(box.left, box.right) + 0.0)
        hits = self._cast(eye, rays)
        material = self._material(hits.triangle)
        albedo = _booth_albedo(eye + rays * hits.depth_mm[:, None], material)
        item = np.flatnonzero(material == Material.ITEM)
        inside = _dot(self._face_normals[hits.triangle[item]], rays[item]) > 0
        albedo[item] = self._item_albedo(*self._corners(hits.triangle[item], hits.u[item], hits.v[item]), inside)
        depth = hits.depth_mm.reshape(shape).astype(np.float32)
        return Surface(depth, (material == Material.ITEM).reshape(shape), albedo.reshape(*shape, 3))

    def colour(self, camera: RigCamera, box: Box, supersampling: int) -> NDArray[np.float32]:
        """Return the picture in a box, float32 RGB [h, w, 3], levels 0 to 255."""
        wide = Box(box.top - _PAD_PX, box.bottom + _PAD_PX, box.left - _PAD_PX, box.right + _PAD_PX)
        picture = (wide.bottom - wide.top) * supersampling, (wide.right - wide.left) * supersampling
        rows, columns = (
            np.arange(count) + start * supersampling
            for count, start in zip(picture, (wide.top, wide.left), strict=True)
        )
        eye, rays = _rays(camera, (rows + 0.5) / supersampling - 0.5, (columns + 0.5) / supersampling - 0.5)
        hits = self._cast(eye, rays)
        points = eye + rays * hits.depth_mm[:, None]
        material = self._material(hits.triangle)
        item = np.flatnonzero(material == Material.ITEM)
        which = light.light_of_sample(rows[:, None], columns[None]).reshape(-1)
        normals = self._face_normals[hits.triangle]
        corners, shares = self._corners(hits.triangle[item], hits.u[item], hits.v[item])
        inside = _dot(normals[item], rays[item]) > 0
        normals[item] = self._smooth_normals(normals[item], corners, shares) * np.where(inside, -1, 1)[:, None]
        open_sky = self._open_sky(points, normals, which, material == Material.ITEM, picture)
        lit = light.irradiance(normals) * (_DARKEST + (1 - _DARKEST) * open_sky)
        colour = _booth_albedo(points, material)
        colour[item] = self._item_albedo(corners, shares, inside)
        colour *= (np.maximum(lit, 1e-4) ** _SHADE_EXPONENT)[:, None]
        gloss = self._shape.product.design.gloss if self._shape else 0.0
        if gloss > 0:
            shiny = item[~inside]
            gleam = light.gleam(normals[shiny], rays[shiny]) * open_sky[shiny] * gloss
            colour[shiny] += 255 * gleam[:, None]
        colour = np.clip(colour, 0, 255).reshape(*picture, 3)
        sharp = cv2.resize(
            colour, (picture[1] // supersampling, picture[0] // supersampling), interpolation=cv2.INTER_AREA
        )
        blurred = cv2.GaussianBlur(sharp, (0, 0), _LENS_BLUR_PX)
        return np.asarray(blurred[_PAD_PX:-_PAD_PX, _PAD_PX:-_PAD_PX], np.float32)

    def brightness(self, camera: RigCamera, box: Box) -> NDArray[np.float32]:
        """Return the brightness in a box, float32 [h, w], from a quarter as many rays as pixels: enough for shadows."""
        small = Box(box.top // 2, -(-box.bottom // 2), box.left // 2, -(-box.right // 2))
        coarse = self.colour(_coarse(camera), small, 1).mean(axis=2)
        fine = cv2.resize(coarse, None, fx=2, fy=2, interpolation=cv2.INTER_LINEAR)
        top, left = box.top - 2 * small.top, box.left - 2 * small.left
        return np.asarray(fine[top : top + box.bottom - box.top, left : left + box.right - box.left], np.float32)

    def _cast(self, eye: NDArray[np.float32], rays: NDArray[np.float32]) -> _Hits:
        """Find where rays end, passing through the holes in the item's surface."""
        found = self._embree.run(np.repeat(eye[None], len(rays), axis=0), rays, output=1)
        triangle, u, v, depth = found["primID"], found["u"], found["v"], found["tfar"]
        for _ in range(_MAX_LAYERS if self._holed else 0):
            through = np.flatnonzero(self._material(triangle) == Material.ITEM)
            uv_mm = _blend(self._mesh.uv_mm, *self._corners(triangle[through], u[through], v[through]))
            through = through[self._sample(uv_mm)[:, 3] < _OPAQUE]
            if not through.size:
                break
            skip = depth[through] + 0.05
            again = self._embree.run(eye + rays[through] * skip[:, None], rays[through], output=1)
            triangle[through], u[through], v[through] = again["primID"], again["u"], again["v"]
            depth[through] = skip + again["tfar"]
        return _Hits(triangle, u, v, np.minimum(depth, _HORIZON_MM))

    def _smooth_normals(
        self, face: NDArray[np.float32], corners: NDArray[np.int32], shares: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return outward unit normals, float32 [N, 3], smooth over the patch but never far from the triangle's own."""
        normals = _blend(self._mesh.normals, corners, shares)
        normals /= np.maximum(np.sqrt(_dot(normals, normals)), 1e-9)[:, None]
        return np.where((_dot(normals, face) < 0.2)[:, None], face, normals)

    def _open_sky(
        self,
        points: NDArray[np.float32],
        normals: NDArray[np.float32],
        which: NDArray[np.intp],
        item: NDArray[np.bool_],
        picture: tuple[int, int],
    ) -> NDArray[np.float32]:
        """Return how much of its light reaches each sample, float32 [N], 0 to 1."""
        towards = light.DIRECTIONS[which]
        weight = np.maximum(_dot(normals, towards), 0) * light.WEIGHTS[which]
        seen = self._clear(points + normals * 0.3, towards, _FAR).astype(np.float32)
        return light.visibility(seen.reshape(picture), weight.reshape(picture), item.reshape(picture)).reshape(-1)

    def _clear(self, origins: NDArray[np.float32], directions: NDArray[np.float32], reach: float) -> NDArray[np.bool_]:
        """Tell which points see along a direction, no further than `reach` times its length."""
        dists = np.full(len(origins), reach, np.float32)
        origins, directions = np.ascontiguousarray(origins, np.float32), np.ascontiguousarray(directions, np.float32)
        return np.asarray(self._embree.run(origins, directions, dists=dists, query="OCCLUDED") != 0)

    def _material(self, triangle: NDArray[np.int32]) -> NDArray[np.uint8]:
        return np.where(triangle < 0, Material.FLOOR, self._mesh.material[triangle]).astype(np.uint8)

    def _corners(
        self, triangle: NDArray[np.int32], u: NDArray[np.float32], v: NDArray[np.float32]
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        return self._mesh.triangles[triangle], np.stack([1 - u - v, u, v], axis=1)

    def _sample(self, uv_mm: NDArray[np.float32]) -> NDArray[np.uint8]:
        """Look the item's print up, uint8 RGBA [N, 4]."""
        assert self._shape is not None
        uv_px = uv_mm * self._shape.px_per_mm - 0.5
        across, along = _folded(uv_px[:, 0]), _folded(uv_px[:, 1])
        found = cv2.remap(self._shape.texture, across, along, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(found.reshape(-1, 4)[: len(uv_mm)], np.uint8)

    def _item_albedo(
        self, corners: NDArray[np.int32], shares: NDArray[np.float32], inside: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return the item's own colour, float32 RGB [N, 3]: its print, worn board or tin, or its inner side."""
        if self._shape is None:
            return np.zeros((len(inside), 3), np.float32)
        product = self._shape.product
        colour = self._sample(_blend(self._mesh.uv_mm, corners, shares))[:, :3].astype(np.float32)
        worn = np.array(_WORN_TIN_RGB if product.kind is Kind.CAN else _WORN_BOARD_RGB, np.float32)
        wear = _dot(self._mesh.wear[corners], shares)[:, None]
        colour += (worn - colour) * wear
        return np.where(inside[:, None], np.array(product.design.inside, np.float32), colour)


def _coarse(camera: RigCamera) -> RigCamera:
    """Return the same camera with half as many pixels each way."""
    lens = camera.intrinsics
    half = replace(
        lens,
        width_px=-(-lens.width_px // 2),
        height_px=-(-lens.height_px // 2),
        fx=lens.fx / 2,
        fy=lens.fy / 2,
        cx=(lens.cx - 0.5) / 2,
        cy=(lens.cy - 0.5) / 2,
    )
    return replace(camera, intrinsics=half)


def whole(intrinsics: Intrinsics) -> Box:
    """Return the box of a whole picture."""
    return Box(0, intrinsics.height_px, 0, intrinsics.width_px)


def around(camera: RigCamera, points_mm: NDArray[np.floating], margin_px: int = 2) -> Box:
    """Return the part of the picture that points of the tray's frame, [N, 3], lie in, a little wider."""
    columns, rows, _ = project(camera, points_mm).T
    lens = camera.intrinsics
    return Box(
        max(0, int(rows.min()) - margin_px),
        min(lens.height_px, int(rows.max()) + margin_px + 1),
        max(0, int(columns.min()) - margin_px),
        min(lens.width_px, int(columns.max()) + margin_px + 1),
    )


def _rays(
    camera: RigCamera, rows: NDArray[np.floating], columns: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the eye, float32 [3], and a ray as long as one mm of depth through every row and column, [R * C, 3]."""
    right, down, forward = camera.rig_from_camera[:3, :3].T.astype(np.float32)
    across, along = slopes(camera.intrinsics, rows, columns)
    rays = across[..., None] * right + (along[..., None] * down + forward)
    return camera.rig_from_camera[:3, 3].astype(np.float32), rays.reshape(-1, 3)


def _dot(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.einsum("nx,nx->n", one, other), np.float32)


def _blend(values: NDArray[np.float32], corners: NDArray[np.int32], shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the corners' values, [V, K], mixed by barycentric shares, float32 [N, K]."""
    mixed = values[corners[:, 0]] * shares[:, :1]
    mixed += values[corners[:, 1]] * shares[:, 1:2]
    mixed += values[corners[:, 2]] * shares[:, 2:]
    return mixed


def _booth_albedo(points: NDArray[np.float32], material: NDArray[np.uint8]) -> NDArray[np.float32]:
    palette = np.zeros((len(Material), 3), np.float32)
    palette[Material.FLOOR], palette[Material.TRAY], palette[Material.RIM] = _FLOOR_RGB, _TRAY_RGB, _RIM_RGB
    colour = palette[material]
    tray = np.flatnonzero(material == Material.TRAY)
    colour[tray] += _grain(points[tray])[:, None]
    return colour


def _grain(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the tray's faint moulded grain, in levels, float32 [N]."""
    x, y = points[:, 0], points[:, 1]
    fine = np.sin(x * 0.83 + 2.1 * np.sin(y * 0.41)) * np.sin(y * 0.91 + 1.7 * np.sin(x * 0.37))
    return np.asarray(2.0 * fine + 1.5 * np.sin(x * 0.011 + 1.0) * np.sin(y * 0.017), np.float32)


def _folded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a row of values as a picture: OpenCV's pictures are at most 32767 px wide."""
    wide = 1024
    return np.ascontiguousarray(np.pad(values, (0, -len(values) % wide)).reshape(-1, wide), np.float32)


def _embree_scene(mesh: Mesh) -> Any:
    try:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene
    except ImportError as error:
        raise SimulationError(
            f"the simulated booth's renderer cannot be loaded ({error}). Install it: pip install 'damage-station[sim]'"
        ) from error
    scene = EmbreeScene()
    TriangleMesh(scene, mesh.points, mesh.triangles)
    return scene
