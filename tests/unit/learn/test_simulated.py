"""Datasets of the simulated booth: truthful, the same every time, and without leaks between splits."""

from collections import Counter
from hashlib import sha256

import numpy as np
import pytest

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")
pytest.importorskip("pyarrow", reason="datasets need the extra [data]")

from station.core.damage import DamageType, Severity
from station.core.errors import DatasetError
from station.learn.dataset import Split, open_dataset
from station.learn.pictures import load_colour, load_depth_change_mm, load_depth_mm, load_mask
from station.learn.simulated import Plan, simulate_dataset
from station.rig import load_rig
from station.simulation.catalogue import Kind
from station.simulation.damage import possible
from station.simulation.generator import booth_products, draw_product
from station.simulation.settings import SimulationSettings
from station.simulation.studio import Studio

SMALL = SimulationSettings(width_px=160, height_px=120, supersampling=1)
ITEMS, SEED = 9, 4


def digests(folder):
    return {
        str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a dataset made by one process, and the numbers of items that were told."""
    told = []
    out = tmp_path_factory.mktemp("made") / "set"
    return simulate_dataset(out, ITEMS, SEED, 1, told.append, SMALL), told


def test_every_item_is_there_with_every_view_and_its_truth(made):
    dataset, told = made
    assert open_dataset(dataset.path).items == dataset.items
    assert dataset.counts["items"] == told[-1] == ITEMS
    assert told[0] == 0
    assert 0 < dataset.counts["damaged"] < ITEMS
    for item in dataset.items:
        rig = load_rig(dataset.path / item.rig)
        assert [view.camera_id for view in item.views] == [camera.camera_id for camera in rig.cameras]
        assert item.severity in (Severity.MINOR, Severity.MAJOR) if item.damage_types else not item.is_damaged
        hurt_px = 0
        for view in item.views:
            mask = load_mask(dataset.path, view.item_mask)
            assert load_colour(dataset.path, view).shape == (*mask.shape, 3) == (120, 160, 3)
            depth_mm = load_depth_mm(dataset.path, view)[mask]  # so small, most of a slim item is edge and has no depth
            assert np.median(depth_mm[depth_mm > 0]) > 200
            assert view.intrinsics == rig.camera(view.camera_id).intrinsics
            assert tuple(mask.damage_type for mask in view.damage_masks) == item.damage_types
            hurt_px += sum(load_mask(dataset.path, mask.file).sum() for mask in view.damage_masks)
            change = load_depth_change_mm(dataset.path, view)
            assert (change is None) == (not item.is_damaged)
            assert change is None or np.isfinite(change[mask]).all()
        assert (hurt_px > 0) == item.is_damaged


def test_the_table_tells_which_artwork_is_whose(made):
    products = {item.product_id: item.split for item in made[0].items}
    artwork = {item.artwork_seed: item.split for item in made[0].items}
    assert None not in artwork
    assert len(artwork) >= len(products)  # a redesign has artwork of its own
    assert {Plan(ITEMS, SEED).product(part).design.seed for part in range(len(products))} <= set(artwork)


def test_each_product_is_seen_by_sensors_of_its_own(made):
    dataset, _ = made
    holes = {}
    for item in dataset.items:
        empty = ~load_mask(dataset.path, item.views[0].item_mask)
        holes.setdefault(item.product_id, (load_depth_mm(dataset.path, item.views[0]) == 0, empty))
    (one, one_empty), (other, other_empty), *_ = holes.values()
    beside = one_empty & other_empty
    assert (one & other & beside).sum() < 0.15 * ((one | other) & beside).sum()


@pytest.mark.parametrize("processes", [2, 3])
def test_an_interrupted_dataset_goes_on_and_is_the_same_byte_for_byte(made, tmp_path, processes):
    def interrupt(done: int) -> None:
        if done >= ITEMS - 2:  # of the three parts one at least is finished
            raise KeyboardInterrupt

    out = tmp_path / "set"
    with pytest.raises(KeyboardInterrupt):
        simulate_dataset(out, ITEMS, SEED, processes, interrupt, SMALL)
    with pytest.raises(DatasetError, match="another command"):
        simulate_dataset(out, ITEMS, SEED + 1, 1, lambda done: None, SMALL)
    told = []
    simulate_dataset(out, ITEMS, SEED, processes, told.append, SMALL)
    assert told[0] > 0
    assert digests(out) == digests(made[0].path)


def test_splits_and_booths_share_no_product_no_artwork_and_no_catalogue():
    plans = [Plan(2000, seed) for seed in (0, 1, 7)]
    seeds = [plan.catalogue_seed(split) for plan in plans for split in Split]
    assert len(set(seeds)) == len(seeds)
    booths = [SimulationSettings(products=20, catalogue_seed=seed) for seed in (0, 3, 5, 23)]
    products = [plan.product(part) for plan in plans for part in range(plan.products)]
    products += [product for booth in booths for product in booth_products(booth)]
    assert len({product.product_id for product in products}) == len(products)
    assert len({product.barcode for product in products}) == len(products)
    assert len({product.design.seed for product in products}) == len(products)


def test_plan_is_as_it_is_told():
    plan = Plan(2000, 5)
    orders = [(plan.split(part), order) for part in range(plan.products) for order in plan.orders(part)]
    assert len(orders) == 2000
    judged = [order for _, order in orders if not order.is_reference]
    assert 0.55 < len(judged) / 2000 < 0.65
    assert 0.47 < sum(bool(order.damage) for order in judged) / len(judged) < 0.53
    assert not any(order.damage or order.product.version > 1 for _, order in orders if order.is_reference)
    assert any(order.product.version > 1 for order in judged)
    for split, least in ((Split.TRAIN, 0.65), (Split.VAL, 0.1), (Split.TEST, 0.1)):
        mine = [order for where, order in orders if where is split]
        assert len(mine) >= least * 2000
        types = [kind for order in mine for kind, _ in order.damage]
        assert {order.product.kind for order in mine} == set(Kind)
        for kind in {damage for product in Kind for damage in possible(product)}:
            assert types.count(kind) > 0.04 * len(types), (split, kind)
        products = {order.product.product_id: order.product.kind for order in mine}
        assert min(Counter(products.values()).values()) >= 2


def test_how_an_item_lies_does_not_tell_its_damage():
    plan = Plan(6000, 5)
    orders = [order for part in range(plan.products) for order in plan.orders(part)]
    assert all(order.posed_for == order.damage for order in orders if order.damage)
    for product in Kind:
        mine = [order for order in orders if order.product.kind is product]
        for kind in possible(product):
            good, damaged = (
                np.mean([kind is order.posed_for[0][0] for order in mine if bool(order.damage) is is_damaged])
                for is_damaged in (False, True)
            )
            assert good == pytest.approx(damaged, abs=0.06), (product, kind)


@pytest.mark.parametrize("kind", [Kind.SLEEVE, Kind.MAILER])
def test_a_good_item_lies_as_an_opened_one_would(kind):
    studio, opened = Studio(3, SMALL), ((DamageType.ACTUATION, Severity.MINOR),)
    product = draw_product(8, 1, kind)
    ups = [studio.shot(product, number, posed_for=opened).item.tray_from_item[2, :3] for number in range(6)]
    assert np.allclose(ups, studio.shot(product, 6, opened).item.tray_from_item[2, :3], atol=1e-6)


def test_every_kind_takes_every_damage_minor_and_major():
    for items, splits in ((2000, (Split.TRAIN,)), (6000, tuple(Split))):
        plan = Plan(items, 1)
        parts = [(plan.split(part), order) for part in range(plan.products) for order in plan.orders(part)]
        for split in splits:
            dealt = Counter((order.product.kind, *order.damage) for where, order in parts if where is split)
            every = [
                (kind, (damage, severity))
                for kind in Kind
                for damage in possible(kind)
                for severity in (Severity.MINOR, Severity.MAJOR)
            ]
            assert all(dealt[cell] for cell in every), [cell for cell in every if not dealt[cell]]


@pytest.mark.parametrize(("items", "in_every_split"), [(24, False), (210, True)])
def test_few_items_already_cover_the_kinds(items, in_every_split):
    plan = Plan(items, 1)
    kinds = {(plan.split(part), plan.product(part).kind) for part in range(plan.products)}
    assert {kind for _, kind in kinds} == set(Kind)
    assert (len(kinds) == len(Split) * len(Kind)) == in_every_split
    orders = [tuple(plan.orders(part)) for part in range(plan.products)]
    assert len({kind for part in orders for order in part for kind, _ in order.damage}) >= 4
    assert all(part[0].is_reference for part in orders)


def test_few_items_still_reach_every_split():
    plan = Plan(3, 1)
    assert {plan.split(part) for part in range(plan.products)} == set(Split)
    assert sum(len(list(plan.orders(part))) for part in range(plan.products)) == 3
