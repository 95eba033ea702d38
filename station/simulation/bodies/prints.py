"""What a body adds to its artwork: prints of its own for each unit, notches, the fibre of kraft."""

import cv2
import numpy as np
from numpy.typing import NDArray

from station.simulation.artwork import Artwork

_BLEED_PX = 2
_NOTCH = 0.17
"""A sleeve's thumb notches: their radius as a share of its height."""
_FIBRE_LEVELS = 4.5


def with_unit_prints(art: Artwork, units: int) -> Artwork:
    """Return artwork with a place for every unit: `unit 1`, `unit 2 lid` and so on, copies of `unit`, `unit lid`.

    What happens to one unit's print does not show on the others.
    """
    sheet, places = [art.sheet], dict(art.places_mm)
    bottom, width = art.sheet.shape[:2]
    for face in [name for name in places if name == "unit" or name.startswith("unit ")]:
        left, top, wide, high = places[face]
        low = np.floor(np.array([left, top]) * art.px_per_mm).astype(int) - _BLEED_PX
        low = np.maximum(low, 0)
        high_px = np.ceil(np.array([left + wide, top + high]) * art.px_per_mm).astype(int) + _BLEED_PX
        copy = art.sheet[low[1] : high_px[1], low[0] : high_px[0]]
        rows, columns = copy.shape[:2]
        across = width // columns
        for number in range(units):
            column = number % across
            if column == 0:
                sheet.append(np.zeros((rows, width, 3), np.uint8))
                bottom += rows
            sheet[-1][:, column * columns : (column + 1) * columns] = copy
            moved = np.array([column * columns, bottom - rows]) - low
            name = f"unit {number + 1}{face.removeprefix('unit')}"
            places[name] = (left + moved[0] / art.px_per_mm, top + moved[1] / art.px_per_mm, wide, high)
    return Artwork(np.concatenate(sheet), art.px_per_mm, places)


def cut_notches(texture: NDArray[np.uint8], art: Artwork) -> None:
    """Cut the thumb notches out of a sleeve's front and back, where its tray is pushed out."""
    for face in ("front", "back"):
        left, top, wide, high = art.places_mm[face]
        for across in (left, left + wide):
            centre = np.array([across, top + high / 2]) * art.px_per_mm - 0.5
            angles = np.linspace(0, 2 * np.pi, 48)
            rim = centre + _NOTCH * high * art.px_per_mm * np.stack([np.cos(angles), np.sin(angles)], axis=1)
            rim[:, 0] = rim[:, 0].clip(left * art.px_per_mm - 2, (left + wide) * art.px_per_mm + 2)
            hole = cv2.fillPoly(np.zeros(texture.shape[:2], np.uint8), [np.rint(rim * 16).astype(np.int32)], 1, 8, 4)
            texture[hole > 0, 3] = 0


def add_fibre(texture: NDArray[np.uint8]) -> None:
    """Streak the print with the fibres of kraft board, the same on every sheet of this size."""
    rng = np.random.default_rng(11)
    fibre = rng.normal(0, 1, texture.shape[:2]).astype(np.float32)
    streaks = cv2.GaussianBlur(fibre, (0, 0), 1.6, sigmaY=0.4) + cv2.GaussianBlur(fibre, (0, 0), 0.4, sigmaY=1.2)
    streaks *= _FIBRE_LEVELS / streaks.std()
    texture[..., :3] = np.clip(texture[..., :3] + streaks[..., None], 0, 255)
