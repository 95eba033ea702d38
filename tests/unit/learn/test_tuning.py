"""Weights are fitted to what tells damage, and the confidence they give means what it says."""

from dataclasses import replace

import numpy as np
import pytest

from station.core.errors import TuningError
from station.judge import JudgeSettings
from station.learn.dataset import Split
from station.learn.tuning.figures import calibration_error, reliability
from station.learn.tuning.fit import fit_fusion
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


def test_the_confidence_of_other_products_means_what_it_says() -> None:
    tuned = tune([*items(1000, 3), *items(4000, 4, Split.TEST)], "m", "nearest", "made up", JudgeSettings())
    assert tuned.figures["ece"] < 0.05
    assert len(tuned.good_scores) == 2000
    assert set(tuned.figures["ablation"]) == {"supervised", "references", "depth", "all"}
    [against] = [gain for gain in tuned.figures["gains"] if (gain["group"], gain["source"]) == ("all", "supervised")]
    assert against["gain"]["low"] > 0


def test_too_few_items_of_a_sort_are_refused() -> None:
    with pytest.raises(TuningError, match="100 good and 5 damaged items are too few"):
        fit_fusion([item for item in items(200, 5) if not item.damaged or int(item.item_id) < 10], "m", "n", "made up")


def test_the_calibration_error_is_the_mean_gap() -> None:
    bins = reliability(np.array([0.01, 0.02, 0.99, 0.98]), np.array([False, True, True, True]))
    assert [one.items for one in bins] == [2, 2]
    assert calibration_error(bins) == pytest.approx((0.485 + 0.015) / 2)
