"""Depth of a sensor beside the colour sensor is brought into the colour picture."""

from typing import Any

import numpy as np
from small_booth import INTRINSICS, spec

from station.cameras import PipelineCamera
from station.daemon.clock import ManualClock
from station.recording import SoftwareCamera
from station.recording.librealsense import rs

BASELINE_M = 0.1
DISTANCE_MM = 1000


class OffsetCamera(PipelineCamera):
    """Its depth sensor sits `BASELINE_M` beside the colour sensor and looks at a wall."""

    def _configure(self, pipe: Any, config: Any) -> None:
        self._device = SoftwareCamera(spec())
        beside = rs.extrinsics()
        beside.rotation = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
        beside.translation = [BASELINE_M, 0.0, 0.0]
        self._device._depth_profile.register_extrinsics_to(self._device._colour_profile, beside)
        pipe.set_device(self._device.device)

    def _feed(self) -> None:
        shape = (INTRINSICS.height_px, INTRINSICS.width_px)
        colour = np.zeros((*shape, 3), np.uint8)
        wall = np.full(shape, DISTANCE_MM / 0.5, np.uint16)
        self._device.push(colour, wall, 0, 1)


def test_depth_moves_by_the_parallax_of_the_two_sensors() -> None:
    camera = OffsetCamera("top", ManualClock(), slots=2)
    camera.open()
    frame = camera.read(1000)
    assert frame is not None
    shift_px = round(BASELINE_M * 1000 / DISTANCE_MM * INTRINSICS.fx)
    assert not frame.depth[:, : shift_px - 1].any()
    assert (frame.depth[2:-2, shift_px + 2 : -2] == DISTANCE_MM / 0.5).all()
    frame.release()
    camera.close()
