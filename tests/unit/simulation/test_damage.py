"""Damage to bodies and what the truth says of it: the same unit in the same pose, whole and damaged."""

from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pytest

from station.core.damage import DamageType, Severity
from station.core.errors import SimulationError

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")

from station.simulation import SimulationSettings
from station.simulation.catalogue import Kind, Material, catalogue
from station.simulation.damage import possible
from station.simulation.damage.deformation import pushed_in
from station.simulation.generator import draw_products
from station.simulation.item import PlacedItem, make_item
from station.simulation.layout import booth_rig
from station.simulation.mesh import item_mesh
from station.simulation.render import Scene, whole
from station.simulation.truth import render_truth

SETTINGS = SimulationSettings(width_px=320, height_px=240, supersampling=1)
RIG = booth_rig(SETTINGS)
MINOR, MAJOR = Severity.MINOR, Severity.MAJOR
EVERY = [(kind, damage) for kind in Kind for damage in possible(kind)]
PRODUCTS = {kind: draw_products(31, 1, (kind,))[0] for kind in Kind}
SEEN_PX = 38
"""At 320x240; four times as many at 640x480: 150."""


def _named(product_id):
    return next(thing for thing in catalogue(2026) if thing.product_id == product_id)


def damaged(thing, damage, seed=1):
    return make_item(thing, damage, RIG, SETTINGS, np.random.default_rng(seed))


def truths(item):
    return {camera.camera_id: render_truth(camera, item) for camera in RIG.cameras}


@cache
def area_px(kind, damage, severity, seed):
    item = damaged(PRODUCTS[kind], ((damage, severity),), seed)
    return max(int(truth.damage[damage].sum()) for truth in truths(item).values())


@pytest.mark.parametrize(("kind", "damage"), EVERY)
def test_some_camera_sees_minor_damage_and_more_of_major_damage(kind, damage):
    assert area_px(kind, damage, MINOR, 1) >= SEEN_PX
    assert area_px(kind, damage, MAJOR, 1) >= 5 * SEEN_PX


@pytest.mark.parametrize("damage", [DamageType.DEFORMATION, DamageType.PENETRATION, DamageType.SUPERFICIAL])
def test_major_damage_is_larger_in_the_median(damage):
    kinds = (Kind.CARTON, Kind.TUBE)
    minor, major = (
        np.median([area_px(kind, damage, severity, seed) for kind in kinds for seed in (1, 2)])
        for severity in (MINOR, MAJOR)
    )
    assert major > 2.5 * minor


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        (Kind.SLEEVE, DamageType.DECONSTRUCTION),
        (Kind.MAILER, DamageType.DECONSTRUCTION),
        (Kind.POLYBAG, DamageType.ACTUATION),
        (Kind.CAN, DamageType.ACTUATION),
        (Kind.TUBE, DamageType.ACTUATION),
        (Kind.SLEEVE, DamageType.DEFORMATION),
        (Kind.BLISTER, DamageType.PENETRATION),
    ],
)
def test_what_opens_or_comes_apart_grows_too(kind, damage):
    minor, major = (
        np.median([area_px(kind, damage, severity, seed) for seed in (1, 2, 3)]) for severity in (MINOR, MAJOR)
    )
    assert major > 1.25 * minor


@pytest.mark.parametrize(("kind", "damage"), [(kind, possible(kind)[place % 6]) for place, kind in enumerate(Kind)])
def test_pictures_differ_where_the_truth_says(kind, damage):
    item = damaged(PRODUCTS[kind], ((damage, MAJOR),))
    scenes = [Scene(item_mesh(shape, item.tray_from_item), shape) for shape in item.stages]
    seen = {name: truth for name, truth in truths(item).items() if truth.damage[damage].sum() > 4 * SEEN_PX}
    shares = []
    for name, truth in seen.items():
        camera = RIG.camera(name)
        before, after = (scene.colour(camera, whole(camera.intrinsics), 1) for scene in scenes)
        differs = np.abs(before - after).max(axis=2) > 8
        shares.append(differs[truth.damage[damage]].mean())
    assert max(shares) > 0.3


