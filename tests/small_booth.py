"""A booth of two small cameras whose pictures say which frame they are."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from station.core.geometry import Intrinsics
from station.core.items import Announcement
from station.recording import Recording, RecordingWriter, StreamSpec
from station.rig import Rig, RigCamera, Tray

FPS = 30
UNIT_MM = 0.5
INTRINSICS = Intrinsics(64, 48, 60.0, 61.0, 31.5, 23.5, (0.125, -0.25, 0.0, 0.0, 0.0))
SERIALS = {"top": "SMALL-1", "left": "SMALL-2"}


@dataclass(frozen=True, slots=True)
class SmallFrame:
    t_ns: int
    colour: NDArray[np.uint8]
    depth: NDArray[np.uint16]
    depth_unit_mm: float = UNIT_MM


def picture(index: int) -> SmallFrame:
    """The frame of that index (0 first): its index is in every pixel, on a fixed pattern."""
    rows, columns = np.mgrid[: INTRINSICS.height_px, : INTRINSICS.width_px]
    colour = np.stack([(rows + index) % 251, (columns * 2) % 253, np.full_like(rows, index % 256)], axis=-1)
    depth = 1000 + index + rows + columns
    t_ns = round(index * 1e9 / FPS)
    return SmallFrame(t_ns, colour.astype(np.uint8), depth.astype(np.uint16))


def small_rig() -> Rig:
    return Rig(
        cameras=tuple(RigCamera(name, serial, INTRINSICS, np.eye(4)) for name, serial in SERIALS.items()),
        tray=Tray(np.eye(4), (400.0, 300.0), 200.0),
    )


class SmallBooth:
    """What `SimulatedCamera` asks of a booth. `render` may be given to misbehave."""

    def __init__(self, frame_count: int, render: Callable[[int], SmallFrame] = picture) -> None:
        self.rig = small_rig()
        self.frame_count = frame_count
        self._render = render

    def frame(self, camera_id: str, index: int) -> SmallFrame:
        return self._render(index)

    def stop(self, camera_id: str) -> None:
        """A picture costs nothing."""


def spec(camera_id: str = "top") -> StreamSpec:
    return StreamSpec(camera_id, SERIALS[camera_id], INTRINSICS, FPS, UNIT_MM)


def write_recording(out: Path, frames: int, camera_ids: tuple[str, ...] = ("top",)) -> Recording:
    writer = RecordingWriter(out, [spec(name) for name in camera_ids], rig_json="{}")
    for index in range(frames):
        frame = picture(index)
        for name in camera_ids:
            writer.write(name, frame.colour, frame.depth, frame.t_ns)
    writer.event(Announcement(plc_id=7, t_ns=100, barcode="4006381333931"))
    return writer.close()
