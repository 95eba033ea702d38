"""Recordings that are damaged: each is refused in clear words, or plays exactly what is left."""

import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from small_booth import write_recording

from station.cameras import ReplayCamera
from station.core.errors import RecordingError, RecordingTruncated
from station.core.ports import EndOfStream
from station.daemon.clock import ManualClock
from station.recording import Recording, Track, count_frames, open_recording, track_of_file

FRAMES = 12
DEPTH = "topic_id = (SELECT id FROM topics WHERE name LIKE '%/Depth_0/image/data%')"
COLOUR = "topic_id = (SELECT id FROM topics WHERE name LIKE '%/Color_0/image/data%')"


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_recording(tmp_path_factory.mktemp("pristine") / "recording", FRAMES).path


@pytest.fixture
def recording(pristine: Path, tmp_path: Path) -> Recording:
    return open_recording(Path(shutil.copytree(pristine, tmp_path / "recording")))


def edit(track: Track, action: str, stream: str, *numbers: int) -> None:
    """Run DELETE or UPDATE on the images of a stream with these frame numbers."""
    connection = sqlite3.connect(track.file)
    ids = [row[0] for row in connection.execute(f"SELECT id FROM messages WHERE {stream} ORDER BY timestamp")]
    for number in numbers:
        connection.execute(f"{action} WHERE id = ?", (ids[number - 1],))
    connection.commit()
    connection.close()


def play(track: Track) -> tuple[list[int], ReplayCamera, BaseException]:
    """Return the sequence numbers that were delivered, the camera, and how it ended."""
    camera = ReplayCamera(track, ManualClock())
    numbers = []
    try:
        camera.open()
        while True:
            frame = camera.read(1000)
            if frame is not None:
                assert frame.colour[0, 0, 2] == frame.sequence - 1
                assert frame.depth[0, 0] == 1000 + frame.sequence - 1
                numbers.append(frame.sequence)
                frame.release()
    except (EndOfStream, RecordingError) as end:
        return numbers, camera, end
    finally:
        camera.close()


def test_a_sound_recording_plays_whole(recording: Recording) -> None:
    recording.verify()
    numbers, camera, end = play(recording.tracks[0])
    assert numbers == list(range(1, FRAMES + 1))
    assert camera.dropped == 0
    assert isinstance(end, EndOfStream)


@pytest.mark.parametrize("stream", [COLOUR, DEPTH])
@pytest.mark.parametrize("number", [1, 5, FRAMES])
def test_a_corrupt_picture_is_not_taken_for_the_end(recording: Recording, stream: str, number: int) -> None:
    edit(recording.tracks[0], "UPDATE messages SET data = zeroblob(60)", stream, number)
    numbers, _, end = play(recording.tracks[0])
    assert numbers == list(range(1, number))
    assert isinstance(end, RecordingTruncated)
    assert re.search(rf"top.db3 ended at colour frame \d+, but it counts {FRAMES}", str(end))


@pytest.mark.parametrize("stream", [COLOUR, DEPTH])
def test_a_pair_that_repeats_an_old_image_is_refused(recording: Recording, stream: str) -> None:
    edit(recording.tracks[0], "DELETE FROM messages", stream, 5, 6)
    numbers, camera, end = play(recording.tracks[0])
    assert numbers == [n for n in range(1, FRAMES + 1) if n not in (5, 6)]
    assert camera.drops.stale == camera.dropped == 2
    assert isinstance(end, EndOfStream)


@pytest.mark.parametrize("stream", [COLOUR, DEPTH])
@pytest.mark.parametrize("number", [1, FRAMES])
def test_an_image_without_its_partner_at_either_end_is_no_truncation(
    recording: Recording, stream: str, number: int
) -> None:
    edit(recording.tracks[0], "DELETE FROM messages", stream, number)
    numbers, _, end = play(track_of_file(recording.tracks[0].file, "top", "SMALL-1"))
    assert numbers == [n for n in range(1, FRAMES + 1) if n != number], end
    assert isinstance(end, EndOfStream)


