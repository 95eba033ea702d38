"""`station tune` from budget to certificate, and what the station says of it."""

from dataclasses import replace

import pytest
from support.command import station
from support.stations import get, serving_replay, tiny_config, tiny_settings, write_toml

from station.config import load_config
from station.daemon.clock import ManualClock
from station.daemon.parts import build_inspector, source_rig
from station.gallery import METHOD
from station.judge import Fusion, SourceWeight, write_fusion


@pytest.fixture
def settings(tiny_recording, tiny_gallery, tmp_path):
    return tiny_settings(
        tiny_gallery,
        tmp_path,
        source={"kind": "replay", "recording": str(tiny_recording.path)},
        judge={"folder": str(tmp_path / "tuning"), "certificate_required": True},
    )


def certificate_of(config):
    return build_inspector(config, source_rig(config), ManualClock(), True).judge.standing


def test_a_budget_becomes_a_certificate_that_lapses_with_its_configuration(settings, tmp_path, monkeypatch, capsys):
    file = write_toml(tmp_path / "station.toml", settings)
    assert certificate_of(load_config(file)).refusal.startswith("no certificate")
    assert station(monkeypatch, "tune", "--config", file, "--max-false-alarms", "0.4", "--confidence", "0.9") == 0
    assert "good items of 2 products" in capsys.readouterr().out
    config = load_config(file)
    assert certificate_of(config).in_force.threshold.max_false_alarm_rate == 0.4
    stricter = replace(config, judge=replace(config.judge, major_excess=2.0))
    assert "config was" in certificate_of(stricter).refusal


def test_weights_in_force_are_not_certified_by_the_items_they_were_fitted_to(settings, tmp_path, monkeypatch, capsys):
    file = write_toml(tmp_path / "station.toml", settings)
    provenance = build_inspector(load_config(file), source_rig(load_config(file)), ManualClock(), True).provenance
    weights = {"references": SourceWeight(0.0, 0.05, 1.0, 1.2)}
    fusion = Fusion(provenance.model, METHOD, -0.5, weights, tuple(map(float, range(500))), "parcels")
    write_fusion(tmp_path / "tuning", fusion)
    assert station(monkeypatch, "tune", "--config", file, "--max-false-alarms", "0.4", "--confidence", "0.9") == 1
    assert "Name a dataset" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "tuning" / "certificate.json").exists()


def test_more_than_the_good_items_prove_is_refused(settings, tmp_path, monkeypatch, capsys):
    file = write_toml(tmp_path / "station.toml", settings)
    assert station(monkeypatch, "tune", "--config", file, "--max-false-alarms", "0.001") == 1
    assert "2995 in all" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "tuning" / "certificate.json").exists()


def test_the_api_shows_that_nothing_is_certified(tiny_recording, tiny_gallery, tmp_path):
    config = tiny_config(
        tiny_gallery, tmp_path, judge={"folder": str(tmp_path / "tuning"), "certificate_required": True}
    )
    with serving_replay(config, tiny_recording) as serving:
        status, told = get(serving.url, "/v1/certificate")
    assert (status, told["state"], told["required"], told["threshold"]) == (200, "none", True, None)
    assert told["detail"].startswith("no certificate was issued")
