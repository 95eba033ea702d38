"""Turning folders of colour and depth PNGs into recordings."""

import logging
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.core.errors import RecordingError
from station.core.geometry import Intrinsics
from station.core.items import Announcement
from station.recording.manifest import Recording
from station.recording.software_device import StreamSpec
from station.recording.stills import Still, StillFolder, find_stills
from station.recording.writer import RecordingWriter

_log = logging.getLogger(__name__)
_SAME_POSE = 1e-3
"""Most that two poses of a camera at rest differ: 1 mm, and 0.06 degrees."""

MakeRig = Callable[[str, str, Intrinsics, NDArray[np.float32]], str]
"""Returns a rig file's text for (camera id, serial, intrinsics, depth in mm [H, W] of the emptiest picture)."""


def import_pngs(
    source: Path,
    out: Path,
    make_rig: MakeRig,
    *,
    camera_id: str = "top",
    names: Collection[str] = (),
    repeat: int = 8,
    fps: int = 6,
    depth_unit_mm: float | None = None,
) -> Recording:
    """Write a recording in which each still stands for a while, as an item at rest would.

    Backgrounds come first; every other still gets a trigger event, numbered from 1, just after it has appeared.

    Args:
        source: a folder in one of the layouts of `find_stills`.
        out: the recording's folder.
        make_rig: makes the rig from the background, or from the first still where there is none. A rig fits one
            pose: of stills from a camera that moved, import one at a time.
        camera_id: what to call the camera.
        names: import only the stills of these names; all when empty.
        repeat: frames per still.
        fps: frames per second.
        depth_unit_mm: see `find_stills`.

    Raises:
        RecordingError: the folder is in no known layout, a name is not in it, or `out` holds a recording.
    """
    folder = find_stills(source, depth_unit_mm)
    stills = _named(folder, source, names)
    if _moved(folder, stills):
        _log.warning("the camera moved between the stills of %s, and a rig fits one pose: use --name STILL", source)
    serial = f"PNG-{source.parent.name}-{source.name}"
    _, depth = folder.read(stills[0])
    depth_mm = depth.astype(np.float32) * np.float32(folder.depth_unit_mm)
    rig_json = make_rig(camera_id, serial, folder.intrinsics, depth_mm)
    spec = StreamSpec(camera_id, serial, folder.intrinsics, fps, folder.depth_unit_mm)
    writer = RecordingWriter(out, [spec], rig_json)
    plc_id = 0
    for number, still in enumerate(stills):
        colour, depth = folder.read(still)
        first = number * repeat
        if not still.is_background:
            plc_id += 1
            writer.event(Announcement(plc_id, round((first + 0.5) * 1e9 / fps)))
        for index in range(first, first + repeat):
            writer.write(camera_id, colour, depth, round(index * 1e9 / fps))
    return writer.close()


def _moved(folder: StillFolder, stills: list[Still]) -> bool:
    poses = [folder.poses[still.name] for still in stills if still.name in folder.poses]
    return len(poses) > 1 and bool(np.ptp(poses, axis=0).max() > _SAME_POSE)


def _named(folder: StillFolder, source: Path, names: Collection[str]) -> list[Still]:
    known = [still.name for still in folder.stills]
    if missing := sorted(set(names) - set(known)):
        raise RecordingError(f"{source} holds no still {', '.join(missing)}. Name some of: {', '.join(known)}")
    return [still for still in folder.stills if not names or still.name in names]
