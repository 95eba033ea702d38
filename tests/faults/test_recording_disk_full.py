"""A disk that is full while a recording is written: a sentence that names the file and says what to do."""

import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from small_booth import picture, spec
from station.core.errors import RecordingError
from station.recording import RecordingWriter, TrackWriter, append_part, count_frames, save_mask

out, limit = Path(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    if sys.argv[1] == "mask":
        save_mask(out, "masks/0.png", np.random.default_rng(1).random((400, 400)) > 0.5)
    elif sys.argv[1] == "part":
        for first in (0, 20):
            writer = TrackWriter(out / "part", spec(), before=first)
            for frame in map(picture, range(first, first + 20)):
                writer.write(frame.colour, frame.depth, frame.t_ns)
            append_part(writer.close().file, out / "top.db3")
    else:
        with RecordingWriter(out, [spec()], "{}") as writer:
            for index in range(100):
                frame = picture(index)
                writer.write("top", frame.colour, frame.depth, frame.t_ns)
except RecordingError as error:
    print(error)
    if sys.argv[1] == "part":
        print("kept", count_frames(out / "top.db3"))
"""


def write_limited(what: str, out: Path, limit_bytes: int) -> str:
    """Return what the writer says on a disk that takes no file longer than that."""
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, what, str(out), str(limit_bytes)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=TESTS.parent,
        env={"PYTHONPATH": f"{TESTS.parent}:{TESTS}"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("what", "limit_bytes", "named"),
    [("frames", 0, "top.db3"), ("frames", 20_000, "top.db3"), ("frames", 200_000, "top.db3"), ("mask", 1000, "masks")],
)
def test_a_full_disk_is_said_with_the_file_and_the_remedy(
    tmp_path: Path, what: str, limit_bytes: int, named: str
) -> None:
    said = write_limited(what, tmp_path, limit_bytes)
    assert f"{tmp_path}/{named}" in said
    assert "Free disk space" in said


def test_a_part_that_does_not_fit_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    said = write_limited("part", tmp_path, 70_000)
    assert f"cannot write {tmp_path}/top.db3" in said
    assert "kept {'depth': 20, 'colour': 20}" in said


def test_a_folder_that_cannot_be_made_is_said() -> None:
    assert "cannot write /dev/null/out" in write_limited("frames", Path("/dev/null/out"), 1_000_000)
