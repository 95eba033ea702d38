"""One booth's setup folder: what was captured, what each step found. Whatever is in it survives Ctrl-C.

A capture is written under another name and renamed when whole, so that a step reads whole captures only, and a
procedure that was broken off goes on where it stopped.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import SetupError
from station.core.geometry import Intrinsics
from station.core.ports import CameraInfo
from station.rig import Rig, load_rig, rig_json
from station.setup.board import Board, calibration_board
from station.setup.extrinsics import Solution
from station.setup.measure import StepResult
from station.setup.settings import SetupSettings
from station.setup.sighting import Sighting

EMPTY, BOARD = "empty", "board"


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """What one camera saw of a capture.

    `colour` uint8 RGB [H, W, 3] is its last frame's; `depth` uint16 [N, H, W] and `t_ns` int64 [N] (device time) those
    of all its frames, `brightness` float64 [N] their mean level. `sighting` is the board it saw, if any.
    """

    colour: NDArray[np.uint8]
    depth: NDArray[np.uint16]
    depth_unit_mm: float
    t_ns: NDArray[np.int64]
    brightness: NDArray[np.float64]
    sighting: Sighting | None = None

    @property
    def depth_mm(self) -> NDArray[np.float32]:
        """Depth of the last frame, float32 [H, W] mm, 0 where unknown."""
        return np.asarray(self.depth[-1] * np.float32(self.depth_unit_mm), np.float32)


Capture = Mapping[str, Shot]
"""What every camera saw of one moment, by the camera's id."""


