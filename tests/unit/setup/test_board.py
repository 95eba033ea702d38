"""The printed targets: what the PDF says is what OpenCV finds, in true scale."""

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from station.core.errors import SetupError
from station.setup.board import PAPER_MM, calibration_board, golden_target
from station.setup.board_pdf import write_board_pdf
from station.setup.session import Session
from station.setup.settings import SetupSettings
from station.setup.sighting import Finder

MM_PER_PT = 25.4 / 72
PX_PER_MM = 4
BOARDS = [*(calibration_board(paper) for paper in PAPER_MM), golden_target()]


def boxes_mm(path: Path) -> np.ndarray:
    """Left, bottom, width and height of every rectangle on the page."""
    found = re.findall(rb"([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) re f", path.read_bytes())
    return np.array(found, float) * MM_PER_PT


def printed(path: Path, paper_mm: tuple[float, float]) -> np.ndarray:
    """The page as a printer would leave it, uint8 RGB."""
    width, height = (round(side * PX_PER_MM) for side in paper_mm)
    page, level = np.full((height, width, 3), 255, np.uint8), 0
    for line in path.read_bytes().splitlines():
        if line in (b"0 g", b"1 g"):
            level = 255 * int(line[:1])
        if line.endswith(b" re f"):
            left, bottom, wide, high = np.array(line.split()[:4], float) * MM_PER_PT
            top = paper_mm[1] - bottom - high
            rows = slice(round(top * PX_PER_MM), round((top + high) * PX_PER_MM))
            page[rows, round(left * PX_PER_MM) : round((left + wide) * PX_PER_MM)] = level
    return page


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)
def test_printed_page_is_the_board_that_is_looked_for(board, tmp_path):
    write_board_pdf(board, tmp_path / "board.pdf")
    seen = Finder(board, SetupSettings()).find(printed(tmp_path / "board.pdf", board.paper_mm))
    assert len(seen.ids) == board.corner_count
    margin = (np.array(board.paper_mm) - board.size_mm) / 2
    found_mm = (seen.pixels + 0.5) / PX_PER_MM - margin
    assert np.abs(found_mm - board.corners_mm()[seen.ids, :2]).max() < 0.1


def test_check_bars_measure_a_hundred_millimetres(tmp_path):
    write_board_pdf(BOARDS[0], tmp_path / "board.pdf")
    sides = boxes_mm(tmp_path / "board.pdf")[:, 2:]
    assert np.isclose(sides, [100, 1], atol=1e-3).all(axis=1).sum() == 1
    assert np.isclose(sides, [1, 100], atol=1e-3).all(axis=1).sum() == 1


def test_golden_target_is_not_taken_for_a_board():
    golden = cv2.cvtColor(golden_target().draw(PX_PER_MM), cv2.COLOR_GRAY2RGB)
    finder = Finder(calibration_board("A3"), SetupSettings())
    assert finder.find(golden) is None
    assert "sees another board than board-A3" in finder.complaint(golden, None)


def test_unknown_paper_is_refused():
    with pytest.raises(SetupError, match=r"paper 'A9'.*setup\.paper"):
        calibration_board("A9")


def test_a_board_printed_too_small_is_taken_as_small_as_its_bars_measure(tmp_path):
    printed = Session(tmp_path, replace(SetupSettings(), board_bar_mm=99.0)).board
    assert printed.square_mm == pytest.approx(0.99 * calibration_board("A3").square_mm)
    assert printed.corners_mm()[-1] == pytest.approx(0.99 * calibration_board("A3").corners_mm()[-1])
