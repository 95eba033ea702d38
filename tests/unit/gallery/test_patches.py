"""Patch distances and the coreset."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from station.gallery import differences, patch_heights
from station.gallery.patches import coreset, item_patches, patch_coverage, patch_distances

FULL = np.ones((64, 64), np.bool_)
seeds = st.integers(0, 2**32 - 1)


def features(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(8, 8, 16)).astype(np.float32)


@given(seeds, st.floats(0.1, 100))
def test_a_view_is_at_distance_zero_from_itself_at_any_gain(seed: int, gain: float) -> None:
    view = features(seed)
    bank = item_patches(view, FULL).astype(np.float16)
    np.testing.assert_allclose(patch_distances(view * np.float32(gain), FULL, bank), 0.0, atol=2e-3)


@given(seeds)
def test_the_order_of_the_references_does_not_matter(seed: int) -> None:
    bank = item_patches(features(seed), FULL)
    shuffled = np.random.default_rng(seed).permutation(bank)
    view = features(seed + 1)
    np.testing.assert_allclose(patch_distances(view, FULL, bank), patch_distances(view, FULL, shuffled), atol=1e-6)


@given(seeds)
def test_more_references_never_raise_a_distance(seed: int) -> None:
    bank = item_patches(features(seed), FULL)
    view = features(seed + 1)
    assert (patch_distances(view, FULL, bank) <= patch_distances(view, FULL, bank[::2]) + 1e-6).all()


@given(seeds)
def test_background_patches_are_zero_and_others_do_not_see_them(seed: int) -> None:
    view = features(seed)
    mask = np.zeros((64, 64), np.bool_)
    mask[8:40, 16:56] = True
    bank = item_patches(features(seed + 1), FULL)
    distances = patch_distances(view, mask, bank)
    assert (distances[patch_coverage(mask, 8, 8) == 0] == 0).all()
    np.testing.assert_allclose(distances[1:5, 2:7], patch_distances(view, FULL, bank)[1:5, 2:7], atol=1e-6)


def test_empty_mask_and_empty_bank() -> None:
    assert (patch_distances(features(1), ~FULL, item_patches(features(2), FULL)) == 0).all()
    assert (patch_distances(features(1), FULL, np.empty((0, 16), np.float16)) == 2.0).all()


@settings(max_examples=20)
@given(seeds, st.integers(1, 80))
def test_coreset_holds_distinct_patches_of_the_original(seed: int, count: int) -> None:
    patches = item_patches(features(seed), FULL)
    kept = coreset(patches, count)
    assert len(kept) == min(count, len(patches))
    rows = {row.tobytes() for row in kept}
    assert len(rows) == len(kept)
    assert rows <= {row.tobytes() for row in patches}


def test_coreset_keeps_the_rare_kind() -> None:
    rng = np.random.default_rng(0)
    common = np.array([1.0, 0, 0, 0]) + 0.01 * rng.normal(size=(500, 4))
    rare = np.array([[0, 0, 0, 1.0]])
    patches = np.concatenate([common, rare]).astype(np.float32)
    assert (coreset(patches, 5)[:, 3] > 0.9).any()


@given(seeds)
def test_differences_are_to_the_nearest_reference_and_nothing_beside_the_item(seed: int) -> None:
    view, mask = features(seed), np.zeros((64, 64), np.bool_)
    mask[:, :32] = True
    bank = item_patches(features(seed + 1), FULL)
    told = differences(view, mask, np.full((8, 8), 50, np.float32), bank, 0.5)
    assert not told[:, 4:].any()
    own = told[:, :4].reshape(-1, 20)
    distances = patch_distances(view, FULL, bank)[:, :4].ravel()
    np.testing.assert_allclose(own[:, 16] * 0.5, distances, atol=1e-5)
    np.testing.assert_allclose(np.square(own[:, :16]).sum(axis=1) / 2, distances, atol=1e-5)  # of unit vectors
    assert (own[:, 17] >= own[:, 16] - 1e-5).all()
    np.testing.assert_allclose(own[:, 18:], [[1, 0.5]] * 32)


def test_a_view_of_a_reference_does_not_differ_from_it() -> None:
    bank = item_patches(features(3), FULL)
    told = differences(features(3), FULL, np.zeros((8, 8), np.float32), bank[:64], 0.5)
    np.testing.assert_allclose(told[..., :17], 0, atol=1e-5)
    assert not differences(features(3), ~FULL, np.zeros((8, 8), np.float32), bank, 0.5).any()


def test_heights_of_patches_are_of_the_item_alone_and_of_what_is_known() -> None:
    height_mm, mask = np.full((64, 64), 30, np.float32), FULL.copy()
    height_mm[:8, :4] = np.nan
    mask[8:16], height_mm[8:16] = False, 90
    heights = patch_heights(height_mm, mask, 8, 8)
    np.testing.assert_allclose(heights[0], 30, rtol=1e-5)
    assert (heights[1] == 0).all()
    assert (patch_heights(np.full((64, 64), np.nan, np.float32), FULL, 8, 8) == 0).all()