class Session:
    """A setup folder and the settings it is worked on with."""

    def __init__(self, folder: Path, settings: SetupSettings) -> None:
        self.folder = folder
        self.settings = settings

    @property
    def board(self) -> Board:
        """The board the booth is calibrated with."""
        return calibration_board(self.settings.paper)

    @property
    def pictures(self) -> Path:
        """Where pictures for the report lie."""
        return self.folder / "pictures"

    def save_cameras(self, infos: Mapping[str, CameraInfo], simulated: bool, truth: Rig | None = None) -> None:
        """Keep what the cameras say of themselves, and the true rig where that is known."""
        data = {"simulated": simulated, "cameras": [asdict(info) for info in infos.values()]}
        self._write("cameras.json", data)
        (self.folder / "truth.json").unlink(missing_ok=True)
        if truth is not None:
            with writing(self.folder):
                write_whole(self.folder / "truth.json", rig_json(truth))

    def truth(self) -> Rig | None:
        """Return the rig the cameras truly have, where that is known."""
        path = self.folder / "truth.json"
        return load_rig(path) if path.is_file() else None

    def cameras(self) -> dict[str, CameraInfo]:
        """Return what the cameras said of themselves, the reference camera first.

        Raises:
            SetupError: no cameras were discovered yet.
        """
        found = {}
        for camera in self._read("cameras.json", "discover")["cameras"]:
            found[camera["camera_id"]] = CameraInfo(**{**camera, "intrinsics": _lens(camera["intrinsics"])})
        return found

    @property
    def simulated(self) -> bool:
        """Whether the captures are of simulated cameras."""
        return bool(self._read("cameras.json", "discover")["simulated"])

    def captures(self, kind: str) -> list[Path]:
        """Return the captures of a kind, oldest first."""
        return sorted(self.folder.glob(f"captures/[0-9]*-{kind}"))

    def save_capture(self, kind: str, capture: Capture) -> Path:
        """Keep a capture; it is there as a whole or not at all.

        Raises:
            SetupError: the disk is full or not writable.
        """
        number = len(list(self.folder.glob("captures/[0-9]*")))
        final = self.folder / "captures" / f"{number:04d}-{kind}"
        unfinished = final.with_name("unfinished")
        with writing(self.folder):
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            for name, shot in capture.items():
                _save_shot(unfinished / f"{name}.npz", shot)
            unfinished.rename(final)
        return final

    def load_capture(self, path: Path) -> dict[str, Shot]:
        """Return a capture."""
        return {name: _load_shot(path / f"{name}.npz") for name in self.cameras() if (path / f"{name}.npz").is_file()}

    def empty(self) -> dict[str, Shot]:
        """Return the newest capture of the empty tray.

        Raises:
            SetupError: there is none.
        """
        found = self.captures(EMPTY)
        if not found:
            raise SetupError(
                f"{self.folder} holds no picture of the empty tray. Clear the tray and run `station setup` again"
            )
        return self.load_capture(found[-1])

    def sightings(self) -> dict[tuple[str, int], Sighting]:
        """Return every usable sighting of the board, by camera and the number of its capture.

        Raises:
            SetupError: the board was never captured.
        """
        seen = {}
        for path in self.captures(BOARD):
            number = int(path.name.partition("-")[0])
            for name in self.cameras():
                sighting = _load_sighting(path / f"{name}.npz")
                if sighting is not None:
                    seen[name, number] = sighting
        if not seen:
            raise SetupError(
                f"{self.folder} holds no picture of the board. Print it with `station setup board`, "
                "then run `station setup` and hold it before the cameras"
            )
        return seen

    def save_lenses(self, lenses: Mapping[str, Intrinsics]) -> None:
        """Keep the intrinsics that the rig is to be built with."""
        self._write("lenses.json", {name: asdict(lens) for name, lens in lenses.items()})

    def lenses(self) -> dict[str, Intrinsics]:
        """Return the intrinsics to build the rig with: those that were checked, or else the factory's."""
        if (self.folder / "lenses.json").is_file():
            return {name: _lens(lens) for name, lens in self._read("lenses.json", "intrinsics").items()}
        return {name: info.intrinsics for name, info in self.cameras().items()}

    def save_solution(self, solution: Solution) -> None:
        """Keep the cameras' and boards' places."""
        data = {
            "rig_from_camera": {name: pose.tolist() for name, pose in solution.rig_from_camera.items()},
            "rig_from_board": {number: pose.tolist() for number, pose in solution.rig_from_board.items()},
            "rms_px": solution.rms_px,
        }
        self._write("solution.json", data)

    def solution(self) -> Solution:
        """Return the cameras' and boards' places.

        Raises:
            SetupError: the extrinsics have not been solved.
        """
        data = self._read("solution.json", "extrinsics")
        cameras = {name: np.array(pose) for name, pose in data["rig_from_camera"].items()}
        boards = {int(number): np.array(pose) for number, pose in data["rig_from_board"].items()}
        return Solution(cameras, boards, {}, data["rms_px"])

    def save_draft(self, rig: Rig) -> None:
        """Keep a rig that is not in force yet."""
        with writing(self.folder):
            write_whole(self.folder / "draft-rig.json", rig_json(rig))

    def draft(self) -> Rig:
        """Return the rig that is not in force yet.

        Raises:
            SetupError: the tray has not been found.
        """
        path = self.folder / "draft-rig.json"
        if not path.is_file():
            raise SetupError(f"{path} does not exist: the step `station setup tray` has not run. Run it first")
        return load_rig(path)

    def save_result(self, result: StepResult) -> StepResult:
        """Keep what a step found."""
        self._write(f"steps/{result.step}.json", result.to_json())
        return result

    def result(self, step: str) -> StepResult | None:
        """Return what a step found, None when it has not run."""
        if not (self.folder / "steps" / f"{step}.json").is_file():
            return None
        return StepResult.from_json(self._read(f"steps/{step}.json", step))

    def picture(self, name: str, rgb: NDArray[np.uint8]) -> str:
        """Keep a picture for the report, RGB [H, W, 3]; return its file name."""
        with writing(self.folder):
            self.pictures.mkdir(parents=True, exist_ok=True)
            done, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])
            if done:
                (self.pictures / f"{name}.jpg").write_bytes(data.tobytes())
        return f"{name}.jpg"

    def _write(self, name: str, data: Any) -> None:
        with writing(self.folder):
            write_whole(self.folder / name, json.dumps(data, indent=1) + "\n")

    def _read(self, name: str, step: str) -> Any:
        try:
            return json.loads((self.folder / name).read_text())
        except FileNotFoundError as error:
            raise SetupError(
                f"{self.folder / name} does not exist: the step `station setup {step}` has not run. Run it first"
            ) from error
        except ValueError as error:
            raise SetupError(
                f"{self.folder / name} is malformed ({error}). Remove it and run the step again"
            ) from error


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals to write into a sentence.

    Raises:
        SetupError: the disk is full or not writable.
    """
    try:
        yield
    except OSError as error:
        raise SetupError(
            f"cannot write to {folder}: {error.strerror or error}. Free disk space or name another folder; "
            "what was written before is kept, and the earlier rig is still in force"
        ) from error


def write_whole(path: Path, text: str) -> None:
    """Write a file that is there as a whole or not at all, whatever happens in between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("w") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _save_shot(path: Path, shot: Shot) -> None:
    arrays: dict[str, Any] = {item.name: getattr(shot, item.name) for item in fields(shot) if item.name != "sighting"}
    if shot.sighting is not None:
        arrays |= {f"sighting_{item.name}": getattr(shot.sighting, item.name) for item in fields(shot.sighting)}
    np.savez(path, **arrays)


def _load_shot(path: Path) -> Shot:
    with np.load(path) as data:
        return Shot(
            data["colour"],
            data["depth"],
            float(data["depth_unit_mm"]),
            data["t_ns"],
            data["brightness"],
            _sighting_of(data),
        )


def _load_sighting(path: Path) -> Sighting | None:
    if not path.is_file():
        return None
    with np.load(path) as data:
        return _sighting_of(data)


def _sighting_of(data: Any) -> Sighting | None:
    if "sighting_ids" not in data:
        return None
    figures = (float(data[f"sighting_{name}"]) for name in ("edge_px", "white", "black", "clipped_share"))
    return Sighting(data["sighting_ids"], data["sighting_pixels"], *figures)


def _lens(data: dict[str, Any]) -> Intrinsics:
    return Intrinsics(**{**data, "distortion": tuple(data["distortion"])})
