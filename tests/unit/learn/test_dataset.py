"""The dataset format: what is written is read, and what contradicts itself is refused by name."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from station.core.damage import DamageType, Severity
from station.core.errors import DatasetError
from station.core.geometry import Intrinsics
from station.learn.dataset import CARD, TABLE, Card, DamageMask, Item, Split, View, open_dataset
from station.learn.dataset_writer import DatasetWriter
from station.learn.pictures import (
    ViewPictures,
    load_colour,
    load_depth_change_mm,
    load_depth_mm,
    load_mask,
    save_view,
)

pa = pytest.importorskip("pyarrow", reason="datasets need the extra [data]")

CARD_OF_TESTS = Card("tests", "Apache-2.0", "made up", "pytest")
LENS = Intrinsics(8, 6, 7.0, 7.5, 3.5, 2.5, (0.1, 0.0, 0.0, 0.0, 0.25))


def pictures() -> ViewPictures:
    rng = np.random.default_rng(5)
    shape = (LENS.height_px, LENS.width_px)
    change = rng.uniform(-30, 30, shape).astype(np.float32)
    change[0, 0] = np.nan
    return ViewPictures(
        "top",
        rng.integers(0, 256, (*shape, 3), np.uint8),
        rng.integers(0, 65536, shape, np.uint16),
        0.1,
        LENS,
        rng.random(shape) > 0.5,
        {DamageType.SPILLAGE: rng.random(shape) > 0.7},
        change,
    )


def good(item_id: str = "one", **changes) -> Item:
    view = View("top", f"{item_id}.png")
    return Item(item_id, "tea", "Tea", "carton", Split.TRAIN, (), Severity.NONE, (view,), **changes)


def bad(item_id: str = "two") -> Item:
    return replace(
        good(item_id), damage_types=(DamageType.SPILLAGE,), severity=Severity.MAJOR, split=Split.TEST, barcode="4006"
    )


def written(path, *items: Item):
    writer = DatasetWriter(path, CARD_OF_TESTS, 1)
    for item in items:
        (path / item.views[0].colour).write_bytes(b"any")
    writer.write(0, items)
    return writer.close()


def tamper(path, **columns) -> None:
    """Replace columns of the table; None drops one."""
    table = pa.parquet.read_table(path / TABLE)
    for name, values in columns.items():
        place = table.column_names.index(name)
        table = table.remove_column(place)
        if values is not None:
            table = table.add_column(place, name, pa.array(values))
    pa.parquet.write_table(table, path / TABLE)


def test_rows_come_back_as_they_were(tmp_path):
    full = View("left", "two.png", "two.png", 0.25, "two.png", (DamageMask(None, "two.png"),), "two.png", LENS)
    items = (good(is_reference=True, version=2, printed_damage=True), replace(bad(), views=(full,), severity=None))
    (tmp_path / "rig.json").touch()
    items = (replace(items[0], rig="rig.json"), items[1])
    writer = DatasetWriter(tmp_path / "set", CARD_OF_TESTS, 2)
    for name in ("one.png", "two.png", "rig.json"):
        (tmp_path / "set" / name).touch()
    writer.write(1, items[1:])
    writer.write(0, items[:1])
    assert writer.close().items == items
    found = open_dataset(tmp_path / "set")
    assert (found.items, found.card) == (items, CARD_OF_TESTS)
    assert found.counts == {
        "items": 2, "products": 1, "references": 1, "damaged": 1, "train": 1, "val": 0, "test": 1
    }  # fmt: skip


def test_pictures_come_back_as_they_were(tmp_path):
    told = pictures()
    view = save_view(tmp_path, "one", told)
    assert np.array_equal(load_colour(tmp_path, view), told.colour)
    assert np.allclose(load_depth_mm(tmp_path, view), told.depth * 0.1)
    assert np.array_equal(load_mask(tmp_path, view.item_mask), told.item_mask)
    (mask,) = view.damage_masks
    assert mask.damage_type is DamageType.SPILLAGE
    assert np.array_equal(load_mask(tmp_path, mask.file), told.damage_masks[DamageType.SPILLAGE])
    assert np.allclose(load_depth_change_mm(tmp_path, view), told.depth_change_mm, atol=0.051, equal_nan=True)
    assert view.intrinsics == LENS


def test_an_unfinished_dataset_goes_on_and_ends_the_same(tmp_path):
    def write(path, parts):
        writer = DatasetWriter(path, CARD_OF_TESTS, 2)
        for part in parts:
            item = (good(), bad())[part]
            (path / item.views[0].colour).touch()
            writer.write(part, [item])
        return writer

    write(tmp_path / "straight", (0, 1)).close()
    half = write(tmp_path / "halting", (1,))
    assert half.finished == (1,)
    with pytest.raises(DatasetError, match="continues where it stopped"):
        open_dataset(tmp_path / "halting")
    with pytest.raises(DatasetError, match="part 0 of 2 is missing"):
        half.close()
    with pytest.raises(DatasetError, match="unfinished dataset of another command: pytest"):
        DatasetWriter(tmp_path / "halting", replace(CARD_OF_TESTS, command="other"), 2)
    write(tmp_path / "halting", (0,)).close()
    for name in (CARD, TABLE):
        assert (tmp_path / "straight" / name).read_bytes() == (tmp_path / "halting" / name).read_bytes()
    with pytest.raises(DatasetError, match="holds a finished dataset"):
        DatasetWriter(tmp_path / "halting", CARD_OF_TESTS, 2)
    (tmp_path / "other").write_text("no dataset")
    with pytest.raises(DatasetError, match="is no unfinished dataset"):
        DatasetWriter(tmp_path / "other", CARD_OF_TESTS, 2)


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (replace(good(), damage_types=(DamageType.SPILLAGE,)), "severity is none"),
        (replace(bad(), is_reference=True), "Only good items"),
        (replace(good(), views=()), "no views"),
        (replace(good(), views=(View("top", "../x.png"),)), "outside the dataset"),
        (replace(good(), views=(View("top", "x.png", depth="d.png"),)), "go together"),
    ],
)
def test_what_contradicts_itself_is_not_written(tmp_path, item, message):
    with pytest.raises(DatasetError, match=message):
        DatasetWriter(tmp_path / "set", CARD_OF_TESTS, 1).write(0, [item])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"kind": None}, "no column 'kind'"),
        ({"split": ["train", "Test"]}, r"row 1 \(item two\): split is 'Test'. It must be one of train, val, test"),
        ({"severity": ["none", "bad"]}, "row 1 .* severity is 'bad'"),
        ({"severity": ["minor", "none"]}, "row 1 .* severity is none, yet"),
        ({"damage_types": [[], ["scratch"]]}, "row 1 .* damage_types is 'scratch'"),
        ({"item_id": ["one", "one"]}, "row 1 .* same item_id"),
        ({"product_id": ["tea", None]}, "row 1 .* product_id is empty"),
        ({"version": ["a", "b"]}, "no table of items"),
    ],
)
def test_a_malformed_table_names_file_row_and_fix(tmp_path, columns, message):
    written(tmp_path / "set", good(), bad())
    tamper(tmp_path / "set", **columns)
    with pytest.raises(DatasetError, match=message) as refused:
        open_dataset(tmp_path / "set")
    assert TABLE in str(refused.value)


def test_a_table_older_than_a_column_is_read(tmp_path):
    items = written(tmp_path / "set", good(), bad()).items
    tamper(tmp_path / "set", labels=None, artwork_seed=None)
    assert open_dataset(tmp_path / "set").items == items


def test_what_is_missing_is_named(tmp_path):
    path = written(tmp_path / "set", good(), bad()).path
    (path / "two.png").unlink()
    with pytest.raises(DatasetError, match=r"row 1 \(item two\) names two.png, which is not in"):
        open_dataset(path)
    (path / CARD).write_text((path / CARD).read_text().replace('"items": 2', '"items": 3'))
    with pytest.raises(DatasetError, match=r"2 rows, .* says 3"):
        open_dataset(path)
    (path / TABLE).write_bytes(b"no parquet")
    with pytest.raises(DatasetError, match="no table of items"):
        open_dataset(path)
    (path / CARD).write_text('{"format": 9}')
    with pytest.raises(DatasetError, match="format 9"):
        open_dataset(path)


def test_a_picture_that_is_none_is_refused(tmp_path):
    (tmp_path / "one.png").write_bytes(b"any")
    with pytest.raises(DatasetError, match=r"one\.png is missing or no picture"):
        load_colour(tmp_path, good().views[0])


def test_without_pyarrow_the_error_names_the_extra(tmp_path):
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from pathlib import Path; from station.learn.dataset_writer import DatasetWriter\n"
        f"DatasetWriter(Path({str(tmp_path)!r}), None, 1)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "pip install 'damage-station[data]', in a clone pip install '.[data]'" in result.stderr
