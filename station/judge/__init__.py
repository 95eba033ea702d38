"""Findings to confidence to decision."""

from station.judge.certificate import Certificate, certify, write_certificate
from station.judge.fusion import Fusion, SourceWeight, probability, read_fusion, write_fusion
from station.judge.judge import Judge, Judgement, item_scores, type_scores
from station.judge.pooling import any_of
from station.judge.settings import JudgeSettings
from station.judge.standing import Standing, standing
from station.judge.threshold import Threshold, certifiable_rate, choose_threshold, good_items_needed

__all__ = [
    "Certificate",
    "Fusion",
    "Judge",
    "JudgeSettings",
    "Judgement",
    "SourceWeight",
    "Standing",
    "Threshold",
    "any_of",
    "certifiable_rate",
    "certify",
    "choose_threshold",
    "good_items_needed",
    "item_scores",
    "probability",
    "read_fusion",
    "standing",
    "type_scores",
    "write_certificate",
    "write_fusion",
]
