"""The booth's even lighting: a bright dome with two bars of light, sampled in sixteen directions."""

import cv2
import numpy as np
from numpy.typing import NDArray

BLOCK = 8
"""Neighbouring samples each look towards another light; a block of 8 x 8 sees all of them (interleaved sampling)."""
_BOUNCE = 0.16


def _directions() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return unit directions to the lights, float32 [64, 3], and their weights, float32 [64]."""
    index = np.arange(BLOCK * BLOCK)
    height = 0.40 + 0.58 * (index + 0.5) / index.size
    angle = index * np.pi * (3 - np.sqrt(5))  # the golden angle spreads them evenly
    flat = np.sqrt(1 - height**2)
    directions = np.stack([flat * np.cos(angle), flat * np.sin(angle), height], axis=1)
    bars = (
        1.0 + 0.9 * np.clip(directions @ (-0.75, 0.35, 0.3), 0, 1) + 0.3 * np.clip(directions @ (0.8, 0.2, 0.3), 0, 1)
    )
    weights = bars / (bars * height).sum()
    return directions.astype(np.float32), weights.astype(np.float32)


DIRECTIONS, WEIGHTS = _directions()
"""Normalised so that an open surface facing up receives 1."""


def _harmonics(normals: NDArray[np.floating]) -> NDArray[np.floating]:
    x, y, z = normals.T
    return np.stack([np.ones_like(x), x, y, z, x * y, y * z, z * x, z * z, x * x - y * y], axis=1)


def _fit_irradiance() -> NDArray[np.float32]:
    normals = np.random.default_rng(0).normal(size=(2000, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    exact = np.maximum(normals @ DIRECTIONS.T, 0) @ WEIGHTS + _BOUNCE * (1 - normals[:, 2]) / 2
    return np.asarray(np.linalg.lstsq(_harmonics(normals), exact)[0], np.float32)


_IRRADIANCE = _fit_irradiance()


def irradiance(normals: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the light that reaches open surfaces, float32 [N], from unit normals, float32 [N, 3].

    Nine spherical harmonics describe it within about a percent (Ramamoorthi and Hanrahan, SIGGRAPH 2001).
    """
    x, y, z = normals.T
    c, cx, cy, cz, cxy, cyz, czx, czz, cxxyy = _IRRADIANCE.tolist()
    light = c + x * (cx + cxy * y + cxxyy * x) + y * (cy + cyz * z - cxxyy * y) + z * (cz + czx * x + czz * z)
    return np.asarray(light, np.float32)


def gleam(normals: NDArray[np.float32], rays: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mirrored light of a glossy surface, float32 [N] (Phong).

    Args:
        normals: unit normals, float32 [N, 3].
        rays: the directions one looks in, float32 [N, 3], of any length.
    """
    mirrored = rays - 2 * np.einsum("nx,nx->n", rays, normals)[:, None] * normals
    mirrored /= np.sqrt(np.einsum("nx,nx->n", mirrored, mirrored))[:, None]
    towards = np.maximum(np.einsum("nx,kx->nk", mirrored, DIRECTIONS[::9]), 0)  # no BLAS: its threads fight
    for _ in range(3):
        towards *= towards
    return np.asarray(towards.mean(axis=1) * 3.0, np.float32)


def light_of_sample(rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return which light each sample of a picture looks towards; near samples look far apart."""
    scattered = (rows % BLOCK) * BLOCK + columns % BLOCK
    return scattered * 37 % (BLOCK * BLOCK)


def visibility(seen: NDArray[np.float32], weight: NDArray[np.float32], item: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return how much of the light each sample gets, float32 [H, W] 0 to 1.

    Args:
        seen: 1 where a sample sees its own light, else 0, float32 [H, W].
        weight: how much that light would give, float32 [H, W].
        item: which samples are the item; item and tray lend each other no light, bool [H, W].
    """
    result = np.ones_like(seen)
    for side in (item, ~item):
        part = np.where(side, weight + 1e-3, 0).astype(np.float32)
        total = cv2.blur(part, (BLOCK, BLOCK), borderType=cv2.BORDER_REFLECT)
        lit = cv2.blur(part * seen, (BLOCK, BLOCK), borderType=cv2.BORDER_REFLECT)
        np.divide(lit, total, out=result, where=side)
    return np.clip(result, 0, 1)
