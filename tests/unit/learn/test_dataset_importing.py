"""Datasets made of what others wrote: every layout's pictures, words and masks arrive, and bad input is named."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.command import station
from support.tiny_booth import ITEMS, record

from station.core.damage import DamageType, Severity
from station.core.errors import DatasetError
from station.learn.dataset import Split, open_dataset
from station.learn.importing.folders import read_folders
from station.learn.importing.kaputt import read_kaputt
from station.learn.importing.mvtec import read_mvtec
from station.learn.importing.source import write_dataset
from station.learn.importing.tampar import read_tampar
from station.learn.pictures import load_colour, load_depth_mm, load_mask

pytest.importorskip("pyarrow", reason="datasets need the extra [data]")

import pyarrow as pa
import pyarrow.parquet

SIZE = (12, 16)
PICTURE = np.random.default_rng(3).integers(0, 256, (*SIZE, 3), np.uint8)
SPOT = np.zeros(SIZE, np.uint8)
SPOT[2:6, 3:7] = 255


def draw(file: Path, picture=PICTURE) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(file), picture)
    return file


def imported(source, tmp_path):
    out = tmp_path / "out"
    write_dataset(source, out, "tests", "pytest", lambda _: None)
    return {item.item_id: item for item in open_dataset(out).items}, out


def test_folders_hold_units_and_single_files(tmp_path):
    src = tmp_path / "box"
    draw(src / "train/good/u1/top.jpg")
    draw(src / "train/good/u1/side.png")
    draw(src / "test/Missing Unit/u2/top.png")
    draw(src / "test/scuffed/7.PNG")
    draw(src / "validation/good/8.png")
    (src / "train/good/u1/notes.txt").write_text("hello")
    (src / "README.md").write_text("hello")
    source = read_folders(src)
    items, out = imported(source, tmp_path)
    assert [view.camera_id for view in items["train-good-u1"].views] == ["side", "top"]
    assert items["train-good-u1"].severity is Severity.NONE
    missing = items["test-Missing Unit-u2"]
    assert (missing.damage_types, missing.labels, missing.split) == ((DamageType.MISSING_UNIT,), (), Split.TEST)
    scuffed = items["test-scuffed-7"]
    assert (scuffed.damage_types, scuffed.labels) == ((), ("scuffed",))
    assert scuffed.is_damaged
    assert scuffed.severity is None
    assert items["validation-good-8"].split is Split.VAL
    assert {item.product_id for item in items.values()} == {"box"}
    assert source.count == len(items) == 4
    assert [reason for reason in source.left_out if "notes.txt is no picture" in reason]
    assert np.array_equal(load_colour(out, scuffed.views[0]), PICTURE[..., ::-1])


@pytest.mark.parametrize("content", [b"", b"no picture", "cut"])
def test_a_bad_picture_is_named_and_mending_it_is_enough(tmp_path, content):
    good = draw(tmp_path / "src/train/good/1.png")
    bad = draw(tmp_path / "src/test/hole/2.png")
    whole = bad.read_bytes()
    bad.write_bytes(whole[:-40] if content == "cut" else content)
    with pytest.raises(DatasetError, match=r"hole/2\.png is"):
        imported(read_folders(tmp_path / "src"), tmp_path)
    bad.write_bytes(whole)
    items, _ = imported(read_folders(tmp_path / "src"), tmp_path)
    assert len(items) == 2
    assert good.is_file()


def test_other_layouts_are_refused_in_words(tmp_path):
    with pytest.raises(DatasetError, match="no folder train or test"):
        read_folders(tmp_path)
    with pytest.raises(DatasetError, match="no category"):
        read_mvtec(tmp_path)
    with pytest.raises(DatasetError, match=r"no query-SPLIT\.parquet"):
        read_kaputt(tmp_path)
    with pytest.raises(DatasetError, match=r"labels\.csv cannot be read"):
        read_tampar(tmp_path)
    draw(tmp_path / "train/good/u/top.png")
    draw(tmp_path / "train/good/u/top.jpg")
    with pytest.raises(DatasetError, match="pictures of one camera"):
        read_folders(tmp_path)


def test_mvtec_ad_brings_masks_of_several_categories(tmp_path):
    for category in ("bottle", "nut"):
        draw(tmp_path / f"src/{category}/train/good/000.png")
        draw(tmp_path / f"src/{category}/test/good/000.png")
        draw(tmp_path / f"src/{category}/test/penetration/000.png")
        draw(tmp_path / f"src/{category}/ground_truth/penetration/000_mask.png", SPOT)
    items, out = imported(read_mvtec(tmp_path / "src"), tmp_path)
    assert len(items) == 6
    item = items["nut-test-penetration-000"]
    assert (item.product_id, item.damage_types) == ("nut", (DamageType.PENETRATION,))
    (mask,) = item.views[0].damage_masks
    assert mask.damage_type is DamageType.PENETRATION
    assert np.array_equal(load_mask(out, mask.file), SPOT > 0)


def test_mvtec_masks_that_are_missing_or_of_another_size_are_named(tmp_path):
    src = tmp_path / "src"
    draw(src / "train/good/000.png")
    draw(src / "test/bent/000.png")
    draw(src / "ground_truth/bent/001_mask.png", SPOT)
    with pytest.raises(DatasetError, match=r"bent/000\.png has no mask 000_mask\.png"):
        read_mvtec(src)
    draw(src / "ground_truth/bent/000_mask.png", SPOT[:5])
    with pytest.raises(DatasetError, match=r"000_mask\.png has 16 x 5 px, its picture 16 x 12"):
        imported(read_mvtec(src), tmp_path)


def test_mvtec_loco_tells_how_much_must_be_found(tmp_path):
    src = tmp_path / "screws"
    draw(src / "train/good/000.png")
    draw(src / "validation/good/000.png")
    draw(src / "test/logical_anomalies/000.png")
    for number, value in enumerate((10, 20, 30)):
        draw(src / f"ground_truth/logical_anomalies/000/{number:03d}.png", (SPOT > 0) * np.uint8(value))
    (src / "defects_config.json").write_text(
        json.dumps(
            [
                {"defect_name": "a", "pixel_value": 10, "saturation_threshold": 0.5, "relative_saturation": True},
                {"defect_name": "b", "pixel_value": 20, "saturation_threshold": 999, "relative_saturation": False},
            ]
        )
    )
    items, _ = imported(read_mvtec(src), tmp_path)
    assert items["screws-validation-good-000"].split is Split.VAL
    masks = items["screws-test-logical_anomalies-000"].views[0].damage_masks
    assert [mask.saturation_px for mask in masks] == [8.0, 16.0, None]
    (src / "defects_config.json").write_text("[{}]")
    with pytest.raises(DatasetError, match=r"defects_config\.json is malformed"):
        read_mvtec(src)


def test_mvtec_3d_brings_depth(tmp_path):
    src = tmp_path / "cookie"
    xyz = np.random.default_rng(1).uniform(0.2, 0.5, (*SIZE, 3)).astype(np.float32)
    xyz[0, 0] = 0
    for split, defect in (("train", "good"), ("test", "hole")):
        draw(src / f"{split}/{defect}/rgb/000.png")
        draw(src / f"{split}/{defect}/xyz/000.tiff", xyz[..., ::-1])  # OpenCV writes the channels turned round
        draw(src / f"{split}/{defect}/gt/000.png", SPOT)
    items, out = imported(read_mvtec(src), tmp_path)
    view = items["cookie-test-hole-000"].views[0]
    depth_mm = load_depth_mm(out, view)
    assert np.allclose(depth_mm, 1000 * xyz[..., 2], atol=0.01)
    assert depth_mm[0, 0] == 0
    assert len(view.damage_masks) == 1
    assert not items["cookie-train-good-000"].views[0].damage_masks


def kaputt(src: Path, **changes) -> Path:
    """Write a set in Kaputt's form: a good item, one with major damage, and one reference of each."""
    for role in ("query", "reference"):
        for name, picture in (("image", np.tile(PICTURE, (2, 2, 1))), ("crop", PICTURE), ("mask", SPOT)):
            for item in ("a", "b"):
                draw(src / f"data/test/{role}-data/{name}/{item}.png", picture)
    rows = {
        "capture_id": ["c1", "c2"],
        "item_identifier": ["a", "b"],
        "item_material": ["cardboard", None],
        "defect": [False, True],
        "major_defect": [False, True],
        "defect_types": [None, "missing_unit, dog bite"],
    }
    rows |= {
        f"query_{name}": [f"data/test/query-data/{name}/{i}.png" for i in "ab"] for name in ("image", "crop", "mask")
    }
    rows |= changes
    references = {"item_identifier": ["a", "b"]}
    for name in ("image", "crop", "mask"):
        references[f"reference_{name}"] = [f"data/test/reference-data/{name}/{i}.png" for i in "ab"]
    (src / "datasets").mkdir(exist_ok=True)
    pa.parquet.write_table(pa.table({k: v for k, v in rows.items() if v}), src / "datasets/query-test.parquet")
    pa.parquet.write_table(pa.table(references), src / "datasets/reference-test.parquet")
    return src


