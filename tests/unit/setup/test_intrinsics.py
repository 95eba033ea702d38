"""Intrinsics are refined only where views left out are then clearly better foretold."""

from dataclasses import replace

import pytest
from support.setup_booth import RIG, captured

from station.rig import Rig
from station.setup.intrinsics import intrinsics
from station.setup.rigging import extrinsics, tray


def misled(focal: float, middle_px: float) -> Rig:
    """The booth as cameras describe it that know their lenses wrongly, the second one most."""
    cameras = []
    for number, camera in enumerate(RIG.cameras):
        lens, share = camera.intrinsics, (1.0, -2.0, 1.5)[number]
        lens = replace(
            lens, fx=lens.fx * (1 + share * focal), fy=lens.fy * (1 + share * focal), cx=lens.cx + share * middle_px
        )
        cameras.append(replace(camera, intrinsics=lens))
    return replace(RIG, cameras=tuple(cameras))


def test_wrong_factory_intrinsics_are_refined_and_the_rig_carries_them(tmp_path):
    session = captured(tmp_path, factory=misled(0.003, 2.0))
    result = intrinsics(session)
    assert result.ok
    assert result.advice[0].startswith("refined intrinsics are used: they tell ")
    extrinsics(session)
    tray(session)
    for camera in RIG.cameras:
        lens = session.draft().camera(camera.camera_id).intrinsics
        assert lens.fx == pytest.approx(camera.intrinsics.fx, rel=0.001)
        assert lens.cx == pytest.approx(camera.intrinsics.cx, abs=1.0)
        assert lens.distortion == camera.intrinsics.distortion


def test_right_factory_intrinsics_are_kept(tmp_path):
    session = captured(tmp_path)
    result = intrinsics(session)
    assert result.ok
    assert result.advice[0].startswith("the factory's intrinsics are kept: refined ones tell ")
    assert session.lenses() == {camera.camera_id: camera.intrinsics for camera in RIG.cameras}
