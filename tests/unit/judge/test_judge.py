"""Scores to confidence to decision."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from station.core.damage import Decision, Reason, Severity
from station.core.verdict import Finding, Region
from station.gallery import Calibration, ViewCalibration
from station.judge import Judge, JudgeSettings
from station.judge.confidence import damage_confidence

scores = st.floats(-2, 2, allow_nan=False)
good_lists = st.lists(scores, min_size=1, max_size=60).map(sorted)

GOOD = tuple(np.linspace(-0.1, 0.1, 99).tolist())
CALIBRATION = Calibration({"top": ViewCalibration(0.1, 0.2), "left": ViewCalibration(0.2, 0.4)}, GOOD)
JUDGE = Judge(JudgeSettings(max_false_alarm_rate=0.05, major_excess=1.5))


def finding(camera_id: str, score: float, *region_scores: float) -> Finding:
    regions = tuple(Region(camera_id, (0, 0, 16, 16), value) for value in region_scores)
    return Finding("references", camera_id, score, regions, np.zeros((28, 28), np.float32))


@given(good_lists, scores, scores)
def test_confidence_never_falls_as_the_score_rises(good: list[float], one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert 0.0 <= damage_confidence(low, good) <= damage_confidence(high, good) <= 1.0


def test_without_good_items_nothing_passes() -> None:
    empty = Calibration(CALIBRATION.views, ())
    judgement = JUDGE.decide([finding("top", 0.0)], empty, ())
    assert judgement.decision is Decision.SIDELINE
    assert judgement.damage_confidence == 0.5


def test_usual_item_passes_with_no_reason_and_no_region() -> None:
    judgement = JUDGE.decide([finding("top", 0.12, 0.9), finding("left", 0.2, 0.8)], CALIBRATION, ())
    assert judgement.decision is Decision.PASS
    assert judgement.reasons == ()
    assert judgement.regions == ()
    assert judgement.severity is Severity.NONE
    assert judgement.damage_confidence < 0.95


def test_one_bad_view_is_enough_and_its_region_is_shown() -> None:
    judgement = JUDGE.decide([finding("top", 0.1, 0.5), finding("left", 0.45, 1.8, 1.2, 0.7)], CALIBRATION, ())
    assert judgement.decision is Decision.SIDELINE
    assert judgement.reasons == (Reason.DAMAGE,)
    assert judgement.damage_confidence > 0.95
    assert [region.score for region in judgement.regions] == [1.8, 1.2]


def test_damage_always_shows_a_region() -> None:
    judgement = JUDGE.decide([finding("top", 0.5, 0.9), finding("left", 0.2, 0.7)], CALIBRATION, ())
    assert [region.score for region in judgement.regions] == [0.9]


@given(scores, scores)
def test_severity_follows_the_score(one: float, other: float) -> None:
    low, high = (JUDGE.decide([finding("top", score, 1.0)], CALIBRATION, ()) for score in sorted((one, other)))
    assert low.severity <= high.severity
    assert (high.severity is Severity.NONE) == (Reason.DAMAGE not in high.reasons)


def test_doubt_alone_is_a_sideline_without_damage() -> None:
    judgement = JUDGE.decide([finding("top", 0.1, 0.5)], CALIBRATION, (Reason.CLIPPED, Reason.WRONG_ITEM))
    assert judgement.decision is Decision.SIDELINE
    assert judgement.reasons == (Reason.WRONG_ITEM, Reason.CLIPPED)
    assert judgement.severity is Severity.NONE


def test_product_without_references_is_named_unless_it_is_unknown() -> None:
    assert JUDGE.decide((), None, ()).reasons == (Reason.NO_REFERENCES,)
    for reason in (Reason.UNKNOWN_PRODUCT, Reason.WRONG_ITEM):
        assert JUDGE.decide((), None, (reason,)).reasons == (reason,)
    assert JUDGE.decide((), CALIBRATION, ()).reasons == (Reason.NO_REFERENCES,)


def test_view_of_an_uncalibrated_camera_does_not_count() -> None:
    assert JUDGE.decide([finding("top", 0.1), finding("new", 9.0)], CALIBRATION, ()).decision is Decision.PASS