def test_images_of_different_moments_never_make_a_pair(recording: Recording) -> None:
    edit(recording.tracks[0], "DELETE FROM messages", DEPTH, 5)
    edit(recording.tracks[0], "DELETE FROM messages", COLOUR, 4)
    numbers, camera, _ = play(recording.tracks[0])
    assert numbers == [n for n in range(1, FRAMES + 1) if n not in (4, 5)]
    assert camera.dropped == 2


def test_a_missing_pair_in_the_middle_is_counted_as_a_gap(recording: Recording) -> None:
    for stream in (DEPTH, COLOUR):
        edit(recording.tracks[0], "DELETE FROM messages", stream, 5, 6, 7)
    numbers, camera, end = play(recording.tracks[0])
    assert numbers == [1, 2, 3, 4, 8, 9, 10, 11, 12]
    assert camera.drops.gaps == camera.dropped == 3
    assert isinstance(end, EndOfStream)


@pytest.mark.parametrize("kept", [0.0, 0.1, 0.9])
def test_a_cut_file_is_refused(recording: Recording, kept: float) -> None:
    track = recording.tracks[0]
    data = track.file.read_bytes()
    track.file.write_bytes(data[: int(kept * len(data))])
    numbers, _, end = play(track)
    assert numbers == []
    assert isinstance(end, RecordingError)
    assert str(track.file) in str(end)


def test_a_missing_file_is_refused(recording: Recording) -> None:
    recording.tracks[0].file.unlink()
    with pytest.raises(RecordingError, match=r"lacks its file top\.db3"):
        open_recording(recording.path)
    _, _, end = play(recording.tracks[0])
    assert "does not exist" in str(end)


@pytest.mark.parametrize("name", ["top.db3", "rig.json"])
def test_an_altered_file_is_found(recording: Recording, name: str) -> None:
    with (recording.path / name).open("ab") as stream:
        stream.write(b" ")
    with pytest.raises(RecordingError, match=rf"{name} has SHA-256 \w+, its manifest says"):
        recording.verify()


def test_a_file_with_another_number_of_frames_is_found(recording: Recording) -> None:
    edit(recording.tracks[0], "DELETE FROM messages", DEPTH, 5)
    track = recording.tracks[0]
    with pytest.raises(RecordingError, match="12 colour and 11 depth frames, its manifest says 12 and 12"):
        replace(recording, files={}).verify()
    assert count_frames(track.file) == {"colour": FRAMES, "depth": FRAMES - 1}


def test_another_cameras_file_is_refused(recording: Recording) -> None:
    _, _, end = play(replace(recording.tracks[0], serial="OTHER"))
    assert isinstance(end, RecordingError)
    assert "is of camera SMALL-1, its manifest says OTHER" in str(end)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "malformed"),
        ("[]", "malformed"),
        ("{}", "malformed"),
        ('{"format": 99}', "has format 99"),
        ('{"format": 1, "tracks": [{}], "events": [], "items": [], "files": {}}', "malformed"),
    ],
)
def test_a_malformed_manifest_is_refused(recording: Recording, text: str, words: str) -> None:
    (recording.path / "manifest.json").write_text(text)
    with pytest.raises(RecordingError, match=words):
        open_recording(recording.path)


def test_a_folder_without_manifest_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is no recording"):
        open_recording(tmp_path)


KILLED = """
import sys
from pathlib import Path
from small_booth import picture, spec
from station.recording import TrackWriter
writer = TrackWriter(Path(sys.argv[1]), spec())
for index in range(10_000):
    frame = picture(index % 200)
    writer.write(frame.colour, frame.depth, index * 33_000_000)
    if index == 150:
        writer.flush()
        print("recording", flush=True)
"""


def test_a_recording_cut_by_sigkill_plays_up_to_the_cut(tmp_path: Path) -> None:
    tests = Path(__file__).parents[1]
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tests.parent,
        env={"PYTHONPATH": f"{tests.parent}:{tests}"},
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "recording\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    track = track_of_file(tmp_path / "top.db3", "top", "SMALL-1")
    numbers, _, end = play(track)
    assert len(numbers) >= 100, (track, end, list(tmp_path.iterdir()))
    assert numbers == list(range(1, len(numbers) + 1))
