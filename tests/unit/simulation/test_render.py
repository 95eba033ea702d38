"""Surfaces in the booth's light: clear, glossy, wet and torn ones."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")

from support.bodies import PRODUCTS, RIG, built, laid

from station.simulation.catalogue import Kind, Material
from station.simulation.render import whole

TOP = RIG.camera("top")
BOX = whole(TOP.intrinsics)
BASELINE_MM = 50.0


def of(kind, material=None):
    return next(one for one in PRODUCTS if one.kind is kind and material in (None, one.design.material))


def test_one_sees_and_measures_through_a_bubble_but_less_surely():
    shape = built(of(Kind.BLISTER))
    scene, _ = laid(shape, "front")
    seen = scene.surface(TOP, BOX)
    geometry = scene.geometry(TOP, BOX, BASELINE_MM)
    behind = seen.depth_mm - seen.skin_mm > 3
    assert behind.sum() > 50
    assert np.array_equal(seen.depth_mm, geometry.depth_mm)
    assert geometry.confidence[behind].max() < 0.6
    assert (geometry.confidence[~geometry.item] == 1).all()
    bare = replace(shape, patches={name: patch for name, patch in shape.patches.items() if name != "bubble"})
    naked = laid(bare, "front")[0].surface(TOP, BOX)
    assert np.array_equal(naked.depth_mm, naked.skin_mm)
    assert np.abs(naked.albedo - seen.albedo)[behind].mean() < 30


def test_clear_film_shows_a_unit_that_is_missing():
    shape = built(of(Kind.MULTIPACK, Material.CLEAR))
    robbed = replace(
        shape, patches={name: patch for name, patch in shape.patches.items() if name not in shape.parts["unit 3"]}
    )
    before, after = (laid(one, "top")[0].surface(TOP, BOX) for one in (shape, robbed))
    deeper = after.depth_mm - before.depth_mm > 50
    assert deeper.sum() > 60
    assert np.abs(after.skin_mm - before.skin_mm)[deeper].max() < 5


def test_gloss_mirrors_the_lights_and_is_hard_to_measure_there():
    shape = built(of(Kind.POLYBAG, Material.FILM))
    dull = shape.with_patches(
        {name: replace(patch, finish=replace(patch.finish, gloss=0.0)) for name, patch in shape.patches.items()}
    )
    (glossy, _), (matt, _) = laid(shape, "front"), laid(dull, "front")
    brighter = (glossy.colour(TOP, BOX, 2) - matt.colour(TOP, BOX, 2)).mean(axis=2)
    confidence = glossy.geometry(TOP, BOX, BASELINE_MM).confidence
    assert brighter.max() > 40
    assert confidence[brighter > 40].mean() < 0.85
    assert (matt.geometry(TOP, BOX, BASELINE_MM).confidence == 1).all()


def test_wet_board_is_darker():
    shape = built(of(Kind.CARTON))
    wetness = np.zeros(shape.texture.shape[:2], np.uint8)
    across = shape.patches["front"].uv_mm[..., 0]
    middle = round(float(across.mean()) * shape.px_per_mm)
    wetness[:, middle : round(float(across.max()) * shape.px_per_mm)] = 255
    dry, wet = (laid(one, "front")[0] for one in (shape, replace(shape, wetness=wetness)))
    before, after = dry.colour(TOP, BOX, 1).mean(axis=2), wet.colour(TOP, BOX, 1).mean(axis=2)
    changed = np.abs(after - before) > 8
    assert changed.sum() > 300
    assert np.median((after - before)[changed]) < -15
    assert wet.geometry(TOP, BOX, BASELINE_MM).confidence.min() < 1


def test_light_falls_through_a_hole():
    shape = built(of(Kind.SLEEVE))
    texture = shape.texture.copy()
    texture[..., 3] = 255
    closed, _ = laid(replace(shape, texture=texture), "front")
    notched, _ = laid(shape, "front")
    notch = notched.surface(TOP, BOX).depth_mm - closed.surface(TOP, BOX).depth_mm > 2
    assert notch.sum() > 20
    assert notched.colour(TOP, BOX, 2)[notch].mean() > 70
