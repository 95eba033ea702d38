"""Stand-ins for good units where a product has too few references: its own pictures, seen a little differently."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from station.gallery.enrol import MIN_SHOTS, Shot, ShotView
from station.gallery.registered import Describe

_SHOTS = 12
_TURN_DEG = 1.5
_ZOOM = 0.015
_SHIFT = 0.008
_TILT = 2e-5
_GAIN = 0.12
_SLOPE = 0.1
_GAMMA = 0.15
_BLUR_PX = 0.8
_NOISE = 3.0


def with_stand_ins(shots: Sequence[Shot], describe: Describe) -> list[Shot]:
    """Return the shots, and stand-ins of them where they are too few to enrol a product.

    Args:
        shots: placings of undamaged items, at least one.
        describe: the model.
    """
    missing = _SHOTS - len(shots) if len(shots) < MIN_SHOTS else 0
    made = [(shots[number % len(shots)], number + 1) for number in range(missing)]
    return [
        *shots,
        *({camera_id: _varied(view, seed, describe) for camera_id, view in shot.items()} for shot, seed in made),
    ]


def _varied(view: ShotView, seed: int, describe: Describe) -> ShotView:
    crop, mask = stand_in(view.crop, view.mask, seed)
    return ShotView(crop, mask, describe([crop])[0], is_stand_in=True)


def stand_in(
    crop: NDArray[np.uint8], mask: NDArray[np.bool_], seed: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Return a view as another good unit might give it: pose, light, focus and noise a little different.

    Args:
        crop: uint8 RGB [S, S, 3].
        mask: the item in it, bool [S, S].
        seed: of the differences.
    """
    rng = np.random.default_rng(seed)
    side = crop.shape[0]
    moved = _slight_view(side, rng)
    picture = cv2.warpPerspective(crop, moved, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpPerspective(mask.astype(np.uint8), moved, (side, side), flags=cv2.INTER_NEAREST)
    light = (picture / np.float32(255)) ** np.float32(np.exp(rng.uniform(-_GAMMA, _GAMMA)))
    light *= (1 + rng.uniform(-_GAIN, _GAIN, 3)).astype(np.float32)
    down, right = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j].astype(np.float32)
    slope = rng.uniform(-_SLOPE, _SLOPE, 2).astype(np.float32)
    light *= (1 + slope[0] * down + slope[1] * right)[..., None]
    light = np.asarray(cv2.GaussianBlur(light, (0, 0), max(0.1, rng.uniform(0, _BLUR_PX))), np.float32)
    light += rng.normal(0, _NOISE / 255, light.shape).astype(np.float32)
    return (np.clip(light, 0, 1) * 255).astype(np.uint8), cover > 0


def _slight_view(side: int, rng: np.random.Generator) -> NDArray[np.float64]:
    turn, zoom = np.radians(rng.uniform(-_TURN_DEG, _TURN_DEG)), 1 + rng.uniform(-_ZOOM, _ZOOM)
    linear = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    middle = np.full(2, (side - 1) / 2)
    shift = middle - linear @ middle + rng.uniform(-_SHIFT, _SHIFT, 2) * side
    tilt = rng.uniform(-_TILT, _TILT, 2) * 320 / side
    return np.array([[*linear[0], shift[0]], [*linear[1], shift[1]], [*tilt, 1.0]])
