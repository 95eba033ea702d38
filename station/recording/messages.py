"""The messages inside a `.db3`: rosbag2's SQLite schema, as librealsense writes it."""

import sqlite3
import struct
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from station.recording.disk import writing

_AFTER_HEADER_NS = 1_000_000
_IMAGE_TOPICS = "SELECT id, type FROM topics WHERE name LIKE '%/image/%'"
_IDS = "SELECT id FROM messages WHERE topic_id = ? ORDER BY id"
_STAMP = "UPDATE messages SET timestamp = ? WHERE id = ?"
_STAMPED_TYPES = ("sensor_msgs/msg/CompressedImage", "sensor_msgs/msg/Image", "sensor_msgs/msg/CameraInfo")
_HEADER_STAMP = 4
"""Their header begins behind four bytes of CDR encapsulation: int32 s and uint32 ns, little-endian."""
_APPEND = """
INSERT INTO messages (topic_id, timestamp, data)
SELECT topics.id, rows.timestamp, rows.data FROM part.messages AS rows
JOIN part.topics AS theirs ON theirs.id = rows.topic_id JOIN topics ON topics.name = theirs.name
WHERE topics.name LIKE '%/image/%' ORDER BY rows.id
"""


def stamp_messages(file: Path, times_ns: Sequence[int]) -> None:
    """Give every image of a finished file, and what belongs to it, the time of its frame.

    librealsense stamps messages with the wall time at which it recorded them, and plays them in that order. Frames
    that were rendered rather than awaited would then play at the renderer's pace; and around a pause of the
    recorder its stamps even run backwards, so that colour and depth come apart. The messages' own headers are stamped
    alike, so that the same frames give the same bytes.

    Raises:
        RecordingError: the disk is full or not writable.
    """
    with writing(file), closing(sqlite3.connect(file)) as connection:
        for topic, kind in connection.execute(_IMAGE_TOPICS).fetchall():
            ids = connection.execute(_IDS, (topic,)).fetchall()
            stamps = (t_ns + _AFTER_HEADER_NS for t_ns in times_ns)
            stamped = [(stamp, row) for stamp, (row,) in zip(stamps, ids, strict=False)]
            connection.executemany(_STAMP, stamped)
            for stamp, row in stamped if kind in _STAMPED_TYPES else ():
                with connection.blobopen("messages", "data", row) as data:
                    data.seek(_HEADER_STAMP)
                    data.write(struct.pack("<iI", *divmod(stamp, 10**9)))
        connection.commit()
        connection.execute("VACUUM")  # what was overwritten would tell one file from another


def append_part(part: Path, file: Path) -> None:
    """Move a finished file's images behind those of `file`, of the same camera; the first part becomes the file.

    librealsense cannot go on with a file, but plays what is joined as if it had. Whenever this is stopped, the images
    are in `file` wholly or not at all.

    Raises:
        RecordingError: the disk is full or not writable.
    """
    with writing(file):
        if not file.exists():
            part.replace(file)
            return
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute("ATTACH ? AS part", (str(part),))
            connection.execute(_APPEND)
        part.unlink()
