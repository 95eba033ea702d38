"""Products drawn from a seed, their packaging and its redesigns."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from station.simulation import SimulationSettings
from station.simulation.artwork import artwork
from station.simulation.catalogue import Kind, Material, catalogue
from station.simulation.faces import face_sizes_mm
from station.simulation.generator import booth_products, draw_products, redesigned
from station.simulation.wares import LANGUAGES, PROSE, SYLLABLES, WARES

TRAY_MM = (440.0, 340.0)
TALLEST_MM = 250.0
ALL = tuple(Kind)
SEEDS = st.integers(0, 2**31)


@given(SEEDS, st.sampled_from(ALL))
@settings(max_examples=60, deadline=None)
def test_any_product_fits_the_booth_and_the_faces_it_is_printed_on(seed, kind):
    for product in draw_products(seed, 3, (kind,)):
        assert product.kind is kind
        flat = sorted(product.size_mm)
        assert flat[0] >= 14
        assert flat[2] <= min(*TRAY_MM, TALLEST_MM)
        assert all(width > 3 and height > 3 for width, height in face_sizes_mm(product).values())
        assert product.units == 1 or kind in (Kind.MULTIPACK, Kind.BLISTER)


@given(SEEDS, st.integers(1, 25), st.integers(0, 25))
@settings(max_examples=25, deadline=None)
def test_a_product_does_not_depend_on_how_many_are_drawn(seed, count, more):
    assert draw_products(seed, count + more)[:count] == draw_products(seed, count)


@given(SEEDS, SEEDS)
@settings(max_examples=25, deadline=None)
def test_two_seeds_share_no_product_no_barcode_and_no_seed_of_artwork(one, other):
    sets = [draw_products(seed, 20) for seed in {one, other}]
    products = [product for drawn in sets for product in drawn]
    for of in (lambda p: p.product_id, lambda p: p.barcode, lambda p: p.design.seed):
        assert len({of(product) for product in products}) == len(products)


@pytest.mark.parametrize("kind", ALL)
def test_the_barcode_of_every_kind_decodes_from_the_flat_artwork_and_is_the_only_one(kind):
    for product in draw_products(8, 4, (kind,)):
        found = zxingcpp.read_barcodes(artwork(product, 4.0).sheet)
        assert {(code.text, code.format) for code in found} == {(product.barcode, zxingcpp.BarcodeFormat.EAN13)}


@pytest.mark.parametrize("kind", ALL)
def test_artwork_is_the_same_whenever_it_is_drawn_and_no_other_seeds(kind):
    (mine,), (other,) = (draw_products(seed, 1, (kind,)) for seed in (4, 5))
    first = artwork(mine, 1.0)
    artwork.cache_clear()
    again = artwork(*draw_products(4, 1, (kind,)), 1.0)
    assert np.array_equal(first.sheet, again.sheet)
    assert first.places_mm == again.places_mm
    assert first.sheet.tobytes() != artwork(other, 1.0).sheet.tobytes()


@pytest.mark.parametrize("kind", ALL)
def test_a_redesign_keeps_the_product_and_changes_its_front(kind):
    (product,) = draw_products(6, 1, (kind,))
    new = redesigned(product, 6)
    kept = ("product_id", "name", "barcode", "kind", "size_mm", "units", "printed_damage")
    assert [getattr(new, name) for name in kept] == [getattr(product, name) for name in kept]
    assert (new.version, new.design.brand, new.design.material) == (2, product.design.brand, product.design.material)
    assert new == redesigned(product, 6)
    assert face_sizes_mm(new) == face_sizes_mm(product)
    before, after = (artwork(version, 1.0).sheet.astype(int) for version in (product, new))
    assert before.shape == after.shape
    assert (np.abs(before - after).max(axis=2) > 24).mean() > 0.05
    assert redesigned(new, 6).design != new.design


def test_a_named_product_can_be_redesigned_too():
    for product in catalogue(2026):
        new = redesigned(product, 1)
        found = zxingcpp.read_barcodes(artwork(new, 4.0).sheet)
        assert {code.text for code in found} == {product.barcode}


def test_kinds_materials_scripts_and_layouts_all_occur_and_one_in_twelve_has_printed_damage():
    products = draw_products(1, 1000)
    assert Counter(product.kind for product in products) == dict.fromkeys(Kind, 100)
    assert {product.design.material for product in products} == set(Material)
    assert {product.design.style.languages[0] for product in products} == set(range(len(LANGUAGES)))
    for name in ("layout", "pattern", "picture", "emblem"):
        drawn = Counter(getattr(product.design.style, name) for product in products)
        assert set(drawn) == set(type(next(iter(drawn))))
    printed = [product for product in products if product.printed_damage]
    assert 0.05 < len(printed) / len(products) < 0.11
    assert all((product.design.style.printed_damage is not None) is product.printed_damage for product in products)


def test_printed_damage_shows_on_the_artwork():
    for product in (product for product in draw_products(2, 120) if product.printed_damage):
        plain = replace(
            product, design=replace(product.design, style=replace(product.design.style, printed_damage=None))
        )
        assert (artwork(product, 1.0).sheet != artwork(plain, 1.0).sheet).any(axis=2).mean() > 0.002
        assert redesigned(product, 2).design.style.printed_damage is product.design.style.printed_damage


def test_the_settings_say_which_products_a_booth_has():
    assert booth_products(SimulationSettings()) == catalogue(SimulationSettings().catalogue_seed)
    drawn = booth_products(SimulationSettings(products=12, catalogue_seed=3))
    assert [product.kind for product in drawn] == [*Kind, *list(Kind)[:2]]
    assert drawn[:7] == booth_products(SimulationSettings(products=7, catalogue_seed=3))


def test_every_ware_has_a_name_in_every_language_and_every_kind_has_wares():
    assert all(len(ware.names) == len(LANGUAGES) == len(PROSE) for ware in WARES)
    assert {kind for ware in WARES for kind in ware.kinds} == set(Kind)
    assert all(len(row) == 5 for row in SYLLABLES)
