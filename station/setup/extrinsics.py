"""Where the cameras are, from poses of a board that two or more of them see."""

from collections.abc import Mapping, Sequence

import numpy as np

from station.core.errors import SetupError
from station.core.geometry import Intrinsics, Transform
from station.setup.bundle import SIGMA_FLOOR_PX, Solution, bundle
from station.setup.poses import Observation, View, difference, inverse, locate, place_board, residuals_px, rms

_WEIGHING_ROUNDS = 2


def adjust(lenses: Mapping[str, Intrinsics], seen: Mapping[View, Observation], refine: bool = False) -> Solution:
    """Return the rig that fits all observations best; the first camera of `lenses` is its frame.

    Args:
        lenses: each camera's intrinsics.
        seen: what each camera sees of the board in each pose.
        refine: whether the intrinsics are adjusted too; see `bundle`.

    Raises:
        SetupError: a camera shares no board pose with the others.
    """
    solution = _chain(lenses, seen)
    for _ in range(_WEIGHING_ROUNDS):
        solution = bundle(seen, solution, refine)
    return solution


def leave_one_out(
    seen: Mapping[View, Observation], solution: Solution, refine: bool = False, at_once: int = 1
) -> dict[View, float]:
    """Return for each view how far off its corners are, RMS px, by what the other views say without it.

    The rig is adjusted without the whole pose; the other cameras then place the board, and the left-out camera's
    corners are predicted from that. Views of poses that no other camera sees are left out.

    Args:
        seen: what each camera sees of the board in each pose.
        solution: the rig adjusted to all of it.
        refine: whether the intrinsics are adjusted too.
        at_once: how many poses are left out together, to save time.
    """
    poses = sorted({pose for _, pose in seen})
    folds = -(-len(poses) // at_once)
    errors: dict[View, float] = {}
    for out in (poses[fold::folds] for fold in range(folds)):
        rest = {view: found for view, found in seen.items() if view[1] not in out}
        if {name for name, _ in rest} != set(solution.lenses):
            continue
        without = bundle(rest, solution, refine)
        for view in (view for view in seen if view[1] in out):
            others = {name: found for (name, pose), found in seen.items() if pose == view[1] and name != view[0]}
            if others:
                errors[view] = _predicted_px(view, seen[view], others, without, solution.rig_from_board[view[1]])
    return errors


def _predicted_px(
    view: View, here: Observation, others: Mapping[str, Observation], rig: Solution, near: Transform
) -> float:
    """Return how far a view's corners are from where the other cameras' views of the same board place them, RMS px."""
    board = place_board(rig.lenses, rig.rig_from_camera, others, near)
    return rms(residuals_px(rig.lenses[view[0]], inverse(rig.rig_from_camera[view[0]]) @ board, here))


def _chain(lenses: Mapping[str, Intrinsics], seen: Mapping[View, Observation]) -> Solution:
    """Return a first guess: single views joined from the reference camera outwards, most corners first."""
    single = {view: locate(lenses[view[0]], found) for view, found in seen.items()}
    cameras: dict[str, Transform] = {next(iter(lenses)): np.eye(4)}
    boards: dict[int, Transform] = {}
    while True:
        for pose in {pose for _, pose in seen} - set(boards):
            views = [view for view in single if view[1] == pose and view[0] in cameras]
            if views:
                best = max(views, key=lambda view: len(seen[view].pixels))
                boards[pose] = cameras[best[0]] @ single[best][0]
        missing = [name for name in lenses if name not in cameras]
        if not missing:
            break
        linked = {name: [view for view in single if view[0] == name and view[1] in boards] for name in missing}
        nearest = max(missing, key=lambda name: len(linked[name]))
        if not linked[nearest]:
            raise SetupError(
                f"camera {nearest} shares no pose of the board with {', '.join(cameras)}. "
                "Hold the board where it and another camera both see it, and run `station setup` again"
            )
        guesses = [boards[view[1]] @ inverse(single[view][0]) for view in linked[nearest]]
        cameras[nearest] = min(guesses, key=lambda guess: _disagreement(guess, guesses))
    sigma = {view: max(error, SIGMA_FLOOR_PX) for view, (_, error) in single.items()}
    return Solution(lenses, cameras, boards, sigma, np.inf)


def _disagreement(guess: Transform, guesses: Sequence[Transform]) -> float:
    """Return how far a guess lies from the others; a planar target's mirrored pose is the odd one out."""
    apart = [difference(guess, other) for other in guesses]
    return float(np.median([mm + 10 * degrees for mm, degrees in apart]))
