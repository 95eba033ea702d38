"""Shading: the colours of surfaces, and how they look in the booth's light."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.simulation import dirt
from station.simulation.imprint import Imprint
from station.simulation.light import Lighting
from station.simulation.mesh import Material, Mesh
from station.simulation.mirror import fresnel, mirrored
from station.simulation.shape import Body, Shape
from station.simulation.trace import Hits, blend

_TRAY_RGB = (104, 110, 116)
_FLOOR_RGB = (46, 47, 50)
_RIM_RGB = (138, 142, 146)
_WET_DARKENS, _WET_ROUGHNESS, _WET_RIPPLE = 0.42, 0.05, 0.1
_SHADE_EXPONENT = 1 / 2.2
"""Shading multiplies linear light; on gamma-coded colours the same is a product with the light to this power."""
_STILL_METAL = 0.3
"""What metal scatters like a matt surface; the rest it mirrors."""
_LACQUER = 0.08
"""What the clear lacquer on metal mirrors, whatever is printed below it, as a share of what the metal does."""


@dataclass(frozen=True, slots=True)
class Surfaces:
    """What rays meet, one row a ray: points, unit normals towards the eye, colours in levels of 0 to 255.

    `item` is the place [K] of those on the item; what follows is of these alone. `down` float32 [K, 3] are unit
    directions down the print, or up it, where the surface is metal.
    """

    points: NDArray[np.float32]
    normals: NDArray[np.float32]
    albedo: NDArray[np.float32]
    material: NDArray[np.uint8]
    item: NDArray[np.intp]
    gloss: NDArray[np.float32]
    roughness: NDArray[np.float32]
    metallic: NDArray[np.bool_]
    down: NDArray[np.float32]


class Look:
    """How a mesh's surfaces look."""

    def __init__(self, mesh: Mesh, body: Body | None, imprint: Imprint | None, soil: NDArray[np.uint8]) -> None:
        self._mesh = mesh
        self._imprint = imprint
        self._soil = soil
        corners = mesh.points[mesh.triangles]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        self._face_normals = normals.astype(np.float32)
        inside = body.product.design.inside if isinstance(body, Shape) else (0, 0, 0)
        self._gloss = np.array([finish.gloss for finish in mesh.finishes], np.float32)
        self._glossy = (self._gloss > 0)[mesh.finish] | (imprint is not None and imprint.wet)
        self._roughness = np.array([finish.roughness for finish in mesh.finishes], np.float32)
        self._metallic = np.array([finish.metallic for finish in mesh.finishes])
        self._clear = np.array([finish.opacity < 1 for finish in mesh.finishes])
        self._inside = np.array([finish.inside or inside for finish in mesh.finishes], np.float32)

    def material(self, hits: Hits) -> NDArray[np.uint8]:
        """Return what each ray meets is made of, uint8 [N]."""
        return np.where(hits.triangle < 0, Material.FLOOR, np.take(self._mesh.material, hits.triangle)).astype(np.uint8)

    def glossy(self, hits: Hits) -> NDArray[np.intp]:
        """Return which rays meet what may mirror, [K]."""
        return np.flatnonzero(np.take(self._glossy, hits.triangle) & (hits.triangle >= 0))

    def surfaces(self, eye: NDArray[np.float32], rays: NDArray[np.float32], hits: Hits) -> Surfaces:
        """Return the surfaces that rays from an eye, [N, 3], meet."""
        mesh = self._mesh
        points = eye + rays * hits.depth_mm[:, None]
        material = self.material(hits)
        normals = np.take(self._face_normals, hits.triangle, axis=0)
        albedo = _booth_albedo(points, material, self._soil)
        item = np.flatnonzero(material >= Material.ITEM)
        triangle, u, v = hits.triangle[item], hits.u[item], hits.v[item]
        corners, shares = mesh.triangles[triangle], np.stack([1 - u - v, u, v], axis=1)
        behind = _dot(normals[item], rays[item]) > 0
        normals[item] = self._smooth_normals(normals[item], corners, shares) * np.where(behind, -1, 1)[:, None]
        finish = mesh.finish[triangle]
        within = behind & ~self._clear[finish]
        gloss, roughness = np.where(within, 0, self._gloss[finish]), self._roughness[finish]
        if self._imprint is not None and item.size:
            uv_mm = blend(mesh.uv_mm, corners, shares)
            colour = self._imprint.print_at(uv_mm)[:, :3].astype(np.float32)
            if self._imprint.wet:
                wet = np.where(within, 0, self._imprint.wetness_at(uv_mm))
                colour *= (1 - _WET_DARKENS * wet)[:, None]
                gloss = np.maximum(gloss, wet)
                roughness = roughness + (_WET_ROUGHNESS - roughness) * wet
                normals[item] = _rippled(normals[item], points[item], wet)
            inner = np.flatnonzero(within)
            colour[inner] = self._inside[finish[inner]]
            albedo[item] = colour
        metallic = self._metallic[finish] & ~within
        down = self._down(triangle, metallic)
        return Surfaces(points, normals, albedo, material, item, gloss, roughness.astype(np.float32), metallic, down)

    def _down(self, triangle: NDArray[np.int32], metallic: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Return which way the print runs, down or up, on metal triangles."""
        down = np.zeros((len(triangle), 3), np.float32)
        metal = np.flatnonzero(metallic)
        corners = self._mesh.points[self._mesh.triangles[triangle[metal], :2]]
        edge = corners[:, 1] - corners[:, 0]
        down[metal] = edge / np.maximum(np.linalg.norm(edge, axis=1, keepdims=True), 1e-9)
        return down

    def _smooth_normals(
        self, face: NDArray[np.float32], corners: NDArray[np.int32], shares: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """Return outward unit normals, float32 [N, 3], smooth over the patch but never far from the triangle's own."""
        normals = blend(self._mesh.normals, corners, shares)
        normals /= np.maximum(np.sqrt(_dot(normals, normals)), 1e-9)[:, None]
        return np.where((_dot(normals, face) < 0.2)[:, None], face, normals)


def gleam(
    seen: Surfaces, rays: NDArray[np.float32], lighting: Lighting
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """Return which surfaces mirror, [K], how much they do and the brightness of what they mirror, float32 [K] each."""
    plain, metal = (np.flatnonzero((seen.gloss > 0) & (seen.metallic == kind)) for kind in (False, True))

    def mirror(shiny: NDArray[np.intp], brushed: NDArray[np.float32] | None) -> NDArray[np.float32]:
        which = seen.item[shiny]
        return mirrored(lighting, seen.points[which], rays[which], seen.normals[which], seen.roughness[shiny], brushed)

    brightness: NDArray[np.float32] = np.concatenate([mirror(plain, None), mirror(metal, seen.down[metal])])
    share = np.full(len(brightness), 1 - _STILL_METAL, np.float32)
    share[: len(plain)] = fresnel(rays[seen.item[plain]], seen.normals[seen.item[plain]])
    shiny = np.concatenate([plain, metal])
    return seen.item[shiny], np.asarray(seen.gloss[shiny] * share, np.float32), brightness


def lit_colour(
    seen: Surfaces,
    lit: NDArray[np.float32],
    open_sky: NDArray[np.float32],
    mirror: tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what surfaces look like: their own colour, gamma-coded levels [N, 3], and mirrored light, linear [N].

    Args:
        seen: the surfaces.
        lit: the light that falls on each, float32 [N].
        open_sky: how much of the booth's light reaches each, float32 [N].
        mirror: as `gleam` returns it.
    """
    which, share, brightness = mirror
    mirrors = np.zeros(len(lit), np.float32)
    mirrors[which] = share * brightness * open_sky[which]
    metal = np.zeros(len(lit), bool)
    metal[seen.item] = seen.metallic
    lit = np.where(metal, _STILL_METAL * lit + mirrors, lit)
    colour = seen.albedo * (np.maximum(lit, 1e-4) ** _SHADE_EXPONENT)[:, None]
    return np.asarray(colour, np.float32), np.where(metal, np.float32(_LACQUER) * mirrors, mirrors)


def _rippled(
    normals: NDArray[np.float32], points: NDArray[np.float32], wet: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the normals of surfaces that swell where they are wet."""
    x, y, z = (points * np.float32(0.19)).T
    lean = np.stack([np.sin(x + 2 * np.sin(0.7 * y)), np.sin(y + 2 * np.sin(0.6 * z)), np.sin(z + x)], axis=1)
    normals = normals + (_WET_RIPPLE * wet)[:, None] * lean
    return np.asarray(normals / np.linalg.norm(normals, axis=1, keepdims=True), np.float32)


def _booth_albedo(
    points: NDArray[np.float32], material: NDArray[np.uint8], soil: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return the empty booth's own colour, float32 RGB [N, 3]: floor, rim, and the tray with its dirt."""
    palette = np.zeros((len(Material), 3), np.float32)
    palette[Material.FLOOR], palette[Material.RIM] = _FLOOR_RGB, _RIM_RGB
    colour = np.take(palette, material, axis=0)
    tray = np.flatnonzero(material == Material.TRAY)
    there = points[tray]
    soiled = dirt.at(soil, there)
    clean = np.array(_TRAY_RGB, np.float32) + _grain(there)[:, None]
    clean += (soiled[:, :3] - clean) * (soiled[:, 3:] / 255)
    colour[tray] = clean
    return colour


def _grain(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the tray's faint moulded grain, in levels, float32 [N]."""
    x, y = points[:, 0], points[:, 1]
    fine = np.sin(x * 0.83 + 2.1 * np.sin(y * 0.41)) * np.sin(y * 0.91 + 1.7 * np.sin(x * 0.37))
    return np.asarray(2.0 * fine + 1.5 * np.sin(x * 0.011 + 1.0) * np.sin(y * 0.017), np.float32)


def _dot(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.einsum("nx,nx->n", one, other), np.float32)
