"""Rendering: embree casts the rays, NumPy and OpenCV shade what they hit."""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.geometry import Intrinsics
from station.rig import RigCamera
from station.simulation import light
from station.simulation.imprint import Imprint
from station.simulation.layout import project
from station.simulation.lens import slopes
from station.simulation.mesh import Material, Mesh, booth_mesh, joined
from station.simulation.settings import SimulationSettings
from station.simulation.shade import Look, Surfaces, gleam, lit_colour
from station.simulation.shape import Body
from station.simulation.stage import Stage, build_stage
from station.simulation.trace import CLEAR, Layer, Tracer

_DARKEST = 0.06
_FAR = 1e30
_LENS_BLUR_PX = 0.5
_PAD_PX = 8
"""Rendered around every box, so that blurs at its border see what lies beyond."""
_BEHIND_CLEAR = 0.5
"""How surely stereo sees what lies behind something clear, were that wholly clear."""
_GLARE = 0.12
"""Mirrored light of this brightness halves how surely stereo sees the surface; a white matt surface's is 1."""


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
    """What a camera's pixel centres meet: depth float32 [h, w] in mm, seen through what is clear; item bool [h, w].

    `spilt` bool [h, w] is what was spilt beside the item.
    `paired` bool [h, w] tells where the second depth imager sees the same point; `confidence` float32 [h, w], 0 to 1,
    how well stereo can see the surface: less where it mirrors the lights, and behind film and glass.
    """

    depth_mm: NDArray[np.float32]
    item: NDArray[np.bool_]
    spilt: NDArray[np.bool_]
    paired: NDArray[np.bool_]
    confidence: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Surface:
    """What a camera's pixel centres meet, unlit: depth float32 [h, w] in mm, item bool [h, w], albedo float32 RGB.

    `depth_mm` is that of what one sees through clear things, `skin_mm` float32 [h, w] that of the first thing, clear or
    not. `item` leaves out what was spilt beside the item; `albedo` [h, w, 3] is in levels, 0 to 255.
    `corner` int32 [h, w] is a corner of the triangle that the first thing met is of, as its place among the body's
    points; -1 where that is not of the body.
    """

    depth_mm: NDArray[np.float32]
    skin_mm: NDArray[np.float32]
    corner: NDArray[np.int32]
    item: NDArray[np.bool_]
    albedo: NDArray[np.float32]


