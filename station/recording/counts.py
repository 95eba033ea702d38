"""How many frames a RealSense file says it holds."""

import sqlite3
from pathlib import Path

from station.core.errors import RecordingError
from station.recording.librealsense import rs

_STREAM = {"Depth": "depth", "Color": "colour"}
_OLD_BAG_SUFFIX = ".bag"
_READ_TIMEOUT_MS = 2000


def count_frames(file: Path) -> dict[str, int]:
    """Return the number of frames per stream, `{"depth": n, "colour": n}`, as the file itself counts them.

    A `.db3` is asked through SQLite, so frames that librealsense cannot decode still count. A `.bag` is played
    through librealsense as fast as it goes; frames behind a broken one are then beyond its counting.

    Raises:
        RecordingError: the file is missing, damaged or not a RealSense recording.
    """
    if not file.is_file():
        raise RecordingError(f"recording file {file} does not exist. Restore it, or record again")
    counts = _count_bag(file) if file.suffix == _OLD_BAG_SUFFIX else _count_db3(file)
    if set(counts) != set(_STREAM.values()):
        found = ", ".join(counts) or "no images"
        raise RecordingError(f"recording file {file} holds {found}; a depth and a colour stream are needed")
    return counts


def _count_db3(file: Path) -> dict[str, int]:
    query = (
        "SELECT name, COUNT(*) FROM topics JOIN messages ON messages.topic_id = topics.id "
        "WHERE name LIKE '%/image/data%' GROUP BY name"
    )
    try:
        connection = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
        try:
            rows = connection.execute(query).fetchall()
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        raise RecordingError(f"recording file {file} is damaged ({error}). Restore it, or record again") from error
    counts = {}
    for topic, frames in rows:  # /device_0/sensor_0/Depth_0/image/data[/compressedDepth]
        stream = topic.split("/")[3].split("_")[0]
        if stream in _STREAM:
            counts[_STREAM[stream]] = frames
    return counts


def _count_bag(file: Path) -> dict[str, int]:
    try:
        device = rs.context().load_device(str(file))
        playback = device.as_playback()
        playback.set_real_time(False)
        seen: dict[str, set[int]] = {}
        pipe, config = rs.pipeline(rs.context()), rs.config()
        config.enable_device_from_file(str(file), False)
        config.resolve(rs.pipeline_wrapper(pipe)).get_device().as_playback().set_real_time(False)
        pipe.start(config)
    except RuntimeError as error:
        raise RecordingError(
            f"recording file {file} cannot be played ({error}). Restore it, or record again"
        ) from error
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
