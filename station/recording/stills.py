"""Folders of colour and depth PNGs: which pictures they hold, and how their depth is coded."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import RecordingError
from station.core.geometry import Intrinsics

_APC_INFO = "cam.info.txt"
_JSON = "intrinsics.json"
_TENTH_MM = 0.1
_SURFACE_STEP = 200
"""Depth units (20 mm) within which two neighbours count as one surface."""

_OPPOSITE = (((0, 1), (2, 1)), ((1, 0), (1, 2)), ((0, 0), (2, 2)), ((0, 2), (2, 0)))
_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"


@dataclass(frozen=True, slots=True)
class Still:
    """One colour and depth picture: the files, and the name they share. A background shows the tray empty."""

    name: str
    colour_file: Path
    depth_file: Path

    @property
    def is_background(self) -> bool:
        """Whether the picture shows the scene without items."""
        return "background" in self.name


@dataclass(frozen=True, slots=True)
class StillFolder:
    """A folder of stills of one camera, backgrounds first. `splatted`: see `read`.

    `poses` are the camera's, [4, 4] with lengths in m, by still name; empty where the folder does not tell them.
    """

    intrinsics: Intrinsics
    depth_unit_mm: float
    stills: tuple[Still, ...]
    splatted: bool
    poses: Mapping[str, NDArray[np.float64]]

    def read(self, still: Still) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Return colour, uint8 RGB [H, W, 3], and depth, uint16 [H, W], of a still.

        Depth that was moved into the colour picture point by point has thin empty lines between the points; they are
        closed. In that layout the low three bits are stored at the top.

        Raises:
            RecordingError: a picture cannot be read, or is not of the size the intrinsics state.
        """
        colour = cv2.imread(str(still.colour_file), cv2.IMREAD_COLOR)
        depth = cv2.imread(str(still.depth_file), cv2.IMREAD_UNCHANGED)
        size = (self.intrinsics.height_px, self.intrinsics.width_px)
        if colour is None or depth is None or depth.dtype != np.uint16 or not colour.shape[:2] == depth.shape == size:
            raise RecordingError(
                f"{still.colour_file} and {still.depth_file} are not an 8-bit colour and a 16-bit depth picture of "
                f"{size[1]}x{size[0]} px. Replace or remove them"
            )
        units: NDArray[np.uint16] = np.asarray(depth, np.uint16)
        if self.splatted:
            units = _close_gaps(np.bitwise_or(units << 13, units >> 3))
        return np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2RGB), np.uint8), units


def find_stills(folder: Path, depth_unit_mm: float | None = None) -> StillFolder:
    """Recognise a folder of stills.

    Known layouts, all with pairs `*color*.png` and `*depth*.png` of one name:
    `cam.info.txt` with `# Color camera intrinsic matrix` (depth in 0.1 mm, bits rotated by three, already in the colour
    picture); `*intrinsics*.txt` with a 3 x 3 matrix (depth in 0.1 mm); `intrinsics.json` with `fx, fy, cx, cy` in px,
    `depth_unit_mm`, and optionally `distortion` (k1, k2, p1, p2, k3).

    Args:
        folder: the folder.
        depth_unit_mm: length of one unit of depth, overriding the layout's.

    Raises:
        RecordingError: the folder holds no pairs, or no intrinsics in a known form.
    """
    stills = _pairs(folder)
    first = cv2.imread(str(stills[0].colour_file))
    if first is None:
        raise RecordingError(f"{stills[0].colour_file} is not a picture. Replace or remove it")
    height, width = first.shape[:2]
    splatted = (folder / _APC_INFO).is_file()
    distortion: tuple[float, ...] = (0.0,) * 5
    unit_mm = _TENTH_MM
    try:
        if (folder / _JSON).is_file():
            data = json.loads((folder / _JSON).read_text())
            fx, fy, cx, cy = (float(data[key]) for key in ("fx", "fy", "cx", "cy"))
            distortion = tuple(float(value) for value in data.get("distortion", distortion))
            unit_mm = float(data["depth_unit_mm"])
        else:
            fx, _, cx, _, fy, cy = _matrix(folder)[:6]
        k1, k2, p1, p2, k3 = distortion
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"the intrinsics in {folder} cannot be read ({error!r}). Correct the file") from error
    return StillFolder(
        intrinsics=Intrinsics(width, height, fx, fy, cx, cy, (k1, k2, p1, p2, k3)),
        depth_unit_mm=depth_unit_mm or unit_mm,
        stills=stills,
        splatted=splatted,
        poses=_poses((folder / _APC_INFO).read_text()) if splatted else {},
    )


def _pairs(folder: Path) -> tuple[Still, ...]:
    pairs = []
    for colour_file in sorted(folder.glob("*color*.png")):
        depth_file = colour_file.with_name(colour_file.name.replace("color", "depth"))
        if depth_file.is_file():
            name = re.sub(r"[._-]?color[._-]?", "", colour_file.stem)
            pairs.append(Still(name, colour_file, depth_file))
    if not pairs:
        raise RecordingError(f"{folder} holds no pairs of *color*.png and *depth*.png. Name a folder that does")
    return tuple(sorted(pairs, key=lambda still: not still.is_background))


def _matrix(folder: Path) -> list[float]:
    """Return the nine numbers of the colour camera's matrix, row by row."""
    files = sorted(folder.glob(_APC_INFO)) or sorted(folder.glob("*intrinsics*.txt"))
    if not files:
        raise RecordingError(
            f"{folder} holds no {_JSON}, {_APC_INFO} or *intrinsics*.txt. Add the camera's intrinsics in one of these"
        )
    text = files[0].read_text()
    if files[0].name == _APC_INFO:
        text = text.partition("# Color camera intrinsic matrix")[2]
    numbers = [float(number) for number in re.findall(_NUMBER, text)[:9]]
    if len(numbers) < 9:
        raise ValueError(f"{files[0].name} holds {len(numbers)} of 9 numbers")
    return numbers


def _poses(text: str) -> dict[str, NDArray[np.float64]]:
    blocks = re.findall(rf"\(camera pose\) for (\S+)((?:\s+{_NUMBER}){{16}})", text)
    return {name: np.array(numbers.split(), np.float64).reshape(4, 4) for name, numbers in blocks}


def _close_gaps(depth: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Fill empty pixels that lie between two of one surface; twice, for where lines cross. Outlines do not grow."""
    height, width = depth.shape
    for _ in range(2):
        around = np.pad(depth.astype(np.int32), 1)
        between = np.zeros((height, width), np.int32)
        for (row_a, column_a), (row_b, column_b) in _OPPOSITE:
            a = around[row_a : row_a + height, column_a : column_a + width]
            b = around[row_b : row_b + height, column_b : column_b + width]
            same = (a > 0) & (b > 0) & (np.abs(a - b) < _SURFACE_STEP) & (between == 0)
            between[same] = (a[same] + b[same]) // 2
        depth = np.where(depth > 0, depth, between).astype(np.uint16)
    return depth
