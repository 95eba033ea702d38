"""The manifest of a recording: its tracks, what happened beside the cameras, and what is known to be true."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType, Severity
from station.core.errors import RecordingError
from station.core.items import Announcement
from station.recording.counts import count_frames
from station.recording.disk import writing

FORMAT = 1
MANIFEST = "manifest.json"
RIG = "rig.json"


@dataclass(frozen=True, slots=True)
class Track:
    """One camera's file in a recording.

    `frames` counts its colour images, `depth_frames` its depth images. `start_ns` is the device time at which the
    recording starts, to be subtracted from the file's own timestamps; 0 where they count from the start already.
    """

    camera_id: str
    serial: str
    file: Path
    sha256: str
    frames: int
    depth_frames: int
    start_ns: int = 0


@dataclass(frozen=True, slots=True)
class ItemTruth:
    """What is known of one item: which product, when it lay on the tray, and how it is damaged.

    `masks` names, per camera, a PNG in the recording whose nonzero pixels are the item; see `save_mask`.
    `damage_masks` does so for each type of damage; its PNG is black where that camera does not see it.
    """

    index: int
    product_id: str
    barcode: str | None
    plc_id: int
    arrive_ns: int
    leave_ns: int
    damage: tuple[tuple[DamageType, Severity], ...]
    masks: Mapping[str, str]
    damage_masks: Mapping[DamageType, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording on disk. All times are ns since its start. `events` and `items` are in order of time."""

    path: Path
    tracks: tuple[Track, ...]
    events: tuple[Announcement, ...]
    items: tuple[ItemTruth, ...]
    files: Mapping[str, str]

    @property
    def rig_path(self) -> Path:
        """The rig the recording was made with."""
        return self.path / RIG

    def mask(self, item: ItemTruth, camera_id: str, damage: DamageType | None = None) -> NDArray[np.bool_] | None:
        """Return where a camera sees the item or a damage of it, bool [H, W], or None where the recording does not say.

        Raises:
            RecordingError: the mask's file is missing or no picture.
        """
        names = item.damage_masks.get(damage, {}) if damage else item.masks
        if camera_id not in names:
            return None
        file = self.path / names[camera_id]
        mask = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if mask is None:
            raise RecordingError(f"mask {file} is missing or not a picture. Restore it, or build the recording again")
        return np.asarray(mask > 0)

    def verify(self) -> None:
        """Compare every file with its hash, and every track's own frame count with the manifest.

        Raises:
            RecordingError: a file is missing or altered, or holds another number of frames.
        """
        for name, expected in self.files.items():
            found = file_sha256(self.path / name)
            if found != expected:
                raise RecordingError(
                    f"recording file {self.path / name} has SHA-256 {found[:16]}, its manifest says {expected[:16]}. "
                    "Restore the file, or build the recording again"
                )
        for track in self.tracks:
            counts = count_frames(track.file)
            if (counts["colour"], counts["depth"]) != (track.frames, track.depth_frames):
                raise RecordingError(
                    f"recording file {track.file} holds {counts['colour']} colour and {counts['depth']} depth frames, "
                    f"its manifest says {track.frames} and {track.depth_frames}. Restore the file, or record again"
                )


def truth_of(items: Iterable[ItemTruth], plc_id: int, arrived_ns: int) -> ItemTruth | None:
    """Return which known item a capture shows: the one of that number, else, at 0, the one that lay there then."""
    for item in items:
        if item.plc_id == plc_id if plc_id else item.arrive_ns <= arrived_ns <= item.leave_ns:
            return item
    return None


