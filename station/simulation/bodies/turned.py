"""Round bodies: can, bottle, tube."""

from dataclasses import replace

import numpy as np

from station.simulation.artwork import Artwork
from station.simulation.catalogue import SimProduct
from station.simulation.faces import bottle_form, tube_form
from station.simulation.finish import LIQUID, METAL, PAPER, PLASTIC, outside
from station.simulation.shape import Patch, disc_patch, grid_patch, shares, standing, turned_patch, uv_grid

RIM_MM = 3.0
"""How deep a can's lid and base lie below its rims."""
_BEAD_MM = 1.2
"""How far a can's rims stand out; its lid and base meet the wall below them."""
_GLASS_MM = 1.8


def can(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    """Build a body with rims, a lid and a base."""
    radius, half = product.size_mm[0] / 2, product.size_mm[2] / 2
    columns, rows = max(64, round(2 * np.pi * radius / step_mm)) + 1, max(12, round(2 * half / step_mm) + 1)
    across, along = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    from_edge = np.minimum(along, 1 - along) * 2 * half
    bulge = radius - _BEAD_MM * np.clip(from_edge / RIM_MM, 0, 1)
    angles = 2 * np.pi * across
    body = np.stack([bulge * np.cos(angles), bulge * np.sin(angles), (0.5 - along) * 2 * half], axis=2)
    tin = replace(METAL, inside=product.design.inside)
    return {
        "body": grid_patch(body, uv_grid(art.places_mm["body"], across, along), outside(product), wraps=True),
        "lid": disc_patch(art.places_mm["lid"], radius - _BEAD_MM, half - RIM_MM, 1, columns, tin),
        "base": disc_patch(art.places_mm["base"], radius - _BEAD_MM, -half + RIM_MM, -1, columns, tin),
    }


def bottle(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    """Build a body with shoulder and neck, the label around it, its cap, and the liquid within."""
    form = bottle_form(product)
    columns = max(64, round(2 * np.pi * form.radius / step_mm)) + 1
    low = -form.height / 2
    steps = shares(form.height, step_mm)[::-1] * form.height
    inner = np.minimum(steps, form.neck + 0.6 * (form.height - form.neck))
    finish = replace(outside(product), inside=None)
    body = np.stack([_radius(product, inner), low + inner], axis=1)
    level = form.shoulder + 0.45 * (form.neck - form.shoulder)
    filled = shares(level - _GLASS_MM, step_mm)[::-1] * (level - _GLASS_MM) + _GLASS_MM
    liquid = np.stack([np.maximum(_radius(product, filled) - _GLASS_MM, 1.0), low + filled], axis=1)
    label = np.array([[form.radius + 0.3, low + z] for z in _down(form.label[1], form.label[0], step_mm)])
    side = [[form.cap_radius, low + z] for z in _down(form.height, form.neck, step_mm)]
    cap = np.array([*side, [form.cap_radius - 2.0, low + form.neck]])
    cap[0] -= (0.8, 0.0)
    wide, top = form.cap_radius - 0.8, form.height / 2
    place = art.places_mm
    return {
        "body": turned_patch(place["body"], body, columns, finish),
        "label": turned_patch(place["label"], label, columns, PAPER),
        "base": disc_patch(place["base"], form.radius - 3.0, low, -1, columns, finish),
        "cap": turned_patch(place["cap"], cap, columns, PLASTIC),
        "cap top": disc_patch(place["cap top"], wide, top, 1, columns, PLASTIC),
        "contents": turned_patch(place["contents"], liquid, columns, LIQUID),
        "contents top": disc_patch(place["contents"], float(liquid[0, 0]), low + level, 1, columns, LIQUID),
    }


def tube(product: SimProduct, art: Artwork, step_mm: float, rng: np.random.Generator) -> dict[str, Patch]:
    """Build a body, round at its shoulder and flat at its crimp on top, and the cap it stands on."""
    width, height, _ = product.size_mm
    form = tube_form(product)
    long = height - form.cap
    across, along = np.meshgrid(shares(width, step_mm, 33), shares(long, step_mm))
    down = along * long
    full = np.clip((down - 6.0) / (0.9 * form.body - 6.0), 0, 1)
    narrow = np.clip((down - form.body) / (long - form.body), 0, 1)
    thread = 0.62 * form.cap_radius
    neck = 1 - narrow * (1 - thread / form.radius)
    wide = (width / 2 + (form.radius - width / 2) * full) * neck
    thick = np.where(down > 0, np.maximum(form.radius * full**0.8 * neck, 0.5), 0)
    patches = {}
    for name, side in (("front", 1), ("back", -1)):
        angles = np.pi * (1 - across)
        points = np.stack([side * wide * np.cos(angles), height / 2 - down, side * thick * np.sin(angles)], axis=2)
        patches[name] = grid_patch(points, uv_grid(art.places_mm[name], across, along), outside(product))
    columns = 65
    foot = -height / 2
    conical = [[form.cap_radius * (0.94 + 0.06 * s), foot + s * form.cap] for s in np.linspace(1, 0, 6)]
    turned = turned_patch(art.places_mm["cap"], np.array([[thread, foot + form.cap], *conical]), columns, PLASTIC)
    disc = disc_patch(art.places_mm["cap top"], 0.94 * form.cap_radius, foot, -1, columns, PLASTIC)
    spout = np.array([[thread, foot + form.cap], [thread, foot + 4.0]])
    ends = {
        "cap": turned,
        "cap top": disc,
        "neck": turned_patch(art.places_mm["neck"], spout, columns, PLASTIC),
        "mouth": disc_patch(art.places_mm["contents"], thread, foot + 5.0, -1, columns, LIQUID),
    }
    return patches | {name: standing(patch) for name, patch in ends.items()}


def _down(high: float, low: float, step_mm: float) -> list[float]:
    return [float(z) for z in low + shares(high - low, step_mm)[::-1] * (high - low)]


def _radius(product: SimProduct, height_mm: np.ndarray) -> np.ndarray:
    """Return a bottle's radius at heights above its base, in mm."""
    form = bottle_form(product)
    foot = form.radius - np.clip(3.0 - height_mm, 0, 3.0)
    share = np.clip((height_mm - form.shoulder) / (form.neck - form.shoulder), 0, 1)
    neck = form.cap_radius - 1.0
    return np.minimum(foot, neck + (form.radius - neck) * (0.5 + 0.5 * np.cos(np.pi * share)))
