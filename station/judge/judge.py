"""The decision: findings become one confidence, a severity and the reasons for a sideline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from station.core.damage import DamageType, Decision, Reason, Severity
from station.core.verdict import Finding, Region
from station.gallery import Calibration
from station.judge.confidence import damage_confidence, sideline_score
from station.judge.settings import JudgeSettings


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
    """Decides by the settings, the findings and nothing else."""

    def __init__(self, settings: JudgeSettings) -> None:
        self._settings = settings

    def decide(
        self, findings: Sequence[Finding], calibration: Calibration | None, doubts: Sequence[Reason]
    ) -> Judgement:
        """Return the judgement of one item.

        Args:
            findings: one per view that could be compared with references.
            calibration: the product's, None where it has no references; that alone is a sideline.
            doubts: reasons that other rooms found.
        """
        reasons = set(doubts)
        if calibration is None or not findings:
            if not reasons & {Reason.UNKNOWN_PRODUCT, Reason.NO_ITEM}:
                reasons.add(Reason.NO_REFERENCES)
            return Judgement(Decision.SIDELINE, 0.0, Severity.NONE, _ordered(reasons), {}, ())
        compared = {finding.camera_id: finding.score for finding in findings if finding.source == "references"}
        score = calibration.item_score(compared)
        limit, _ = sideline_score(calibration.good_scores, self._settings.max_false_alarm_rate)
        damaged = not score <= limit  # so that a score that is no number passes nothing
        if damaged:
            reasons.add(Reason.DAMAGE)
        return Judgement(
            decision=Decision.SIDELINE if reasons else Decision.PASS,
            damage_confidence=damage_confidence(score, calibration.good_scores),
            severity=self._severity(score, limit, calibration.good_scores),
            reasons=_ordered(reasons),
            type_scores={},
            regions=_marked(findings) if damaged else (),
        )

    def _severity(self, score: float, limit: float, good_scores: Sequence[float]) -> Severity:
        if score <= limit or not good_scores:
            return Severity.NONE
        middle = good_scores[(len(good_scores) - 1) // 2]
        is_major = score - middle >= self._settings.major_excess * (limit - middle)
        return Severity.MAJOR if is_major else Severity.MINOR


def _ordered(reasons: set[Reason]) -> tuple[Reason, ...]:
    """Damage first, then what is wrong with the item, its pictures, the station: the order of the codes."""
    return tuple(sorted(reasons, key=lambda reason: reason.code))


def _marked(findings: Sequence[Finding]) -> tuple[Region, ...]:
    """The regions worse than anything seen on good items, or else the single worst."""
    regions = sorted((region for finding in findings for region in finding.regions), key=lambda region: -region.score)
    return tuple(region for region in regions if region.score > 1.0) or tuple(regions[:1])