@pytest.mark.parametrize("kind", Kind)
def test_what_will_be_damaged_looks_like_what_will_not(kind):
    spared, doomed = damaged(PRODUCTS[kind], ()), damaged(PRODUCTS[kind], ((DamageType.SPILLAGE, MINOR),))
    shapes = [item.stages[0] for item in (spared, doomed)]
    scenes = [Scene(item_mesh(shape, doomed.tray_from_item), shape) for shape in shapes]
    for camera in RIG.cameras:
        one, other = (scene.colour(camera, whole(camera.intrinsics), 1) for scene in scenes)
        there = scenes[0].surface(camera, whole(camera.intrinsics)).item
        assert (np.abs(one - other).max(axis=2) > 20)[there].mean() < 1e-3


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        (Kind.MAILER, DamageType.PENETRATION),
        (Kind.BLISTER, DamageType.SUPERFICIAL),
        (Kind.BLISTER, DamageType.DEFORMATION),
        (Kind.BOTTLE, DamageType.ACTUATION),
        (Kind.CAN, DamageType.DECONSTRUCTION),
        (Kind.MULTIPACK, DamageType.SUPERFICIAL),
    ],
)
def test_a_damaged_item_lies_as_a_good_one_does_and_its_damage_is_seen(kind, damage):
    ups = []
    for seed in range(6):
        spared, hurt = damaged(PRODUCTS[kind], (), seed), damaged(PRODUCTS[kind], ((damage, MINOR),), seed)
        assert np.array_equal(spared.tray_from_item[:3, :3], hurt.tray_from_item[:3, :3])
        assert max(int(truth.damage[damage].sum()) for truth in truths(hurt).values()) >= SEEN_PX
        ups.append(hurt.tray_from_item[2, :3])
    assert np.ptp(ups, axis=0).max() > 0.5  # not all the same way up


@pytest.mark.parametrize("kind", Kind)
def test_the_truth_of_an_undamaged_item_is_its_place(kind):
    truth = render_truth(RIG.cameras[0], damaged(PRODUCTS[kind], ()))
    assert truth.item.sum() > 500
    assert not truth.damage
    assert not truth.severity
    assert np.array_equal(np.isfinite(truth.depth_change_mm), truth.item)
    assert np.abs(truth.depth_change_mm[truth.item]).max() == 0


