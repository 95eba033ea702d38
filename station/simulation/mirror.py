"""What glossy surfaces mirror: the booth's walls, its light panels, and the tray below."""

import numpy as np
from numpy.typing import NDArray

from station.simulation.light import Lighting

_BELOW, _HORIZON, _ZENITH = 0.16, 1.0, 1.2
"""Brightness below the horizon, and at the horizon and above, over that of the booth's ambient light."""
_PLAIN_REFLECTANCE = 0.045
"""What surfaces that are not metal mirror of light that falls straight on them (refractive index 1.5)."""
_STREAK, _STREAK_DIMS = 0.8, 3.0
"""How far brushed metal draws a light out, in its distances, and how much dimmer that makes it."""


def mirrored(
    lighting: Lighting,
    points: NDArray[np.float32],
    rays: NDArray[np.float32],
    normals: NDArray[np.float32],
    roughness: NDArray[np.float32],
    brushed: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Return the brightness of what surfaces mirror, float32 [N]; a white matt surface's is 1.

    Args:
        lighting: the booth's light.
        points: where, in the tray's frame in mm, float32 [N, 3].
        rays: the directions one looks in, float32 [N, 3], of any length.
        normals: unit normals towards the eye, float32 [N, 3].
        roughness: how far the mirror image is blurred, float32 [N].
        brushed: across the brushing of metal, unit directions on the surface, float32 [N, 3]; that way it is blurred
            further, which draws the lights out to streaks.
    """
    towards = rays - 2 * _dot(rays, normals)[:, None] * normals
    towards /= np.sqrt(_dot(towards, towards))[:, None]
    ambient = 1 - sum(panel.share for panel in lighting.panels)
    sky = ambient * (_HORIZON + (_ZENITH - _HORIZON) * np.maximum(towards[:, 2], 0))
    seen = _BELOW + np.clip(towards[:, 2] * 4 + 0.5, 0, 1) * (sky - _BELOW)
    if brushed is not None:  # where mirrored rays go as the normal leans across the brushing
        drawn_out = np.multiply(_dot(rays, normals)[:, None], brushed)
        drawn_out += np.multiply(_dot(rays, brushed)[:, None], normals)
        drawn_out /= np.sqrt(_dot(drawn_out, drawn_out))[:, None] + 1e-6
    for panel in lighting.panels:
        wide, high = (half / panel.distance_mm for half in panel.half_mm)
        brightness = np.pi * panel.share / (4 * wide * high * max(float(panel.ahead[2]), 0.1))
        from_here = towards + points * np.float32(1 / panel.distance_mm)
        before = _along(from_here, panel.ahead)
        nearness = np.asarray(1 / np.maximum(before, 0.05), np.float32)
        across, up = _along(from_here, panel.across) * nearness, _along(from_here, panel.up) * nearness
        if brushed is not None:
            aside, upward = _along(drawn_out, panel.across), _along(drawn_out, panel.up)
            nearest = np.clip(across * aside + up * upward, -_STREAK, _STREAK).astype(np.float32)
            across = np.asarray(across - nearest * aside, np.float32)
            up = np.asarray(up - nearest * upward, np.float32)
            brightness /= _STREAK_DIMS
        share = np.multiply(_within(across, wide, roughness), _within(up, high, roughness))
        seen += np.where(before > 0.05, np.float32(brightness) * share, 0)
    return np.asarray(seen, np.float32)


def fresnel(rays: NDArray[np.float32], normals: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the share of light a smooth surface that is not metal mirrors, float32 [N] (Schlick, 1994)."""
    grazing = np.clip(1 + _dot(rays, normals) / np.sqrt(_dot(rays, rays)), 0, 1)
    square = grazing * grazing
    return np.asarray(_PLAIN_REFLECTANCE + (1 - _PLAIN_REFLECTANCE) * square * square * grazing, np.float32)


def _within(offset: NDArray[np.float32], half: float, blur: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much of a panel is seen `offset` from its middle; a blur softens its edges and spreads it thinner."""
    soft = 0.12 * half + blur
    share = np.clip((half + soft - np.abs(offset)) / (2 * soft), 0, 1)
    return np.asarray(share * share * (3 - 2 * share) * (half / (half + 0.7 * blur)), np.float32)


def _dot(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.einsum("nx,nx->n", one, other), np.float32)


def _along(one: NDArray[np.float32], direction: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(np.einsum("nx,x->n", one, direction.astype(np.float32)), np.float32)
