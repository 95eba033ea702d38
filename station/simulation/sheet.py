"""Contact sheets: what the simulated booth shows, on one page, for people to look at."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType, Severity
from station.core.errors import SimulationError
from station.simulation.catalogue import Kind, SimProduct
from station.simulation.crew import work_off
from station.simulation.damage import possible, spills_dry
from station.simulation.generator import draw_products
from station.simulation.plan import Damage
from station.simulation.settings import SimulationSettings
from station.simulation.studio import Shot, Studio
from station.simulation.truth import Truth

Picture = NDArray[np.uint8]
"""uint8 RGB [H, W, 3]."""

_CELL_PX, _LINE_PX, _GAP_PX = 300, 20, 4
_COLUMNS = 4
"""So many cells beside each other are seen in full on a page of text."""
_MARGIN = 0.08
"""Around an item, as a share of its larger side."""
_PAPER, _INK, _FAINT = (250, 250, 248), (34, 36, 40), (228, 228, 226)
_OUTLINE = ((_INK, 3), ((255, 0, 220), 1))
"""Colour and width in px: a bright line on a dark one shows on print of any colour."""
_FAR, _NOTICED = 1 / 120, 12.0
"""Seen from afar a picture is blurred by this share of its height; a change is noticed from so many levels on."""
_BESIDE = 0.1
"""How much a change weighs where the item was not before, or is no longer."""
_TO_CHOOSE_FROM = 12
"""Products drawn of each kind to find one that can lose a unit, or that holds something dry."""
_DRY = (Kind.CARTON, Kind.POLYBAG)
_SEVERITIES = (Severity.MINOR, Severity.MAJOR)
_POSES = 4
"""An undamaged item is shown the other way up where so many shots show one whose front looks up."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of a sheet: a shot of a product, and up to two lines below it; None leaves it empty."""

    product: SimProduct | None
    damage: Damage = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Cells in rows of the same length."""

    rows: tuple[tuple[Cell, ...], ...]

    @property
    def count(self) -> int:
        """How many pictures it shows."""
        return sum(cell.product is not None for row in self.rows for cell in row)


def damage_sheet(seed: int) -> Sheet:
    """Return every kind of product, good and with every type of damage it can have, minor and major.

    Every kind takes as many whole rows as any other; `by_kind` cuts them apart.
    """
    damages: list[Damage] = [(), *(((kind, severity),) for kind in DamageType for severity in _SEVERITIES)]
    rows: list[tuple[Cell, ...]] = []
    for kind in Kind:
        drawn = draw_products(seed, _TO_CHOOSE_FROM, (kind,))
        product = next((candidate for candidate in drawn if candidate.units > 1 or _trickles(candidate)), drawn[0])
        cells = [Cell(product, damage, _named(damage)) if _can(product, damage) else Cell(None) for damage in damages]
        rows += _in_rows(cells, _COLUMNS)
    return Sheet(tuple(rows))


def by_kind(picture: Picture) -> dict[Kind, Picture]:
    """Return the part of a damage sheet's picture that each kind of product takes."""
    return dict(zip(Kind, np.split(picture, len(Kind)), strict=True))


def product_sheet(products: Sequence[SimProduct], columns: int = 6) -> Sheet:
    """Return good items of products, named below."""
    return Sheet(_in_rows([Cell(product, label=f"{product.name}\n{product.kind}") for product in products], columns))


def draw_sheet(
    sheet: Sheet,
    seed: int,
    processes: int,
    progress: Callable[[int], None],
    before: bool = False,
    settings: SimulationSettings | None = None,
) -> Picture:
    """Render a sheet; every item is shown by the camera that sees it, or what happened to it, best.

    Args:
        sheet: what to show.
        seed: gives poses, damage and noise.
        processes: how many render at once.
        progress: is told the number of cells done, now and then.
        before: show below each damaged item how it was before, with the outline of the damage as the truth has it.
        settings: the booth's settings; those it has by default when None.

    Raises:
        SimulationError: the extra `sim` is not installed.
    """
    cells = [cell for row in sheet.rows for cell in row]
    shown = [place for place, cell in enumerate(cells) if cell.product is not None]
    with tempfile.TemporaryDirectory(prefix="station-sheet-") as folder:
        work = partial(_draw_cell, Path(folder), cells, seed, settings or SimulationSettings())
        work_off(work, shown, processes, progress)
        pictures = {place: np.load(Path(folder) / f"{place}.npy") for place in shown}
    return _assembled(sheet, pictures, before)


