"""station evaluate on pictures never seen before: what is judged, by what, and what people get to read."""

import json
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest
from support.command import ROOT, station

pytest.importorskip("sklearn", reason="evaluation needs the extra [data]")

from station.core.errors import BundleError, DatasetError
from station.learn.dataset import open_dataset
from station.learn.evaluation.evaluate import evaluate
from station.learn.evaluation.scorers import open_scorers
from station.learn.evaluation.scoring import ItemScore
from station.learn.evaluation.views import ViewMaker, references_of
from station.learn.importing.mvtec import read_mvtec
from station.learn.importing.source import write_dataset


def draw(file, seed, hole):
    """A striped card with noise, wider than high; a black hole where it is damaged."""
    rng = np.random.default_rng(seed)
    picture = np.where(np.arange(240) // 20 % 2, 200, 120)[None, :, None] * np.ones((160, 1, 3))
    if hole:
        cv2.circle(picture, (int(rng.integers(60, 180)), 80), 24, (10, 10, 10), -1)
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), np.clip(picture + rng.normal(0, 4, picture.shape), 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    src = tmp_path_factory.mktemp("cards") / "cards"
    for number in range(5):
        draw(src / f"train/good/{number}.png", number, False)
    for number in range(4):
        draw(src / f"test/good/{number}.png", 10 + number, False)
        draw(src / f"test/hole/{number}.png", 20 + number, True)
    for number in range(4):
        dark = (cv2.imread(str(src / f"test/hole/{number}.png")).max(axis=2) < 60).astype(np.uint8) * 255
        (src / "ground_truth/hole").mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(src / f"ground_truth/hole/{number}_mask.png"), dark)
    return write_dataset(read_mvtec(src), src.parent / "set", "tests", "pytest", lambda _: None)


def test_references_alone_find_a_hole(dataset, tmp_path, monkeypatch, capsys):
    json_file, report = tmp_path / "figures.json", tmp_path / "report.html"
    options = ("--references", "3", "--json", json_file, "--report", report)
    assert station(monkeypatch, "evaluate", dataset.path, *options) == 0
    figures = json.loads(json_file.read_text())
    assert set(figures["item"]["auroc"]) == {"value", "low", "high"}
    assert figures["item"]["auroc"]["value"] == 1
    assert figures["item"]["auroc"]["low"] < 0.5  # of four and four items
    assert (figures["item"]["good"], figures["item"]["damaged"], figures["item"]["silent"]) == (4, 4, 0)
    assert figures["types"]["hole"]["ap"]["value"] == 1
    assert figures["item"]["ap_major"] is None
    assert figures["pixel"]["auroc"]["value"] > 0.9
    assert len(figures["items"]) == 8
    assert "AUROC 1.000, 95 % interval" in capsys.readouterr().out
    html = report.read_text()
    assert html.count("data:image/jpeg") == 8 * 3  # each item, its map and a reference
    assert html.count("<svg") == 4
    assert not re.search(r"(src|href)=\"(?!data:)", html)


class Told:
    """A scorer that says what it is told, and keeps what it was shown."""

    name, view_px = "told", 64

    def __init__(self, scores):
        self.scores, self.references, self.views = iter(scores), [], []

    def product(self, references):
        self.references.append(references)

        def score(views):
            self.views.append(views)
            told = next(self.scores)
            return ItemScore(told, {} if told is None else {"camera": np.full((4, 4), told, np.float32)}, reason="dark")

        return score


def test_a_scorer_gets_views_of_the_test_items_and_the_first_references(dataset):
    scorer = Told(range(8))
    done = []
    found = evaluate(dataset, scorer, 2, done.append)
    assert done == list(range(1, 9))
    assert [len(references) for references in scorer.references] == [2]
    (view,) = scorer.views[0]
    assert view.crop.shape == (64, 64, 3)
    assert view.mask.sum() == pytest.approx(64 * 64 * 160 / 240, rel=0.05)  # the picture, level in the square
    assert (view.crop[0] == 127).all()
    assert {one.item.split for one in found.judged} == {"test"}


def test_silence_ranks_below_all_and_is_counted(dataset):
    found = evaluate(dataset, Told([1, 2, 3, 4, None, 5, 6, 7]), 1, lambda _: None)
    assert found.figures["silent"] == {"dark": 1}
    assert found.figures["item"]["auroc"]["value"] == pytest.approx(0.75)
    assert min(found.judged, key=lambda one: one.score).silent == "dark"
    with pytest.raises(DatasetError, match="silent on all 8"):
        evaluate(dataset, Told([None] * 8), 1, lambda _: None)


def test_defects_lie_where_the_picture_shows_them(dataset):
    maker = ViewMaker(dataset, 120)
    item = next(item for item in dataset.items if item.is_damaged)
    (view,) = maker.views(item)
    (defect,) = maker.defects(item, view)
    dark = view.crop.max(axis=2) < 70
    assert (defect.mask & dark).sum() / (defect.mask | dark).sum() > 0.8


def test_marked_references_come_before_good_training_items(dataset):
    shown = references_of(dataset.items, 2)
    assert [item.item_id for item in shown["cards"]] == ["cards-train-good-0", "cards-train-good-1"]


def test_a_bundle_that_only_describes_needs_references(dataset):
    with pytest.raises(BundleError, match="--references K"):
        open_scorers(dataset, None, None)


def test_without_scikit_learn_the_error_names_the_extra(dataset):
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        f"sys.argv = ['station', 'evaluate', {str(dataset.path)!r}, '--references', '1']\n"
        "from station.cli import main; main()"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert result.returncode == 1
    assert "pip install 'damage-station[data]', in a clone pip install '.[data]'" in result.stderr


def test_what_was_imported_is_what_is_judged(dataset):
    assert open_dataset(dataset.path).counts["test"] == 8
