"""Ray casting with Embree: colour and true depth of an item on the tray, from one camera."""

from dataclasses import dataclass

import cv2
import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray

from station.core.geometry import Intrinsics, Transform
from station.simulation.mesh import Sheet

_INSIDE_RGB = np.array([56.0, 43.0, 31.0], np.float32)
LAMPS_MM = np.array([[-520, -300, 760], [480, -360, 860], [60, 560, 800]], np.float32)
_LAMP_SHARES = np.array([0.5, 0.3, 0.2], np.float32)
"""Low lamps of unlike strength: light that grazes the faces shows dents."""
_AMBIENT = 0.38
_BRIGHTNESS = 1.1
_EPSILON_MM = 0.4
_SUBPIXELS = np.array([(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)], np.float32)
_ROW = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """A window of a camera's image: colour float32 RGB [h, w, 3], depth in mm float32 [h, w], item bool [h, w].

    `blind` bool [h, w] marks what the right one of the two depth imagers cannot see. `origin_px` is the
    window's upper left corner, (x, y).
    """

    origin_px: tuple[int, int]
    colour: NDArray[np.float32]
    depth_mm: NDArray[np.float32]
    item: NDArray[np.bool_]
    blind: NDArray[np.bool_]


class TraySurface:
    """The tray: brushed grey, seen at any point (x, y) in mm."""

    def __init__(self, size_mm: tuple[float, float], seed: int) -> None:
        generator = np.random.default_rng(seed)
        self._size_mm = size_mm
        grain = generator.normal(0, 1, (600, 600)).astype(np.float32)
        grain = cv2.GaussianBlur(grain, (0, 0), 1.2) * 6 + cv2.GaussianBlur(grain, (0, 0), 25) * 60
        self._texture = np.float32(96) + grain

    def colour(self, xy_mm: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the tray's colour at points [n, 2], float32 RGB [n, 3]; the floor around it is darker."""
        half = np.array(self._size_mm, np.float32) / 2
        at = (xy_mm + 400.0) / 800.0 * 599.0
        grey = _sample(self._texture, at)
        on_tray = (np.abs(xy_mm) <= half).all(axis=1)
        grey = np.where(on_tray, grey, grey * 0.45)
        return np.stack([grey * 0.97, grey, grey * 1.02], axis=1)


def render(
    sheets: list[Sheet],
    tray_from_item: Transform,
    tray_from_camera: Transform,
    intrinsics: Intrinsics,
    window: tuple[int, int, int, int],
    tray: TraySurface,
    baseline_mm: float,
) -> Rendering:
    """Render a window (x, y, width, height) of a camera's image; with no sheets it is the empty tray."""
    scene, meshes = _scene(sheets, tray_from_item)
    x, y, width, height = window
    grid = np.stack(np.meshgrid(np.arange(x, x + width), np.arange(y, y + height)), axis=2).reshape(-1, 2)
    origin = tray_from_camera[:3, 3].astype(np.float32)
    directions = _rays(grid.astype(np.float32), tray_from_camera, intrinsics)
    albedo, depth, normals, item = _cast(scene, meshes, origin, directions, tray)
    fine = np.flatnonzero(cv2.dilate(item.reshape(height, width).astype(np.uint8), np.ones((3, 3), np.uint8)))
    if len(fine):  # the tray is smooth; only the item's print needs finer rays
        parts = [
            _cast(scene, meshes, origin, _rays(grid[fine] + shift, tray_from_camera, intrinsics), tray)
            for shift in _SUBPIXELS
        ]
        albedo[fine] = np.mean([part[0] for part in parts], axis=0)
        item[fine] = np.mean([part[3] for part in parts], axis=0) >= 0.5
    points = origin + directions * depth[:, None]
    second = origin + tray_from_camera[:3, 0].astype(np.float32) * np.float32(baseline_mm)
    light = _light(scene, points, normals)
    return Rendering(
        origin_px=(x, y),
        colour=(albedo * light[:, None]).reshape(height, width, 3),
        depth_mm=depth.reshape(height, width),
        item=item.reshape(height, width),
        blind=_occluded(scene, points, np.broadcast_to(second, points.shape)).reshape(height, width),
    )


def _rays(pixels: NDArray[np.float32], tray_from_camera: Transform, intrinsics: Intrinsics) -> NDArray[np.float32]:
    """Return the directions, [n, 3], of pixels [n, 2]; one unit long along the optical axis."""
    rays = np.ones((len(pixels), 3), np.float32)
    rays[:, :2] = (pixels - (intrinsics.cx, intrinsics.cy)) / (intrinsics.fx, intrinsics.fy)
    return np.ascontiguousarray(rays @ tray_from_camera[:3, :3].T.astype(np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class _Mesh:
    """The triangles of one sheet with what is needed at a hit: uv [t, 3, 2], normals [t, 3, 3], texture."""

    uv: NDArray[np.float32]
    normals: NDArray[np.float32]
    texture: NDArray[np.float32]


def _scene(sheets: list[Sheet], tray_from_item: Transform) -> tuple[EmbreeScene, list[_Mesh]]:
    scene = EmbreeScene()
    meshes = []
    rotation, shift = tray_from_item[:3, :3], tray_from_item[:3, 3]
    floor = np.array([[-3000, -3000, 0], [3000, -3000, 0], [3000, 3000, 0], [-3000, 3000, 0]], np.float32)
    TriangleMesh(scene, floor[np.array([[0, 1, 2], [0, 2, 3]])])
    for sheet in sheets:
        n, m = sheet.points.shape[:2]
        index = np.arange(n * m).reshape(n, m)
        a, b, c, d = (
            part[~sheet.open_cells] for part in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1])
        )
        triangles = np.concatenate([np.stack([a, d, c], 1), np.stack([a, c, b], 1)])
        points = (sheet.points.reshape(-1, 3) @ rotation.T + shift).astype(np.float32)
        normals = (sheet.normals.reshape(-1, 3) @ rotation.T).astype(np.float32)
        v, u = np.mgrid[0:n, 0:m].astype(np.float32)
        uv = np.stack([u / (m - 1), v / (n - 1)], axis=2).reshape(-1, 2)
        TriangleMesh(scene, np.ascontiguousarray(points[triangles]))
        meshes.append(_Mesh(uv[triangles], normals[triangles], sheet.texture.astype(np.float32)))
    return scene, meshes


def _cast(
    scene: EmbreeScene,
    meshes: list[_Mesh],
    origin: NDArray[np.float32],
    directions: NDArray[np.float32],
    tray: TraySurface,
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
    """Return albedo [n, 3], depth along the optical axis [n], normals [n, 3] and whether the item was hit [n]."""
    origins = np.ascontiguousarray(np.broadcast_to(origin, directions.shape))
    hits = scene.run(origins, directions, output=True)
    depth = np.asarray(hits["tfar"], np.float32)
    points = origins + directions * depth[:, None]
    albedo = np.zeros((len(depth), 3), np.float32)
    normals = np.zeros((len(depth), 3), np.float32)
    normals[:, 2] = 1.0
    floor = hits["geomID"] == 0
    albedo[floor] = tray.colour(points[floor, :2])
    for number, mesh in enumerate(meshes, start=1):
        hit = np.flatnonzero(hits["geomID"] == number)
        if not len(hit):
            continue
        triangle = hits["primID"][hit]
        weights = np.stack([1 - hits["u"][hit] - hits["v"][hit], hits["u"][hit], hits["v"][hit]], axis=1)
        uv = np.einsum("nk,nkc->nc", weights, mesh.uv[triangle])
        normal = np.einsum("nk,nkc->nc", weights, mesh.normals[triangle])
        height, width = mesh.texture.shape[:2]
        albedo[hit] = _sample(mesh.texture, uv * np.array([width - 1, height - 1], np.float32))
        inside = np.einsum("nc,nc->n", normal, directions[hit]) > 0
        normal[inside] *= -1
        albedo[hit[inside]] = _INSIDE_RGB
        normals[hit] = normal
    return albedo, depth, normals, ~floor


def _light(scene: EmbreeScene, points: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how brightly points are lit: ambient, and lamps with shadows, by the cosine law."""
    lit = np.full(len(points), _AMBIENT, np.float32)
    start = points + normals * np.float32(_EPSILON_MM)
    for lamp, share in zip(LAMPS_MM, _LAMP_SHARES, strict=True):
        way = lamp - points
        way /= np.linalg.norm(way, axis=1, keepdims=True)
        cosine = np.einsum("nc,nc->n", way, normals).clip(0)
        shadow = _occluded(scene, start, np.broadcast_to(lamp, points.shape))
        lit += np.where(shadow, np.float32(0), cosine * share)
    return lit * np.float32(_BRIGHTNESS)


def _occluded(scene: EmbreeScene, points: NDArray[np.float32], eyes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether something stands between each point and its eye."""
    way = (eyes - points).astype(np.float32)
    length = np.linalg.norm(way, axis=1)
    way /= length[:, None]
    start = np.ascontiguousarray(points + way * np.float32(_EPSILON_MM), np.float32)
    distance = scene.run(start, np.ascontiguousarray(way), query="DISTANCE")
    return np.asarray(distance) < length - 2 * _EPSILON_MM


def _sample(texture: NDArray[np.float32], at: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a texture's values, [n] or [n, 3], at points (x, y) [n, 2], bilinear.

    OpenCV takes no side of 2^15 or more, so the points go in rows of a square.
    """
    count = len(at)
    padded = np.zeros((-(-count // _ROW) * _ROW, 2), np.float32)
    padded[:count] = at
    square = padded.reshape(-1, _ROW, 2)
    values = cv2.remap(texture, square, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
    return np.asarray(values.reshape(-1, *texture.shape[2:])[:count])