def test_kaputt_brings_types_severity_masks_and_references(tmp_path):
    items, out = imported(read_kaputt(kaputt(tmp_path / "src")), tmp_path)
    assert items["c1"].severity is Severity.NONE
    assert (items["c1"].kind, items["c2"].kind) == ("cardboard", "unknown")
    assert items["c2"].severity is Severity.MAJOR
    assert (items["c2"].damage_types, items["c2"].labels) == ((DamageType.MISSING_UNIT,), ("dog bite",))
    assert items["a-reference"].is_reference
    assert items["a-reference"].product_id == items["c1"].product_id
    assert all(item.split is Split.TEST for item in items.values())
    assert np.array_equal(load_mask(out, items["c2"].views[0].item_mask), SPOT > 0)
    assert np.array_equal(load_colour(out, items["c2"].views[0]), PICTURE[..., ::-1])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"defect_types": None}, "no column 'defect_types'"),
        ({"defect": [False, None]}, r"query-test\.parquet, row 1 does not say"),
        ({"defect": [False, False]}, "row 1 is no defect, yet"),
        ({"query_crop": ["data/x.png", "data/y.png"]}, "row 0 names query_crop data/x.png, which is not in"),
        ({"capture_id": ["c1", None]}, "row 1: capture_id is empty"),
    ],
)
def test_a_bad_row_of_kaputt_is_named(tmp_path, changes, message):
    with pytest.raises(DatasetError, match=message):
        imported(read_kaputt(kaputt(tmp_path / "src", **changes)), tmp_path)