def open_recording(path: Path) -> Recording:
    """Read a recording's manifest; `verify` then checks the files themselves.

    Raises:
        RecordingError: there is no manifest, it is malformed, or a file it names is missing.
    """
    file = path / MANIFEST
    try:
        data = json.loads(file.read_text())
        if data["format"] != FORMAT:
            raise RecordingError(f"{file} has format {data['format']}; this station reads format {FORMAT}")
        recording = Recording(
            path=path,
            tracks=tuple(
                Track(**{**track, "file": path / track["file"], "sha256": data["files"][track["file"]]})
                for track in data["tracks"]
            ),
            events=tuple(Announcement(**event) for event in data["events"]),
            items=tuple(_item(item) for item in data["items"]),
            files=data["files"],
        )
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RecordingError(f"{path} is no recording: it has no {MANIFEST}. Name the folder of a recording") from error
    except (KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"{file} is malformed ({error!r}). Restore it, or build the recording again") from error
    for name in recording.files:
        if not (path / name).is_file():
            raise RecordingError(f"recording {path} lacks its file {name}. Restore it, or build the recording again")
    return recording


def prepare_folder(out: Path) -> None:
    """Make the folder a recording will be written into.

    Raises:
        RecordingError: it holds a recording already, or cannot be made.
    """
    if (out / MANIFEST).exists():
        raise RecordingError(f"{out} holds a recording already. Name another folder, or remove it")
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)


def write_manifest(
    out: Path,
    tracks: Sequence[Track],
    rig_json: str,
    events: Iterable[Announcement] = (),
    items: Iterable[ItemTruth] = (),
) -> Recording:
    """Write `rig.json` and the manifest that joins `tracks`, which lie in `out`, to one recording.

    Raises:
        RecordingError: the disk is full or not writable.
    """
    with writing(out / RIG):
        (out / RIG).write_text(rig_json)
    items = sorted(items, key=lambda item: item.arrive_ns)
    files = {track.file.name: track.sha256 for track in tracks}
    masks = (names for item in items for names in (item.masks, *item.damage_masks.values()))
    for name in (RIG, *(name for names in masks for name in names.values())):
        files[name] = file_sha256(out / name)
    data = {
        "format": FORMAT,
        "tracks": [_track_json(track) for track in tracks],
        "events": [asdict(event) for event in sorted(events, key=lambda event: event.t_ns)],
        "items": [asdict(item) for item in items],
        "files": files,
    }
    with writing(out / MANIFEST):
        (out / MANIFEST).write_text(json.dumps(data, indent=1) + "\n")
    return open_recording(out)


def track_of_file(file: Path, camera_id: str, serial: str, start_ns: int = 0) -> Track:
    """Return the track of a finished file, counted and hashed.

    Raises:
        RecordingError: the file is missing, damaged or holds no images.
    """
    counts = count_frames(file)
    return Track(camera_id, serial, file, file_sha256(file), counts["colour"], counts["depth"], start_ns)


def mask_name(index: int, camera_id: str, damage: DamageType | None = None) -> str:
    """Return the name that the mask of an item, or of a damage of it, has in a recording and its `ItemTruth`."""
    return f"masks/{'-'.join(filter(None, (f'{index:04d}', camera_id, damage)))}.png"


def save_mask(out: Path, name: str, mask: NDArray[np.bool_]) -> None:
    """Write a mask, bool [H, W], into the recording; see `mask_name`.

    Raises:
        RecordingError: the disk is full or not writable.
    """
    _, encoded = cv2.imencode(".png", mask.astype(np.uint8) * 255)
    with writing(out / name):
        (out / "masks").mkdir(exist_ok=True)
        (out / name).write_bytes(encoded.tobytes())


def file_sha256(file: Path) -> str:
    """Return the SHA-256 of a file as hex digits.

    Raises:
        RecordingError: the file is missing.
    """
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise RecordingError(f"recording file {file} does not exist. Restore it, or record again") from error


def _track_json(track: Track) -> dict[str, Any]:
    data = {**asdict(track), "file": track.file.name}
    del data["sha256"]  # stands under "files"
    return data


def _item(data: Any) -> ItemTruth:
    damage = tuple((DamageType(kind), Severity(severity)) for kind, severity in data["damage"])
    damage_masks = {DamageType(kind): names for kind, names in data.get("damage_masks", {}).items()}
    return ItemTruth(**{**data, "damage": damage, "damage_masks": damage_masks})
