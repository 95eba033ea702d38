"""The timeline, whatever the settings."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.core.damage import Severity
from station.core.errors import SimulationError
from station.rig import load_rig
from station.simulation import SimulationSettings
from station.simulation.catalogue import PRINTED_CRACK, catalogue
from station.simulation.damage import possible
from station.simulation.demo import DEMO_SCRIPT, DEMO_SETTINGS
from station.simulation.layout import booth_rig
from station.simulation.plan import duration_ns, lay_out
from station.simulation.script import draw_script

MS = 1_000_000


@given(
    seed=st.integers(0, 10_000),
    count=st.integers(0, 60),
    share=st.floats(0, 1),
    move_ms=st.integers(50, 2000),
    rest_ms=st.integers(100, 5000),
    gap_ms=st.integers(0, 5000),
    lead_ms=st.integers(0, 5000),
)
def test_every_plan_is_well_formed(seed, count, share, move_ms, rest_ms, gap_ms, lead_ms):
    settings = SimulationSettings(damaged_share=share, move_ms=move_ms, rest_ms=rest_ms, gap_ms=gap_ms, lead_ms=lead_ms)
    products = catalogue(settings.catalogue_seed)
    plan = lay_out(draw_script(products, count, settings, np.random.default_rng(seed)), products, settings)
    codes = {product.product_id: product.barcode for product in products}
    assert [item.index for item in plan] == list(range(count))
    assert len({item.plc_id for item in plan}) == count
    assert sum(bool(item.damage) for item in plan) == round(share * count)
    for item in plan:
        assert item.barcode == codes[item.product_id]
        assert item.leave_ns - item.arrive_ns == rest_ms * MS
        assert item.announcement.t_ns < item.arrive_ns
        assert (item.announcement.plc_id, item.announcement.sku) == (item.plc_id, item.product_id)
        assert all(kind in possible(item.product.kind) and severity for kind, severity in item.damage)
    for one, other in pairwise(plan):
        assert other.arrive_ns - one.leave_ns == (2 * move_ms + gap_ms) * MS
    if plan:
        assert plan[0].arrive_ns == (lead_ms + move_ms) * MS
        assert plan[-1].leave_ns + move_ms * MS <= duration_ns(plan, settings)


def test_products_come_equally_often():
    products = catalogue(2026)
    script = draw_script(products, 3 * len(products), SimulationSettings(), np.random.default_rng(1))
    counts = [sum(name == product.product_id for name, *_ in script) for product in products]
    assert counts == [3] * len(products)


def test_the_demo_shows_what_it_promises():
    damaged = [damage for _, damage in DEMO_SCRIPT if damage]
    assert len(DEMO_SCRIPT) >= 24
    assert len(damaged) == 8
    assert sum(severity is Severity.MAJOR for damage in damaged for _, severity in damage) >= 5
    assert len({kind for damage in damaged for kind, _ in damage}) >= 3
    assert {name for name, _ in DEMO_SCRIPT} == {product.product_id for product in catalogue(2026)}
    assert (PRINTED_CRACK, ()) in DEMO_SCRIPT
    assert DEMO_SETTINGS.lead_ms >= 1500
    assert DEMO_SETTINGS.rest_ms >= 800
    assert DEMO_SETTINGS.gap_ms >= 400


def test_the_hardware_document_is_the_rig_that_is_simulated():
    document = load_rig(Path(__file__).parents[3] / "hardware" / "booth.json")
    assert document.digest == booth_rig(SimulationSettings()).digest


def test_an_unknown_product_is_refused_by_name():
    with pytest.raises(SimulationError, match=r"carton-nothing.*carton-tea"):
        lay_out([("carton-nothing", ())], catalogue(2026), SimulationSettings())
