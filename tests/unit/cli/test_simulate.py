"""A booth that a configuration describes is what the verbs of the simulated booth show."""

import pytest
from support.command import station

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")
pytest.importorskip("pyarrow", reason="datasets need the extra [data]")

from station.learn.dataset import open_dataset
from station.recording import open_recording

SIX = """
[simulation]
booth = "six"
width_px = 160
height_px = 120
fps = 5
supersampling = 1
products = 3
pair_share = 1.0
lead_ms = 200
rest_ms = 600
"""


@pytest.fixture
def config(tmp_path):
    file = tmp_path / "booth.toml"
    file.write_text(SIX)
    return file


def test_a_recording_is_of_the_booth_and_the_products_asked_for(config, tmp_path, monkeypatch):
    out = tmp_path / "rehearsal"
    assert station(monkeypatch, "simulate", "recording", out, "--items", "2", "--config", config) == 0
    made = open_recording(out)
    assert len(made.tracks) == 6
    first, second = made.items
    drawn = {"-".join(item.product_id.split("-")[1:3]) for item in (first, second)}
    assert drawn == {"booth-2026"}, "a generated product's id"
    assert second.arrive_ns < first.leave_ns, "a pair"


def test_a_dataset_is_of_the_booth_asked_for_and_says_so(config, tmp_path, monkeypatch):
    out = tmp_path / "parcels"
    assert station(monkeypatch, "simulate", "dataset", out, "--items", "2", "--config", config) == 0
    made = open_dataset(out)
    assert [len(item.views) for item in made.items] == [6, 6]
    assert "booth = 'six'" in made.card.command


@pytest.mark.parametrize(
    ("verb", "maker"),
    [("dataset", "station.learn.simulated.simulate_dataset"), ("recording", "station.simulation.record.record_booth")],
)
def test_what_is_interrupted_says_that_it_goes_on(tmp_path, monkeypatch, capsys, verb, maker):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(maker, interrupted)
    assert station(monkeypatch, "simulate", verb, tmp_path / "parcels", "--items", "2") == 130
    told = capsys.readouterr().err
    assert "same command goes on" in told
    assert "parcels" in told
