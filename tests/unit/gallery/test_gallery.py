"""A gallery from enrolment to disk and back, and those that must not be opened."""

import json
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from station.core.errors import GalleryError
from station.core.items import ItemView, Quality
from station.gallery import Gallery, GalleryWriter, Product, Shot, ShotView, enrol_product
from station.gallery.calibration import held_out_scores, item_score
from station.gallery.patches import patch_distances

MODEL = "0123456789abcdef"
MASK = np.zeros((64, 64), np.bool_)
MASK[8:56, 8:56] = True
KINDS = np.random.default_rng(0).normal(size=(6, 16)).astype(np.float32)
TEA = Product("tea", "Green tea", "carton", barcodes=("4006381333931",), skus=("SKU-1",))


def good_features(seed: int) -> np.ndarray:
    """A feature map whose patches are of six kinds, with a little noise."""
    rng = np.random.default_rng(seed)
    return (KINDS[rng.integers(0, 6, (8, 8))] + 0.05 * rng.normal(size=(8, 8, 16))).astype(np.float32)


def shot(seed: int) -> Shot:
    crop = np.full((64, 64, 3), seed % 255, np.uint8)
    return {camera: ShotView(crop, MASK, good_features(2 * seed + n)) for n, camera in enumerate(("top", "left"))}


def view(camera_id: str = "top") -> ItemView:
    return ItemView(
        camera_id=camera_id,
        crop=np.zeros((64, 64, 3), np.uint8),
        mask=MASK,
        height_mm=np.zeros((64, 64), np.float32),
        mm_per_px=1.0,
        crop_from_image=np.eye(2, 3),
        quality=Quality(100.0, 0.0, 0.0, 1.0),
    )


def no_model(pictures: Sequence[np.ndarray]) -> np.ndarray:
    raise AssertionError("a product without faces needs no model")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    writer = GalleryWriter(tmp_path / "gallery", MODEL, "this test")
    writer.add(TEA, enrol_product([shot(seed) for seed in range(12)], patches=100))
    writer.add(Product("soap", "Soap"), enrol_product([shot(seed) for seed in range(20, 28)], patches=100))
    writer.close()
    return tmp_path / "gallery"


def test_a_gallery_comes_back_as_it_was_written(folder: Path) -> None:
    gallery = Gallery.open(folder, MODEL)
    assert gallery.product_ids == ("soap", "tea")
    assert gallery.products["tea"] == TEA
    assert len(gallery.good_scores) == 12 + 8
    assert list(gallery.good_scores) == sorted(gallery.good_scores)
    references = gallery.references("tea")
    assert references is not None
    assert references.bank.shape == (100, 16)
    np.testing.assert_allclose(np.linalg.norm(references.bank, axis=1), 1.0, atol=2e-3)
    assert set(references.calibration.views) == {"top", "left"}
    assert references.calibration.good_scores == gallery.good_scores
    assert set(gallery.pictures("tea")) == set(folder.glob("tea/*.jpg"))
    assert len(gallery.pictures("tea")) == 2
    assert gallery.pictures("coffee") == ()
    assert gallery.digest == Gallery.open(folder, MODEL).digest


def test_every_shot_is_looked_for_in_the_bank(folder: Path) -> None:
    shots = [shot(seed) for seed in range(4)]
    bank = enrol_product(shots, patches=10_000).bank
    for one in shots:
        assert patch_distances(one["top"].features, MASK, bank).max() < 2e-3


def test_a_strange_patch_stands_out_where_it_is(folder: Path) -> None:
    references = Gallery.open(folder, MODEL).references("tea")
    assert references is not None
    good = references.compare(view(), good_features(99), no_model)
    strange = good_features(99)
    strange[3:5, 4:6] = -KINDS[0]
    bad = references.compare(view(), strange, no_model)
    assert good is not None
    assert bad is not None
    assert references.calibration.item_score({"top": good.score}) < 0.05
    assert references.calibration.item_score({"top": bad.score}) > 0.5
    assert bad.regions[0].box_px == (32, 24, 16, 16)
    assert bad.regions[0].score > 1


