"""Shapes of good units, and what others lack of them."""

import numpy as np
import pytest

from station.core.damage import DamageType
from station.core.items import ItemSurface
from station.gallery import ShapeReferences

CELLS = 160
UNITS = ((50, 62), (50, 98), (86, 62), (86, 98))


def surface(seed: int, missing: int | None = None, dent_mm: float = 0.0, height_mm: float = 40.0) -> ItemSurface:
    """Four blocks on a card, laid with a turn and a shift of their own, as a sensor sees them."""
    rng = np.random.default_rng(seed)
    turn, shift = rng.uniform(0, 2 * np.pi), rng.uniform(-6, 6, 2)
    rows, columns = np.mgrid[:CELLS, :CELLS].astype(np.float64) - (CELLS - 1) / 2
    x = np.cos(turn) * columns + np.sin(turn) * rows - shift[0] + 80
    y = np.cos(turn) * rows - np.sin(turn) * columns - shift[1] + 80
    height = np.where((np.abs(x - 80) < 45) & (np.abs(y - 72) < 45), 3.0, 0.0)
    for number, (down, right) in enumerate(UNITS):
        if number != missing:
            height[(np.abs(x - right) < 15) & (np.abs(y - down) < 15)] = height_mm
    height -= dent_mm * np.exp(-((x - 98) ** 2 + (y - 50) ** 2) / 60)
    height += rng.normal(0, 0.3, height.shape)
    return ItemSurface(np.where(height > 1, height, np.nan).astype(np.float32), 2.0)


@pytest.fixture(scope="module")
def known() -> ShapeReferences:
    learned = ShapeReferences.learn([surface(seed) for seed in range(8)])
    assert learned is not None
    return learned


def scores(known: ShapeReferences, item: ItemSurface) -> dict[DamageType, float]:
    return {lack.damage_type: lack.score for lack in known.compare(item)}


def test_a_missing_unit_is_found_where_it_should_be(known: ShapeReferences) -> None:
    good = scores(known, surface(100))
    assert good.get(DamageType.MISSING_UNIT, 0.0) < 1.5
    (lack,) = [one for one in known.compare(surface(101, missing=2)) if one.damage_type is DamageType.MISSING_UNIT]
    assert lack.score > 1.5
    assert 15 < lack.size_mm < 35
    assert lack.height_mm == pytest.approx(40, abs=3)


def test_a_dent_is_as_deep_as_it_is(known: ShapeReferences) -> None:
    (lack,) = [one for one in known.compare(surface(102, dent_mm=14.0)) if one.damage_type is DamageType.DEFORMATION]
    assert lack.score > 1.5
    assert 3 < lack.size_mm < 14
    assert scores(known, surface(103)).get(DamageType.DEFORMATION, 0.0) < 1.5


def test_one_defective_reference_does_not_excuse_its_like() -> None:
    known = ShapeReferences.learn([surface(0, missing=1), *(surface(seed) for seed in range(1, 12))])
    assert known is not None
    assert known.compare(surface(104, missing=1)), "the one like it is one of three that agree best"


def test_nothing_is_said_of_an_item_that_lies_as_no_reference_does(known: ShapeReferences) -> None:
    assert known.compare(surface(105, height_mm=90.0)) == ()


def test_too_few_references_say_nothing() -> None:
    assert ShapeReferences.learn([surface(seed) for seed in range(3)]) is None
