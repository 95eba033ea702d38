"""Turning views of undamaged items into a product's references. Features in, records out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.core.errors import GalleryError
from station.core.items import ItemSurface
from station.gallery.calibration import ViewCalibration, held_out_scores, item_score, spreads, usual_scores
from station.gallery.compare import compare_view, view_score
from station.gallery.looks import Looks, learn_looks
from station.gallery.patches import coreset, item_patches, patch_distances
from station.gallery.registered import Describe, FaceReferences, learn_references, place
from station.gallery.shapes import ShapeReferences

MIN_SHOTS = 4
FACES = 4
UNITS_PER_FACE = 12
_VIEWS_LEARNED_FROM = 60
_SOUND_PATCHES = 1000
_ENOUGH_TO_TELL = 16
_ODD = 6.0
"""A shot this many spreads odder than the others is left out: some of those called good are not."""


@dataclass(frozen=True, slots=True)
class ShotView:
    """One camera's view of one undamaged item: `crop` uint8 RGB [S, S, 3], `mask` bool [S, S], `features` [h, w, C].

    `is_stand_in`: it was made from another view; no item ever looked so.
    """

    crop: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    features: NDArray[np.float32]
    is_stand_in: bool = False


Shot = Mapping[str, ShotView]
"""One placing of an undamaged item on the tray, by camera."""


@dataclass(frozen=True, slots=True)
class EnrolledView:
    """What is usual for one camera, and a few of its pictures for people, uint8 RGB [S, S, 3]."""

    calibration: ViewCalibration
    pictures: tuple[NDArray[np.uint8], ...]


@dataclass(frozen=True, slots=True)
class EnrolledProduct:
    """A product's references: `bank` float16 [P, C] of unit vectors, shared by all cameras, `faces` and `shapes`.

    `shapes` is None without surfaces. `looks` tell it from other products. `good_scores` are the item scores of the
    undamaged shots, each measured by the others' half; none where stand-ins of a shot lie in both. `reference_shots`
    counts the placings that were kept, without stand-ins.
    """

    bank: NDArray[np.float16]
    faces: tuple[FaceReferences, ...]
    shapes: ShapeReferences | None
    looks: Looks
    views: Mapping[str, EnrolledView]
    good_scores: tuple[float, ...]
    reference_shots: int


def enrol_product(
    shots: Sequence[Shot],
    patches: int,
    pictures_per_camera: int = 1,
    describe: Describe | None = None,
    surfaces: Sequence[ItemSurface] = (),
    progress: Callable[[float], None] = lambda _share: None,
) -> EnrolledProduct:
    """Build a product's references from shots of undamaged items.

    All shots give the bank's patches. What is usual each half of them says, measured by the other half, so that
    no placing is on both sides; with twice as many references items look a little more usual than that. The cameras
    share one bank, since a face that one of them saw may turn to another on the next item. Faces are learned from
    all shots; a shot's own part in a face is left out where its score counts. Of many shots the odd ones are left out
    of the references, but their scores count: they were called good, and the next of their like will be judged.

    Args:
        shots: placings of undamaged items, at least four.
        patches: how many reference patches to keep.
        pictures_per_camera: how many pictures to keep for people.
        describe: the model; without it no faces are learned, and every view is compared whatever its pose.
        surfaces: shapes of undamaged items, of these or of others.
        progress: takes the share of the shots that are compared with the faces, which takes the longest.

    Raises:
        GalleryError: there are fewer than four shots, or the references show no item.
    """
    if len(shots) < MIN_SHOTS:
        raise GalleryError(f"{len(shots)} shots are too few to enrol a product. Show at least {MIN_SHOTS} placings")
    shots, odd = _told_apart(shots) if len(shots) >= _ENOUGH_TO_TELL else (shots, ())
    banks = _others(shots, patches)
    yardsticks = _yardsticks(shots, banks)
    judged, banks = [*shots, *odd], [*banks, *[banks[0]] * len(odd)]
    faces: tuple[FaceReferences, ...] = ()
    scores = [_bank_scores(shot, bank) for shot, bank in zip(judged, banks, strict=True)]
    if describe is not None:
        faces, scores = _with_faces(shots, judged, banks, yardsticks, describe, progress)
    usual = {camera_id: view.usual_score for camera_id, view in yardsticks.items()}
    good_scores = [*held_out_scores(scores[: len(shots)]), *(item_score(own, usual) for own in scores[len(shots) :])]
    real = [shot for shot in shots if not any(view.is_stand_in for view in shot.values())]
    return EnrolledProduct(
        bank=_bank(shots, patches),
        faces=faces,
        shapes=ShapeReferences.learn(surfaces),
        looks=_looks(shots),
        views=_enrolled_views(shots[0::2], yardsticks, pictures_per_camera),
        good_scores=tuple(sorted(good_scores)) if len(real) == len(shots) else (),
        reference_shots=len(real),
    )


def _looks(shots: Sequence[Shot]) -> Looks:
    seen = [view for shot in shots for view in shot.values()]
    return learn_looks([view.crop for view in seen], [view.mask for view in seen], [view.features for view in seen])


def _enrolled_views(
    shots: Sequence[Shot], yardsticks: Mapping[str, ViewCalibration], pictures: int
) -> dict[str, EnrolledView]:
    return {
        camera_id: EnrolledView(
            yardstick, tuple(shot[camera_id].crop for shot in shots if camera_id in shot)[:pictures]
        )
        for camera_id, yardstick in yardsticks.items()
    }


def _told_apart(shots: Sequence[Shot]) -> tuple[list[Shot], list[Shot]]:
    """The shots, and those of them that the others do not excuse; each half is compared with the other."""
    scores = [_bank_scores(shot, bank) for shot, bank in zip(shots, _others(shots, _SOUND_PATCHES), strict=True)]
    usual, spread = usual_scores(scores), spreads(scores)
    parts: tuple[list[Shot], list[Shot]] = ([], [])
    for shot, own in zip(shots, scores, strict=True):
        is_odd = any(score > usual[camera_id] + _ODD * spread[camera_id] for camera_id, score in own.items())
        parts[is_odd].append(shot)
    return parts


def _bank(shots: Sequence[Shot], count: int) -> NDArray[np.float16]:
    patches = [item_patches(view.features, view.mask) for shot in shots for view in shot.values()]
    if not any(map(len, patches)):
        raise GalleryError("no reference shot shows the item. Check the cameras' views and the item's mask")
    return coreset(np.concatenate(patches), count).astype(np.float16)


def _others(shots: Sequence[Shot], count: int) -> list[NDArray[np.float16]]:
    """For each shot the bank of the half of the shots that it is not of."""
    banks = [_bank(shots[half::2], count) for half in (1, 0)]
    return [banks[number % 2] for number in range(len(shots))]


def _bank_scores(shot: Shot, bank: NDArray[np.float16]) -> dict[str, float]:
    return {camera_id: view_score(patch_distances(view.features, view.mask, bank)) for camera_id, view in shot.items()}


def _yardsticks(shots: Sequence[Shot], banks: Sequence[NDArray[np.float16]]) -> dict[str, ViewCalibration]:
    maps = [
        {camera_id: patch_distances(view.features, view.mask, bank) for camera_id, view in shot.items()}
        for shot, bank in zip(shots, banks, strict=True)
    ]
    scores = [{camera_id: view_score(distances) for camera_id, distances in shot.items()} for shot in maps]
    spread = spreads(scores)
    return {
        camera_id: ViewCalibration(
            usual_score=usual,
            highest_distance=max(float(shot[camera_id].max()) for shot in maps if camera_id in shot),
            spread=spread[camera_id],
        )
        for camera_id, usual in usual_scores(scores).items()
    }


def _with_faces(
    shots: Sequence[Shot],
    judged: Sequence[Shot],
    banks: Sequence[NDArray[np.float16]],
    yardsticks: Mapping[str, ViewCalibration],
    describe: Describe,
    progress: Callable[[float], None],
) -> tuple[tuple[FaceReferences, ...], list[dict[str, float]]]:
    """The faces of the shots, and the view scores of all that are judged: the shots, then others."""
    numbered = [(n, camera_id) for n, shot in enumerate(shots) for camera_id in shot]
    chosen = numbered[:: -(-len(numbered) // _VIEWS_LEARNED_FROM)]
    views = [shots[n][camera_id] for n, camera_id in chosen]
    learned = learn_references(
        [view.crop for view in views], [view.mask for view in views], describe, FACES, UNITS_PER_FACE
    )
    place_of = {where: number for number, where in enumerate(chosen)}
    scores: list[dict[str, float]] = []
    for n in range(len(judged)):
        progress(n / len(judged))
        scores.append({})
        for camera_id, view in judged[n].items():
            if camera_id not in yardsticks:
                continue
            placed = place(learned.faces, view.crop, view.mask)
            own = learned.left_out.get(place_of.get((n, camera_id), -1), {})
            left_out = {k: own[id(one.face)] for k, one in enumerate(placed) if id(one.face) in own}
            described = describe([one.picture for one in placed]) if placed else ()
            finding = compare_view(
                camera_id, view.features, view.mask, banks[n], yardsticks[camera_id], placed, described, left_out
            )
            scores[-1][camera_id] = finding.score
    return learned.faces, scores
