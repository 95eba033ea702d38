"""Booth files: what they say is the rig; what they cannot say is refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from station.core.errors import SimulationError
from station.simulation import SimulationSettings
from station.simulation.layout import booth_rig, load_layout, project

SETTINGS = SimulationSettings()
THREE = Path(__file__).parents[3] / "hardware" / "booths" / "three.json"


@pytest.mark.parametrize(("booth", "cameras"), [("three", 3), ("six", 6)])
def test_the_shipped_booths_see_their_trays_with_every_camera(booth, cameras):
    rig = booth_rig(replace(SETTINGS, booth=booth))
    assert len(rig.cameras) == cameras
    wide, deep = np.array(rig.tray.size_mm) / 2
    corners = np.array([[x, y, 0.0] for x in (-wide, wide) for y in (-deep, deep)])
    for camera in rig.cameras:
        columns, rows, depth_mm = project(camera, corners).T
        assert (depth_mm > 200).all()
        margin = 0.15 * SETTINGS.width_px  # a corner of the tray's rim may be cut off; items keep inside the picture
        assert columns.min() > -margin
        assert columns.max() < SETTINGS.width_px + margin
        assert rows.min() > -margin
        assert rows.max() < SETTINGS.height_px + margin


def test_a_booth_file_of_one_s_own_is_named_by_its_path(tmp_path):
    data = json.loads(THREE.read_text())
    data["cameras"] = data["cameras"][:2]
    data["tray"]["size_mm"] = [300, 200]
    file = tmp_path / "small.json"
    file.write_text(json.dumps(data))
    rig = booth_rig(replace(SETTINGS, booth=str(file)))
    assert [camera.camera_id for camera in rig.cameras] == ["top", "left"]
    assert rig.tray.size_mm == (300.0, 200.0)


def test_booth_files_that_make_no_booth_are_refused(tmp_path):
    with pytest.raises(SimulationError, match="six, three"):
        load_layout("nine")
    data = json.loads(THREE.read_text())
    for broken, complaint in (
        ({**data, "cameras": data["cameras"][:1]}, "1 cameras"),
        ({**data, "cameras": [data["cameras"][0]] * 2}, "name"),
        ({**data, "panels": [{"panel_id": "left"}]}, "malformed"),
        ({key: value for key, value in data.items() if key != "tray"}, "tray"),
    ):
        file = tmp_path / f"{complaint.replace(' ', '')}.json"
        file.write_text(json.dumps(broken))
        with pytest.raises(SimulationError, match=complaint):
            load_layout(str(file))
