"""Faces learned from pictures of good units, and views laid over them."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from station.core.items import ItemView, Quality
from station.core.verdict import Finding
from station.gallery import (
    Gallery,
    GalleryWriter,
    Product,
    ProductReferences,
    ShotView,
    cut_out,
    enrol_product,
    framing,
    learn_background,
    outline,
    stand_in,
    with_stand_ins,
)
from station.inference import Bundle

SIDE = 320
MASK = np.zeros((SIDE, SIDE), np.bool_)
MASK[60:260, 20:300] = True
UNITS = 10
SCAR = (150, 140, 190, 170)


def print_of(seed: int) -> np.ndarray:
    """A carton with print of its own on a grey tray."""
    rng = np.random.default_rng(seed)
    picture = np.full((SIDE, SIDE, 3), 90, np.uint8)
    picture[MASK] = (225, 220, 200)
    for _ in range(60):
        x, y = int(rng.integers(30, 260)), int(rng.integers(70, 240))
        colour = tuple(int(c) for c in rng.integers(0, 200, 3))
        cv2.putText(picture, str(rng.integers(10, 99)), (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, 1, cv2.LINE_AA)
    return picture


def scarred(picture: np.ndarray) -> np.ndarray:
    left, top, right, bottom = SCAR
    torn = picture.copy()
    cv2.ellipse(torn, ((left + right) // 2, (top + bottom) // 2), (20, 14), 30, 0, 360, (60, 40, 30), -1)
    return torn


def as_view(crop: np.ndarray, mask: np.ndarray) -> ItemView:
    height = np.zeros((SIDE, SIDE), np.float32)
    return ItemView("top", crop, mask, height, 1.0, np.eye(2, 3), Quality(100.0, 0.0, 0.0, 1.0))


def references(bundle: Bundle, pictures: Sequence[np.ndarray], folder: Path) -> ProductReferences:
    shots = []
    for seed, picture in enumerate(pictures):
        crop, mask = stand_in(picture, MASK, seed)
        shots.append({"top": ShotView(crop, mask, bundle.features([crop])[0])})
    writer = GalleryWriter(folder, bundle.digest, "this test")
    writer.add(Product("carton", "Carton"), enrol_product(shots, 200, describe=bundle.features))
    writer.close()
    found = Gallery.open(folder, bundle.digest).references("carton")
    assert found is not None
    return found


def compared(bundle: Bundle, known: ProductReferences, picture: np.ndarray, seed: int) -> Finding:
    crop, mask = stand_in(picture, MASK, seed)
    finding = known.compare(as_view(crop, mask), bundle.features([crop])[0], bundle.features)
    assert finding is not None
    return finding


@pytest.fixture(scope="module")
def carton(shipped_bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> ProductReferences:
    return references(shipped_bundle, [print_of(1)] * UNITS, tmp_path_factory.mktemp("gallery"))


def test_a_scar_stands_out_of_the_print_where_it_is(shipped_bundle: Bundle, carton: ProductReferences) -> None:
    assert carton.faces
    good = [compared(shipped_bundle, carton, print_of(1), seed).score for seed in range(100, 104)]
    bad = compared(shipped_bundle, carton, scarred(print_of(1)), 105)
    assert bad.score > max(good)
    left, top, width, height = bad.regions[0].box_px
    assert left < 170 < left + width
    assert top < 155 < top + height
    down, right = np.unravel_index(bad.score_map.argmax(), bad.score_map.shape)
    cell = SIDE / len(bad.score_map)
    assert cell == 4, "odd structure makes the map fine"
    assert SCAR[0] - 8 < right * cell < SCAR[2] + 8
    assert SCAR[1] - 8 < down * cell < SCAR[3] + 8


def test_what_the_references_show_and_the_item_lacks_stands_out(
    shipped_bundle: Bundle, carton: ProductReferences
) -> None:
    bare = print_of(1)
    bare[140:200, 100:200] = (225, 220, 200)
    lacking = compared(shipped_bundle, carton, bare, 106)
    good = compared(shipped_bundle, carton, print_of(1), 107)
    assert lacking.score > good.score
    assert any(
        100 <= x + w / 2 <= 200 and 140 <= y + h / 2 <= 200 for x, y, w, h in (r.box_px for r in lacking.regions)
    )


def test_one_defective_reference_does_not_excuse_its_like(shipped_bundle: Bundle, tmp_path: Path) -> None:
    pictures = [scarred(print_of(1)), *[print_of(1)] * (UNITS - 1)]
    known = references(shipped_bundle, pictures, tmp_path / "gallery")
    good = [compared(shipped_bundle, known, print_of(1), seed).score for seed in range(100, 104)]
    assert compared(shipped_bundle, known, scarred(print_of(1)), 105).score > max(good)


def test_a_view_of_no_known_face_is_compared_whatever_its_pose(
    shipped_bundle: Bundle, carton: ProductReferences
) -> None:
    crop = print_of(2)
    features = shipped_bundle.features([crop])[0]

    def no_model(pictures: Sequence[np.ndarray]) -> np.ndarray:
        raise AssertionError("nothing was laid over a face")

    assert carton.compare(as_view(crop, MASK), features, no_model) is not None


def test_one_defective_of_many_is_left_out_of_the_patches_too(shipped_bundle: Bundle) -> None:
    shots = []
    for seed in range(20):
        crop, mask = stand_in(scarred(print_of(1)) if seed == 4 else print_of(1), MASK, seed)
        shots.append({"top": ShotView(crop, mask, shipped_bundle.features([crop])[0])})
    enrolled = enrol_product(shots, 200)
    assert enrolled.reference_shots == 19
    assert len(enrolled.good_scores) == 20, "what was called good is counted as it is scored"
    assert enrolled.good_scores[-1] > 2 * enrolled.good_scores[-2]
    assert len(enrol_product(shots, 200, describe=shipped_bundle.features).good_scores) == 20


def test_stand_ins_are_no_good_items(shipped_bundle: Bundle) -> None:
    shown = {"top": ShotView(print_of(1), MASK, shipped_bundle.features([print_of(1)])[0])}
    enrolled = enrol_product(with_stand_ins([shown] * 3, shipped_bundle.features), 200)
    assert (enrolled.reference_shots, enrolled.good_scores) == (3, ())
    assert enrolled.views["top"].calibration.usual_score > 0, "they still say what is usual"
    assert len(enrol_product(with_stand_ins([shown] * 4, shipped_bundle.features), 200).good_scores) == 4


def test_an_item_is_found_in_pictures_without_mask(shipped_bundle: Bundle) -> None:
    rng = np.random.default_rng(3)
    pictures, boxes = [], []
    for _ in range(6):
        picture = rng.normal(110, 8, (540, 960, 3)).clip(0, 255).astype(np.uint8)
        left, top = int(rng.integers(150, 500)), int(rng.integers(100, 200))
        item = print_of(1)[60:260, 20:300]
        picture[top : top + 200, left : left + 280] = item
        pictures.append(picture)
        boxes.append((left, top))
    background = learn_background(pictures[:5], shipped_bundle.features)
    mask = outline(pictures[5], background, shipped_bundle.features)
    assert mask is not None
    truth = np.zeros_like(mask)
    left, top = boxes[5]
    truth[top : top + 200, left : left + 280] = True
    assert (mask & truth).sum() / (mask | truth).sum() > 0.85
    crop, cut = cut_out(pictures[5], mask, framing(mask, SIDE), SIDE)
    assert crop.shape == (SIDE, SIDE, 3)
    assert cut[SIDE // 2, SIDE // 2]


def test_an_item_that_fills_its_pictures_has_no_outline(shipped_bundle: Bundle) -> None:
    rng = np.random.default_rng(4)
    pictures = [rng.normal(110, 8, (320, 320, 3)).clip(0, 255).astype(np.uint8) for _ in range(5)]
    background = learn_background(pictures[:4], shipped_bundle.features)
    assert outline(pictures[4], background, shipped_bundle.features) is None
