"""The light step reads a gradient over the tray as it is, from any camera, and names the panels beside it."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.setup_booth import LENS, captured

from station.rig import Rig
from station.setup.captures import Kind, Shot
from station.setup.light import light
from station.setup.poses import transform as pose_of
from station.setup.session import Session
from station.simulation.layout import booth_rig
from station.simulation.settings import SimulationSettings

BOOTHS = Path(__file__).parents[3] / "hardware" / "booths"
PLANNED = booth_rig(SimulationSettings())
RIG = replace(PLANNED, cameras=tuple(replace(camera, intrinsics=LENS) for camera in PLANNED.cameras))
INNER_HALF_MM = np.array([440.0, 340.0]) * 0.7 / 2
RAYS = np.dstack(
    [
        cv2.undistortPoints(
            np.dstack(np.meshgrid(np.arange(LENS.width_px), np.arange(LENS.height_px))).reshape(-1, 1, 2).astype(float),
            LENS.matrix,
            np.array(LENS.distortion),
        ).reshape(LENS.height_px, LENS.width_px, 2),
        np.ones((LENS.height_px, LENS.width_px)),
    ]
)


def lit(folder, right: float, far: float, brightness=(100.0, 100.0), clipped: str = "", rig: Rig = RIG) -> Session:
    """A session whose tray's right half is that much brighter than its left, in shares of the middle; so its far.

    Beside the tray it is dark.
    """
    session, slopes = captured(folder, rig), np.array([right, far]) / INNER_HALF_MM
    shots = {}
    for camera in rig.cameras:
        turn, place = camera.rig_from_camera[:3, :3], camera.rig_from_camera[:3, 3]
        ways = RAYS @ turn.T
        x_y = place[:2] - ways[..., :2] / np.minimum(ways[..., 2:], -1e-3) * place[2]
        on_tray = (np.abs(x_y) < np.array(RIG.tray.size_mm) / 2).all(axis=-1)
        level = np.clip(0.3 * (1 + x_y @ slopes) * on_tray, 0, 1) ** (1 / 2.2)
        colour = np.repeat(np.rint(255 * level)[..., None], 3, axis=2).astype(np.uint8)
        colour[200:240, 300:340] = 255 if camera.camera_id == clipped else colour[200:240, 300:340]
        depth, stamps = np.zeros((1, *colour.shape[:2]), np.uint16), np.zeros(len(brightness), np.int64)
        shots[camera.camera_id] = Shot(colour, depth, 0.1, stamps, np.array(brightness))
    session.save_capture(Kind.EMPTY, shots)
    return session


def figures(result, name: str) -> dict[str, float]:
    return {measure.subject: measure.value for measure in result.measures if measure.name == name}


@pytest.mark.parametrize(
    ("right", "far", "words"),
    [
        (0.18, 0.0, "the tray's right side (panel right) is 18% brighter than its left side (panel left)"),
        (-0.12, 0.0, "the tray's left side (panel left) is 12% brighter than its right side (panel right)"),
        (0.0, 0.1, "the tray's far side (panel back) is 10% brighter than its near side (no panel)"),
    ],
)
def test_every_camera_reads_the_trays_unevenness_and_panels_are_named(tmp_path, right, far, words):
    result = light(lit(tmp_path, right, far))
    assert result.ok
    assert result.advice == (words,)
    assert figures(result, "light between halves") == pytest.approx(
        dict.fromkeys(("top", "left", "right"), max(abs(right), far)), abs=0.01
    )


def test_light_is_read_on_the_tray_of_cameras_off_their_plan(tmp_path):
    rng = np.random.default_rng(3)
    shifts = [pose_of(np.append(np.zeros(3), rng.normal(0, 60, 3))) for _ in RIG.cameras]
    off = replace(
        RIG,
        cameras=tuple(
            replace(camera, rig_from_camera=shift @ camera.rig_from_camera)
            for camera, shift in zip(RIG.cameras, shifts, strict=True)
        ),
    )
    result = light(lit(tmp_path, 0.18, 0.0, rig=off))
    assert figures(result, "light between halves") == pytest.approx(
        dict.fromkeys(("top", "left", "right"), 0.18), abs=0.01
    )


@pytest.mark.parametrize(("mains_hz", "words"), [(50, 0), (60, 1)])
def test_flicker_that_cannot_show_is_told(tmp_path, mains_hz, words):
    session = lit(tmp_path, 0.0, 0.0)
    session.settings = replace(session.settings, mains_hz=mains_hz)
    said = [each for each in light(session).advice if "60 Hz mains does not show at 15 frames a second" in each]
    assert len(said) == words
    assert all("a multiple of 8.33 ms" in each for each in said)


def test_light_beyond_its_limit_fails_and_says_what_to_do(tmp_path):
    result = light(lit(tmp_path, 0.5, 0.0))
    assert not result.ok
    assert result.advice[0].endswith("(panel left). Dim the panels there, or brighten those across")


def test_even_light_needs_no_words(tmp_path):
    assert light(lit(tmp_path, 0.0, 0.0)).advice == ()


def test_overexposure_and_flicker_are_told_of_each_camera(tmp_path):
    result = light(lit(tmp_path, 0.0, 0.0, brightness=(100.0, 110.0), clipped="left"))
    assert [words for words in result.advice if "overexposed" in words] == [
        "camera left is overexposed: lower its exposure or turn the lamps away from it"
    ]
    assert sum("flicker" in words for words in result.advice) == 3


def test_a_dark_booth_fails(tmp_path):
    session = lit(tmp_path, 0.0, 0.0)
    session.settings = replace(session.settings, min_white=220.0)
    result = light(session)
    assert not result.ok
    assert (
        "camera top sees the board's white paper at 210 of 255: expose longer, or switch on more light" in result.advice
    )


def test_camera_that_is_not_planned_is_told(tmp_path):
    session = lit(tmp_path, 0.0, 0.0)
    plan = tmp_path / "plan.json"
    plan.write_text((BOOTHS / "three.json").read_text().replace('"camera_id": "top"', '"camera_id": "above"'))
    session.settings = replace(session.settings, booth=str(plan))
    assert set(figures(light(session), "light between halves")) == {"top", "left", "right"}  # the board shows where
    session.forget("light", [Kind.BOARD])
    result = light(session)
    assert result.advice[0].startswith("camera top did not see the board laid first, and setup.booth does not plan it")
    assert set(figures(result, "light between halves")) == {"left", "right"}
