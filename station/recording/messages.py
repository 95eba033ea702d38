"""The messages inside a `.db3`: rosbag2's SQLite schema, as librealsense writes it."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from station.recording.disk import writing

_AFTER_HEADER_NS = 1_000_000
_IMAGE_TOPICS = "SELECT id FROM topics WHERE name LIKE '%/image/%'"
_IDS = "SELECT id FROM messages WHERE topic_id = ? ORDER BY id"
_STAMP = "UPDATE messages SET timestamp = ? WHERE id = ?"


def stamp_messages(file: Path, times_ns: Sequence[int]) -> None:
    """Give every image of a finished file, and what belongs to it, the time of its frame.

    librealsense stamps messages with the wall time at which it recorded them, and plays them in that order. Frames
    that were rendered rather than awaited would then play at the renderer's pace; and around a pause of the
    recorder its stamps even run backwards, so that colour and depth come apart.

    Raises:
        RecordingError: the disk is full or not writable.
    """
    start_ns = times_ns[0] if times_ns else 0
    with writing(file), closing(sqlite3.connect(file)) as connection:
        for (topic,) in connection.execute(_IMAGE_TOPICS).fetchall():
            ids = connection.execute(_IDS, (topic,)).fetchall()
            stamps = (t_ns - start_ns + _AFTER_HEADER_NS for t_ns in times_ns)
            connection.executemany(_STAMP, [(stamp, row) for stamp, (row,) in zip(stamps, ids, strict=False)])
        connection.commit()