def save_sheet(picture: Picture, file: Path) -> None:
    """Write a sheet as PNG or JPEG, as the file's name says.

    Raises:
        SimulationError: another ending, or the file cannot be written.
    """
    options = {".png": (), ".jpg": (cv2.IMWRITE_JPEG_QUALITY, 75)}
    if file.suffix not in options:
        raise SimulationError(f"{file} is no name of a picture. End it in {' or '.join(options)}")
    _, encoded = cv2.imencode(file.suffix, picture[..., ::-1], options[file.suffix])
    try:
        file.write_bytes(encoded.tobytes())
    except OSError as error:
        raise SimulationError(f"{file} cannot be written: {error.strerror}. Name another file") from error


def _trickles(product: SimProduct) -> bool:
    return product.kind in _DRY and spills_dry(product)


def _named(damage: Damage) -> str:
    return ", ".join(f"{severity.name.lower()} {kind.replace('_', ' ')}" for kind, severity in damage) or "good"


def _in_rows(cells: list[Cell], columns: int) -> tuple[tuple[Cell, ...], ...]:
    """Return cells in rows, the last filled up with empty ones."""
    cells = cells + [Cell(None)] * (-len(cells) % columns)
    return tuple(tuple(cells[start : start + columns]) for start in range(0, len(cells), columns))


def _can(product: SimProduct, damage: Damage) -> bool:
    types = possible(product.kind)
    return all(kind in types and (product.units > 1 or kind is not DamageType.MISSING_UNIT) for kind, _ in damage)


def _draw_cell(
    folder: Path, cells: Sequence[Cell], seed: int, settings: SimulationSettings, place: int
) -> Iterator[None]:
    product, damage = cells[place].product, cells[place].damage
    assert product is not None
    studio = _studio(seed, settings)
    shots = (studio.shot(product, place + len(cells) * more, damage) for more in range(1 if damage else _POSES))
    shot = max(shots, key=lambda taken: float(taken.item.tray_from_item[2, 2]))
    pair = _best_view(shot, studio.before(shot) if damage else None)
    np.save(folder / f"{place}.npy", np.stack([picture for picture in pair if picture is not None]))
    yield


@cache
def _studio(seed: int, settings: SimulationSettings) -> Studio:
    return Studio(seed, settings)


