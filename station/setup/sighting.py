"""Finding a board in a picture, and saying in words why one cannot be used."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.setup.board import Board
from station.setup.settings import SetupSettings

_OTHER_DICTIONARIES = (cv2.aruco.DICT_4X4_250, cv2.aruco.DICT_5X5_250, cv2.aruco.DICT_6X6_250, cv2.aruco.DICT_7X7_250)
_STRANGERS = 4
_FITTING_SHARE = 0.5
"""The least share of a board's own markers that lie as it has them; about all do, of another of our boards few."""
_FIT_SIDE = 0.25
"""How far a marker's corner may lie from where the board has it, in sides of a marker."""
_PROFILE_PX = 6.0
_PROFILE_STEPS = 25
_PAPER_STRIP = 0.12
"""Beside an edge a square is bare paper for an eighth of its side, up to its marker."""
_SPREAD_OF_EDGE = 2.563 / np.sqrt(2 * np.pi)
"""Width from 10 to 90 % of a Gaussian edge of height 1 and steepest slope 1."""
_CLIPPED = 254
_PRINT_PX_PER_MM = 2
_BARE = 250
"""The least mean level of the print, from 0 to 255, about a pixel that shows bare paper alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A board in one camera's picture: corner numbers `ids` int32 [N] and where they are, `pixels` float64 [N, 2].

    `edge_px` is the width of its black-to-white edges from 10 to 90 %; `white` and `black` are the levels, 0 to 255,
    of its paper and its ink, however fine its squares appear;
    `clipped_share` of its pixels is overexposed.
    """

    ids: NDArray[np.int32]
    pixels: NDArray[np.float64]
    edge_px: float
    white: float
    black: float
    clipped_share: float


