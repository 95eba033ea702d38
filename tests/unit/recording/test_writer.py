import sqlite3
from pathlib import Path

import numpy as np
import pytest
from small_booth import SERIALS, picture, spec, write_recording

from station.cameras import ReplayCamera
from station.core.damage import DamageType, Severity
from station.core.errors import RecordingError
from station.core.items import Announcement
from station.daemon.clock import ManualClock
from station.recording import (
    ItemTruth,
    RecordingWriter,
    TrackWriter,
    append_part,
    count_frames,
    frame_number_spans,
    mask_name,
    open_recording,
    save_mask,
    track_of_file,
    write_manifest,
)


def truth(index: int, masks: dict[str, str]) -> ItemTruth:
    damage = ((DamageType.PENETRATION, Severity.MAJOR), (DamageType.SUPERFICIAL, Severity.MINOR))
    return ItemTruth(index, "tea-250", "4006381333931", index + 1, 1000 - index, 2000, damage, masks)


def test_everything_written_is_read_back(tmp_path: Path) -> None:
    mask = np.zeros((48, 64), bool)
    mask[10:20, 30:40] = True
    name = mask_name(1, "top")
    writer = RecordingWriter(tmp_path, [spec("top"), spec("left")], rig_json='{"format": 1}')
    for index in range(3):
        frame = picture(index)
        writer.write("top", frame.colour, frame.depth, frame.t_ns)
        writer.write("left", frame.colour, frame.depth, frame.t_ns)
    events = (Announcement(1, 50, sku="A"), Announcement(2, 90, barcode="4006381333931"))
    for event in reversed(events):
        writer.event(event)
    items = (truth(1, {"top": name}), truth(0, {}))
    save_mask(tmp_path, name, mask)
    for item in reversed(items):
        writer.item(item)
    writer.close()

    recording = open_recording(tmp_path)
    recording.verify()
    assert recording.events == events
    assert recording.items == items
    assert recording.rig_path.read_text() == '{"format": 1}'
    assert {track.camera_id: track.serial for track in recording.tracks} == SERIALS
    assert [track.frames for track in recording.tracks] == [3, 3]
    found = recording.mask(items[0], "top")
    assert found is not None
    assert np.array_equal(found, mask)
    assert recording.mask(items[0], "left") is None


def test_tracks_written_apart_join_to_one_recording(tmp_path: Path) -> None:
    tracks = []
    for name in ("top", "left"):
        writer = TrackWriter(tmp_path, spec(name))
        writer.write(picture(0).colour, picture(0).depth, 0)
        tracks.append(writer.close())
    write_manifest(tmp_path, tracks, "{}").verify()


def test_a_file_joined_of_parts_plays_as_one(tmp_path: Path) -> None:
    file = tmp_path / "top.db3"
    for first, end in ((0, 4), (4, 5), (5, 12)):
        writer = TrackWriter(tmp_path / "part", spec(), before=first)
        for index in range(first, end):
            writer.write(picture(index).colour, picture(index).depth, picture(index).t_ns)
        part = writer.close().file
        append_part(part, file)
        assert not part.exists()
    track = track_of_file(file, "top", SERIALS["top"])
    assert (track.frames, track.depth_frames) == (12, 12)
    assert frame_number_spans(file) == {"colour": (1, 12), "depth": (1, 12)}
    assert image_stamps(file, "Color") == image_stamps(file, "Depth")
    camera = ReplayCamera(track, ManualClock())
    camera.open()
    for index in range(12):
        frame = camera.read(1000)
        assert frame is not None
        assert (frame.sequence, frame.device_t_ns) == (index + 1, picture(index).t_ns)
        assert np.array_equal(frame.colour, picture(index).colour)
        assert np.array_equal(frame.depth, picture(index).depth)
        frame.release()
    camera.close()