def _best_view(shot: Shot, before: Shot | None) -> tuple[Picture, Picture | None]:
    """Return an item, cropped from the picture of the camera that shows best what happened to it, and so before.

    That camera sees the largest change that is no mere shift of the print, and the damage on the item largest, so that
    a hole is looked into; of an undamaged item it sees the most of the item.
    What was `before` has the outline of the damage as the truth has it.
    """
    truths = {camera_id: shot.truth(camera_id) for camera_id in shot.frames}

    def worth(camera_id: str) -> tuple[float, int]:
        if before is None:
            return float(truths[camera_id].item.sum()), 0
        change = _change(shot.frames[camera_id].colour, before.frames[camera_id].colour)
        hurt, on_item = _hurt(truths[camera_id]), before.truth(camera_id).item & truths[camera_id].item
        weight = np.where(on_item, 1, _BESIDE) * (change > _NOTICED)
        return _told(shot, camera_id) * float((weight * change).sum() * (hurt & on_item).sum()), int(hurt.sum())

    camera_id = max(truths, key=worth)
    marked = _hurt(truths[camera_id])
    cropped = _cropping(truths[camera_id].item | marked)
    cell = cropped(shot.frames[camera_id].colour)
    if before is None:
        return cell, None
    lines, _ = cv2.findContours(cropped(marked.astype(np.uint8)), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outlined = cropped(before.frames[camera_id].colour)
    for rgb, width in _OUTLINE:
        cv2.drawContours(outlined, lines, -1, rgb, width, cv2.LINE_AA)
    return cell, outlined


def _told(shot: Shot, camera_id: str) -> float:
    """Return how well a camera's picture tells what an item is, 0 to 1.

    From above or below one tells neither a bottle nor that a blister's bubble is lifted.
    """
    is_lifted = shot.product.kind is Kind.BLISTER and DamageType.ACTUATION in dict(shot.item.damage)
    if shot.product.kind is not Kind.BOTTLE and not is_lifted:
        return 1.0
    sight = shot.rig.tray_from_camera(camera_id)[:3, 3] - shot.item.tray_from_item[:3, 3]
    return 1 - float(sight @ shot.item.tray_from_item[:3, 2]) ** 2 / float(sight @ sight)


def _change(colour: Picture, before: Picture) -> NDArray[np.float32]:
    """Return how much two pictures differ when looked at from afar, in levels, float32 [H, W]."""
    blur_px = _FAR * colour.shape[0]
    far = [cv2.GaussianBlur(picture.astype(np.float32), (0, 0), blur_px) for picture in (colour, before)]
    return np.asarray(np.abs(far[0] - far[1]).max(axis=2), np.float32)


def _cropping(there: NDArray[np.bool_]) -> Callable[[NDArray[np.uint8]], NDArray[np.uint8]]:
    """Return what cuts a cell out of a picture around what is there, masks [H, W] without blending."""
    rows, columns = np.nonzero(there)
    side = int(max(np.ptp(rows), np.ptp(columns)) * (1 + 2 * _MARGIN)) + 1
    scale = _CELL_PX / side
    middle = np.array([columns.min() + columns.max(), rows.min() + rows.max()]) / 2
    edge = np.array(there.shape[::-1]) - side / 2
    middle = np.clip(middle, side / 2, np.maximum(edge, side / 2))  # within the picture where there is room
    cell_from_picture = np.column_stack([scale * np.eye(2), _CELL_PX / 2 - scale * middle])
    smooth = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC

    def cropped(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        way, beyond = (smooth, _FAINT) if picture.ndim == 3 else (cv2.INTER_NEAREST, (0,))
        size = (_CELL_PX, _CELL_PX)
        return np.asarray(cv2.warpAffine(picture, cell_from_picture, size, flags=way, borderValue=beyond), np.uint8)

    return cropped


def _hurt(truth: Truth) -> NDArray[np.bool_]:
    """Return where there is any damage, bool [H, W]."""
    masks = [np.zeros_like(truth.item), *truth.damage.values()]
    return np.asarray(np.logical_or.reduce(masks))


def _assembled(sheet: Sheet, pictures: dict[int, NDArray[np.uint8]], before: bool) -> Picture:
    """Put cells, uint8 [1 or 2, H, W, 3] each, on a page."""
    lines = max((cell.label.count("\n") + 1 for row in sheet.rows for cell in row if cell.label), default=0)
    pitch, high = _CELL_PX + _GAP_PX, _CELL_PX * (1 + before) + _GAP_PX + lines * _LINE_PX
    columns = len(sheet.rows[0])
    page = np.full((high * len(sheet.rows), _GAP_PX + pitch * columns, 3), _PAPER, np.uint8)
    for place, cell in enumerate(cell for row in sheet.rows for cell in row):
        row, column = divmod(place, columns)
        x, y = _GAP_PX + column * pitch, _GAP_PX + row * high
        page[y : y + _CELL_PX * (1 + before), x : x + _CELL_PX] = _FAINT
        for number, picture in enumerate(pictures.get(place, ())[: 1 + before]):
            page[y + number * _CELL_PX : y + (number + 1) * _CELL_PX, x : x + _CELL_PX] = picture
        for line, text in enumerate(cell.label.split("\n"), start=1):
            _write(page, text, (x, y + _CELL_PX * (1 + before) + line * _LINE_PX - 4))
    return page


def _write(page: Picture, text: str, at: tuple[int, int]) -> None:
    cv2.putText(page, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, _INK, 1, cv2.LINE_AA)
