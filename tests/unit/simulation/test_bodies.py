"""Undamaged bodies of every kind: whole, of the right size, and looked at in the booth."""

import cv2
import numpy as np
import pytest

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")

from support.bodies import INSIDE, PRODUCTS, RIG, built, faces_up, laid, made

from station.simulation.catalogue import Kind, Material
from station.simulation.render import whole

every_product = pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.product_id)


@every_product
def test_a_body_is_as_large_as_its_product(product):
    for step_mm in (40.0, 2.5):
        points = built(product, step_mm).points()
        assert np.ptp(points, axis=0) == pytest.approx(product.size_mm, rel=0.02)


@every_product
def test_the_same_seed_builds_the_same_body(product):
    one, other = built(product), built(product)
    assert one.texture.tobytes() == other.texture.tobytes()
    for name, patch in one.patches.items():
        assert patch.points.tobytes() == other.patches[name].points.tobytes()


@pytest.mark.parametrize("kind", [Kind.MAILER, Kind.POLYBAG])
def test_no_soft_body_is_like_another(kind):
    product = next(one for one in PRODUCTS if one.kind is kind)
    one, other = (built(product, seed=seed).patches["front"].points for seed in (1, 2))
    assert np.abs(one - other).max() > 0.3


@every_product
def test_no_camera_sees_the_inner_side_of_a_whole_body(product):
    shape = built(product)
    may_show = {Kind.SLEEVE: 0.06, Kind.CAN: 0.06, Kind.MAILER: 0.005, Kind.MULTIPACK: 0.05}.get(product.kind, 0.002)
    gaps_px = {Kind.MULTIPACK: 1000}.get(product.kind, 0)
    for face_up in faces_up(product):
        scene, _ = laid(shape, face_up)
        for camera in RIG.cameras:
            seen = scene.surface(camera, whole(camera.intrinsics))
            assert seen.item.sum() > 300
            inner = (np.abs(seen.albedo - INSIDE).max(axis=2) < 40) & seen.item
            assert inner.mean(where=seen.item) < may_show, (face_up, camera.camera_id)
            outline, _ = cv2.findContours(seen.item.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            filled = cv2.drawContours(np.zeros(seen.item.shape, np.uint8), outline, -1, 1, -1) > 0
            assert (filled & ~seen.item).sum() <= gaps_px


@every_product
def test_parts_are_made_of_patches_that_are_there(product):
    shape = built(product)
    named = [name for patches in shape.parts.values() for name in patches]
    assert all(shape.parts.values())
    assert len(named) == len(set(named))
    assert set(named) <= set(shape.patches)
    units = [part for part in shape.parts if part.startswith("unit")]
    assert len(units) == (product.units if product.units > 1 else 0)


@pytest.mark.parametrize("product", [one for one in PRODUCTS if one.units > 1], ids=lambda one: one.product_id)
def test_every_unit_has_a_print_of_its_own(product):
    shape = built(product)
    boxes = []
    for number in range(1, product.units + 1):
        uv = shape.patches[f"unit {number}"].uv_mm.reshape(-1, 2)
        boxes.append((*uv.min(axis=0), *uv.max(axis=0)))
    for index, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[index + 1 :]:
            assert right < other[0] or other[2] < left or bottom < other[1] or other[3] < top


def test_a_tube_rests_on_its_shoulder_and_its_crimp():
    tube = next(one for one in PRODUCTS if one.kind is Kind.TUBE)
    shape = built(tube)
    for face_up in faces_up(tube):
        _, pose = laid(shape, face_up)
        height = shape.points() @ pose[2, :3] + pose[2, 3]
        along = shape.points()[:, 1]
        assert height[along > 85].min() < 3
        assert height[along < -50].min() < 3


def test_a_mailers_front_does_not_poke_through_its_flap():
    mailer = next(one for one in PRODUCTS if one.kind is Kind.MAILER)
    patches = built(mailer).patches
    above = patches["flap"].points - patches["front"].points[: patches["flap"].grid[0]]
    assert above == pytest.approx(np.broadcast_to((0, 0, 1), above.shape), abs=1e-4)


def test_the_film_of_a_multipack_follows_its_round_units():
    width, depth, radius = 195.0, 130.0, 32.5
    shape = built(made(Kind.MULTIPACK, (width, 110.0, depth), Material.CLEAR, units=6))
    film = np.concatenate([shape.patches[name].points.reshape(-1, 3) for name in ("film", "film top", "film bottom")])
    beyond = np.maximum(np.abs(film[:, ::2]) - (width / 2 - radius, depth / 2 - radius), 0)
    assert np.linalg.norm(beyond, axis=1).max() < radius + 0.5
