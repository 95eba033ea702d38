"""Real RealSense pictures: imported, played by librealsense, announced from outside, found and judged."""

import json

import numpy as np
import pytest
from support.command import station

from station.config import load_config
from station.daemon.lockstep import replay_lockstep
from station.recording import open_recording

pytestmark = pytest.mark.shared_data


@pytest.fixture
def controller_config(tmp_path, tiny_gallery):
    """The controller announces; no empty tray is waited for. Any gallery will do: it knows none of these products."""
    file = tmp_path / "station.toml"
    file.write_text(f'[scene]\ntrigger = "controller"\n[gallery]\npath = "{tiny_gallery}"\n')
    return file


def test_the_arc_tote_is_one_item_of_no_known_product(shared_data, tmp_path, controller_config, monkeypatch):
    recording, verdicts = tmp_path / "arc", tmp_path / "verdicts.jsonl"
    assert station(monkeypatch, "recordings", "import", shared_data / "arc", recording) == 0
    arguments = ("replay", recording, "--lockstep", "--json", verdicts, "--config", controller_config)
    assert station(monkeypatch, *arguments) == 0
    (verdict,) = [json.loads(line) for line in verdicts.read_text().splitlines()]
    assert (verdict["plc_id"], verdict["decision"]) == (1, "sideline")
    assert "unknown_product" in [reason["reason"] for reason in verdict["reasons"]]


def test_the_arc_totes_contents_are_masked_and_its_holed_depth_is_said(
    shared_data, tmp_path, controller_config, monkeypatch
):
    assert station(monkeypatch, "recordings", "import", shared_data / "arc", tmp_path / "arc") == 0
    (verdict,) = replay_lockstep(open_recording(tmp_path / "arc"), load_config(controller_config))
    (view,) = verdict.views
    assert 0.2 < np.count_nonzero(view.mask) / view.mask.size < 0.95
    assert 0.3 < view.quality.depth_fill < 1.0
    assert np.nanpercentile(view.height_mm[view.mask], 90) > 30


@pytest.mark.parametrize("name", ["frame-000000", "frame-000005"])
def test_each_apc_tote_picture_gets_its_verdict(shared_data, tmp_path, controller_config, monkeypatch, name):
    """The camera moved between these pictures, so each is a recording of its own."""
    recording = tmp_path / name
    assert station(monkeypatch, "recordings", "import", shared_data / "apc" / "tote", recording, "--name", name) == 0
    (verdict,) = replay_lockstep(open_recording(recording), load_config(controller_config))
    assert (verdict.plc_id, verdict.decision.name) == (1, "SIDELINE")
