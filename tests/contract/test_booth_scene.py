"""The simulated booth through synchroniser, tracker and extractor: the truth is the booth's own."""

import cv2
import numpy as np
import pytest

from station.core.frames import Frame, TimeDomain
from station.scene import SceneSettings, Synchroniser, Tracker
from station.vision import ViewExtractor, VisionSettings

pytest.importorskip("embreex", reason="needs the extra [sim]")

from station.simulation.booth import Booth


def captures_of(booth):
    """Play the booth frame by frame; yield captures as they come."""
    camera_ids = [camera.camera_id for camera in booth.rig.cameras]
    synchroniser = Synchroniser(camera_ids, SceneSettings())
    tracker = Tracker(booth.rig, SceneSettings(), "booth")
    announcements = [item.announcement for item in booth.plan]
    for index in range(booth.frame_count):
        for camera_id in camera_ids:
            shot = booth.frame(camera_id, index)
            while announcements and announcements[0].t_ns <= shot.t_ns:
                tracker.announce(announcements.pop(0), shot.t_ns)
            frameset = synchroniser.push(
                Frame(
                    camera_id=camera_id,
                    sequence=index,
                    device_t_ns=shot.t_ns,
                    host_t_ns=shot.t_ns,
                    time_domain=TimeDomain.GLOBAL,
                    colour=shot.colour,
                    depth=shot.depth,
                    depth_unit_mm=shot.depth_unit_mm,
                )
            )
        yield from tracker.push(frameset, shot.t_ns)


def test_every_item_of_the_booth_is_captured_once_at_rest_and_outlined():
    booth = Booth(seed=11, item_count=5)
    captures = list(captures_of(booth))
    assert [(capture.plc_id, capture.fault) for capture in captures] == [(n, None) for n in range(1, 6)]
    extractor = ViewExtractor(booth.rig, VisionSettings())
    overlaps = []
    for capture, item in zip(captures, booth.plan, strict=True):
        assert item.arrive_ns <= capture.framesets[0].t_ns < capture.framesets[-1].t_ns < item.leave_ns
        for view in extractor.extract(capture):
            lens = booth.rig.camera(view.camera_id).intrinsics
            seen = booth.item_mask(view.camera_id, item.index).astype(np.uint8) * 255
            truth = cv2.undistort(seen, lens.matrix, np.array(lens.distortion))
            true_mask = cv2.warpAffine(truth, view.crop_from_image, view.mask.shape[::-1]) > 127
            overlaps.append(np.count_nonzero(true_mask & view.mask) / np.count_nonzero(true_mask | view.mask))
    assert len(overlaps) == 15
    assert np.median(overlaps) > 0.95
    assert min(overlaps) > 0.8
