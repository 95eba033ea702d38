"""What the heads are to say of an item and of every patch of its views."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType, Severity
from station.inference.manifest import LABELS
from station.learn.dataset import Item, View
from station.learn.evaluation.views import Defect

UNKNOWN = 255
"""A patch's share of damage where nobody stated it; known shares are 0 to `WHOLE`."""
WHOLE = 100


def item_truth(item: Item) -> NDArray[np.float32]:
    """Return what is true of an item, float32 [L] by `LABELS`: 1, 0, or NaN where nobody stated it."""
    truth = np.zeros(len(LABELS), np.float32)
    if not item.is_damaged:
        return truth
    truth[0] = 1
    truth[1] = np.nan if item.severity is None else item.severity is Severity.MAJOR
    truth[2:] = [kind in item.damage_types for kind in DamageType] if item.damage_types else np.nan
    return truth


def patch_truth(item: Item, view: View, defects: Sequence[Defect], grid: tuple[int, int]) -> NDArray[np.uint8]:
    """Return which share of every patch of a view is damaged, uint8 [L, h, w], 0 to `WHOLE` or `UNKNOWN`.

    Args:
        item: the item.
        view: one of its views.
        defects: the view's damage masks in its crop, in the order of `view.damage_masks`.
        grid: how many patches there are, `(h, w)`.
    """
    whole = item_truth(item)
    unknown = np.isnan(whole)
    if item.is_damaged and not any(other.damage_masks for other in item.views):
        unknown |= whole == 1
    maps = np.zeros((len(LABELS), *grid), np.uint8)
    for mask, defect in zip(view.damage_masks, defects, strict=True):
        share = cv2.resize(defect.mask.astype(np.float32), grid[::-1], interpolation=cv2.INTER_AREA)
        seen = np.asarray(np.rint(share * WHOLE), np.uint8)
        places = [0, *([1] if whole[1] == 1 else []), *_places(mask.damage_type, item)]
        maps[places] = np.maximum(maps[places], seen)
        unknown[2:] |= not _places(mask.damage_type, item)
    maps[unknown] = UNKNOWN
    return maps


def _places(damage_type: DamageType | None, item: Item) -> list[int]:
    """Where a mask's type stands among the labels; an item of one type has masks of no other."""
    types = item.damage_types if damage_type is None and len(item.damage_types) == 1 else (damage_type,)
    return [LABELS.index(kind.value) for kind in types if kind is not None]