def test_a_camera_without_references_gives_no_finding(folder: Path) -> None:
    references = Gallery.open(folder, MODEL).references("tea")
    assert references is not None
    assert references.compare(view("right"), good_features(1), no_model) is None


def test_unknown_product_has_no_references(folder: Path) -> None:
    assert Gallery.open(folder, MODEL).references("coffee") is None


def test_empty_gallery_opens_and_knows_nothing(tmp_path: Path) -> None:
    GalleryWriter(tmp_path / "empty", MODEL, "this test").close()
    gallery = Gallery.open(tmp_path / "empty", MODEL)
    assert gallery.product_ids == ()
    assert gallery.good_scores == ()
    assert gallery.references("tea") is None


def test_gallery_of_another_model_is_refused(folder: Path) -> None:
    with pytest.raises(GalleryError, match="ffffffffffffffff"):
        Gallery.open(folder, "f" * 16)


def test_changed_bank_is_refused(folder: Path) -> None:
    bank = bytearray((folder / "tea/bank.npy").read_bytes())
    bank[-1] ^= 1
    (folder / "tea/bank.npy").write_bytes(bank)
    with pytest.raises(GalleryError, match=r"tea/bank\.npy"):
        Gallery.open(folder, MODEL)


def test_missing_parts_are_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="nowhere"):
        Gallery.open(tmp_path / "nowhere", MODEL)
    (folder / "soap/bank.npy").unlink()
    with pytest.raises(GalleryError, match=r"soap/bank\.npy"):
        Gallery.open(folder, MODEL)


@pytest.mark.parametrize("change", [{"format": 9}, {"method": "other"}, {"products": [{}]}, {"products": [7]}])
def test_malformed_gallery_is_refused(folder: Path, change: dict[str, object]) -> None:
    path = folder / "gallery.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(GalleryError, match="malformed"):
        Gallery.open(folder, MODEL)


@pytest.mark.parametrize("figure", ["usual_score", "highest_distance"])
def test_a_figure_that_is_no_number_is_refused(folder: Path, figure: str) -> None:
    path = folder / "gallery.json"
    data = json.loads(path.read_text())
    next(iter(data["products"][0]["views"].values()))[figure] = math.nan
    path.write_text(json.dumps(data))
    with pytest.raises(GalleryError, match="malformed"):
        Gallery.open(folder, MODEL)


def test_writer_keeps_off_other_peoples_folders(folder: Path) -> None:
    with pytest.raises(GalleryError, match="not empty"):
        GalleryWriter(folder, MODEL, "this test")


@pytest.mark.parametrize("product_id", ["../tea", "", "a/b", ".."])
def test_product_id_must_name_a_folder(tmp_path: Path, product_id: str) -> None:
    writer = GalleryWriter(tmp_path / "gallery", MODEL, "this test")
    with pytest.raises(GalleryError, match="folder name"):
        writer.add(Product(product_id, "x"), enrol_product([shot(seed) for seed in range(4)], 50))


def test_too_few_shots_are_refused() -> None:
    with pytest.raises(GalleryError, match="3 shots"):
        enrol_product([shot(seed) for seed in range(3)], 50)


def test_held_out_scores_do_not_measure_a_shot_by_itself() -> None:
    shots = [{"top": 1.0}, {"top": 1.0}, {"top": 3.0}]
    assert held_out_scores(shots) == [-1.0, -1.0, 2.0]


def test_item_score_is_the_excess_of_the_worst_view() -> None:
    usual = {"top": 1.0, "left": 2.0, "right": 3.0}
    assert item_score({"top": 3.0, "left": 6.0, "right": 3.0, "new": 99.0}, usual) == 4.0
    assert item_score({"top": 0.5}, usual) == -0.5
    assert item_score({}, usual) == 0.0
    assert math.isnan(item_score({"top": 1.2, "left": math.nan}, usual))


def test_shots_without_an_item_are_refused() -> None:
    blank = [{"top": ShotView(np.zeros((64, 64, 3), np.uint8), ~MASK & False, good_features(n))} for n in range(4)]
    with pytest.raises(GalleryError, match="no reference shot"):
        enrol_product(blank, 50)
