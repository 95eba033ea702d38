"""A gallery's life: what is added, retired and undone, and where every reference comes from."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station.core.errors import GalleryError
from station.core.items import ItemSurface
from station.gallery import (
    EnrolledProduct,
    Gallery,
    GalleryKeeper,
    Origin,
    Product,
    Reference,
    Shot,
    enrol_product,
)

MODEL = "0123456789abcdef"
TEA = Product("tea", "Green tea", "carton", ("4006381333931",), ("tea",))
MASK = np.zeros((64, 64), np.bool_)
MASK[8:56, 8:56] = True


def describe(pictures):
    """A feature map that tells pictures apart, as a model would."""
    return np.stack([np.repeat(one[4::8, 4::8].astype(np.float32), 6, axis=2) + 1 for one in pictures])


def keeper(folder: Path, model: str = MODEL) -> GalleryKeeper:
    return GalleryKeeper(folder, model, describe, lambda shots, surfaces: enrol_product(shots, 50, surfaces=surfaces))


def references(*seeds: int, lot: str = "L1") -> list[Reference]:
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        views = {camera: (rng.integers(0, 255, (64, 64, 3), np.uint8), MASK) for camera in ("top", "left")}
        surface = ItemSurface(np.full((160, 160), 20 + seed % 3, np.float32), 2.0)
        found.append(Reference(views, surface, Origin(f"unit-{seed}", seed, lot)))
    return found


def ids(folder: Path) -> list[str]:
    return [one["source"] for one in Gallery.open(folder, MODEL).record("tea")["references"]]


def test_every_reference_says_where_it_comes_from(tmp_path: Path) -> None:
    assert keeper(tmp_path).add(TEA, references(1, 2, 3, 4), 10) == 4
    gallery = Gallery.open(tmp_path, MODEL)
    first = gallery.record("tea")["references"][0]
    assert (first["source"], first["utc_ns"], first["lot"], first["verdict"]) == ("unit-1", 1, "L1", "good")
    assert gallery.products["tea"] == TEA
    found = gallery.references("tea")
    assert found is not None
    assert found.shapes is not None


def test_the_same_pictures_are_one_reference(tmp_path: Path) -> None:
    own = keeper(tmp_path)
    own.add(TEA, references(1, 2, 3, 4), 10)
    assert own.add(TEA, references(4, 5), 20) == 1
    assert own.add(TEA, references(4, 5), 30) == 0
    assert own.version == 2
    assert ids(tmp_path) == [f"unit-{n}" for n in (1, 2, 3, 4, 5)]


def test_what_is_not_told_again_stays(tmp_path: Path) -> None:
    own = keeper(tmp_path)
    own.add(TEA, references(1, 2, 3, 4), 10)
    own.add(Product("tea", ""), references(5), 20)
    assert Gallery.open(tmp_path, MODEL).products["tea"] == TEA
    own.add(Product("tea", "Black tea", barcodes=("4006381333931", "96385074")), (), 30)
    told = Gallery.open(tmp_path, MODEL).products["tea"]
    assert told == Product("tea", "Black tea", "carton", ("4006381333931", "96385074"), ("tea",))


def test_a_product_without_a_name_is_called_by_its_id(tmp_path: Path) -> None:
    keeper(tmp_path).add(Product("tea", ""), references(1, 2, 3, 4), 10)
    assert Gallery.open(tmp_path, MODEL).products["tea"].name == "tea"


def test_cameras_that_only_other_products_know_are_told(tmp_path: Path) -> None:
    own = keeper(tmp_path)
    own.add(TEA, references(1, 2, 3, 4), 10)
    seen = [replace(one, views={"camera": one.views["top"]}) for one in references(5, 6, 7, 8)]
    own.add(Product("soap", "Soap"), seen, 20)
    assert own.cameras_missing("soap") == ["left", "top"]


def test_another_products_barcode_is_refused_however_it_is_written(tmp_path: Path) -> None:
    own = keeper(tmp_path)
    own.add(TEA, references(1, 2, 3, 4), 10)
    before = (tmp_path / "gallery.json").read_bytes()
    with pytest.raises(GalleryError, match=r"04006381333931.*tea"):
        own.add(Product("soap", "Soap", barcodes=("04006381333931",)), references(5, 6, 7, 8), 20)
    assert (tmp_path / "gallery.json").read_bytes() == before


def test_of_many_references_some_are_learned_from_the_newest_among_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.gallery.keeper.LEARNED_FROM", 5)
    learned: list[int] = []

    def enrol(shots: Sequence[Shot], surfaces: Sequence[ItemSurface]) -> EnrolledProduct:
        learned.append(len(shots))
        return enrol_product(shots, 50, surfaces=surfaces)

    own = GalleryKeeper(tmp_path, MODEL, describe, enrol)
    own.add(TEA, references(*range(8)), 10)
    before = Gallery.open(tmp_path, MODEL).record("tea")["sha256"]
    own.add(TEA, references(8), 20)
    assert learned == [5, 5]
    assert len(ids(tmp_path)) == own.count("tea") == 9
    assert Gallery.open(tmp_path, MODEL).record("tea")["sha256"] != before


def test_every_change_is_undone_byte_for_byte(tmp_path: Path) -> None:
    own = keeper(tmp_path)
    own.add(TEA, references(1, 2, 3, 4, 5), 10)
    first = Gallery.open(tmp_path, MODEL).references("tea")
    own.add(TEA, references(6, lot="L2"), 20)
    own.retire("tea", [Gallery.open(tmp_path, MODEL).record("tea")["references"][0]["id"]], 30)
    assert ids(tmp_path) == [f"unit-{n}" for n in (2, 3, 4, 5, 6)]
    assert keeper(tmp_path).undo(40).startswith("retired 1")
    assert ids(tmp_path) == [f"unit-{n}" for n in (1, 2, 3, 4, 5, 6)]
    again = keeper(tmp_path)
    assert again.undo(50).startswith("added 1")
    then = Gallery.open(tmp_path, MODEL).references("tea")
    assert first is not None
    assert then is not None
    np.testing.assert_array_equal(first.bank, then.bank)
    again.undo(60)
    assert Gallery.open(tmp_path, MODEL).product_ids == ()
    with pytest.raises(GalleryError, match="no change to undo"):
        again.undo(70)
    assert again.version == 6


def test_a_product_is_retired_with_all_its_references_and_comes_back(tmp_path: Path) -> None:
    own = keeper(tmp_path)
    own.add(TEA, references(1, 2, 3, 4), 10)
    own.retire("tea", (), 20)
    assert Gallery.open(tmp_path, MODEL).product_ids == ()
    own.undo(30)
    assert Gallery.open(tmp_path, MODEL).product_ids == ("tea",)


def test_what_cannot_be_done_changes_nothing(tmp_path: Path) -> None:
    own = keeper(tmp_path)
    own.add(TEA, references(1, 2, 3, 4), 10)
    before = (tmp_path / "gallery.json").read_bytes()
    with pytest.raises(GalleryError, match="no reference 'nobody'"):
        own.retire("tea", ["nobody"], 20)
    with pytest.raises(GalleryError, match="no product 'soap'"):
        own.retire("soap", [], 20)
    with pytest.raises(GalleryError, match="too few"):
        own.retire("tea", [Gallery.open(tmp_path, MODEL).record("tea")["references"][0]["id"]], 20)
    with pytest.raises(GalleryError, match="was built with model"):
        keeper(tmp_path, "f" * 16)
    assert (tmp_path / "gallery.json").read_bytes() == before
