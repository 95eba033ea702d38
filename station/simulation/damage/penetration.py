"""Penetration: holes and tears that open the surface."""

from dataclasses import replace

import cv2
import numpy as np

from station.simulation.artwork import Artwork
from station.simulation.catalogue import Kind
from station.simulation.damage.deformation import pushed_in
from station.simulation.damage.site import Site, Stance, draw_site
from station.simulation.shape import Shape

_TORN_RGB = (214, 200, 176)


def penetrated(shape: Shape, major: bool, stance: Stance, art: Artwork, rng: np.random.Generator) -> Shape:
    """Return the shape with a hole torn into it."""
    radius = rng.uniform(15, 20) if major else rng.uniform(4, 5.5)
    site = draw_site(shape, stance, radius + 4, rng)
    bent = pushed_in(shape, site.point, site.normal, 1.7 * radius, 0.3 * radius, radius + 8, rng)
    return _punched(bent, site, radius, rng)


def _punched(shape: Shape, site: Site, radius: float, rng: np.random.Generator) -> Shape:
    """Cut a ragged hole with torn edges into the texture, with a tear or two running from it."""
    texture = shape.texture.copy()
    centre = site.uv_mm * shape.px_per_mm
    angles = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    ragged = radius * rng.uniform(0.72, 1.12, angles.size)
    for tear in rng.choice(angles.size, 3, replace=False):
        ragged[tear] *= rng.uniform(1.5, 2.1)
    stretch, lean = rng.uniform(0.65, 1.0), rng.uniform(0, np.pi)
    xs, ys = ragged * np.cos(angles), stretch * ragged * np.sin(angles)
    hole = np.stack([xs * np.cos(lean) - ys * np.sin(lean), xs * np.sin(lean) + ys * np.cos(lean)], axis=1)
    grown = hole * (1 + (1.2 + rng.uniform(0, 1.8, (angles.size, 1))) / np.linalg.norm(hole, axis=1, keepdims=True))
    torn = np.array(_TORN_RGB, np.float64) * (1.0 if shape.product.kind is not Kind.CAN else 0.8)
    for outline, colour in ((grown, (*torn, 255.0)), (hole, (30.0, 24.0, 20.0, 0.0))):
        corners = np.rint((centre + outline * shape.px_per_mm - 0.5) * 16).astype(np.int32)
        cv2.fillPoly(texture, [corners], colour, cv2.LINE_8, 4)
    return replace(shape, texture=texture)