@pytest.mark.parametrize("kind", [Kind.BLISTER, Kind.BOOK, Kind.SLEEVE])
def test_a_part_that_came_off_is_damage_wholly(kind):
    """What slid over print like its own is no confetti: few pieces, and hardly a gap in them."""
    for seed in (1, 2, 3):
        for truth in truths(damaged(PRODUCTS[kind], ((DamageType.DECONSTRUCTION, MINOR),), seed)).values():
            there = truth.damage[DamageType.DECONSTRUCTION].astype(np.uint8)
            _, _, stats, _ = cv2.connectedComponentsWithStats(there)
            assert (stats[1:, cv2.CC_STAT_AREA] > 12).sum() <= 3
            closed = cv2.morphologyEx(there, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
            assert there.sum() > 0.9 * closed.sum()


@pytest.mark.parametrize("kind", [Kind.BOOK, Kind.POLYBAG])
def test_a_hole_shows_what_the_item_holds_and_not_its_far_side(kind):
    for seed in range(6):
        item = damaged(PRODUCTS[kind], ((DamageType.PENETRATION, MAJOR),), seed)
        top = next(iter(truths(item).values()))
        there = top.damage[DamageType.PENETRATION]
        if there.sum() >= SEEN_PX:
            assert np.nanmedian(top.depth_change_mm[there]) < 0.4 * PRODUCTS[kind].size_mm[2]


@pytest.mark.parametrize("kind", [Kind.MAILER, Kind.BLISTER])
def test_a_hole_is_damage_where_it_is_and_not_along_a_seam(kind):
    for seed in range(6):
        for truth in truths(damaged(PRODUCTS[kind], ((DamageType.PENETRATION, MINOR),), seed)).values():
            _, _, stats, _ = cv2.connectedComponentsWithStats(truth.damage[DamageType.PENETRATION].astype(np.uint8))
            assert len(stats) - 1 <= 4


def test_a_hole_in_a_card_is_damage_in_one_piece():
    settings = replace(SETTINGS, width_px=1280, height_px=720, supersampling=2)
    rig = booth_rig(settings)
    hole = ((DamageType.PENETRATION, MAJOR),)
    item = make_item(PRODUCTS[Kind.BLISTER], hole, rig, settings, np.random.default_rng(2))
    for camera in rig.cameras:
        there = render_truth(camera, item).damage[DamageType.PENETRATION].astype(np.uint8)
        assert cv2.connectedComponents(there)[0] == 2


@pytest.mark.parametrize("kind", [Kind.BOTTLE, Kind.TUBE])
def test_an_open_cap_hangs_at_its_item_and_one_that_came_off_lies_well_away(kind):
    def gap_mm(damage, severity, seed):
        shape = damaged(PRODUCTS[kind], ((damage, severity),), seed).shape
        caps = shape.parts["cap"]
        cap, rest = (
            np.concatenate(
                [patch.points.reshape(-1, 3) for name, patch in shape.patches.items() if (name in caps) == is_cap]
            )
            for is_cap in (True, False)
        )
        return min(np.linalg.norm(rest - point, axis=1).min() for point in cap[::4])

    assert max(gap_mm(DamageType.ACTUATION, MAJOR, seed) for seed in range(5)) < 3
    assert min(gap_mm(DamageType.DECONSTRUCTION, MINOR, seed) for seed in range(5)) > 20


def test_a_torn_bubble_gapes():
    for seed in range(3):
        before, after = damaged(PRODUCTS[Kind.BLISTER], ((DamageType.ACTUATION, MINOR),), seed).stages
        rise_mm = np.linalg.norm(after.patches["bubble"].points - before.patches["bubble"].points, axis=2).max()
        assert rise_mm > 0.4 * np.ptp(before.patches["bubble"].points[..., 0])


def test_the_depth_change_of_a_dent_is_what_was_asked():
    thing = _named("carton-shipper")
    sound = damaged(thing, ((DamageType.SUPERFICIAL, MINOR),))
    up = sound.tray_from_item[2, :3]
    body = sound.stages[0]
    middle = body.points()[(body.points() @ up) > (body.points() @ up).max() - 0.1].mean(axis=0).astype(np.float64)
    hurt = pushed_in(body, middle, up, 30.0, 12.0, 60.0, np.random.default_rng(0))
    truth = render_truth(
        RIG.camera("top"), replace(sound, stages=(body, hurt), damage=((DamageType.DEFORMATION, MAJOR),))
    )
    there = truth.damage[DamageType.DEFORMATION]
    assert truth.depth_change_mm[there].max() == pytest.approx(12.0, abs=1.0)
    assert np.abs(truth.depth_change_mm[truth.item & ~there]).max() < 1.5


def test_neighbouring_faces_of_a_crushed_carton_stay_joined():
    thing = _named("carton-tea")
    for seed in range(4):
        shape = damaged(thing, ((DamageType.DEFORMATION, MAJOR),), seed).shape
        front, right, left = (shape.patches[name].points for name in ("front", "right", "left"))
        assert np.abs(front[:, -1] - right[:, 0]).max() < 1e-3
        assert np.abs(front[:, 0] - left[:, -1]).max() < 1e-3


def test_a_hole_shows_what_is_deeper_and_a_missing_unit_what_is_behind_it():
    torn = truths(damaged(PRODUCTS[Kind.CARTON], ((DamageType.PENETRATION, MAJOR),)))
    assert max(np.nanmax(np.where(t.item, t.depth_change_mm, np.nan)) for t in torn.values()) > 10
    gone = truths(damaged(PRODUCTS[Kind.MULTIPACK], ((DamageType.MISSING_UNIT, MAJOR),)))["top"]
    mask = gone.damage[DamageType.MISSING_UNIT]
    assert np.nanmedian(gone.depth_change_mm[mask]) > 30


def test_one_looks_from_above_where_a_unit_of_a_multipack_is_missing():
    for seed in range(6):
        item = damaged(PRODUCTS[Kind.MULTIPACK], ((DamageType.MISSING_UNIT, MINOR),), seed)
        truth = render_truth(RIG.camera("top"), item)
        assert np.nanmedian(truth.depth_change_mm[truth.damage[DamageType.MISSING_UNIT]]) > 50


@pytest.mark.parametrize(("kind", "damage"), [(Kind.CARTON, ((DamageType.PENETRATION, MAJOR),)), (Kind.SLEEVE, ())])
def test_the_item_hides_the_tray_it_lies_on(kind, damage):
    """One sees a holed carton's bottom from within, and the edges of a sleeve beyond its inner tray."""
    for seed in range(3):
        for truth in truths(damaged(PRODUCTS[kind], damage, seed)).values():
            lines, _ = cv2.findContours(truth.item.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            assert len(lines) == 1
            filled = cv2.drawContours(np.zeros(truth.item.shape, np.uint8), lines, -1, 1, cv2.FILLED)
            assert np.array_equal(filled > 0, truth.item)


def test_a_missing_unit_leaves_what_an_opened_pack_shows_there():
    whole = damaged(PRODUCTS[Kind.BLISTER], ((DamageType.MISSING_UNIT, MAJOR),))
    assert np.array_equal(whole.shape.texture, whole.stages[0].texture)


@pytest.mark.parametrize("kind", [Kind.SLEEVE, Kind.POLYBAG, Kind.TUBE])
def test_a_damaged_item_lies_as_low_as_the_whole_one(kind):
    item = damaged(PRODUCTS[kind], ((DamageType.DEFORMATION, MAJOR), (DamageType.PENETRATION, MAJOR)))
    lowest = [(shape.points() @ item.tray_from_item[2, :3]).min() for shape in item.stages]
    assert np.ptp(lowest) < 0.5


def test_one_looks_through_a_hole_wherever_its_outline_is():
    """The dented middle of a hole is cut as well, and does not hang in it."""
    for seed in range(6):
        shape = damaged(PRODUCTS[Kind.CARTON], ((DamageType.PENETRATION, MAJOR),), seed).shape
        cut = (shape.texture[..., 3] == 0).astype(np.uint8)
        shown = cut[: np.flatnonzero(cut.any(axis=1)).max() + 1]
        islands, _ = cv2.findContours(np.pad(shown, 1), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        assert max(cv2.contourArea(line) for line in islands) * 0.9 < cut.sum()


def test_a_bottle_that_buckles_leans_and_its_foot_stays():
    thing = next(p for p in draw_products(31, 12, (Kind.BOTTLE,)) if p.design.material is Material.PLASTIC)
    for severity, least_mm in ((MINOR, 5), (MAJOR, 10)):
        item = damaged(thing, ((DamageType.DEFORMATION, severity),))
        before, after = (shape.patches["cap top"].points.mean(axis=(0, 1)) for shape in item.stages)
        assert np.linalg.norm((after - before)[:2]) > least_mm
        foot, moved = (shape.patches["base"].points for shape in item.stages)
        assert np.abs(foot - moved).max() < 3


@pytest.mark.parametrize(("kind", "severity"), [(Kind.BOOK, MAJOR), (Kind.TUBE, MINOR)])
def test_a_bent_corner_is_all_that_is_hurt(kind, severity):
    for thing in draw_products(31, 3, (kind,)):
        for truth in truths(damaged(thing, ((DamageType.DEFORMATION, severity),))).values():
            mask = cv2.dilate(truth.damage[DamageType.DEFORMATION].astype(np.uint8), np.ones((9, 9), np.uint8))
            assert cv2.connectedComponents(mask)[0] <= 2


def test_a_cap_that_is_screwed_up_bares_a_neck_narrower_than_it():
    for thing in draw_products(31, 4, (Kind.BOTTLE,)):
        shape = damaged(thing, ((DamageType.ACTUATION, MINOR),)).shape
        body, neck = (shape.patches[name].points for name in ("body", "open neck"))
        within = np.linalg.norm(neck[..., :2], axis=2).max()
        above = body[body[..., 2] > neck[..., 2].min() + 4]
        assert np.linalg.norm(above[:, :2], axis=1).max() < within


def test_what_is_spilt_beside_an_item_is_damage_and_no_part_of_the_item():
    item = damaged(PRODUCTS[Kind.BOTTLE], ((DamageType.SPILLAGE, MAJOR),))
    beside = [truth.damage[DamageType.SPILLAGE] & ~truth.item for truth in truths(item).values()]
    assert max(int(mask.sum()) for mask in beside) > 5 * SEEN_PX


def test_a_puddle_touches_its_can_where_that_stands():
    for seed in range(6):
        item = damaged(PRODUCTS[Kind.CAN], ((DamageType.SPILLAGE, MINOR),), seed)
        up, (layer,) = item.tray_from_item[2, :3], (patch for patch in item.shape.patches.values() if patch.spilt)
        body = item.stages[0].points()
        stood_on = body[body @ up < (body @ up).min() + 2]
        assert min(np.linalg.norm(layer.points - point, axis=2).min() for point in stood_on) < 3


@pytest.mark.parametrize(("product_id", "is_wet"), [("can-coffee", False), ("can-tomato", True), ("carton-lamp", True)])
def test_what_a_product_holds_is_spilt_or_else_a_liquid_not_its_own(product_id, is_wet):
    shape = damaged(_named(product_id), ((DamageType.SPILLAGE, MAJOR),)).shape
    (layer,) = (patch for patch in shape.patches.values() if patch.spilt)
    assert (layer.finish.gloss > 0.5) == is_wet


def test_a_pack_of_water_leaks_clear_water():
    packs = draw_products(31, 40, (Kind.MULTIPACK,))
    water = next(pack for pack in packs if pack.design.style and min(pack.design.style.ware) > 200)
    shape = damaged(water, ((DamageType.SPILLAGE, MAJOR),)).shape
    (layer,) = (patch for patch in shape.patches.values() if patch.spilt)
    column, row = (layer.uv_mm.reshape(-1, 2).mean(axis=0) * shape.px_per_mm).astype(int)
    assert np.ptp(shape.texture[row, column, :3].astype(int)) < 20


def test_several_damages_add_up_and_are_told_apart():
    both = ((DamageType.DEFORMATION, MAJOR), (DamageType.SUPERFICIAL, MINOR), (DamageType.SUPERFICIAL, MAJOR))
    item = damaged(PRODUCTS[Kind.CARTON], both)
    alone = PlacedItem(item.stages[:2], item.damage[:1], item.tray_from_item)
    for camera in RIG.cameras:
        truth = render_truth(camera, item)
        assert truth.severity == {DamageType.DEFORMATION: MAJOR, DamageType.SUPERFICIAL: MAJOR}
        assert np.array_equal(
            truth.damage[DamageType.DEFORMATION], render_truth(camera, alone).damage[DamageType.DEFORMATION]
        )
    assert any(truth.damage[DamageType.SUPERFICIAL].any() for truth in truths(item).values())


def test_a_cut_band_springs_from_wherever_it_is_cut():
    for seed, severity in ((6, MINOR), (9, MAJOR), (13, MINOR)):
        shape = damaged(PRODUCTS[Kind.MULTIPACK], ((DamageType.ACTUATION, severity),), seed).shape
        assert np.isfinite(shape.points()).all()


def test_all_damage_at_once_can_be_done_to_one_item():
    every = tuple((damage, MINOR) for damage in possible(Kind.MULTIPACK))
    item = damaged(PRODUCTS[Kind.MULTIPACK], every)
    assert len(item.stages) == len(every) + 1
    assert all(np.isfinite(shape.points()).all() for shape in item.stages)


@pytest.mark.parametrize(("kind", "damage"), EVERY[::5])
def test_the_same_seed_gives_the_same_bytes(kind, damage):
    one, other = (damaged(PRODUCTS[kind], ((damage, MAJOR),), 9).shape for _ in range(2))
    assert one.texture.tobytes() == other.texture.tobytes()
    assert one.points().tobytes() == other.points().tobytes()


def test_damage_that_cannot_be_is_refused():
    with pytest.raises(SimulationError, match="missing_unit"):
        damaged(PRODUCTS[Kind.CARTON], ((DamageType.MISSING_UNIT, MINOR),))
    with pytest.raises(SimulationError, match="one unit"):
        damaged(replace(PRODUCTS[Kind.MULTIPACK], units=1), ((DamageType.MISSING_UNIT, MINOR),))
    with pytest.raises(SimulationError, match="NONE"):
        damaged(PRODUCTS[Kind.CARTON], ((DamageType.SPILLAGE, Severity.NONE),))
