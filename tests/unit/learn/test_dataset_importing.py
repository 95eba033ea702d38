"""Datasets made of what others wrote: every layout's pictures, words and masks arrive, and bad input is named."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.command import station
from support.tiny_booth import ITEMS, RIG, capture_of, record

from station.core.damage import DamageType, Severity
from station.core.errors import DatasetError
from station.core.items import Announcement
from station.learn.dataset import Split, open_dataset
from station.learn.importing.folders import read_folders
from station.learn.importing.kaputt import read_kaputt
from station.learn.importing.mvtec import read_mvtec
from station.learn.importing.recordings import read_recordings
from station.learn.importing.source import write_dataset
from station.learn.importing.tampar import read_tampar
from station.learn.pictures import load_colour, load_depth_mm, load_mask
from station.recording import ItemTruth, mask_name, prepare_folder, save_mask, write_manifest
from station.rig import rig_json

pytest.importorskip("pyarrow", reason="datasets need the extra [data]")

import pyarrow as pa
import pyarrow.parquet

HOLE = DamageType.PENETRATION
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


@pytest.mark.parametrize("upright", [False, True])
def test_pictures_that_exif_turns_stay_on_their_masks(tmp_path, upright):
    src = tmp_path / "src"
    draw(src / "train/good/000.png")
    file = draw(src / "test/bent/000.jpg", cv2.resize(PICTURE, (160, 120)))
    stored = cv2.imread(str(file))
    data = file.read_bytes()
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"  # a quarter turn
    file.write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    assert cv2.imread(str(file)).shape == (160, 120, 3)
    mask = cv2.resize(SPOT, (160, 120))
    draw(src / "ground_truth/bent/000_mask.png", mask.T if upright else mask)
    if upright:
        with pytest.raises(DatasetError, match=r"000_mask\.png has 120 x 160 px, its picture 160 x 120"):
            imported(read_mvtec(src), tmp_path)
        return
    items, out = imported(read_mvtec(src), tmp_path)
    view = items["src-test-bent-000"].views[0]
    assert np.array_equal(load_colour(out, view), stored[..., ::-1])
    assert np.array_equal(load_mask(out, view.damage_masks[0].file), mask > 0)


@pytest.mark.parametrize("value", [np.uint16(1), np.array([1, 0, 0], np.uint8)])
def test_any_value_but_zero_is_mask(tmp_path, value):
    draw(tmp_path / "mask.png", (SPOT > 0).reshape(*SIZE, *[1] * value.ndim) * value)
    assert np.array_equal(load_mask(tmp_path, "mask.png"), SPOT > 0)


def test_mvtec_folders_count_whatever_their_case_and_missing_masks_are_told(tmp_path):
    src = tmp_path / "src"
    draw(src / "Train/Good/000.png")
    draw(src / "TEST/Bent/000.png")
    draw(src / "TEST/scratched/000.png")
    draw(src / "Ground_Truth/bent/000_mask.png", SPOT)
    source = read_mvtec(src)
    items, _ = imported(source, tmp_path)
    assert items["src-Train-Good-000"].severity is Severity.NONE
    assert items["src-TEST-Bent-000"].views[0].damage_masks
    (reason,) = source.left_out
    assert "masks of 1 damaged pictures" in reason
    (src / "Ground_Truth/scratched/000").mkdir(parents=True)
    with pytest.raises(DatasetError, match=r"scratched/000\.png has no mask"):
        read_mvtec(src)


def test_good_items_under_another_word_are_refused(tmp_path):
    draw(tmp_path / "src/test/bent/000.png")
    draw(tmp_path / "src/train/No Defect/000.png")
    for read in (read_folders, read_mvtec):
        with pytest.raises(DatasetError, match=r"folder No Defect would be taken for damage.*Rename it to good"):
            read(tmp_path / "src")


def test_two_sources_of_one_item_are_named(tmp_path):
    draw(tmp_path / "src/train/good/000/top.png")
    draw(tmp_path / "src/train/good/000.jpg")
    with pytest.raises(DatasetError, match=r"000/top\.png and .*000\.jpg are both of one item"):
        read_folders(tmp_path / "src")
    draw(tmp_path / "src/train/good/000.png")
    with pytest.raises(DatasetError, match=r"000\.jpg and .*000\.png are both of one item"):
        read_mvtec(tmp_path / "src")


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
        ({"defect": ["False", "perhaps"]}, "row 1: defect is 'perhaps'. Write true or false"),
        ({"capture_id": ["c1", None]}, "row 1: capture_id is empty"),
    ],
)
def test_a_bad_row_of_kaputt_is_named(tmp_path, changes, message):
    with pytest.raises(DatasetError, match=message):
        imported(read_kaputt(kaputt(tmp_path / "src", **changes)), tmp_path)


def test_kaputt_may_write_truth_as_text_or_numbers(tmp_path):
    changes = {"defect": ["False", "True"], "major_defect": [0, 1]}
    items, _ = imported(read_kaputt(kaputt(tmp_path / "src", **changes)), tmp_path)
    assert items["c1"].severity is Severity.NONE
    assert items["c2"].severity is Severity.MAJOR


@pytest.mark.parametrize(
    ("shape", "found"), [((27, 30, 3), "30 x 27 px"), ((31, 31, 3), "31 x 31 px"), ((30, 30), "30 x 30 px, grey")]
)
def test_a_map_of_another_shape_is_refused(tmp_path, shape, found):
    draw(tmp_path / "reference/id_07_uvmap.png", np.zeros(shape, np.uint8))
    (tmp_path / "labels.csv").write_text("parcel_id,field,face,tampering,tampered\n7,id_07_x.png,top,le,True\n")
    with pytest.raises(DatasetError, match=rf"id_07_uvmap\.png has {found}; a map is"):
        imported(read_tampar(tmp_path), tmp_path)


def test_tampar_gives_each_face_its_reference(tmp_path):
    grid = np.random.default_rng(2).integers(0, 256, (30, 30, 3), np.uint8)
    src = tmp_path / "src"
    draw(src / "reference/id_07_uvmap.png", grid)
    draw(src / "field/id_07_x.png", grid[::-1])
    head = "parcel_id,field,face,tampering,tampered\n"
    (src / "labels.csv").write_text(
        head + "7,id_07_x.png,top,le,True\n7,id_07_x.png,bottom,,False\n", encoding="utf-8-sig"
    )
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
    assert "4 items" in " ".join(capsys.readouterr().out.split())
    (tmp_path / "none").mkdir()
    assert station(monkeypatch, "dataset", "import", "recordings", tmp_path / "none", tmp_path / "out2") == 1
    assert "no recording whose items are known" in capsys.readouterr().err


def test_recordings_bring_masks_of_damage_and_items_of_every_split(tmp_path):
    out = tmp_path / "rec"
    prepare_folder(out)
    hole = np.zeros((240, 320), bool)
    hole[80:90, 100:120] = True
    truths = []
    for number in range(6):
        masks = {}
        if number % 2:
            names = {camera.camera_id: mask_name(number, camera.camera_id, HOLE) for camera in RIG.cameras}
            for camera_id, name in names.items():
                save_mask(out, name, hole & (camera_id == "top"))
            masks = {HOLE: names}
        damage = ((HOLE, Severity.MAJOR),) if masks else ()
        truths.append(ItemTruth(number, "brick", None, 100 + number, number, number + 1, damage, {}, masks))
    write_manifest(out, (), rig_json(RIG), items=truths)

    def captures(recording):
        for truth in recording.items:
            yield capture_of((), truth.index, Announcement(truth.plc_id, truth.arrive_ns))

    items, folder = imported(read_recordings(out, captures), tmp_path)
    assert [item.split for item in items.values()] == [
        *(Split.TRAIN, Split.TEST),
        *(Split.TEST, Split.TRAIN),
        *(Split.VAL, Split.VAL),
    ]
    views = {view.camera_id: view for view in items["rec-0001"].views}
    for camera_id, seen in (("top", hole), ("left", ~hole & hole)):
        (mask,) = views[camera_id].damage_masks
        assert mask.damage_type is HOLE
        assert np.array_equal(load_mask(folder, mask.file), seen)


@pytest.mark.shared_data
def test_the_real_parcels_are_read(shared_data, tmp_path):
    items, _ = imported(read_tampar(shared_data / "tampar"), tmp_path)
    assert sum(item.is_reference for item in items.values()) == 13
    assert [
        sum(item.is_damaged is bad for item in items.values() if not item.is_reference) for bad in (False, True)
    ] == [6, 9]
