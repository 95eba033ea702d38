"""`station record` from the command line."""

import pytest
from support.command import station
from support.stations import write_toml

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")

from station.recording import open_recording

BOOTH = {
    "width_px": 160,
    "height_px": 120,
    "fps": 10,
    "lead_ms": 200,
    "rest_ms": 300,
    "gap_ms": 200,
    "announce_ms": 100,
    "supersampling": 1,
}


def test_a_recording_of_the_simulated_booth_knows_what_it_shows(tmp_path, monkeypatch):
    source = {"kind": "simulated", "items": 2, "seed": 3, "speed": 10}
    config = write_toml(tmp_path / "station.toml", {"source": source, "simulation": BOOTH})
    assert station(monkeypatch, "record", tmp_path / "out", "--seconds", "60", "--config", config) == 0
    recording = open_recording(tmp_path / "out")
    recording.verify()
    assert [item.plc_id for item in recording.items] == [event.plc_id for event in recording.events] == [1, 2]
    assert all(recording.mask(item, "top").any() for item in recording.items)
