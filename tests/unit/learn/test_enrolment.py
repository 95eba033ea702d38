"""A dataset's own references make the gallery that tuning on it asks for."""

from dataclasses import replace

import pytest
from support.command import station

pytest.importorskip("embreex", reason="the simulated booth needs the extra [sim]")
pytest.importorskip("pyarrow", reason="datasets need the extra [data]")

from station.config import load_config
from station.core.errors import TuningError
from station.daemon.clock import SystemClock
from station.daemon.parts import build_inspector, source_rig
from station.gallery import METHOD, Gallery
from station.inference import Bundle
from station.learn.dataset import Split
from station.learn.simulated import simulate_dataset
from station.learn.tuning.tune import tune_on
from station.simulation.settings import SimulationSettings

SMALL = SimulationSettings(width_px=160, height_px=120, supersampling=1)
CONFIG = """
[simulation]
width_px = 160
height_px = 120
[source]
kind = "simulated"
[gallery]
path = "{folder}/gallery"
[judge]
folder = "{folder}/judge"
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return simulate_dataset(tmp_path_factory.mktemp("made") / "parcels", 20, 4, 1, lambda done: None, SMALL)


def test_tuning_finds_the_products_that_were_imported(
    dataset, tmp_path, monkeypatch, capsys, shipped_bundle: Bundle
) -> None:
    config = tmp_path / "station.toml"
    config.write_text(CONFIG.format(folder=tmp_path))
    judged = {item.product_id for item in dataset.items if item.split is not Split.TRAIN}
    told = f"references of {len(judged)} products: version {len(judged)}"
    assert station(monkeypatch, "products", "import", dataset.path, "--config", config) == 0
    assert f"added {len(judged)} {told}" in capsys.readouterr().out
    assert station(monkeypatch, "products", "import", dataset.path, "--config", config) == 0
    assert f"added 0 {told}" in capsys.readouterr().out, "an interrupted import goes on"
    gallery = Gallery.open(tmp_path / "gallery", shipped_bundle.digest)
    assert set(gallery.product_ids) == judged
    for product_id in judged:
        item = next(item for item in dataset.items if item.product_id == product_id)
        assert gallery.products[product_id].barcodes == (item.barcode,)
        [reference] = gallery.record(product_id)["references"]
        assert reference["cell_mm"], "depth came along"
    assert station(monkeypatch, "tune", dataset.path, "--config", config) == 1
    assert "are too few to fit weights to" in capsys.readouterr().err


def test_tuning_says_which_products_and_which_split_are_missing(dataset, tmp_path, monkeypatch, capsys) -> None:
    config = tmp_path / "station.toml"
    config.write_text(CONFIG.replace("{folder}/gallery", "demo-gallery").format(folder=tmp_path))
    assert station(monkeypatch, "tune", dataset.path, "--config", config) == 1
    assert f"`station products import {dataset.path}`" in " ".join(capsys.readouterr().err.split())
    settings = load_config(config)
    inspector = build_inspector(settings, source_rig(settings), SystemClock(), True)
    unsplit = replace(dataset, items=tuple(item for item in dataset.items if item.split is not Split.VAL))
    with pytest.raises(TuningError, match="has no items of the split val"):
        tune_on(unsplit, inspector, settings.judge, METHOD, lambda done: None)


def test_a_dataset_without_marked_references_is_refused(tmp_path, monkeypatch, capsys) -> None:
    few = simulate_dataset(tmp_path / "few", 3, 1, 1, lambda done: None, SMALL)
    assert station(monkeypatch, "products", "import", few.path, "--gallery", tmp_path / "gallery") == 1
    assert "marks no references" in capsys.readouterr().err
    assert not (tmp_path / "gallery").exists()
