"""Tracing: embree says what rays meet; they pass through holes, and go on behind what is clear."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.core.errors import SimulationError, pip_install
from station.simulation.imprint import Imprint
from station.simulation.mesh import Material, Mesh

_MAX_LAYERS = 5
_HORIZON_MM = 2000.0
_SKIP_MM = 0.05
_HOLE = 128
CLEAR = 0.5
"""What is less opaque than this throws no shadow, and depth cameras see through it."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Where rays end, one entry per ray: the triangle (-1 for none), barycentric `u` and `v`, and the depth in mm."""

    triangle: NDArray[np.int32]
    u: NDArray[np.float32]
    v: NDArray[np.float32]
    depth_mm: NDArray[np.float32]

    def of(self, index: NDArray[np.intp]) -> "Hits":
        """Return those of some rays."""
        return Hits(self.triangle[index], self.u[index], self.v[index], self.depth_mm[index])


@dataclass(frozen=True, slots=True)
class Layer:
    """What the rays `index` [N] meet one after the other, and how opaque that is, float32 [N], 1 for the last."""

    index: NDArray[np.intp]
    hits: Hits
    opacity: NDArray[np.float32]


class Tracer:
    """A mesh to cast rays at.

    Raises:
        SimulationError: the renderer is not installed.
    """

    def __init__(self, mesh: Mesh, imprint: Imprint | None) -> None:
        self._mesh = mesh
        self._imprint = imprint if imprint is not None and imprint.holed else None
        self._opacity = np.array([finish.opacity for finish in mesh.finishes], np.float32)[mesh.finish]
        solid = self._opacity >= CLEAR
        self._solids = np.flatnonzero(solid).astype(np.int32)
        self._all = _embree_scene(mesh.points, mesh.triangles)
        self._solid = self._all if solid.all() else _embree_scene(mesh.points, mesh.triangles[solid])

    def layers(self, eye: NDArray[np.float32], rays: NDArray[np.float32]) -> Iterator[Layer]:
        """Yield what rays from one eye meet, the nearest first, as far as they get."""
        index = np.arange(len(rays))
        hits = self._cast(eye, rays, None)
        for _ in range(_MAX_LAYERS - 1):
            opacity = np.where(hits.triangle < 0, np.float32(1), np.take(self._opacity, hits.triangle))
            through = np.flatnonzero(opacity < 1)
            yield Layer(index, hits, opacity)
            if not through.size:
                return
            index = index[through]
            hits = self._cast(eye, rays[index], hits.depth_mm[through] + _SKIP_MM)
        yield Layer(index, hits, np.ones(len(index), np.float32))

    def clear(self, origins: NDArray[np.float32], directions: NDArray[np.float32], reach: float) -> NDArray[np.bool_]:
        """Tell which points see along a direction, no further than `reach` times its length."""
        dists = np.full(len(origins), reach, np.float32)
        origins, directions = np.ascontiguousarray(origins, np.float32), np.ascontiguousarray(directions, np.float32)
        clear = np.asarray(self._solid.run(origins, directions, dists=dists, query="OCCLUDED") != 0)
        if self._imprint:
            dark = np.flatnonzero(~clear)
            found = self._solid.run(origins[dark], directions[dark], dists=dists[dark], output=1)
            triangle = np.where(found["primID"] < 0, -1, self._solids[found["primID"]])
            through = np.flatnonzero(self._on_item(triangle))
            through = through[self._in_hole(*(values[through] for values in (triangle, found["u"], found["v"])))]
            beyond, towards = found["tfar"][through] + _SKIP_MM, directions[dark[through]]
            behind = origins[dark[through]] + towards * beyond[:, None]
            seen = self._solid.run(behind, towards, dists=dists[dark[through]] - beyond, query="OCCLUDED") != 0
            clear[dark[through]] = seen
        return clear

    def _cast(self, eye: NDArray[np.float32], rays: NDArray[np.float32], start: NDArray[np.float32] | None) -> Hits:
        """Find where rays end that begin `start` mm deep, passing through the holes in the item's surface."""
        origins = np.repeat(eye[None], len(rays), axis=0) if start is None else eye + rays * start[:, None]
        found = self._all.run(origins, rays, output=1)
        triangle, u, v, depth = found["primID"], found["u"], found["v"], found["tfar"]
        if start is not None:
            depth += start
        for _ in range(_MAX_LAYERS if self._imprint else 0):
            through = np.flatnonzero(self._on_item(triangle))
            through = through[self._in_hole(triangle[through], u[through], v[through])]
            if not through.size:
                break
            skip = depth[through] + _SKIP_MM
            again = self._all.run(eye + rays[through] * skip[:, None], rays[through], output=1)
            triangle[through], u[through], v[through] = again["primID"], again["u"], again["v"]
            depth[through] = skip + again["tfar"]
        return Hits(triangle, u, v, np.minimum(depth, _HORIZON_MM))

    def _on_item(self, triangle: NDArray[np.int32]) -> NDArray[np.bool_]:
        return (triangle >= 0) & (self._mesh.material[triangle] >= Material.ITEM)

    def _in_hole(
        self, triangle: NDArray[np.int32], u: NDArray[np.float32], v: NDArray[np.float32]
    ) -> NDArray[np.bool_]:
        assert self._imprint is not None
        if not triangle.size:
            return np.zeros(0, bool)
        shares = np.stack([1 - u - v, u, v], axis=1)
        return np.asarray(
            self._imprint.print_at(blend(self._mesh.uv_mm, self._mesh.triangles[triangle], shares))[:, 3] < _HOLE
        )


def blend(values: NDArray[np.float32], corners: NDArray[np.int32], shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the corners' values, [V, K], mixed by barycentric shares, float32 [N, K]."""
    first, second, third = (np.take(values, corner, axis=0) for corner in corners.T)
    first *= shares[:, :1]
    second *= shares[:, 1:2]
    third *= shares[:, 2:]
    first += second
    first += third
    return np.asarray(first, np.float32)


def _embree_scene(points: NDArray[np.float32], triangles: NDArray[np.int32]) -> Any:
    try:
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene
    except ImportError as error:
        raise SimulationError(
            f"the simulated booth's renderer cannot be loaded ({error}). Install it: {pip_install('sim')}"
        ) from error
    scene = EmbreeScene()
    TriangleMesh(scene, points, triangles)
    return scene
