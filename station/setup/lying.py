"""Which poses of a board lie on the tray: the most that share a plane."""

from collections.abc import Mapping

import numpy as np

from station.core.geometry import Transform

_LYING_DEG = 4.0
_LYING_MM = 12.0


def most_in_plane(poses: Mapping[int, Transform]) -> list[int]:
    """Return the numbers of the most boards that lie in one plane, in order."""
    best: list[int] = []
    for pose in poses.values():
        flat = [number for number, other in poses.items() if _in_plane(pose, other)]
        best = max(best, flat, key=len)
    return sorted(best)


def _in_plane(pose: Transform, other: Transform) -> bool:
    """Whether two boards lie in one plane, roughly."""
    tilt = np.degrees(np.arccos(np.clip(pose[:3, 2] @ other[:3, 2], -1, 1)))
    return bool(tilt < _LYING_DEG and abs(pose[:3, 2] @ (other[:3, 3] - pose[:3, 3])) < _LYING_MM)
