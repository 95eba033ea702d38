"""Training items beside their products' references: what a comparison learns from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.gallery import (
    BESIDES,
    EnrolledProduct,
    GallerySettings,
    Shot,
    ShotView,
    differences,
    enrol_product,
    with_stand_ins,
)
from station.inference import Bundle
from station.learn.training.cache import ViewCache


def compared_items(cache: ViewCache) -> NDArray[np.bool_]:
    """Return which of a cache's items can be compared: their product has references, and they are none of them."""
    known = {cache.items[item].product_id for item in np.unique(cache.owner) if cache.items[item].is_reference}
    return np.array([item.product_id in known and not item.is_reference for item in cache.items])


def write_differences(
    cache: ViewCache,
    features: NDArray[np.float16],
    bundle: Bundle,
    file: Path,
    progress: Callable[[int], None],
) -> NDArray[np.float16]:
    """Write the views' differences to their products' references, or read them back where they are complete.

    The references are enrolled as the station enrols them; none of them is compared itself, and its differences are 0.

    Args:
        cache: the views.
        features: theirs, float16 [N, h, w, C].
        bundle: what described them.
        file: where to.
        progress: is told how many products are done.

    Returns:
        float16 [N, h, w, C + 4], on disk; see `station.gallery.differences`.
    """
    if file.exists():
        return np.load(file, mmap_mode="r")
    unfinished, (*grid, channels) = file.with_suffix(".new"), features.shape
    told = np.lib.format.open_memmap(unfinished, "w+", np.float16, (*grid, channels + BESIDES))
    compared = compared_items(cache)
    for number, product_id in enumerate(sorted({cache.items[item].product_id for item in np.flatnonzero(compared)}), 1):
        items = np.array([item.product_id == product_id for item in cache.items])
        references = _enrolled(cache, features, items & ~compared, bundle)
        bank = references.bank.astype(np.float32)
        for view in np.flatnonzero((items & compared)[cache.owner]):
            usual = references.views.get(str(cache.cameras[view]))
            if usual is not None:
                own, heights = features[view].astype(np.float32), cache.heights[view].astype(np.float32)
                limit = usual.calibration.highest_distance
                told[view] = differences(own, np.array(cache.masks[view]), heights, bank, limit)
        progress(number)
    told.flush()
    unfinished.replace(file)
    return np.load(file, mmap_mode="r")


def _enrolled(
    cache: ViewCache, features: NDArray[np.float16], items: NDArray[np.bool_], bundle: Bundle
) -> EnrolledProduct:
    shots: list[Shot] = [
        {
            str(cache.cameras[view]): ShotView(
                np.array(cache.crops[view]), np.array(cache.masks[view]), features[view].astype(np.float32)
            )
            for view in np.flatnonzero(cache.owner == item)
        }
        for item in np.flatnonzero(items)
        if item in cache.owner
    ]
    return enrol_product(with_stand_ins(shots, bundle.features), GallerySettings().patches_per_product, 0)