def test_the_same_pictures_give_the_same_number_of_frames_with_and_without_compression(tmp_path: Path) -> None:
    sizes = []
    for compress in (True, False):
        writer = TrackWriter(tmp_path / str(compress), spec(), compress)
        for index in range(5):
            writer.write(picture(index).colour, picture(index).depth, picture(index).t_ns)
        track = writer.close()
        assert count_frames(track.file) == {"colour": 5, "depth": 5}
        assert frame_number_spans(track.file) == {"colour": (1, 5), "depth": (1, 5)}
        sizes.append(track.file.stat().st_size)
    assert sizes[0] < sizes[1]


def test_a_long_backlog_is_written_before_more_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("station.recording.writer._MAX_BACKLOG_BYTES", 50_000)
    track = write_recording(tmp_path / "recording", 30).tracks[0]
    assert track.frames == 30
    assert image_stamps(track.file, "Depth") == image_stamps(track.file, "Color")


def image_stamps(file: Path, stream: str) -> list[int]:
    connection = sqlite3.connect(file)
    query = "SELECT timestamp FROM messages JOIN topics ON topics.id = topic_id WHERE name LIKE ? ORDER BY messages.id"
    stamps = [row[0] for row in connection.execute(query, (f"%/{stream}_0/image/data%",))]
    connection.close()
    return stamps


def test_messages_are_stamped_with_the_frames_own_time(tmp_path: Path) -> None:
    stamps = image_stamps(write_recording(tmp_path / "recording", 5).tracks[0].file, "Color")
    assert [stamp - stamps[0] for stamp in stamps] == [picture(index).t_ns for index in range(5)]


def test_a_frame_out_of_order_is_refused(tmp_path: Path) -> None:
    writer = TrackWriter(tmp_path, spec())
    writer.write(picture(0).colour, picture(0).depth, 100)
    with pytest.raises(RecordingError, match="a frame of 100 ns follows one of 100 ns"):
        writer.write(picture(1).colour, picture(1).depth, 100)
    assert writer.close().frames == 1


@pytest.mark.parametrize(
    ("colour", "depth"),
    [
        (np.zeros((48, 63, 3), np.uint8), np.zeros((48, 64), np.uint16)),
        (np.zeros((48, 64, 3), np.uint8), np.zeros((48, 64), np.int32)),
        (np.zeros((48, 64), np.uint8), np.zeros((48, 64), np.uint16)),
    ],
)
def test_images_of_another_shape_or_type_are_refused(tmp_path: Path, colour: np.ndarray, depth: np.ndarray) -> None:
    writer = TrackWriter(tmp_path, spec())
    with pytest.raises(RecordingError, match=r"camera top: .* but its stream is"):
        writer.write(colour, depth, 0)
    writer.write(picture(0).colour, picture(0).depth, 0)
    assert writer.close().frames == 1


def test_images_that_are_not_contiguous_are_written_as_they_look(tmp_path: Path) -> None:
    frame = picture(3)
    writer = TrackWriter(tmp_path, spec())
    writer.write(frame.colour[:, ::-1], frame.depth[::-1], 0)
    writer.close()
    camera = ReplayCamera(track_of_file(writer.file, "top", SERIALS["top"]), ManualClock())
    camera.open()
    got = camera.read(1000)
    assert got is not None
    assert np.array_equal(got.colour, frame.colour[:, ::-1])
    assert np.array_equal(got.depth, frame.depth[::-1])
    got.release()
    camera.close()


def test_a_recording_is_not_written_over_another(tmp_path: Path) -> None:
    write_recording(tmp_path, 1)
    with pytest.raises(RecordingError, match="holds a recording already"):
        RecordingWriter(tmp_path, [spec()], "{}")


def write_to_nowhere(writer: RecordingWriter) -> None:
    writer.write("top", picture(0).colour, picture(0).depth, 0)
    writer.write("nowhere", picture(0).colour, picture(0).depth, 0)


def test_a_writer_that_fails_leaves_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(KeyError), RecordingWriter(tmp_path, [spec()], "{}") as writer:
        write_to_nowhere(writer)
    with pytest.raises(RecordingError, match="is no recording"):
        open_recording(tmp_path)
