"""The threshold keeps its word, and no certificate says more than its good items prove."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from station.core.errors import TuningError
from station.judge import certifiable_rate, certify, choose_threshold, good_items_needed
from station.judge.confidence import damage_confidence

scores = st.floats(-2, 2, allow_nan=False)
good_lists = st.lists(scores, min_size=1, max_size=60).map(sorted)
rates = st.floats(0.001, 0.5)


@given(good_lists, scores, rates)
def test_the_confidence_agrees_with_the_threshold(good: list[float], score: float, rate: float) -> None:
    threshold = choose_threshold(good, rate, 0.95)
    assume(abs(score - threshold.score) > 1e-9)
    at_limit, confidence = damage_confidence(threshold.score, good), damage_confidence(score, good)
    assert confidence >= at_limit if score > threshold.score else confidence <= at_limit
    assert at_limit >= 1.0 - threshold.max_false_alarm_rate - 1e-9 or len(good) < 59


@given(good_lists, rates, st.floats(0.5, 0.999))
def test_no_more_good_items_lie_above_the_threshold_than_it_upholds(
    good: list[float], rate: float, confidence: float
) -> None:
    threshold = choose_threshold(good, rate, confidence)
    assert threshold.false_alarms == sum(score > threshold.score for score in good)
    assert threshold.false_alarms <= threshold.max_false_alarm_rate * len(good)
    assert threshold.max_false_alarm_rate >= rate


@pytest.mark.parametrize(("good_items", "rate"), [(256, 0.05), (598, 0.005), (947, 0.005)])
def test_the_rate_is_upheld_in_95_of_100_calibrations(good_items: int, rate: float) -> None:
    rng = np.random.default_rng(5)
    exceeded = [
        1.0 - choose_threshold(np.sort(rng.random(good_items)).tolist(), rate, 0.95).score > rate for _ in range(2000)
    ]
    assert 0.02 < np.mean(exceeded) < 0.06


@pytest.mark.parametrize(("count", "rate"), [(59, 0.05), (149, 0.02), (299, 0.01), (598, 0.005), (2995, 0.001)])
def test_so_many_good_items_certify_a_rate_and_one_less_does_not(count: int, rate: float) -> None:
    good = [float(number) for number in range(count)]
    threshold = certify(good[::-1], rate, 0.95)
    assert (threshold.score, threshold.false_alarms, threshold.good_items) == (count - 1, 0, count)
    assert good_items_needed(rate, 0.95) == count
    assert rate < certifiable_rate(count - 1, 0.95) < 1.05 * rate
    with pytest.raises(TuningError, match=f"{count - 1} good items .* Bring 1 more, {count} in all"):
        certify(good[:-1], rate, 0.95)


@pytest.mark.parametrize(("count", "rate"), [(473, 0.01), (947, 0.005), (4742, 0.001)])
def test_so_many_good_items_allow_one_false_alarm(count: int, rate: float) -> None:
    good = [float(number) for number in range(count)]
    assert certify(good, rate, 0.95).false_alarms == 1
    assert certify(good[:-1], rate, 0.95).false_alarms == 0


def test_what_is_said_to_be_certified_can_be_asked_for() -> None:
    good = [float(number) for number in range(384)]
    with pytest.raises(TuningError, match=r"they certify 0\.778%\. Bring 2611 more, 2995 in all"):
        certify(good, 0.001, 0.95)
    assert certify(good, 0.00778, 0.95).false_alarms == 0


def test_without_good_items_nothing_is_certified() -> None:
    with pytest.raises(TuningError, match="0 good items cannot certify"):
        certify([], 0.5, 0.95)


def test_a_great_many_good_items_need_no_great_numbers() -> None:
    threshold = choose_threshold([float(number) for number in range(100_000)], 0.02, 0.95)
    assert threshold.max_false_alarm_rate == 0.02
    assert 97_900 < threshold.score < 98_200
