"""What is usual for undamaged items: the yardstick that makes scores of different products comparable."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_LEAST_SPREAD = 0.05
"""Share of the usual score that the spread is at least: a few good items may be alike by chance."""


@dataclass(frozen=True, slots=True)
class ViewCalibration:
    """How undamaged items, held out of the references, look from one camera.

    `usual_score` is their middle view score, `spread` their robust standard deviation; `highest_distance`
    the largest patch distance among them.
    """

    usual_score: float
    highest_distance: float
    spread: float = 0.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """A product's views, and the item scores of all undamaged items the gallery was calibrated with, rising."""

    views: Mapping[str, ViewCalibration]
    good_scores: tuple[float, ...]

    def item_score(self, view_scores: Mapping[str, float]) -> float:
        """Return by how much the item's worst view exceeds what is usual; see `item_score`."""
        return item_score(view_scores, {camera_id: view.usual_score for camera_id, view in self.views.items()})


def item_score(view_scores: Mapping[str, float], usual_scores: Mapping[str, float]) -> float:
    """Return by how much an item's worst view exceeds what is usual for its camera.

    The worst alone, because damage may show to one camera only. Views of cameras without a usual
    score do not count; with none left the score is 0. A score that is no number makes the item's none.

    Args:
        view_scores: the item's view scores by camera.
        usual_scores: the middle view score of undamaged items by camera.
    """
    excess = [score - usual_scores[camera_id] for camera_id, score in view_scores.items() if camera_id in usual_scores]
    return float(np.max(excess)) if excess else 0.0  # Python's own max would drop one that is no number


def held_out_scores(shots: Sequence[Mapping[str, float]]) -> list[float]:
    """Return the item score of each undamaged shot, measured by what is usual for the other shots.

    Leaving each shot out of its own yardstick keeps the scores as spread as those of new items.

    Args:
        shots: view scores by camera, one mapping per shot; at least two.
    """
    return [item_score(shot, usual_scores([*shots[:n], *shots[n + 1 :]])) for n, shot in enumerate(shots)]


def spreads(shots: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the robust standard deviation of the view scores per camera, by their median deviation."""
    usual = usual_scores(shots)
    deviations = [{camera_id: abs(score - usual[camera_id]) for camera_id, score in shot.items()} for shot in shots]
    return {
        camera_id: max(1.4826 * middle, _LEAST_SPREAD * usual[camera_id], 1e-6)
        for camera_id, middle in usual_scores(deviations).items()
    }


def usual_scores(shots: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the median view score per camera."""
    cameras = sorted({camera_id for shot in shots for camera_id in shot})
    return {
        camera_id: float(np.median([shot[camera_id] for shot in shots if camera_id in shot])) for camera_id in cameras
    }
