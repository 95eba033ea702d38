"""The skew between cameras, measured by a board in motion: what is late sees the board where it was later.

A camera's stamps say when it believes to have taken a picture; the board says when it did.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from station.core.frames import FrameSet
from station.core.geometry import Intrinsics, Transform
from station.setup.bundle import Solution
from station.setup.captures import Wave, Waves
from station.setup.poses import Observation, inverse, locate, place_board, residuals_px, transform, vector
from station.setup.sighting import Finder

_ROUNDS = 6
_STEP_MS = 1.0
_NS_PER_MS = 1e6
_FEWEST_FRAMES = 5


class WaveCatcher:
    """Keeps pictures while something moves, and finds the board in them once there are enough.

    Args:
        finder: of the board.
        framesets: how many make a wave.
    """

    def __init__(self, finder: Finder, framesets: int) -> None:
        self._finder = finder
        self._framesets = framesets
        self._kept: list[dict[str, tuple[int, NDArray[np.uint8]]]] = []

    def rest(self) -> None:
        """Forget what was kept: it moves no longer."""
        self._kept = []

    def push(self, frameset: FrameSet) -> Waves | None:
        """Take a frameset of something that moves; return the wave once it is whole and two cameras saw the board."""
        self._kept.append({frame.camera_id: (frame.device_t_ns, frame.colour.copy()) for frame in frameset.frames})
        if len(self._kept) < self._framesets:
            return None
        kept, self._kept = self._kept, []
        in_the_middle = kept[len(kept) // 2].values()
        if sum(self._finder.find(colour) is not None for _, colour in in_the_middle) < 2:
            return None
        return {name: self._wave([moment[name] for moment in kept]) for name in kept[0]}

    def _wave(self, pictures: Sequence[tuple[int, NDArray[np.uint8]]]) -> Wave:
        frames, ids, pixels = [np.empty(0, np.int32)], [np.empty(0, np.int32)], [np.empty((0, 2))]
        for number, (_, colour) in enumerate(pictures):
            seen = self._finder.find(colour)
            if seen is not None:
                frames.append(np.full(len(seen.ids), number, np.int32))
                ids.append(seen.ids)
                pixels.append(seen.pixels)
        t_ns = np.array([t_ns for t_ns, _ in pictures], np.int64)
        return Wave(t_ns, np.concatenate(frames), np.concatenate(ids), np.concatenate(pixels))


def lateness_ms(waves: Waves, solution: Solution, corners_mm: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """Return how much later than the first camera each took its pictures, by the board's motion, ms, a figure a frame.

    The board is placed in every frame by all cameras together, which gives its speed; each camera's corners then lie
    ahead of or behind the board along its way. Corners are moved back by what was found, and all is repeated. A camera
    that saw too little of the motion is missing.

    Args:
        waves: the board in motion, as `WaveCatcher` gives it.
        solution: where the cameras are.
        corners_mm: the board's corners by their numbers, float64 [N, 3].
    """
    moments = _moments(waves, corners_mm)
    boards = {number: _first_guess(seen, solution) for number, seen in moments.items()}
    t_ms = next(iter(waves.values())).t_ns / _NS_PER_MS
    late = dict.fromkeys(waves, 0.0)
    found: dict[str, dict[int, float]] = {}
    for _ in range(_ROUNDS):
        slopes = {n: _slopes(n, seen, boards, t_ms, solution) for n, seen in moments.items() if _between(n, boards)}
        for number, by_camera in slopes.items():
            back = {
                name: Observation(here.points_mm, here.pixels - late[name] * by_camera[name])
                for name, here in moments[number].items()
            }
            boards[number] = place_board(solution.lenses, solution.rig_from_camera, back, boards[number])
        found = _fit(moments, boards, slopes, solution)
        late = {name: float(np.median(list(found[name].values()))) if found[name] else 0.0 for name in waves}
    first = late[next(iter(waves))]
    return {name: np.array(list(each.values())) - first for name, each in found.items() if len(each) >= _FEWEST_FRAMES}


def _moments(waves: Waves, corners_mm: NDArray[np.float64]) -> dict[int, dict[str, Observation]]:
    """Return what the cameras see in each frame that two or more see the board in."""
    moments: dict[int, dict[str, Observation]] = {}
    for name, wave in waves.items():
        for number in np.unique(wave.frames).tolist():
            here = wave.frames == number
            moments.setdefault(number, {})[name] = Observation(corners_mm[wave.ids[here]], wave.pixels[here])
    return {number: seen for number, seen in sorted(moments.items()) if len(seen) > 1}


def _first_guess(seen: Mapping[str, Observation], solution: Solution) -> Transform:
    name = max(seen, key=lambda camera: len(seen[camera].pixels))
    guess = solution.rig_from_camera[name] @ locate(solution.lenses[name], seen[name])[0]
    return place_board(solution.lenses, solution.rig_from_camera, seen, guess)


def _between(number: int, boards: Mapping[int, Transform]) -> bool:
    return number - 1 in boards and number + 1 in boards


def _slopes(
    number: int,
    seen: Mapping[str, Observation],
    boards: Mapping[int, Transform],
    t_ms: NDArray[np.float64],
    solution: Solution,
) -> dict[str, NDArray[np.float64]]:
    """Return how each camera's corners move, px a ms, by the frames before and after."""
    before, after = boards[number - 1], boards[number + 1]
    share = _STEP_MS / (t_ms[number + 1] - t_ms[number - 1])
    step = transform(share * vector(after @ inverse(before)))
    slopes = {}
    for name, here in seen.items():
        lens, camera = solution.lenses[name], inverse(solution.rig_from_camera[name])
        now, then = (residuals_px(lens, camera @ board, here) for board in (boards[number], step @ boards[number]))
        slopes[name] = (then - now) / _STEP_MS
    return slopes


def _fit(
    moments: Mapping[int, Mapping[str, Observation]],
    boards: Mapping[int, Transform],
    slopes: Mapping[int, Mapping[str, NDArray[np.float64]]],
    solution: Solution,
) -> dict[str, dict[int, float]]:
    """Return by camera and frame how late the corners are, ms: how far ahead of the board along their way."""
    found: dict[str, dict[int, float]] = {name: {} for name in solution.lenses}
    for number, by_camera in slopes.items():
        for name, slope in by_camera.items():
            lens: Intrinsics = solution.lenses[name]
            camera_from_board = inverse(solution.rig_from_camera[name]) @ boards[number]
            ahead = -residuals_px(lens, camera_from_board, moments[number][name])
            found[name][number] = float((ahead * slope).sum() / max(float((slope**2).sum()), 1e-9))
    return found