class Scene:
    """The booth with at most one item on its tray.

    Raises:
        SimulationError: the renderer is not installed.
    """

    def __init__(self, item: Mesh | None = None, body: Body | None = None, stage: Stage | None = None) -> None:
        """Set the scene up; without a `stage`, that of the default settings."""
        self._stage = stage or build_stage(SimulationSettings())
        self._lighting = self._stage.lighting
        booth = booth_mesh(self._stage.tray)
        mesh = joined([booth, item] if item else [booth])
        self._corners = np.maximum(mesh.triangles[:, 0] - len(booth.points), -1)
        imprint = Imprint(body) if body else None
        self._tracer = Tracer(mesh, imprint)
        self._look = Look(mesh, body, imprint, self._stage.dirt)

    def geometry(self, camera: RigCamera, box: Box, baseline_mm: float) -> Geometry:
        """Trace one ray through every pixel's centre."""
        shape, eye, rays = _pixel_rays(camera, box)
        depth, solid = np.zeros(len(rays), np.float32), np.zeros(len(rays), bool)
        material = np.zeros(len(rays), np.uint8)
        confidence = np.ones(len(rays), np.float32)
        for number, layer in enumerate(self._tracer.layers(eye, rays)):
            if number == 0:
                material[:] = self._look.material(layer.hits)
            depth[layer.index] = np.where(solid[layer.index], depth[layer.index], layer.hits.depth_mm)
            solid[layer.index] |= layer.opacity >= CLEAR
            confidence[layer.index] *= 1 - (1 - _BEHIND_CLEAR) * (1 - layer.opacity)
            glossy = self._look.glossy(layer.hits)
            towards = rays[layer.index[glossy]]
            seen = self._look.surfaces(eye, towards, layer.hits.of(glossy))
            which, share, brightness = gleam(seen, towards, self._lighting)
            confidence[layer.index[glossy[which]]] *= _GLARE / (_GLARE + np.maximum(share * brightness - _GLARE, 0))
        points = eye + rays * depth[:, None]
        second = (eye + baseline_mm * camera.rig_from_camera[:3, 0]).astype(np.float32)
        paired = self._tracer.clear(points - 0.5 * rays, second - points, 1.0)
        material = material.reshape(shape)
        item, spilt = material == Material.ITEM, material == Material.SPILL
        return Geometry(depth.reshape(shape), item, spilt, paired.reshape(shape), confidence.reshape(shape))

    def surface(self, camera: RigCamera, box: Box) -> Surface:
        """Trace one ray through every pixel's centre for what is there, whatever the light."""
        shape, eye, rays = _pixel_rays(camera, box)
        depth, skin = np.zeros(len(rays), np.float32), np.zeros(len(rays), np.float32)
        item, solid, corner = np.zeros(len(rays), bool), np.zeros(len(rays), bool), np.full(len(rays), -1, np.int32)
        albedo, through = np.zeros((len(rays), 3), np.float32), np.ones(len(rays), np.float32)
        for number, layer in enumerate(self._tracer.layers(eye, rays)):
            seen = self._look.surfaces(eye, rays[layer.index], layer.hits)
            if number == 0:
                item[:], skin[:] = seen.material == Material.ITEM, layer.hits.depth_mm
                corner[:] = np.where(layer.hits.triangle < 0, -1, self._corners[layer.hits.triangle])
            depth[layer.index] = np.where(solid[layer.index], depth[layer.index], layer.hits.depth_mm)
            solid[layer.index] |= layer.opacity >= CLEAR
            albedo[layer.index] += seen.albedo * (through[layer.index] * layer.opacity)[:, None]
            through[layer.index] *= 1 - layer.opacity
        return Surface(
            depth.reshape(shape),
            skin.reshape(shape),
            corner.reshape(shape),
            item.reshape(shape),
            albedo.reshape(*shape, 3),
        )

    def colour(self, camera: RigCamera, box: Box, supersampling: int) -> NDArray[np.float32]:
        """Return the picture in a box, float32 RGB [h, w, 3], levels 0 to 255."""
        wide = Box(box.top - _PAD_PX, box.bottom + _PAD_PX, box.left - _PAD_PX, box.right + _PAD_PX)
        picture = (wide.bottom - wide.top) * supersampling, (wide.right - wide.left) * supersampling
        rows, columns = (
            np.arange(count) + start * supersampling
            for count, start in zip(picture, (wide.top, wide.left), strict=True)
        )
        eye, rays = _rays(camera, (rows + 0.5) / supersampling - 0.5, (columns + 0.5) / supersampling - 0.5)
        lights = light.light_of_sample(rows[:, None], columns[None]).reshape(-1)
        colour, mirrors, through = np.empty((0, 3), np.float32), np.empty(0, np.float32), np.empty(0, np.float32)
        for number, layer in enumerate(self._tracer.layers(eye, rays)):
            own, shine, passes = self._lit(layer, eye, rays, lights, picture)
            if number == 0:
                colour, mirrors, through = own, shine, passes
                colour *= layer.opacity[:, None]
                continue
            left = through[layer.index]
            colour[layer.index] += own * (left * layer.opacity)[:, None]
            mirrors[layer.index] += left * shine
            through[layer.index] = left * passes
        bright = np.flatnonzero(mirrors > 0)
        colour[bright] = np.sqrt(colour[bright] ** 2 + (255.0**2 * mirrors[bright])[:, None])
        sharp = cv2.resize(
            np.minimum(colour, 255).reshape(*picture, 3),
            (picture[1] // supersampling, picture[0] // supersampling),
            interpolation=cv2.INTER_AREA,
        )
        blurred = cv2.GaussianBlur(sharp, (0, 0), _LENS_BLUR_PX)
        return np.asarray(blurred[_PAD_PX:-_PAD_PX, _PAD_PX:-_PAD_PX], np.float32)

    def brightness(self, camera: RigCamera, box: Box) -> NDArray[np.float32]:
        """Return the brightness in a box, float32 [h, w], from a quarter as many rays as pixels: enough for shadows."""
        small = halved(box)
        return doubled(self.colour(coarse(camera), small, 1).mean(axis=2), small, box, cv2.INTER_LINEAR)

    def _lit(
        self,
        layer: Layer,
        eye: NDArray[np.float32],
        rays: NDArray[np.float32],
        lights: NDArray[np.intp],
        picture: tuple[int, int],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return a layer's colours [N, 3], the light it mirrors [N], and the share that comes through it [N]."""
        rays = rays if len(layer.index) == len(rays) else rays[layer.index]
        seen = self._look.surfaces(eye, rays, layer.hits)
        open_sky = self._open_sky(seen, layer.index, lights, picture)
        lit = self._lighting.irradiance(seen.points, seen.normals) * (_DARKEST + (1 - _DARKEST) * open_sky)
        mirror = gleam(seen, rays, self._lighting)
        colour, shine = lit_colour(seen, lit, open_sky, mirror)
        passes = 1 - layer.opacity
        passes[mirror[0]] *= 1 - mirror[1]
        colour *= self._lighting.tint(seen.normals)
        return colour, shine, passes

    def _open_sky(
        self, seen: Surfaces, index: NDArray[np.intp], lights: NDArray[np.intp], picture: tuple[int, int]
    ) -> NDArray[np.float32]:
        """Return how much of its light reaches each sample, float32 [N], 0 to 1; `index` is where in the picture."""
        which = lights[index]
        towards = self._lighting.directions[which]
        size = picture[0] * picture[1]
        weight, clear, item = np.zeros(size, np.float32), np.ones(size, np.float32), np.zeros(size, bool)
        weight[index] = np.maximum(np.einsum("nx,nx->n", seen.normals, towards), 0) * self._lighting.weights[which]
        clear[index] = self._tracer.clear(seen.points + seen.normals * 0.3, towards, _FAR)
        item[index[seen.item]] = True
        share = light.visibility(clear.reshape(picture), weight.reshape(picture), item.reshape(picture))
        return np.asarray(share.reshape(-1)[index], np.float32)


def coarse(camera: RigCamera) -> RigCamera:
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


def halved(box: Box) -> Box:
    """Return the part of a coarse camera's picture that covers a box of the whole camera's."""
    return Box(box.top // 2, -(-box.bottom // 2), box.left // 2, -(-box.right // 2))


def doubled(picture: NDArray[Any], small: Box, box: Box, how: int) -> NDArray[Any]:
    """Return a coarse camera's picture of a `small` box, scaled up `how` OpenCV interpolates, cut to the `box`."""
    fine = cv2.resize(picture, None, fx=2, fy=2, interpolation=how)
    top, left = box.top - 2 * small.top, box.left - 2 * small.left
    return np.asarray(fine[top : top + box.bottom - box.top, left : left + box.right - box.left])


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


def _pixel_rays(camera: RigCamera, box: Box) -> tuple[tuple[int, int], NDArray[np.float32], NDArray[np.float32]]:
    """Return a box's shape, the eye, and the rays through its pixels' centres."""
    eye, rays = _rays(camera, np.arange(box.top, box.bottom) + 0.0, np.arange(box.left, box.right) + 0.0)
    return (box.bottom - box.top, box.right - box.left), eye, rays
