"""Turning views of undamaged items into a product's references. Features in, records out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.core.errors import GalleryError
from station.gallery.calibration import ViewCalibration, held_out_scores, usual_scores
from station.gallery.compare import view_score
from station.gallery.patches import coreset, item_patches, patch_distances

MIN_SHOTS = 4


@dataclass(frozen=True, slots=True)
class ShotView:
    """One camera's view of one undamaged item: `crop` uint8 RGB [S, S, 3], `mask` bool [S, S], `features` [h, w, C]."""

    crop: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    features: NDArray[np.float32]


Shot = Mapping[str, ShotView]
"""One placing of an undamaged item on the tray, by camera."""


@dataclass(frozen=True, slots=True)
class EnrolledView:
    """What is usual for one camera, and a few of its pictures for people, uint8 RGB [S, S, 3]."""

    calibration: ViewCalibration
    pictures: tuple[NDArray[np.uint8], ...]


@dataclass(frozen=True, slots=True)
class EnrolledProduct:
    """A product's references: `bank` float16 [P, C] of unit vectors, shared by all cameras.

    `good_scores` are the item scores of the undamaged shots held out of the bank.
    """

    bank: NDArray[np.float16]
    views: Mapping[str, EnrolledView]
    good_scores: tuple[float, ...]
    reference_shots: int
    calibration_shots: int


def enrol_product(shots: Sequence[Shot], patches: int, pictures_per_camera: int = 1) -> EnrolledProduct:
    """Build a product's references from shots of undamaged items.

    Every second shot becomes references; the others are held out and say what is usual. The split is
    by shot, so that no placing is on both sides. The cameras share one bank, since a face that one
    of them saw may turn to another on the next item.

    Args:
        shots: placings of undamaged items, at least four.
        patches: how many reference patches to keep.
        pictures_per_camera: how many pictures to keep for people.

    Raises:
        GalleryError: there are fewer than four shots, or the references show no item.
    """
    if len(shots) < MIN_SHOTS:
        raise GalleryError(f"{len(shots)} shots are too few to enrol a product. Show at least {MIN_SHOTS} placings")
    references, held_out = shots[0::2], shots[1::2]
    bank = _bank(references, patches)
    maps = [
        {camera_id: patch_distances(view.features, view.mask, bank) for camera_id, view in shot.items()}
        for shot in held_out
    ]
    scores = [{camera_id: view_score(distances) for camera_id, distances in shot.items()} for shot in maps]
    views = {
        camera_id: EnrolledView(
            calibration=ViewCalibration(
                usual_score=usual,
                highest_distance=max(float(shot[camera_id].max()) for shot in maps if camera_id in shot),
            ),
            pictures=tuple(shot[camera_id].crop for shot in references if camera_id in shot)[:pictures_per_camera],
        )
        for camera_id, usual in usual_scores(scores).items()
    }
    return EnrolledProduct(bank, views, tuple(sorted(held_out_scores(scores))), len(references), len(held_out))


def _bank(shots: Sequence[Shot], count: int) -> NDArray[np.float16]:
    patches = [item_patches(view.features, view.mask) for shot in shots for view in shot.values()]
    if not any(map(len, patches)):
        raise GalleryError("no reference shot shows the item. Check the cameras' views and the item's mask")
    return coreset(np.concatenate(patches), count).astype(np.float16)
