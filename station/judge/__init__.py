"""Findings to confidence to decision."""

from station.judge.judge import Judge, Judgement
from station.judge.settings import JudgeSettings

__all__ = ["Judge", "JudgeSettings", "Judgement"]
