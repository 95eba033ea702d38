"""Cameras that stand where the booth's plan has others are named."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.setup_booth import RIG, captured

from station.rig import Rig
from station.setup.rigging import against_plan, tray_depth, tray_shift
from station.setup.settings import SetupSettings
from station.simulation.board import lay_poses
from station.simulation.layout import load_layout

PLAN = load_layout("three")
HARDWARE = Path(__file__).parents[3] / "hardware"


def named(**names: str) -> Rig:
    """The booth with cameras under other names."""
    return replace(RIG, cameras=tuple(replace(c, camera_id=names.get(c.camera_id, c.camera_id)) for c in RIG.cameras))


def test_booth_as_planned():
    measures, failures, advice = against_plan(RIG, PLAN)
    assert (failures, advice) == ([], [])
    assert max(measure.value for measure in measures) < 1


@pytest.mark.parametrize(("one", "other"), [("left", "right"), ("left", "top"), ("right", "top")])
def test_swapped_cameras_are_named(one, other):
    failures = against_plan(named(**{one: other, other: one}), PLAN)[1]
    assert len(failures) == 1
    assert failures[0].startswith(f"cameras {one} and {other} are swapped: each stands where setup.booth has the other")


def test_cameras_in_a_ring_of_roles_are_each_named():
    failures = against_plan(named(top="left", left="right", right="top"), PLAN)[1]
    assert sorted(words.split(". ")[0] for words in failures) == [
        "camera left stands where setup.booth has top",
        "camera right stands where setup.booth has left",
        "camera top stands where setup.booth has right",
    ]


def test_names_that_the_plan_has_not_are_told():
    measures, failures, advice = against_plan(named(top="above"), PLAN)
    assert (measures, failures) == ([], [])
    assert advice == [
        "setup.booth plans cameras top, left, right, here are above, left, right: places are not compared"
    ]


@pytest.mark.parametrize(
    ("shift_mm", "turn_deg", "fails"), [((10, 0), 3, False), ((20, 0), 0, True), ((0, -30), 0, True), ((0, 0), 8, True)]
)
def test_first_board_laid_off_its_place_is_told(shift_mm, turn_deg, fails):
    frame = np.eye(4)
    cosine, sine = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    frame[:2, :2], frame[:2, 3] = [[cosine, -sine], [sine, cosine]], shift_mm
    rig = replace(RIG, tray=replace(RIG.tray, rig_from_tray=frame))
    measures, failures = tray_shift(rig, PLAN, SetupSettings())
    assert measures[0].value == pytest.approx(np.hypot(*shift_mm), abs=1.0)
    assert measures[1].value == pytest.approx(turn_deg, abs=0.2)
    assert [words.startswith("the working area lies ") for words in failures] == [True] * fails


@pytest.mark.parametrize(("off_mm", "says"), [(-2.0, None), (10.0, "10.0 mm above"), (-8.0, "8.0 mm below")])
def test_plane_that_is_not_where_depth_has_the_tray_is_told(tmp_path, off_mm, says):
    shot = captured(tmp_path).empty()["top"]
    depth = np.full_like(shot.depth, round((610.0 - off_mm) / shot.depth_unit_mm))
    measures, failures = tray_depth(RIG, {"top": replace(shot, depth=depth)}, SetupSettings(board_thickness_mm=13.0))
    assert measures[0].value == pytest.approx(abs(off_mm), abs=0.1)
    assert measures[0].ok == (says is None) == (not failures)
    for words in failures:
        assert words.startswith(f"camera top sees the empty tray {says} the plane")
        assert "setup.board_thickness_mm says 13 mm" in words


@pytest.mark.parametrize("booth", ["three", "six"])
def test_shipped_drawing_is_of_the_booth_file(booth):
    draw = runpy.run_path(str(HARDWARE / "draw.py"))["draw"]
    assert draw(booth) == (HARDWARE / "booths" / f"{booth}.svg").read_text()


@pytest.mark.parametrize("seed", range(5))
def test_no_two_places_where_the_simulated_person_lays_the_board_look_alike(seed):
    laid = lay_poses(RIG, (420.0, 297.0), 3.0, np.random.default_rng(seed))
    turns = sorted(np.arctan2(pose[1, 0], pose[0, 0]) for pose in laid)
    assert min(np.diff(turns)) >= 0.2
