"""How many frames a RealSense file says it holds."""

import re
import sqlite3
from pathlib import Path
from typing import Any

from station.core.errors import RecordingError
from station.recording.librealsense import rs

_STREAM = {"Depth": "depth", "Color": "colour"}
_OLD_BAG_SUFFIX = ".bag"
_READ_TIMEOUT_MS = 2000
_IMAGES = (
    "SELECT name, {value} FROM topics JOIN messages ON messages.topic_id = topics.id "
    "WHERE name LIKE '%/image/data%' GROUP BY name"
)
_METADATA = "SELECT data FROM topics JOIN messages ON messages.topic_id = topics.id WHERE name = ? AND timestamp = ?"


def count_frames(file: Path) -> dict[str, int]:
    """Return the number of frames per stream, `{"depth": n, "colour": n}`, as the file itself counts them.

    A `.db3` is asked through SQLite, so frames that librealsense cannot decode still count. A `.bag` is played
    through librealsense as fast as it goes; frames behind a broken one are then beyond its counting.

    Raises:
        RecordingError: the file is missing, damaged or not a RealSense recording.
    """
    _require(file)
    counts = _count_bag(file) if file.suffix == _OLD_BAG_SUFFIX else _count_db3(file)
    if set(counts) != set(_STREAM.values()):
        found = ", ".join(counts) or "no images"
        raise RecordingError(f"recording file {file} holds {found}; a depth and a colour stream are needed")
    return counts


def frame_number_spans(file: Path) -> dict[str, tuple[int, int]]:
    """Return the device's numbers of the first and last image per stream of a `.db3`; empty for a `.bag`.

    Raises:
        RecordingError: the file is missing or damaged.
    """
    _require(file)
    if file.suffix == _OLD_BAG_SUFFIX:
        return {}
    spans: dict[str, tuple[int, int]] = {}
    for edge in ("MIN(timestamp)", "MAX(timestamp)"):
        for stream, topic, t_ns in _images(file, edge):
            metadata = topic.split("/image/")[0] + "/image/metadata"
            for (text,) in _query(file, _METADATA, (metadata, t_ns)):
                if found := re.search(rb"Frame number=(\d+)", text):
                    number = int(found.group(1))
                    spans[stream] = (spans.get(stream, (number,))[0], number)
    return spans


def _require(file: Path) -> None:
    if not file.is_file():
        raise RecordingError(f"recording file {file} does not exist. Restore it, or record again")


def _count_db3(file: Path) -> dict[str, int]:
    return {stream: frames for stream, _, frames in _images(file, "COUNT(*)")}


def _images(file: Path, value: str) -> list[tuple[str, str, int]]:
    """Return (stream, topic, value over its images) for depth and colour."""
    rows = []
    for topic, number in _query(file, _IMAGES.format(value=value)):
        name = topic.split("/")[3].split("_")[0]  # /device_0/sensor_0/Depth_0/image/data[/compressedDepth]
        if name in _STREAM:
            rows.append((_STREAM[name], topic, number))
    return rows


def _query(file: Path, query: str, values: tuple[object, ...] = ()) -> list[Any]:
    try:
        # Not read-only: SQLite then undoes what an interrupted writer left.
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=rw", uri=True)
        try:
            return connection.execute(query, values).fetchall()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise RecordingError(f"recording file {file} is damaged ({error}). Restore it, or record again") from error


def _count_bag(file: Path) -> dict[str, int]:
    try:
        pipe, config = rs.pipeline(rs.context()), rs.config()
        config.enable_device_from_file(str(file), False)
        config.resolve(rs.pipeline_wrapper(pipe)).get_device().as_playback().set_real_time(False)
        pipe.start(config)
    except RuntimeError as error:
        raise RecordingError(
            f"recording file {file} cannot be played ({error}). Restore it, or record again"
        ) from error
    seen: dict[str, set[int]] = {}
    while True:
        fresh, frames = pipe.try_wait_for_frames(_READ_TIMEOUT_MS)
        if not fresh:
            break
        for frame in frames:
            name = frame.get_profile().stream_name().split(" ")[0]
            if name in _STREAM:
                seen.setdefault(_STREAM[name], set()).add(frame.get_frame_number())
    pipe.stop()
    return {name: len(numbers) for name, numbers in seen.items()}
