"""The decision: findings become one confidence, a severity and the reasons for a sideline."""

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from station.core.damage import DamageType, Decision, Reason, Severity
from station.core.verdict import Finding, Region
from station.gallery import REFERENCES, Calibration
from station.judge.confidence import damage_confidence
from station.judge.fusion import Fusion, probability
from station.judge.pooling import any_of
from station.judge.settings import JudgeSettings
from station.judge.standing import Standing
from station.judge.threshold import choose_threshold

Told = TypeVar("Told", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the judge says of an item; the fields mean what they mean in a `Verdict`.

    `type_scores` is empty while no finding tells types of damage apart.
    """

    decision: Decision
    damage_confidence: float
    severity: Severity
    reasons: tuple[Reason, ...]
    type_scores: Mapping[DamageType, float]
    regions: tuple[Region, ...]


class Judge:
    """Decides by the settings, the findings and nothing else.

    Without fusion weights the references alone judge. The threshold is the certificate's while that holds; otherwise it
    is chosen on the same good items' scores that the weights, or else the gallery, bring.
    """

    def __init__(self, settings: JudgeSettings, fusion: Fusion | None = None, standing: Standing | None = None) -> None:
        self.fusion = fusion
        self.standing = standing or Standing()
        self._settings = settings

    def decide(
        self,
        findings: Sequence[Finding],
        calibration: Calibration | None,
        doubts: Sequence[Reason],
        kind: str = "",
    ) -> Judgement:
        """Return the judgement of one item.

        Args:
            findings: what the rooms found, in any number; without any the item cannot be judged.
            calibration: the product's, None where it has no references; that alone is a sideline.
            doubts: reasons that other rooms found.
            kind: the product's kind of packaging.
        """
        reasons = {*doubts, *((Reason.UNCERTIFIED,) if self.standing.refusal else ())}
        if calibration is None or not findings:
            if not reasons & {Reason.UNKNOWN_PRODUCT, Reason.WRONG_ITEM, Reason.NO_ITEM}:
                reasons.add(Reason.NO_REFERENCES)
            return Judgement(Decision.SIDELINE, 0.0, Severity.NONE, _ordered(reasons), {}, ())
        scores, types = item_scores(findings, calibration), type_scores(findings)
        score = self.score(scores, types, kind)
        good_scores = self.fusion.good_scores if self.fusion else calibration.good_scores
        limit = self._limit(good_scores)
        damaged = not score <= limit  # so that a score that is no number passes nothing
        if damaged:
            reasons.add(Reason.DAMAGE)
        return Judgement(
            decision=Decision.SIDELINE if reasons else Decision.PASS,
            damage_confidence=probability(self.fusion.log_odds(scores))
            if self.fusion
            else damage_confidence(score, good_scores),
            severity=self._severity(score, limit, good_scores),
            reasons=_ordered(reasons),
            type_scores=types,
            regions=_marked(findings) if damaged else (),
        )

    def score(self, scores: Mapping[str, float], types: Mapping[DamageType, float], kind: str) -> float:
        """Return what is compared with the threshold: the log-odds of damage, weighed by what passing it costs.

        Args:
            scores: the item's, by source; see `item_scores`.
            types: the item's, by type of damage; see `type_scores`.
            kind: the product's kind of packaging.
        """
        if self.fusion is None:
            return scores.get(REFERENCES, math.nan)
        cost = self._cost(types, kind)
        return self.fusion.log_odds(scores) + (math.log(cost) if cost > 0 else -math.inf)

    def _limit(self, good_scores: Sequence[float]) -> float:
        certificate = self.standing.in_force
        if certificate is not None:
            return certificate.threshold.score
        return choose_threshold(good_scores, self._settings.max_false_alarm_rate, self._settings.confidence).score

    def _cost(self, types: Mapping[DamageType, float], kind: str) -> float:
        """The highest cost of the types found, those more likely there than not; of all types where none is found."""
        settings = self._settings
        costs = settings.packaging_cost if kind in settings.packaging_kinds else settings.cost
        found = [damage_type for damage_type, score in types.items() if not score <= 0]
        return max(costs.get(damage_type, 1.0) for damage_type in found or DamageType)

    def _severity(self, score: float, limit: float, good_scores: Sequence[float]) -> Severity:
        if score <= limit or not good_scores:
            return Severity.NONE
        middle = good_scores[(len(good_scores) - 1) // 2]
        is_major = score - middle >= self._settings.major_excess * (limit - middle)
        return Severity.MAJOR if is_major else Severity.MINOR


def item_scores(findings: Sequence[Finding], calibration: Calibration) -> dict[str, float]:
    """Return the item's score by source: that any view shows damage, see `any_of`.

    References count by the worst view alone, from what is usual for the product. Where a source tells types of damage
    apart and also speaks of damage as such, the latter is its score.
    """
    whole = {finding.source for finding in findings if finding.damage_type is None}
    said = [finding for finding in findings if finding.damage_type is None or finding.source not in whole]
    views = _views((finding.source, finding) for finding in said)
    return {
        source: calibration.item_score(own) if source == REFERENCES else float(any_of([*own.values()]))
        for source, own in views.items()
    }


def type_scores(findings: Sequence[Finding]) -> dict[DamageType, float]:
    """Return the score of each type of damage that a finding names: the worst source's, of all its views."""
    views = _views(((one.damage_type, one.source), one) for one in findings if one.damage_type is not None)
    scores: dict[DamageType, float] = {}
    for (damage_type, _), own in views.items():
        scores[damage_type] = max(float(any_of([*own.values()])), scores.get(damage_type, -math.inf))
    return scores


def _views(told: Iterable[tuple[Told, Finding]]) -> dict[Told, dict[str, float]]:
    """The worst score of each view, by what is told of."""
    views: dict[Told, dict[str, float]] = {}
    for what, finding in told:
        own = views.setdefault(what, {})
        own[finding.camera_id] = max(finding.score, own.get(finding.camera_id, -math.inf))
    return views


def _ordered(reasons: set[Reason]) -> tuple[Reason, ...]:
    """Damage first, then what is wrong with the item, its pictures, the station: the order of the codes."""
    return tuple(sorted(reasons, key=lambda reason: reason.code))


def _marked(findings: Sequence[Finding]) -> tuple[Region, ...]:
    """The regions worse than anything seen on good items, or else the single worst."""
    regions = sorted((region for finding in findings for region in finding.regions), key=lambda region: -region.score)
    return tuple(region for region in regions if region.score > 1.0) or tuple(regions[:1])
