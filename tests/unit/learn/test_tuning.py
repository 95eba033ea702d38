"""Weights are fitted to what tells damage, and the confidence they give means what it says."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from station.core.damage import Severity
from station.core.errors import TuningError
from station.judge import JudgeSettings
from station.learn.dataset import Card, Dataset, Item, Split, View
from station.learn.tuning.figures import calibration_error, reliability
from station.learn.tuning.fit import fit_fusion
from station.learn.tuning.report import write_report
from station.learn.tuning.scored import ScoredItem
from station.learn.tuning.tune import tune


def items(count: int, seed: int, split: Split = Split.VAL) -> list[ScoredItem]:
    """Half are damaged; one source tells well and is silent on every tenth, one tells little, one nothing."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        damaged = bool(number % 2)
        scores = {
            "supervised": rng.normal(-3 + 3 * damaged),
            "references": 0.1 * rng.normal(damaged),
            "depth": rng.normal(),
        }
        if number % 10 == 0:
            del scores["supervised"]
        product = f"{split}-{number // 10}"
        made.append(ScoredItem(str(number), product, "carton", split, damaged, (), False, scores, {}, ()))
    return made


def test_weights_follow_what_each_source_tells() -> None:
    weights = fit_fusion(items(1000, 1), "m", "nearest", "made up").weights
    assert weights["supervised"].weight > weights["references"].weight > weights["depth"].weight >= 0


def test_a_source_that_misleads_gets_no_weight() -> None:
    turned = [replace(item, scores={**item.scores, "depth": -2.0 * item.damaged}) for item in items(400, 2)]
    assert fit_fusion(turned, "m", "nearest", "made up").weights["depth"].weight == 0


def test_weights_that_would_pass_every_item_are_refused() -> None:
    wrong_way = [
        replace(item, scores={"references": -float(item.damaged) + int(item.item_id) / 1e4})
        for item in [*items(200, 8), *items(200, 9, Split.TEST)]
    ]
    with pytest.raises(TuningError, match="no source tells the damaged val items of made up from the good ones"):
        tune(wrong_way, "m", "nearest", "made up", JudgeSettings())


def test_what_is_in_doubt_is_neither_good_nor_found_but_cannot_be_judged() -> None:
    """Every fourth item is clipped, and so is sidelined whatever its scores."""
    clear = [*items(400, 3), *items(400, 4, Split.TEST)]
    doubted = [replace(item, doubts=("clipped",)) if int(item.item_id) % 8 in (0, 1) else item for item in clear]
    tuned = tune(doubted, "m", "nearest", "made up", JudgeSettings())
    told = tuned.figures["cannot judge"]
    assert told["value"] == told["reasons"]["clipped"]["value"] == 0.25
    assert 0.2 < told["low"] < 0.25 < told["high"] < 0.3
    assert len(tuned.good_scores) == len(tuned.damaged_scores) == 150
    assert len(tuned.fusion.good_scores) == 150


def test_recall_at_the_threshold_comes_with_its_interval() -> None:
    tuned = tune([*items(200, 3), *items(100, 4, Split.TEST)], "m", "nearest", "made up", JudgeSettings())
    found = tuned.recall(sorted(tuned.damaged_scores)[4])
    assert found.value == 45 / 50
    assert 0.7 < found.low < 0.9 < found.high < 1
    assert tuned.recall(max(tuned.damaged_scores)).value == 0


def test_the_confidence_of_other_products_means_what_it_says() -> None:
    tuned = tune([*items(1000, 3), *items(4000, 4, Split.TEST)], "m", "nearest", "made up", JudgeSettings())
    assert tuned.figures["ece"] < 0.05
    assert len(tuned.good_scores) == 2000
    assert set(tuned.figures["ablation"]) == {"supervised", "references", "depth", "all"}
    [against] = [gain for gain in tuned.figures["gains"] if (gain["group"], gain["source"]) == ("all", "supervised")]
    assert against["gain"]["low"] > 0


def test_the_report_shows_the_worst_mistakes(tmp_path) -> None:
    cv2.imwrite(str(tmp_path / "top.png"), np.full((32, 32, 3), 90, np.uint8))
    scored = [*items(200, 6), *items(60, 7, Split.TEST)]
    tuned = tune(scored, "m", "nearest", "made up", JudgeSettings())
    views = (View("top", "top.png"),)
    shown = [
        Item(one.item_id, one.product_id, "P", one.kind, one.split, (), severity, views)
        for one in scored
        for severity in [None if one.damaged else Severity.NONE]
        if one.split is Split.TEST
    ]
    dataset = Dataset(tmp_path, Card("made up", "none", "tests", "pytest"), tuple(shown))
    write_report(tuned, dataset, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert page.count("data:image/jpeg") == 2 * 12
    assert page.count("<svg") == 2
    worst = max((own, item) for item, own in tuned.confidences.items() if int(item) % 2 == 0)
    assert page.index(f"</b> {worst[1]}<br>") < page.index("Worst misses")


def test_too_few_items_of_a_sort_are_refused() -> None:
    with pytest.raises(TuningError, match="100 good and 5 damaged items are too few"):
        fit_fusion([item for item in items(200, 5) if not item.damaged or int(item.item_id) < 10], "m", "n", "made up")


def test_a_refusal_names_the_doubts_that_leave_too_few() -> None:
    blurred = [replace(item, doubts=("blurred",)) for item in items(200, 5)]
    with pytest.raises(TuningError, match=r"0 good and 0 damaged.*the others are in doubt: blurred 200"):
        tune(blurred, "m", "nearest", "made up", JudgeSettings())


def test_the_calibration_error_is_the_mean_gap() -> None:
    bins = reliability(np.array([0.01, 0.02, 0.99, 0.98]), np.array([False, True, True, True]))
    assert [one.items for one in bins] == [2, 2]
    assert calibration_error(bins) == pytest.approx((0.485 + 0.015) / 2)
