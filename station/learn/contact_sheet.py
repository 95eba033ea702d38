"""A dataset at a glance: some of its items on one picture."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import Severity
from station.learn.dataset import Dataset, Item
from station.learn.pictures import load_colour, load_mask, write_png

_CELL_PX, _LINE_PX, _GAP_PX = 200, 18, 6
_COLUMNS, _ROWS = 7, 6
_PAPER, _INK, _GOOD, _BAD = (250, 250, 250), (40, 40, 40), (40, 130, 60), (190, 40, 40)
_FONT, _FONT_SCALE = cv2.FONT_HERSHEY_SIMPLEX, 0.42


def save_contact_sheet(dataset: Dataset, file: Path) -> int:
    """Write a PNG of the dataset's items, evenly drawn from every split, type and kind; return how many views it shows.

    A cell is a view: damage outlined, good items framed green, damaged ones red, with type and item below.

    Raises:
        DatasetError: a picture is missing, or the disk is full.
    """
    views = [(item, place) for item in _varied(dataset.items) for place in range(len(item.views))][: _COLUMNS * _ROWS]
    cells = [_cell(dataset.path, item, place) for item, place in views]
    blank = np.full_like(cells[0], _PAPER)
    columns = min(_COLUMNS, len(cells))
    cells += [blank] * (-len(cells) % columns)
    rows = [np.hstack(cells[start : start + columns]) for start in range(0, len(cells), columns)]
    write_png(file, np.vstack(rows)[..., ::-1])
    return len(views)


def _varied(items: Sequence[Item]) -> list[Item]:
    """Return the items so that every group is met early: its first one, then its second one, and so on."""
    groups: dict[tuple[object, ...], list[Item]] = {}
    for item in items:
        groups.setdefault((item.split, item.damage_types, item.labels, item.is_damaged, item.kind), []).append(item)
    ranked = sorted(
        ((rank, key) for key, group in groups.items() for rank in range(len(group))), key=lambda pair: pair[0]
    )
    return [groups[key][rank] for rank, key in ranked]


def _cell(folder: Path, item: Item, place: int) -> NDArray[np.uint8]:
    view = item.views[place]
    picture = load_colour(folder, view)
    scale = _CELL_PX / max(picture.shape[:2])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    for mask in view.damage_masks:
        small = cv2.resize(load_mask(folder, mask.file).astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
        outlines, _ = cv2.findContours(small.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        picture = np.asarray(cv2.drawContours(picture, outlines, -1, (255, 0, 255), 1), np.uint8)
    side = _CELL_PX + 2 * _GAP_PX
    cell = np.full((side + 2 * _LINE_PX, side, 3), _PAPER, np.uint8)
    top, left = _GAP_PX + (_CELL_PX - size[1]) // 2, _GAP_PX + (_CELL_PX - size[0]) // 2
    cell[top : top + size[1], left : left + size[0]] = picture
    colour = _BAD if item.is_damaged else _GOOD
    cv2.rectangle(cell, (left - 2, top - 2), (left + size[0] + 1, top + size[1] + 1), colour, 2)
    for line, (text, ink) in enumerate(((f"{item.split}: {_words(item)}", colour), (_name(item, place), _INK))):
        cv2.putText(cell, _fit(text), (_GAP_PX, side + 12 + line * _LINE_PX), _FONT, _FONT_SCALE, ink, 1, cv2.LINE_AA)
    return cell


def _words(item: Item) -> str:
    if not item.is_damaged:
        return "reference" if item.is_reference else "good"
    words = ", ".join((*item.damage_types, *item.labels)) or "damaged"
    return words if item.severity is None else f"{Severity(item.severity).name.lower()} {words}"


def _name(item: Item, place: int) -> str:
    return f"{item.views[place].camera_id} {item.item_id}"


def _fit(text: str) -> str:
    while cv2.getTextSize(text, _FONT, _FONT_SCALE, 1)[0][0] > _CELL_PX:
        text = text.removesuffix("..")[:-1] + ".."
    return text
