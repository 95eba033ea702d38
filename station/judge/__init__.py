"""Findings to confidence to decision."""

from station.judge.confidence import good_items_needed, sideline_score
from station.judge.judge import Judge, Judgement
from station.judge.settings import JudgeSettings

__all__ = ["Judge", "JudgeSettings", "Judgement", "good_items_needed", "sideline_score"]