def test_tampar_gives_each_face_its_reference(tmp_path):
    grid = np.random.default_rng(2).integers(0, 256, (30, 30, 3), np.uint8)
    src = tmp_path / "src"
    draw(src / "reference/id_07_uvmap.png", grid)
    draw(src / "field/id_07_x.png", grid[::-1])
    head = "parcel_id,field,face,tampering,tampered\n"
    (src / "labels.csv").write_text(head + "7,id_07_x.png,top,le,True\n7,id_07_x.png,bottom,,False\n")
    items, out = imported(read_tampar(src), tmp_path)
    reference, top = items["parcel-07-top-reference"], items["id_07_x-top"]
    assert reference.is_reference
    assert reference.product_id == top.product_id != items["id_07_x-bottom"].product_id
    assert (top.labels, top.is_damaged, items["id_07_x-bottom"].is_damaged) == (("le",), True, False)
    assert np.array_equal(load_colour(out, reference.views[0]), grid[:10, 10:20, ::-1])
    (src / "labels.csv").write_text(head + "7,id_07_x.png,lid,le,True\n")
    with pytest.raises(DatasetError, match=r"labels\.csv, line 2: .*face one of"):
        read_tampar(src)


def test_recordings_give_what_the_scene_captured(tmp_path, monkeypatch, capsys):
    record(tmp_path / "rec")
    assert station(monkeypatch, "dataset", "import", "recordings", tmp_path / "rec", tmp_path / "out") == 0
    dataset = open_dataset(tmp_path / "out")
    assert [item.product_id for item in dataset.items] == [placed.product_id for placed in ITEMS]
    assert [item.is_damaged for item in dataset.items] == [placed.damaged for placed in ITEMS]
    assert all(view.depth and view.intrinsics for item in dataset.items for view in item.views)
    assert "4 items" in capsys.readouterr().out
    (tmp_path / "none").mkdir()
    assert station(monkeypatch, "dataset", "import", "recordings", tmp_path / "none", tmp_path / "out2") == 1
    assert "no recording whose items are known" in capsys.readouterr().err


@pytest.mark.shared_data
def test_the_real_parcels_are_read(shared_data, tmp_path):
    items, _ = imported(read_tampar(shared_data / "tampar"), tmp_path)
    assert sum(item.is_reference for item in items.values()) == 13
    assert [
        sum(item.is_damaged is bad for item in items.values() if not item.is_reference) for bad in (False, True)
    ] == [6, 9]
