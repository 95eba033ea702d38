"""A dataset's views, cut once and kept on disk as they are trained on."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.core.errors import DatasetError
from station.gallery import patch_heights
from station.inference import Bundle
from station.learn.dataset import Dataset, Item, Split
from station.learn.evaluation.supervised import ShownViews
from station.learn.training.truth import item_truth, patch_truth

_INDEX = "views.json"
_ARRAYS = ("crops", "masks", "patches", "heights", "owner", "cameras")


@dataclass(frozen=True, slots=True, eq=False)
class ViewCache:
    """Views of items, cut and on disk.

    `crops` uint8 RGB [N, S, S, 3]; `masks` bool [N, S, S] of the item; `patches` uint8 [N, L + 1, h, w] and `truth`
    float32 [items, L], see `station.learn.training.truth`; `heights` float16 [N, h, w] of the patches in mm; `owner` is
    the item of each view, by its place in `items`, and `cameras` its camera's id.
    """

    items: tuple[Item, ...]
    crops: NDArray[np.uint8]
    masks: NDArray[np.bool_]
    patches: NDArray[np.uint8]
    truth: NDArray[np.float32]
    heights: NDArray[np.float16]
    owner: NDArray[np.intp]
    cameras: NDArray[np.str_]


def training_items(dataset: Dataset) -> tuple[Item, ...]:
    """Return the items to train on and to validate with, references among them.

    Raises:
        DatasetError: no good or no damaged ones are among them.
    """
    items = tuple(item for item in dataset.items if item.split is not Split.TEST)
    if len({item.is_damaged for item in items if item.split is Split.TRAIN}) < 2:
        raise DatasetError(
            f"{dataset.path} has not both good and damaged training items, and damage is learned from both. "
            "Put items of both kinds into its train split"
        )
    return items


def cut_views(dataset: Dataset, bundle: Bundle, folder: Path, progress: Callable[[int], None]) -> ViewCache:
    """Cut the training items' views into a folder, or read them back where they are complete.

    Args:
        dataset: the dataset.
        bundle: what the views are for.
        folder: where the cache lies.
        progress: is told how many items are done.

    Raises:
        DatasetError: there is nothing to train on, a picture is missing, or the cache is of something else.
    """
    items = training_items(dataset)
    grid = list(bundle.manifest.feature_shape[:2])
    index = {"dataset": str(dataset.path.resolve()), "items": len(items), "view_px": bundle.view_px, "grid": grid}
    index["arrays"] = list(_ARRAYS)
    if not (folder / _INDEX).exists():
        _cut(dataset, items, bundle, folder, progress)
        (folder / _INDEX).write_text(json.dumps(index))
    elif json.loads((folder / _INDEX).read_text()) != index:
        raise DatasetError(f"{folder} holds the training of something else. Name another folder, or delete it")
    progress(len(items))
    crops, masks, patches, heights, owner, cameras = (
        np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS
    )
    count = len(owner)  # an item that a camera does not see has fewer views than rows were made for
    truth = np.stack([item_truth(item) for item in items])
    return ViewCache(items, crops[:count], masks[:count], patches, truth, heights, np.array(owner), np.array(cameras))


def _cut(
    dataset: Dataset, items: Sequence[Item], bundle: Bundle, folder: Path, progress: Callable[[int], None]
) -> None:
    maker, view_px = ShownViews(dataset, bundle), bundle.view_px
    height, width, _ = bundle.manifest.feature_shape
    most = sum(len(item.views) for item in items)
    folder.mkdir(parents=True, exist_ok=True)
    shape = (most, view_px, view_px)
    crops = np.lib.format.open_memmap(folder / "crops.npy", "w+", np.uint8, (*shape, 3))
    masks = np.lib.format.open_memmap(folder / "masks.npy", "w+", np.bool_, shape)
    patches: list[NDArray[np.uint8]] = []
    heights: list[NDArray[np.float16]] = []
    owner: list[int] = []
    cameras: list[str] = []
    for number, item in enumerate(items):
        given = {view.camera_id: view for view in item.views}
        for view in maker.views(item):
            crops[len(owner)], masks[len(owner)] = view.crop, view.mask
            patches.append(
                patch_truth(item, given[view.camera_id], maker.defects(item, view), view.mask, (height, width))
            )
            heights.append(patch_heights(view.height_mm, view.mask, height, width).astype(np.float16))
            owner.append(number)
            cameras.append(view.camera_id)
        progress(number + 1)
    crops.flush()
    masks.flush()
    np.save(folder / "patches.npy", np.stack(patches))
    np.save(folder / "heights.npy", np.stack(heights))
    np.save(folder / "owner.npy", np.array(owner))
    np.save(folder / "cameras.npy", np.array(cameras))
