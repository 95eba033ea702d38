"""A board as a PDF in true scale, written by hand: a page, black rectangles, check bars and a few words.

PDF 1.4 (ISO 32000-1). Rectangles are vectors, so that edges are as sharp as the printer is.
"""

from pathlib import Path

import numpy as np

from station.setup.board import BAR_MM, Board, marker_bits
from station.setup.files import write_whole, writing

_PT_PER_MM = 72 / 25.4
_BAR_WIDTH_MM = 1.0
_MARK_MM = 3.0
_EDGE_MM = 6.0
"""Bars and words keep this from the paper's edge, their marks 1 mm less: printers leave up to 5 mm bare."""
_TEXT_PT = 8


def write_board_pdf(board: Board, path: Path) -> None:
    """Write a board as a PDF page of its paper's size.

    Raises:
        SetupError: the disk is full or not writable.
    """
    width, height = board.paper_mm
    content = "\n".join([*_squares(board), *_bars(board)]).encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /ViewerPreferences << /PrintScaling /None >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width * _PT_PER_MM:.4f} {height * _PT_PER_MM:.4f}] "
            "/Contents 4 0 R /Resources << /Font << /F 5 0 R >> >> >>"
        ).encode(),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    with writing(path.parent):
        write_whole(path, _file(objects))


def _file(objects: list[bytes]) -> bytes:
    """Return a PDF file of these objects, the first its catalogue."""
    data = b"%PDF-1.4\n"
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        data
        + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (
            len(objects) + 1,
            table,
            len(objects) + 1,
            len(data),
        )
    )


def _squares(board: Board) -> list[str]:
    """Return the drawing of ink squares and markers; the board's top left corner is black."""
    (columns, rows), side = board.squares, board.square_mm
    margin_x, margin_y = ((paper - size) / 2 for paper, size in zip(board.paper_mm, board.size_mm, strict=True))
    module, inset = board.marker_mm / len(marker_bits(0)), (side - board.marker_mm) / 2
    ink, paper, marker_id = [], [], board.first_id
    for row in range(rows):
        for column in range(columns):
            left, top = margin_x + column * side, margin_y + row * side
            if (row + column) % 2 == 0:
                ink.append(_box(board, left, top, side, side))
                continue
            ink.append(_box(board, left + inset, top + inset, board.marker_mm, board.marker_mm))
            bare = ~marker_bits(marker_id)
            for down, across in np.argwhere(bare):
                x, y = left + inset + across * module, top + inset + down * module
                # Each reaches over its bare neighbours, so that no hairline shows between them.
                paper.append(_box(board, x, y, module * (1 + bare[down, across + 1]), module))
                paper.append(_box(board, x, y, module, module * (1 + bare[down + 1, across])))
            marker_id += 1
    return ["0 g", *ink, "1 g", *paper, "0 g"]


def _bars(board: Board) -> list[str]:
    """Return the check bars along the top and the left edge, with their lengths, and the board's name."""
    long_mm = tall_mm = BAR_MM
    left, top = board.paper_mm[0] / 2 - long_mm / 2, board.paper_mm[1] / 2 - tall_mm / 2
    lines = [_box(board, left, _EDGE_MM, long_mm, _BAR_WIDTH_MM), _box(board, _EDGE_MM, top, _BAR_WIDTH_MM, tall_mm)]
    for end in (left, left + long_mm - 0.25):
        lines.append(_box(board, end, _EDGE_MM - (_MARK_MM - _BAR_WIDTH_MM) / 2, 0.25, _MARK_MM))
    for end in (top, top + tall_mm - 0.25):
        lines.append(_box(board, _EDGE_MM - (_MARK_MM - _BAR_WIDTH_MM) / 2, end, _MARK_MM, 0.25))
    words = (
        f"{board.name}: {board.squares[0]} x {board.squares[1]} squares of {board.square_mm:g} mm. Print at 100 %: "
        f"both bars must measure {long_mm:g} mm."
    )
    x, y = (board.paper_mm[0] / 2 - 62) * _PT_PER_MM, _EDGE_MM * _PT_PER_MM
    return [*lines, f"BT /F {_TEXT_PT} Tf {x:.2f} {y:.2f} Td ({words}) Tj ET"]


def _box(board: Board, left_mm: float, top_mm: float, width_mm: float, height_mm: float) -> str:
    """Return a filled rectangle; PDF counts upwards from the bottom."""
    bottom = board.paper_mm[1] - top_mm - height_mm
    return " ".join(f"{length * _PT_PER_MM:.4f}" for length in (left_mm, bottom, width_mm, height_mm)) + " re f"
