"""The lens: which way each pixel looks, and where each direction appears."""

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.geometry import Intrinsics

_NODE_STEP = 8
"""Distortion is worked out at every eighth sample; between them a straight line is off by less than 0.01 px."""


def slopes(
    lens: Intrinsics, rows: NDArray[np.floating], columns: NDArray[np.floating]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return how far right and how far down the ray through each sample goes per length ahead.

    Args:
        lens: the camera's, with its distortion.
        rows: where the samples are, evenly spaced, in px, [R].
        columns: likewise, [C].

    Returns:
        Two float32 arrays that broadcast to [R, C].
    """
    if not any(lens.distortion):
        across = ((columns - lens.cx) / lens.fx).astype(np.float32)
        return across[None, :], ((rows - lens.cy) / lens.fy).astype(np.float32)[:, None]
    node_rows, node_columns = _nodes(rows), _nodes(columns)
    pixels = np.stack(np.meshgrid(node_columns, node_rows), axis=-1).reshape(-1, 1, 2)
    criteria = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 20, 1e-9)
    straight = cv2.undistortPoints(pixels, lens.matrix, np.array(lens.distortion), criteria=criteria)
    nodes = straight.astype(np.float32).reshape(len(node_rows), len(node_columns), 2)
    size = (len(node_columns) * _NODE_STEP, len(node_rows) * _NODE_STEP)
    fine = cv2.resize(nodes, size, interpolation=cv2.INTER_LINEAR)
    inner = fine[_NODE_STEP : _NODE_STEP + len(rows), _NODE_STEP : _NODE_STEP + len(columns)]
    return np.asarray(inner[..., 0], np.float32), np.asarray(inner[..., 1], np.float32)


def pixels(lens: Intrinsics, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the columns and rows at which points of the camera's frame, [N, 3], appear, float64 [N, 2]."""
    found, _ = cv2.projectPoints(points, np.zeros(3), np.zeros(3), lens.matrix, np.array(lens.distortion))
    return np.asarray(found[:, 0], np.float64)


def _nodes(samples: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the middles of the blocks that OpenCV's resize interpolates between, one more on either side."""
    step = float(samples[1] - samples[0]) if len(samples) > 1 else 1.0
    blocks = np.arange(-1, -(-len(samples) // _NODE_STEP) + 1)
    return np.asarray(samples[0] + step * ((blocks + 0.5) * _NODE_STEP - 0.5), np.float64)
