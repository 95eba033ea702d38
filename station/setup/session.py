"""One booth's setup folder: what was captured, what each step found. Whatever is in it survives Ctrl-C.

A capture is written under another name and renamed when whole, so that a step reads whole captures only, and a
procedure that was broken off goes on where it stopped.
"""

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import SetupError
from station.core.geometry import Intrinsics
from station.core.ports import CameraInfo
from station.rig import Rig, load_rig, rig_json
from station.setup.board import BAR_MM, Board, calibration_board
from station.setup.bundle import Solution
from station.setup.captures import (
    Capture,
    Kind,
    Shot,
    Waves,
    captures_digest,
    load_shot,
    load_sighting,
    load_wave,
    save_captured,
)
from station.setup.files import write_whole, writing
from station.setup.measure import StepResult
from station.setup.settings import SetupSettings
from station.setup.sighting import Sighting

_COMPUTED = ("lenses.json", "solution.json", "draft-rig.json")
_OF_A_RUN = ("captures", "steps", "cameras.json", *_COMPUTED)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a session's frames came from, in words, and how warm each camera was, where it says so.

    `automatic` says of each of the colour's settings that the cameras change by themselves how to lock it.
    """

    source: str
    temperature_c: Mapping[str, float]
    automatic: tuple[str, ...] = ()


class Session:
    """A setup folder and the settings it is worked on with."""

    def __init__(self, folder: Path, settings: SetupSettings) -> None:
        self.folder = folder
        self.settings = settings

    @property
    def board(self) -> Board:
        """The board the booth is calibrated with, as large as it was printed."""
        board = calibration_board(self.settings.paper)
        return replace(board, square_mm=board.square_mm * self.settings.board_bar_mm / BAR_MM)

    @property
    def pictures(self) -> Path:
        """Where pictures for the report lie."""
        return self.folder / "pictures"

    def begin_anew(self) -> None:
        """Forget what was captured and measured; rigs and the daily check's history stay.

        Raises:
            SetupError: the folder is not writable.
        """
        with writing(self.folder):
            for name in _OF_A_RUN:
                path = self.folder / name
                shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    def forget(self, step: str, kinds: Collection[Kind]) -> None:
        """Forget what a step found, and captures, which are asked for again, with whatever was computed from any.

        Raises:
            SetupError: the folder is not writable.
        """
        with writing(self.folder):
            for name in _COMPUTED if kinds else ():
                (self.folder / name).unlink(missing_ok=True)
            for path in (path for kind in kinds for path in self.captures(kind)):
                shutil.rmtree(path)
            (self.folder / "steps" / f"{step}.json").unlink(missing_ok=True)

    def save_cameras(self, infos: Mapping[str, CameraInfo], origin: Origin, truth: Rig | None = None) -> None:
        """Keep what the cameras say of themselves, the board they are shown, and the true rig where that is known."""
        cameras = [asdict(info) for info in infos.values()]
        self._write("cameras.json", {**asdict(origin), "paper": self.settings.paper, "cameras": cameras})
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
            SetupError: nothing was captured yet.
        """
        found = {}
        for camera in self._read("cameras.json", "")["cameras"]:
            found[camera["camera_id"]] = CameraInfo(**{**camera, "intrinsics": _lens(camera["intrinsics"])})
        return found

    def origin(self) -> Origin:
        """Return where the captures came from.

        Raises:
            SetupError: nothing was captured yet.
        """
        data = self._read("cameras.json", "")
        return Origin(data["source"], data["temperature_c"], tuple(data["automatic"]))

    def hold_to_board(self) -> None:
        """Refuse to work on captures of another board than the settings tell.

        Raises:
            SetupError: they are of another, or nothing was captured yet.
        """
        told = self.settings.paper
        shown = self._read("cameras.json", "").get("paper", told)
        if self.captures(Kind.BOARD) and shown != told:
            raise SetupError(
                f"{self.folder} was captured with {calibration_board(shown).name}, but setup.paper is {told!r}. Set it "
                f"to {shown!r}, or name the configuration that has it by --config; to show another board, run `station "
                "setup --anew`. Nothing was changed"
            )

    def captures_digest(self) -> str:
        """Return what tells the captures that are there from all others."""
        return captures_digest(path for kind in Kind for path in self.captures(kind))

    def captures(self, kind: Kind) -> list[Path]:
        """Return the captures of a kind, oldest first."""
        return sorted(self.folder.glob(f"captures/[0-9]*-{kind}"))

    def save_capture(self, kind: Kind, capture: Capture | Waves) -> Path:
        """Keep a capture; it is there as a whole or not at all.

        Raises:
            SetupError: the disk is full or not writable.
        """
        number = max(map(capture_number, self.folder.glob("captures/[0-9]*")), default=-1) + 1
        final = self.folder / "captures" / f"{number:04d}-{kind}"
        unfinished = final.with_name("unfinished")
        with writing(self.folder):
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True)
            try:
                for name, captured in capture.items():
                    save_captured(unfinished / f"{name}.npz", captured)
                unfinished.rename(final)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
        return final

    def load_capture(self, path: Path) -> dict[str, Shot]:
        """Return a capture of the empty tray or of a board held still."""
        return {name: load_shot(file) for name, file in self._files(path).items()}

    def empty(self) -> dict[str, Shot]:
        """Return the newest capture of the empty tray.

        Raises:
            SetupError: there is none.
        """
        found = self.captures(Kind.EMPTY)
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
        for path in self.captures(Kind.BOARD):
            for name, file in self._files(path).items():
                sighting = load_sighting(file)
                if sighting is not None:
                    seen[name, capture_number(path)] = sighting
        if not seen:
            raise SetupError(
                f"{self.folder} holds no picture of the board. Print it with `station setup board`, "
                "then run `station setup` and hold it before the cameras"
            )
        return seen

    def waves(self) -> Waves:
        """Return the newest capture of the board in motion, empty when there is none."""
        found = self.captures(Kind.MOTION)
        return {name: load_wave(file) for name, file in self._files(found[-1]).items()} if found else {}

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
            SetupError: nothing was captured yet, or the extrinsics have not been solved.
        """
        lenses = self.lenses()
        data = self._read("solution.json", "extrinsics")
        cameras = {name: np.array(pose) for name, pose in data["rig_from_camera"].items()}
        boards = {int(number): np.array(pose) for number, pose in data["rig_from_board"].items()}
        return Solution(lenses, cameras, boards, {}, data["rms_px"])

    def save_draft(self, rig: Rig) -> None:
        """Keep a rig that is not in force yet."""
        with writing(self.folder):
            write_whole(self.folder / "draft-rig.json", rig_json(rig))

    def draft(self) -> Rig | None:
        """Return the rig as far as it was found, None before the tray was."""
        path = self.folder / "draft-rig.json"
        return load_rig(path) if path.is_file() else None

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
            done, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])
            if done:
                write_whole(self.pictures / f"{name}.jpg", data.tobytes())
        return f"{name}.jpg"

    def drawing(self, name: str, svg: str) -> str:
        """Keep a drawing for the report; return its file name."""
        with writing(self.folder):
            write_whole(self.pictures / f"{name}.svg", svg)
        return f"{name}.svg"

    def _files(self, capture: Path) -> dict[str, Path]:
        """Return a capture's files by camera, the reference camera first."""
        files = {name: capture / f"{name}.npz" for name in self.cameras()}
        return {name: file for name, file in files.items() if file.is_file()}

    def _write(self, name: str, data: Any) -> None:
        with writing(self.folder):
            write_whole(self.folder / name, json.dumps(data, indent=1) + "\n")

    def _read(self, name: str, step: str) -> Any:
        try:
            return json.loads((self.folder / name).read_text())
        except FileNotFoundError as error:
            raise SetupError(
                f"{self.folder / name} does not exist: `{f'station setup {step}'.strip()}` has not run. Run it first"
            ) from error
        except ValueError as error:
            raise SetupError(
                f"{self.folder / name} is malformed ({error}). Remove it and run the step again"
            ) from error


def capture_number(path: Path) -> int:
    """Return the number of a capture, by which its poses are known."""
    return int(path.name.partition("-")[0])


def _lens(data: dict[str, Any]) -> Intrinsics:
    return Intrinsics(**{**data, "distortion": tuple(data["distortion"])})
