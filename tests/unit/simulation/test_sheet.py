"""Contact sheets."""

import cv2
import numpy as np
import pytest

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")

from station.core.damage import DamageType, Severity
from station.core.errors import SimulationError
from station.simulation.catalogue import Kind, catalogue
from station.simulation.settings import SimulationSettings
from station.simulation.sheet import Cell, Sheet, by_kind, damage_sheet, draw_sheet, product_sheet, save_sheet

SMALL = SimulationSettings(width_px=160, height_px=120, supersampling=1)
TORN = ((DamageType.PENETRATION, Severity.MAJOR),)


def test_a_damage_sheet_has_every_kind_and_every_damage_in_rows_of_its_own():
    sheet = damage_sheet(3)
    high = len(sheet.rows) // len(Kind)
    for place, kind in enumerate(Kind):
        cells = [cell for row in sheet.rows[place * high : (place + 1) * high] for cell in row]
        assert {cell.product.kind for cell in cells if cell.product} == {kind}
        shown = {cell.damage: cell.label for cell in cells if cell.product}
        assert shown[()] == "good"
        assert shown[TORN] == "major penetration"
        loses_units = ((DamageType.MISSING_UNIT, Severity.MAJOR),) in shown
        assert loses_units == (cells[0].product.units > 1)
        assert len(shown) == (1 + 2 * len(DamageType) if loses_units else 2 * len(DamageType) - 1)


def test_a_damage_sheet_is_cut_into_a_picture_of_each_kind():
    page = np.repeat(np.arange(len(Kind), dtype=np.uint8), 30)[:, None, None] * np.ones((1, 8, 3), np.uint8)
    for place, (kind, picture) in enumerate(by_kind(page).items()):
        assert kind is list(Kind)[place]
        assert picture.shape == (30, 8, 3)
        assert (picture == place).all()


def test_a_sheet_shows_its_items_and_what_they_were_before_with_the_damage_outlined():
    tea = catalogue(1)[0]
    sheet = Sheet(((Cell(tea), Cell(tea, TORN)), (Cell(tea, label="tea\ncarton"), Cell(None))))
    told = []
    plain = draw_sheet(sheet, 1, 2, told.append, settings=SMALL)
    pairs = draw_sheet(sheet, 1, 1, told.append, before=True, settings=SMALL)
    assert told[-1] == sheet.count == 3
    assert pairs.shape[1] == plain.shape[1]
    high = (pairs.shape[0] - plain.shape[0]) // 2  # of a cell
    red, green, blue = np.moveaxis(pairs.astype(int), 2, 0)
    rows, columns = np.nonzero((red > green + 80) & (blue > green + 80))  # the outline
    assert len(rows) > 10
    assert high < rows.min() < rows.max() < 3 * high  # below the torn one,
    assert columns.min() > plain.shape[1] / 2  # on the right
    assert np.array_equal(plain[:high], pairs[:high])
    assert np.unique(plain[-60:-50, -60:-50].reshape(-1, 3), axis=0).shape == (1, 3)  # the empty cell


def test_products_are_labelled():
    sheet = product_sheet(catalogue(1), columns=3)
    assert [len(row) for row in sheet.rows] == [3, 3, 3]
    assert sheet.count == len(catalogue(1))
    assert "mailer" in sheet.rows[1][1].label


@pytest.mark.parametrize("name", ["sheet.png", "sheet.jpg"])
def test_a_sheet_is_written_as_its_name_says(tmp_path, name):
    page = np.full((20, 30, 3), (250, 10, 10), np.uint8)
    save_sheet(page, tmp_path / name)
    assert np.abs(cv2.imread(str(tmp_path / name))[..., ::-1].astype(int) - page).max() < 4
    with pytest.raises(SimulationError, match=r"\.png or \.jpg"):
        save_sheet(page, tmp_path / "sheet.bmp")
    with pytest.raises(SimulationError, match="cannot be written"):
        save_sheet(page, tmp_path / "nowhere" / name)