class Finder:
    """Finds one kind of board."""

    def __init__(self, board: Board, settings: SetupSettings) -> None:
        self.board = board
        self._settings = settings
        self._detector = cv2.aruco.CharucoDetector(board.charuco())
        self._print = board.draw(_PRINT_PX_PER_MM)
        self._strangers = [
            cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(kind)) for kind in _OTHER_DICTIONARIES
        ]

    def find(self, colour: NDArray[np.uint8]) -> Sighting | None:
        """Return the board as a picture, RGB [H, W, 3], shows it; None with fewer corners than `setup.min_corners`."""
        grey = np.asarray(cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY), np.uint8)
        corners, ids, _, _ = self._detector.detectBoard(grey)
        if ids is None or len(ids) < self._settings.min_corners:
            return None
        numbers, pixels = ids.reshape(-1).astype(np.int32), corners.reshape(-1, 2).astype(np.float64)
        if _in_one_line(self.board.corners_mm()[numbers]):
            return None
        inside = np.zeros_like(grey)
        cv2.fillConvexPoly(inside, cv2.convexHull(pixels.astype(np.float32)).astype(np.int32), 1)
        levels = grey[inside > 0]
        black = float(np.percentile(levels, 10))
        white = float(np.median(levels[self._is_paper(numbers, pixels, inside)]))
        edge_px = self._edge_px(grey, numbers, pixels, white - black)
        clipped = float((levels >= _CLIPPED).mean())
        return Sighting(numbers, pixels, edge_px, white, black, clipped)

    def complaint(self, colour: NDArray[np.uint8], sighting: Sighting | None) -> str:
        """Return what of a board's picture is of no use, as the end of a sentence; empty where it is."""
        settings = self._settings
        if sighting is not None:
            if sighting.edge_px > settings.max_edge_px:
                return (
                    f"sees the board blurred: its edges are {sighting.edge_px:.1f} px wide, the limit is "
                    f"{settings.max_edge_px:g}. Hold it still, clean the lens, or shorten the exposure"
                )
            if sighting.clipped_share > settings.max_board_clipped:
                return (
                    f"sees glare: {sighting.clipped_share:.0%} of the board is overexposed, the limit is "
                    f"{settings.max_board_clipped:.0%}. Tilt the board away from the lamps, or lower the exposure"
                )
            return ""
        grey = cv2.cvtColor(colour, cv2.COLOR_RGB2GRAY)
        for number, stranger in enumerate(self._strangers):
            corners, found, _ = stranger.detectMarkers(grey)
            if found is None or len(found) < _STRANGERS:
                continue
            ids = np.array(found, np.int32).ravel()
            if number != 0 or np.isin(ids, self.board.charuco().getIds()).mean() < 0.5:
                return f"sees another board than {self.board.name}. Use the one that `station setup board` printed"
            if not self._fits(ids, np.array(corners, np.float32).reshape(-1, 4, 2)):
                return (
                    f"sees a board of another paper size than {self.board.name}. Use the one that `station setup "
                    "board` printed, or set setup.paper"
                )
            return f"sees too little of the board: fewer than {settings.min_corners} corners. Bring it wholly into view"
        return ""

    def _fits(self, ids: NDArray[np.int32], corners: NDArray[np.float32]) -> bool:
        """Return whether markers, their corners float32 [N, 4, 2] px, lie to each other as on this board."""
        board = self.board.charuco()
        known, places = np.isin(ids, board.getIds()), np.array(board.getObjPoints())[..., :2]
        printed, seen = places[ids[known] - self.board.first_id], corners[known]
        side_px = float(np.median(np.linalg.norm(seen[:, 1] - seen[:, 0], axis=1)))
        _, fitting = cv2.findHomography(
            printed.reshape(-1, 2), seen.reshape(-1, 2), cv2.RANSAC, max(_FIT_SIDE * side_px, 1.0)
        )
        return bool(fitting.mean() >= _FITTING_SHARE)

    def _is_paper(
        self, ids: NDArray[np.int32], pixels: NDArray[np.float64], inside: NDArray[np.uint8]
    ) -> NDArray[np.bool_]:
        """Return which of the pixels inside the board show bare paper alone, or what is nearest to that.

        The print laid over the picture tells. A share of the bright levels would not do: the finer a board's squares,
        the more of its pixels lie on edges.
        """
        printed = self.board.corners_mm()[ids, :2] * _PRINT_PX_PER_MM
        picture_from_print, _ = cv2.findHomography(printed, pixels)
        laid = cv2.warpPerspective(self._print, picture_from_print, inside.shape[::-1])
        white = cv2.blur(laid, (3, 3))[inside > 0]
        return np.asarray(white >= min(_BARE, white.max()))

    def _edge_px(
        self, grey: NDArray[np.uint8], ids: NDArray[np.int32], pixels: NDArray[np.float64], contrast: float
    ) -> float:
        """Return the median width of the edges between neighbouring corners.

        Each edge has ink on one side and paper on the other; a profile is read across its middle. The width from 10
        to 90 % is that of a Gaussian edge of the same steepest slope.
        """
        where = {int(number): place for number, place in zip(ids, pixels, strict=True)}
        columns = self.board.squares[0] - 1
        pairs = [
            (place, where[other])
            for number, place in where.items()
            for other in (number + 1, number + columns)
            if other in where and (other != number + 1 or other % columns)
        ]
        if not pairs:
            return float("nan")
        start, end = (np.array(side) for side in zip(*pairs, strict=True))
        along = end - start
        length = np.linalg.norm(along, axis=1, keepdims=True)
        across = np.column_stack([-along[:, 1], along[:, 0]]) / length
        reach = np.minimum(_PROFILE_PX, _PAPER_STRIP * length)
        steps = np.linspace(-1, 1, _PROFILE_STEPS)
        places = (start + along / 2)[:, None] + (across * reach)[:, None] * steps[None, :, None]
        columns_px, rows_px = (np.ascontiguousarray(places[..., axis], np.float32) for axis in (0, 1))
        profile = cv2.remap(grey.astype(np.float32), columns_px, rows_px, cv2.INTER_LINEAR)
        slope = np.abs(np.diff(profile, axis=1)).max(axis=1) / (2 * reach[:, 0] / (_PROFILE_STEPS - 1))
        return float(_SPREAD_OF_EDGE * contrast / max(float(np.median(slope)), 1e-6))


def _in_one_line(corners_mm: NDArray[np.float64]) -> bool:
    spread = np.linalg.svd(corners_mm[:, :2] - corners_mm[:, :2].mean(axis=0), compute_uv=False)
    return bool(spread[1] < 0.05 * spread[0])
