"""The printed targets: a ChArUco board to calibrate with, and a smaller one, the golden target, for the daily check."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import SetupError
from station.core.geometry import Transform

PAPER_MM = {"A4": (297.0, 210.0), "A3": (420.0, 297.0), "A2": (594.0, 420.0)}
"""Sheets lying on their long side: width and height, in mm."""

BAR_MM = 100.0
"""The printed check bars' length; measured with a ruler they tell whether the print is in true scale."""
_DICTIONARY = cv2.aruco.DICT_4X4_250
_MARKER_SHARE = 0.75
_MARGIN_MM = 12.0
"""Paper kept free around the squares: printers leave a border, and check bars need room."""
_SQUARE_MM = {"A4": 24.0, "A3": 33.0, "A2": 48.0}
_GOLDEN_FIRST_ID = 150
"""The golden target's markers differ from every board's, so that neither is taken for the other."""
_GOLDEN_SQUARE_MM = 24.0
_GOLDEN_SQUARES = (11, 8)


@dataclass(frozen=True, slots=True)
class Board:
    """A ChArUco board. Its frame has the origin in the squares' top left corner, x right, y down, z into the paper.

    `squares` is (columns, rows); `paper_mm` the sheet's width and height; `first_id` its first marker's number.
    """

    name: str
    squares: tuple[int, int]
    square_mm: float
    paper_mm: tuple[float, float]
    first_id: int = 0

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the squares together."""
        return self.squares[0] * self.square_mm, self.squares[1] * self.square_mm

    @property
    def marker_mm(self) -> float:
        """A marker's side."""
        return self.square_mm * _MARKER_SHARE

    @property
    def corner_count(self) -> int:
        """How many inner corners there are."""
        return (self.squares[0] - 1) * (self.squares[1] - 1)

    def charuco(self) -> cv2.aruco.CharucoBoard:
        """Return OpenCV's own board."""
        columns, rows = self.squares
        ids = np.arange(self.first_id, self.first_id + columns * rows // 2, dtype=np.int32)
        dictionary = cv2.aruco.getPredefinedDictionary(_DICTIONARY)
        return cv2.aruco.CharucoBoard(self.squares, self.square_mm, self.marker_mm, dictionary, ids)

    def corners_mm(self) -> NDArray[np.float64]:
        """Return the inner corners in the order of their numbers, float64 [N, 3]."""
        columns, rows = self.squares
        x, y = np.meshgrid(np.arange(1, columns), np.arange(1, rows))
        return np.asarray(np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)]) * self.square_mm, np.float64)

    def tray_from_board(self, height_mm: float) -> Transform:
        """Return where a board is that lies straight in the tray's middle, its print up, that high above the tray."""
        pose = np.diag([1.0, -1.0, -1.0, 1.0])
        pose[:3, 3] = -self.size_mm[0] / 2, self.size_mm[1] / 2, height_mm
        return pose

    def draw(self, px_per_mm: float) -> NDArray[np.uint8]:
        """Return the squares alone, uint8 [h, w], 0 ink and 255 paper."""
        size = tuple(round(side * px_per_mm) for side in self.size_mm)
        return np.asarray(self.charuco().generateImage(size, marginSize=0, borderBits=1), np.uint8)


def calibration_board(paper: str) -> Board:
    """Return the board that fills a paper size.

    Raises:
        SetupError: there is no board of that paper size.
    """
    if paper not in PAPER_MM:
        raise SetupError(f"there is no board for paper {paper!r}. Set setup.paper to one of {', '.join(PAPER_MM)}")
    square = _SQUARE_MM[paper]
    width, height = PAPER_MM[paper]
    columns, rows = (int((side - 2 * _MARGIN_MM) // square) for side in (width, height))
    return Board(f"board-{paper}", (columns, rows), square, PAPER_MM[paper])


def golden_target(bar_mm: float = BAR_MM) -> Board:
    """Return the golden target of the daily check as large as its bars measure: A4, its markers its own."""
    square_mm = _GOLDEN_SQUARE_MM * bar_mm / BAR_MM
    return Board("golden", _GOLDEN_SQUARES, square_mm, PAPER_MM["A4"], _GOLDEN_FIRST_ID)


def marker_bits(marker_id: int) -> NDArray[np.bool_]:
    """Return a marker's modules with its black border, bool [6, 6], True for ink."""
    dictionary = cv2.aruco.getPredefinedDictionary(_DICTIONARY)
    return np.asarray(cv2.aruco.generateImageMarker(dictionary, marker_id, 6, borderBits=1) == 0)
