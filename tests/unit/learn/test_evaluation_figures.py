"""Figures against known values, and intervals against the truth they are to hold."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="evaluation needs the extra [data]")

from scipy.stats import norm
from sklearn.metrics import average_precision_score, roc_auc_score

from station.learn.evaluation.intervals import bootstrap, share
from station.learn.evaluation.item_figures import item_figures, ppv
from station.learn.evaluation.pixel_figures import Levels, ViewMap, box_figures, item_pixels, pixel_figures
from station.learn.evaluation.views import Defect


def test_figures_agree_with_scikit_learn_and_with_counting():
    rng = np.random.default_rng(1)
    good, damaged = rng.normal(size=200).round(1), rng.normal(1, 1, 100).round(1)  # with ties
    truth, scores = np.repeat([0, 1], [200, 100]), np.concatenate([good, damaged])
    found = item_figures(good, damaged, 1)
    assert found["auroc"].value == pytest.approx(roc_auc_score(truth, scores))
    assert found["ap"].value == pytest.approx(average_precision_score(truth, scores))
    alarmed = [bound for bound in np.unique(scores) if np.mean(good >= bound) <= 0.01]
    assert found["recall_at_1pct_fpr"].value == pytest.approx(np.mean(damaged >= min(alarmed)))
    none = [bound for bound in np.unique(scores) if not (good >= bound).any()]
    assert found["recall_at_0.1pct_fpr"].value == pytest.approx(np.mean(damaged >= min(none)) if none else 0)
    right = [bound for bound in np.unique(scores) if truth[scores >= bound].mean() >= 0.5]
    assert found["recall_at_50pct_precision"].value == pytest.approx(np.mean(damaged >= min(right)))


def test_ppv_at_the_true_base_rate():
    assert ppv(0.7, 0.001) == pytest.approx(0.41, abs=0.005)
    assert ppv(0.7, 0.01) == pytest.approx(0.065, abs=0.001)
    assert ppv(0.0, 0.01) == 0


def test_the_false_alarm_rate_behind_a_ppv_is_known_no_better_than_the_good_items_tell():
    damaged = np.full(200, 9.0)
    found = item_figures(np.arange(1000.0) / 1000, damaged, 1)["ppv_at_0.1pct_fpr"]
    alarms = share(1, 1000)
    assert found.value == pytest.approx(ppv(1, 0.001))
    assert found.low <= ppv(1, alarms.high) < 0.2
    assert found.high == pytest.approx(ppv(1, alarms.low))
    few = item_figures(np.zeros(99), damaged, 1)
    assert few["ppv_at_1pct_fpr"] is few["ppv_at_0.1pct_fpr"] is None
    assert item_figures(np.zeros(100), damaged, 1)["ppv_at_1pct_fpr"] is not None


def test_without_good_or_damaged_items_nothing_is_claimed():
    assert set(item_figures(np.ones(3), np.empty(0), 1).values()) == {None}


def test_intervals_hold_the_truth():
    truth, held = float(norm.cdf(1 / np.sqrt(2))), 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        good, damaged = rng.normal(size=60), rng.normal(1, 1, 40)

        above = damaged[:, None] > good

        def auroc(items, above=above):
            return {"auroc": float(above[np.ix_(items[items >= 60] - 60, items[items < 60])].mean())}

        found = bootstrap(auroc, (np.arange(60), np.arange(60, 100)), seed, resamples=150)["auroc"]
        assert found.low <= found.value <= found.high
        held += found.low <= truth <= found.high
    assert held >= 35


def test_perfection_and_few_items_claim_no_certainty():
    perfect = item_figures(np.arange(20.0), np.arange(100.0, 120.0), 1)["auroc"]
    assert perfect.value == perfect.high == 1
    assert perfect.low == pytest.approx(share(20, 20).low)
    one = item_figures(np.arange(50.0), np.array([20.5]), 1)["auroc"]
    assert one.low < 0.05
    assert one.high > 0.9
    assert share(0, 299).high == pytest.approx(0.0123, abs=1e-4)


def square(side, top, left, size):
    mask = np.zeros((side, side), bool)
    mask[top : top + size, left : left + size] = True
    return mask


def view(scores, *defects, item=None):
    item = np.ones_like(scores, bool) if item is None else item
    return ViewMap.of(scores.astype(np.float32), item, defects)


def figures_of(*items):
    levels = Levels.of([one.scores for item in items for one in item])
    return pixel_figures([item_pixels(levels, item) for item in items], 1)


def test_pixel_figures_of_a_perfect_a_random_and_an_upside_down_map():
    rng = np.random.default_rng(4)
    truth = square(32, 4, 4, 8) | square(32, 20, 20, 3)
    defect = Defect(truth, None)
    good = view(rng.random((32, 32)) * 0.1)
    perfect = figures_of([good], [view(truth + rng.random((32, 32)) * 0.1, defect)])
    assert perfect["auroc"].value == pytest.approx(1, abs=1e-3)
    assert perfect["aupro"].value == pytest.approx(1, abs=5e-3)
    noise = figures_of(*[[view(rng.random((32, 32)), defect)] for _ in range(30)])
    assert noise["auroc"].value == pytest.approx(0.5, abs=0.05)
    assert noise["aupro"].value == pytest.approx(0.15, abs=0.04)  # overlap rises with the alarms, up to 0.3
    assert figures_of([good], [view(1.0 - truth, defect)])["auroc"].value < 0.1


def test_each_region_counts_alike_and_saturates_where_the_dataset_says_so():
    big, small = square(32, 2, 2, 12), square(32, 24, 24, 2)
    rng = np.random.default_rng(5)
    half = view(big + rng.random((32, 32)) * 0.1 - small, Defect(big | small, None))
    assert figures_of([view(rng.random((32, 32)) * 0.1)], [half])["aupro"].value == pytest.approx(0.5, abs=0.01)
    seen = square(32, 2, 2, 6)  # a quarter of the defect
    quarter = view(seen + rng.random((32, 32)) * 0.01, Defect(big, 0.25))
    assert figures_of([view(rng.random((32, 32)) * 0.01)], [quarter])["aupro"].value == pytest.approx(1, abs=0.01)


def test_pixels_beside_the_item_do_not_count():
    truth, item = square(32, 8, 8, 4), square(32, 4, 4, 16)
    scores = truth.astype(float)
    scores[~item] = 9.0
    assert figures_of([view(scores, Defect(truth, None), item=item)])["auroc"].value == pytest.approx(1)


def test_boxes_are_hit_one_to_one():
    one, other = Defect(square(64, 8, 8, 10), None), Defect(square(64, 40, 40, 10), None)
    hit = view((one.mask | other.mask).astype(float), one, other)
    assert box_figures([hit], 1)["recall_at_90pct_precision"].value == 1
    merged = view(square(64, 8, 8, 42).astype(float), one, other)
    assert box_figures([merged], 1)["f1"].value == 0
    missed = view(one.mask.astype(float), one, other)
    found = box_figures([missed, view(np.zeros((64, 64)))], 1)
    assert found["recall_at_90pct_precision"].value == 0.5
    assert found["f1"].value == pytest.approx(2 / 3)
    assert box_figures([view(np.zeros((8, 8)))], 1) is None
