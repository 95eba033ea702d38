"""Datasets handed on: what COCO and flat Parquet say is what the dataset holds; the contact sheet shows it."""

import json
import re

import cv2
import numpy as np
import pytest
from support.command import station

from station.learn.dataset import open_dataset

pytest.importorskip("pyarrow", reason="datasets need the extra [data]")

import pyarrow as pa
import pyarrow.parquet


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    spots = np.zeros((40, 60), np.uint8)
    spots[5:15, 10:30] = 255
    spots[30:33, 50:55] = 255
    picture = np.full((40, 60, 3), 180, np.uint8)
    for file, drawn in {
        "train/good/0.png": picture,
        "test/good/0.png": picture,
        "test/spillage/0.png": picture,
        "ground_truth/spillage/0_mask.png": spots,
    }.items():
        (tmp_path / "src" / file).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / "src" / file), drawn)
    assert station(monkeypatch, "dataset", "import", "mvtec", tmp_path / "src", tmp_path / "set") == 0
    return open_dataset(tmp_path / "set")


def test_coco_has_a_box_for_each_part_of_the_damage(dataset, tmp_path, monkeypatch):
    assert station(monkeypatch, "dataset", "export", "coco", dataset.path, tmp_path / "coco") == 0
    coco = json.loads((tmp_path / "coco/annotations.json").read_text())
    assert len(coco["images"]) == 3
    names = {category["id"]: category["name"] for category in coco["categories"]}
    assert {names[one["category_id"]] for one in coco["annotations"]} == {"spillage"}
    assert [one["bbox"] for one in coco["annotations"]] == [[10, 5, 20, 10], [50, 30, 5, 3]]
    assert [one["area"] for one in coco["annotations"]] == [200, 15]
    image = next(image for image in coco["images"] if image["id"] == coco["annotations"][0]["image_id"])
    assert (image["split"], image["damage_types"], image["height"]) == ("test", ["spillage"], 40)
    assert (tmp_path / "coco" / image["file_name"]).is_file()


def test_parquet_holds_the_pictures_themselves(dataset, tmp_path, monkeypatch):
    assert station(monkeypatch, "dataset", "export", "parquet", dataset.path, tmp_path / "tables") == 0
    rows = pa.parquet.read_table(tmp_path / "tables/test.parquet").to_pylist()
    assert len(rows) == 2
    damaged = next(row for row in rows if row["damage_types"])
    item = next(item for item in dataset.items if item.item_id == damaged["item_id"])
    assert damaged["colour"]["bytes"] == (dataset.path / item.views[0].colour).read_bytes()
    assert len(damaged["damage_masks"]) == 1
    assert pa.parquet.read_metadata(tmp_path / "tables/train.parquet").num_rows == 1


def test_nothing_is_written_over(dataset, tmp_path, monkeypatch, capsys):
    assert station(monkeypatch, "dataset", "export", "coco", dataset.path, dataset.path) == 1
    assert "not empty" in capsys.readouterr().err


def test_inspect_counts_and_draws(dataset, tmp_path, monkeypatch, capsys):
    assert station(monkeypatch, "dataset", "inspect", dataset.path, "--sheet", tmp_path / "sheet.png") == 0
    shown = capsys.readouterr().out
    assert "spillage" in shown
    assert re.search(r"all +│ items +│ +3 │ +1 │ +0 │ +2 │", shown)
    sheet = cv2.imread(str(tmp_path / "sheet.png"))
    assert (sheet == (255, 0, 255)).all(axis=2).any()  # the damage is outlined
