"""Pictures a board cannot be used in: a clear sentence each."""

import cv2
import numpy as np
import pytest
from support.setup_booth import BOARD, LENS

from station.setup.board import calibration_board
from station.setup.settings import SetupSettings
from station.setup.sighting import Finder

FINDER = Finder(BOARD, SetupSettings())


def picture(scale: float = 1.4, left: int = 100, top: int = 80, drawn: np.ndarray | None = None) -> np.ndarray:
    """The board on a grey table, RGB."""
    board = BOARD.draw(2) if drawn is None else drawn
    board = cv2.resize(board, None, fx=scale / 2, fy=scale / 2, interpolation=cv2.INTER_AREA)
    page = np.full((LENS.height_px + 800, LENS.width_px + 800), 90, np.float32)
    page[top + 400 - 20 : top + 420 + board.shape[0], left + 380 : left + 420 + board.shape[1]] = 215
    page[top + 400 : top + 400 + board.shape[0], left + 400 : left + 400 + board.shape[1]] = 20 + 0.76 * board
    page = cv2.GaussianBlur(page, (0, 0), 0.7)[400:-400, 400:-400]
    noisy = page + np.random.default_rng(1).normal(0, 1.5, page.shape)
    return cv2.cvtColor(np.clip(noisy, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2RGB)


def complaint(colour: np.ndarray) -> str:
    return FINDER.complaint(colour, FINDER.find(colour))


def test_good_picture_is_used():
    seen = FINDER.find(picture())
    assert len(seen.ids) == BOARD.corner_count
    assert seen.edge_px < 3
    assert complaint(picture()) == ""


def test_picture_without_a_board_is_no_complaint():
    assert complaint(np.full((480, 640, 3), 90, np.uint8)) == ""


def test_board_half_out_of_view_is_used_as_far_as_it_is_seen():
    seen = FINDER.find(picture(left=-200))
    assert 12 <= len(seen.ids) < BOARD.corner_count


def test_board_nearly_out_of_view():
    assert "sees too little of the board: fewer than 12 corners. Bring it wholly into view" in complaint(
        picture(left=-275)
    )


@pytest.mark.parametrize("kind", [cv2.aruco.DICT_6X6_250, cv2.aruco.DICT_5X5_250])
def test_wrong_board(kind):
    other = cv2.aruco.CharucoBoard((11, 7), 24, 18, cv2.aruco.getPredefinedDictionary(kind)).generateImage((528, 336))
    assert "sees another board than board-A4. Use the one that `station setup board` printed" in complaint(
        picture(drawn=other)
    )


@pytest.mark.parametrize(("paper", "scale"), [("A3", 1.0), ("A3", 1.4), ("A3", 1.7)])
@pytest.mark.parametrize("left", [-150, 0, 60])
def test_board_of_another_paper_size(paper, scale, left):
    colour = picture(scale, left, drawn=calibration_board(paper).draw(2))
    assert FINDER.find(colour) is None
    assert "sees a board of another paper size than board-A4" in complaint(colour)
    assert "or set setup.paper" in complaint(colour)


@pytest.mark.parametrize("left", range(-350, -200, 10))
def test_right_board_partly_in_view_is_not_taken_for_another(left):
    assert "another" not in complaint(picture(left=left))


def test_blurred_board():
    words = complaint(cv2.GaussianBlur(picture(scale=2.0, left=20, top=40), (0, 0), 2.5))
    assert "sees the board blurred: its edges are" in words
    assert "the limit is 4.5. Hold it still, clean the lens, or shorten the exposure" in words


def test_glare_on_the_board():
    colour = picture()
    cv2.ellipse(colour, (230, 180), (70, 45), 20, 0, 360, (255, 255, 255), -1)
    assert "sees glare:" in complaint(colour)
    assert "Tilt the board away from the lamps" in complaint(colour)
