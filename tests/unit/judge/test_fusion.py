"""Any set of scores becomes one log-odds: more evidence never helps an item, silence says nothing."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.core.damage import DamageType, Decision, Severity
from station.core.errors import TuningError
from station.core.verdict import Finding
from station.gallery import Calibration, ViewCalibration
from station.judge import (
    Fusion,
    Judge,
    JudgeSettings,
    SourceWeight,
    any_of,
    item_scores,
    probability,
    read_fusion,
    type_scores,
    write_fusion,
)

FUSION = Fusion(
    model="m",
    method="nearest",
    bias=-0.5,
    weights={"references": SourceWeight(0.0, 0.05, 1.0, 1.2), "supervised": SourceWeight(-4.0, 1.0, 0.8, 2.0)},
    good_scores=tuple(np.linspace(-6, -1, 200).tolist()),
    made_from="parcels",
)
CALIBRATION = Calibration({"top": ViewCalibration(0.1, 0.2)}, tuple(np.linspace(-0.1, 0.1, 200).tolist()))
VIEWS = {"top": -1.0, "left": 0.5, "right": -0.2}
scores = st.floats(-20, 20)


def finding(source: str, score: float, damage_type: DamageType | None = None) -> Finding:
    return Finding(source, "top", score, (), np.zeros((1, 1), np.float32), damage_type)


@given(scores, scores, scores)
def test_a_worse_score_never_lowers_the_log_odds(one: float, other: float, beside: float) -> None:
    low, high = sorted((one, other))
    for own, rest in (("references", "supervised"), ("supervised", "references")):
        assert FUSION.log_odds({own: low, rest: beside}) <= FUSION.log_odds({own: high, rest: beside})


@given(scores)
def test_a_source_without_weight_or_silent_says_nothing(score: float) -> None:
    assert FUSION.log_odds({"depth": score}) == FUSION.log_odds({}) == FUSION.bias
    assert FUSION.log_odds({"references": score, "depth": 9.0}) == FUSION.log_odds({"references": score})


@given(st.floats(-1e6, 1e6))
def test_a_probability_is_one(log_odds: float) -> None:
    assert 0.0 <= probability(log_odds) <= 1.0


def test_damage_as_such_outweighs_its_types() -> None:
    findings = [finding("supervised", 1.0), finding("supervised", 5.0, DamageType.SPILLAGE), finding("references", 0.3)]
    assert item_scores(findings, CALIBRATION) == {"supervised": 1.0, "references": pytest.approx(0.2)}
    assert type_scores(findings) == {DamageType.SPILLAGE: 5.0}
    only = [
        finding("missing_unit", 2.0, DamageType.MISSING_UNIT),
        finding("missing_unit", 3.0, DamageType.MISSING_UNIT),
    ]
    assert item_scores(only, CALIBRATION) == {"missing_unit": 3.0}


def test_views_add_up_to_the_odds_that_any_shows_damage() -> None:
    views = [replace(finding("supervised", score), camera_id=camera) for camera, score in VIEWS.items()]
    spilled = [replace(view, damage_type=DamageType.SPILLAGE) for view in views]
    clean = math.prod(1 - probability(score) for score in VIEWS.values())
    assert probability(item_scores(views, CALIBRATION)["supervised"]) == pytest.approx(1 - clean)
    assert probability(type_scores(spilled)[DamageType.SPILLAGE]) == pytest.approx(1 - clean)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6))
def test_an_item_is_no_better_than_its_worst_view(views: list[float]) -> None:
    assert max(views) <= any_of(views) <= max(0.0, *views) * len(views) + math.log(2 ** len(views))
    assert any_of(views[:1]) == views[0]


def test_the_judge_decides_by_the_fused_score() -> None:
    judge = Judge(JudgeSettings(), FUSION)
    good = judge.decide([finding("references", 0.1), finding("supervised", -5.0)], CALIBRATION, ())
    bad = judge.decide([finding("references", 0.1), finding("supervised", 6.0)], CALIBRATION, ())
    assert (good.decision, bad.decision) == (Decision.PASS, Decision.SIDELINE)
    assert good.damage_confidence < 0.1 < 0.8 < bad.damage_confidence
    assert bad.severity is not Severity.NONE


def test_tolerated_damage_passes_on_packaging_alone() -> None:
    policy = JudgeSettings(packaging_kinds=("mailer",), packaging_cost={DamageType.SUPERFICIAL: 0.0})
    judge = Judge(policy, FUSION)
    scuffed = [finding("supervised", 6.0), finding("supervised", 4.0, DamageType.SUPERFICIAL)]
    assert judge.decide(scuffed, CALIBRATION, (), "mailer").decision is Decision.PASS
    assert judge.decide(scuffed, CALIBRATION, (), "bottle").decision is Decision.SIDELINE
    untold = [finding("supervised", 6.0)]
    assert judge.decide(untold, CALIBRATION, (), "mailer").decision is Decision.SIDELINE


TOLD = st.dictionaries(st.sampled_from(DamageType), st.floats(-20, 20))


@given(TOLD, TOLD, st.dictionaries(st.sampled_from(DamageType), st.floats(0, 1)), st.sampled_from(DamageType))
def test_finding_more_or_worse_never_helps_an_item(
    told: dict[DamageType, float], more: dict[DamageType, float], cost: dict[DamageType, float], known: DamageType
) -> None:
    told[known] = 1.0
    worse = {one: max(told.get(one, -20), more.get(one, -20)) for one in {*told, *more}}
    judge = Judge(JudgeSettings(cost=cost), FUSION)
    untold, less, most = (judge.score({"supervised": 2.0}, types, "") for types in ({}, told, worse))
    assert less <= most <= untold <= FUSION.log_odds({"supervised": 2.0})


def test_a_scuff_does_not_excuse_the_hole_beside_it() -> None:
    judge = Judge(JudgeSettings(cost={DamageType.SUPERFICIAL: 0.05}), FUSION)
    hole = {DamageType.PENETRATION: 2.0}
    alone, both = (judge.score({"supervised": 0.0}, {**hole, **more}, "") for more in ({}, {DamageType.SUPERFICIAL: 5}))
    assert alone == both == FUSION.log_odds({"supervised": 0.0})


def test_weights_come_back_as_written(tmp_path: Path) -> None:
    write_fusion(tmp_path, FUSION)
    assert read_fusion(tmp_path, "m", "nearest") == FUSION
    assert read_fusion(tmp_path / "none", "m", "nearest") is None


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    path = write_fusion(tmp_path, FUSION)
    with pytest.raises(TuningError, match="the station runs new"):
        read_fusion(tmp_path, "new", "nearest")
    path.write_text("{}")
    with pytest.raises(TuningError, match="malformed"):
        read_fusion(tmp_path, "m", "nearest")
    assert replace(FUSION, bias=0.0).digest != FUSION.digest
