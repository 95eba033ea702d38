"""Damage to bodies: the same unit in the same pose, whole and damaged."""

import numpy as np
import pytest

from station.core.damage import DamageType, Severity

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")

from station.simulation import SimulationSettings
from station.simulation.artwork import artwork
from station.simulation.bodies import build_shape
from station.simulation.catalogue import Kind, product
from station.simulation.damage import Stance, opening_face, stages
from station.simulation.layout import booth_rig
from station.simulation.mesh import item_mesh
from station.simulation.pose import draw_rotation, place
from station.simulation.render import Scene, whole

SETTINGS = SimulationSettings(width_px=424, height_px=240)
RIG = booth_rig(SETTINGS)
PRODUCTS = ("carton-tea", "carton-shipper", "mailer-kraft", "can-tomato")
KINDS = (DamageType.DEFORMATION, DamageType.PENETRATION, DamageType.ACTUATION)


def twins(product_id, damage, seed=1):
    """Return a unit whole and damaged, and the pose both lie in."""
    thing = product(product_id, SETTINGS.catalogue_seed)
    art = artwork(thing, 1.0)
    sound = build_shape(thing, art, 2.5, np.random.default_rng(seed))
    up = opening_face(sound) if damage[0][0] is DamageType.ACTUATION else "lid" if thing.kind is Kind.CAN else "front"
    rotation = draw_rotation(up, np.random.default_rng((seed, 1)))
    towards = np.stack([camera.rig_from_camera[:3, 3] for camera in RIG.cameras])
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    hurt = stages(sound, damage, Stance(rotation[2], towards @ rotation), art, np.random.default_rng((seed, 2)))[-1]
    return sound, hurt, place(sound, rotation, RIG, np.random.default_rng((seed, 3)))


def changed_px(sound, hurt, pose):
    """Return how many pixels of all cameras' pictures of the item differ at a glance."""
    scenes = [Scene(item_mesh(shape, pose), shape) for shape in (sound, hurt)]
    box = whole(RIG.cameras[0].intrinsics)
    count = 0
    for camera in RIG.cameras:
        before, after = (scene.colour(camera, box, 1) for scene in scenes)
        geometry = [scene.geometry(camera, box, SETTINGS.baseline_mm) for scene in scenes]
        item = geometry[0].item | geometry[1].item
        count += int((np.abs(before - after).max(axis=2) > 25)[item].sum())
    return count


@pytest.mark.parametrize("product_id", PRODUCTS)
@pytest.mark.parametrize("kind", KINDS)
def test_damage_shows_and_major_damage_shows_more(product_id, kind):
    minor, major = (
        changed_px(*twins(product_id, ((kind, severity),))) for severity in (Severity.MINOR, Severity.MAJOR)
    )
    assert minor >= 4
    assert major >= 100
    assert major > 1.5 * minor


@pytest.mark.parametrize("product_id", PRODUCTS)
def test_deformation_moves_points_and_shears_the_print(product_id):
    sound, hurt, _ = twins(product_id, ((DamageType.DEFORMATION, Severity.MAJOR),))
    moved = np.linalg.norm(sound.points() - hurt.points(), axis=1)
    assert moved.max() > 10
    assert (moved > 1).mean() < 0.6
    assert all(np.array_equal(sound.patches[name].uv_mm, hurt.patches[name].uv_mm) for name in sound.patches)


def test_neighbouring_faces_of_a_crushed_carton_stay_joined():
    for seed in range(6):
        _, hurt, _ = twins("carton-tea", ((DamageType.DEFORMATION, Severity.MAJOR),), seed)
        front, right, left = (hurt.patches[name].points for name in ("front", "right", "left"))
        assert np.abs(front[:, -1] - right[:, 0]).max() < 1e-3
        assert np.abs(front[:, 0] - left[:, -1]).max() < 1e-3


@pytest.mark.parametrize("product_id", PRODUCTS)
def test_penetration_opens_the_surface_to_the_dark_inside(product_id):
    sound, hurt, pose = twins(product_id, ((DamageType.PENETRATION, Severity.MAJOR),))
    assert (sound.texture[..., 3] == 255).all()
    hole = (hurt.texture[..., 3] == 0).sum() / hurt.px_per_mm**2
    assert 300 < hole < 1600
    box = whole(RIG.cameras[0].intrinsics)
    deeper, darker = [], []
    for camera in RIG.cameras:
        before, after = (Scene(item_mesh(shape, pose), shape) for shape in (sound, hurt))
        depths = [scene.geometry(camera, box, SETTINGS.baseline_mm).depth_mm for scene in (before, after)]
        opened = depths[1] - depths[0] > 8
        deeper.append(int(opened.sum()))
        if opened.any():
            darker.append(float(after.colour(camera, box, 1)[opened].mean()))
    assert max(deeper) > 15
    assert min(darker) < 90


def test_an_open_carton_stands_higher_and_a_torn_hole_is_smaller_when_minor():
    sound, ajar, _ = twins("carton-shipper", ((DamageType.ACTUATION, Severity.MINOR),))
    _, gaping, _ = twins("carton-shipper", ((DamageType.ACTUATION, Severity.MAJOR),))
    top = sound.points()[:, 2].max()
    assert top + 10 < ajar.points()[:, 2].max()
    assert top + 50 < gaping.points()[:, 2].max()
    holes = [
        (twins("can-tomato", ((DamageType.PENETRATION, severity),))[1].texture[..., 3] == 0).sum()
        for severity in (Severity.MINOR, Severity.MAJOR)
    ]
    assert 0 < holes[0] < holes[1] / 4


def test_several_damages_add_up():
    both = ((DamageType.DEFORMATION, Severity.MAJOR), (DamageType.PENETRATION, Severity.MINOR))
    sound, hurt, _ = twins("carton-tea", both)
    assert not np.array_equal(sound.points(), hurt.points())
    assert (hurt.texture[..., 3] == 0).any()
