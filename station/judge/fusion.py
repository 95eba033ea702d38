"""Fusion: the rooms' item scores become one log-odds of damage.

A logistic model whose weights are never negative: more evidence never makes an item look better. Each source's score
is counted from what is usual for good items, in their spread, and bent by the inverse hyperbolic sine, so that no
source outshouts the others. A source that is silent on an item says nothing: it adds neither for nor against.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from station.core.errors import TuningError

FORMAT = 2
NAME = "fusion.json"


@dataclass(frozen=True, slots=True)
class SourceWeight:
    """How one source counts: `weight * (asinh((score - usual) / spread) - neutral)`.

    `usual` and `spread` are the median and the robust deviation of good items' scores; `neutral` is the bent score that
    speaks neither for nor against damage.
    """

    usual: float
    spread: float
    neutral: float
    weight: float

    def evidence(self, score: float) -> float:
        """Return the bent score, without its weight."""
        return math.asinh((score - self.usual) / self.spread) - self.neutral


@dataclass(frozen=True, slots=True)
class Fusion:
    """Fitted weights by source. `model` and `method` are the bundle and the comparison whose scores they are for.

    `good_scores` are the log-odds of good items by weights fitted without their product, rising; slope and bias were
    fitted to them, so that they may choose a threshold but certify none. `made_from` names the dataset.
    """

    model: str
    method: str
    bias: float
    weights: Mapping[str, SourceWeight]
    good_scores: tuple[float, ...]
    made_from: str

    def log_odds(self, scores: Mapping[str, float]) -> float:
        """Return the log-odds of damage, for items of which half are damaged.

        Args:
            scores: the item's score by source; sources without weight do not count.
        """
        return self.bias + sum(
            own.weight * own.evidence(scores[source]) for source, own in self.weights.items() if source in scores
        )

    @property
    def digest(self) -> str:
        """The first 16 hex digits of the SHA-256 of all it is."""
        return hashlib.sha256(_text(self).encode()).hexdigest()[:16]


def probability(log_odds: float) -> float:
    """Return the probability that belongs to log-odds."""
    return 0.5 * (1.0 + math.tanh(0.5 * log_odds))


def write_fusion(folder: Path, fusion: Fusion) -> Path:
    """Write the weights into the tuning folder; return their file.

    Raises:
        TuningError: the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / NAME).write_text(_text(fusion))
    except OSError as error:
        raise TuningError(f"{error.filename} cannot be written: {error.strerror}. Correct judge.folder") from error
    return folder / NAME


def read_fusion(folder: Path, model: str, method: str) -> Fusion | None:
    """Return the folder's weights, None where it has none.

    Raises:
        TuningError: they are malformed, or were fitted to the scores of another model or comparison.
    """
    path = folder / NAME
    try:
        data = json.loads(path.read_text())
        if data.pop("format") != FORMAT:
            raise ValueError("another format")
        weights = {source: SourceWeight(**own) for source, own in data["weights"].items()}
        fusion = Fusion(**{**data, "weights": weights, "good_scores": tuple(data["good_scores"])})
    except FileNotFoundError:
        return None
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise TuningError(f"{path} is malformed ({error!r}). Run `station tune` again, or remove it") from error
    if (fusion.model, fusion.method) != (model, method):
        raise TuningError(
            f"{path} was fitted to model {fusion.model} and {fusion.method}, the station runs {model} and {method}. "
            f"Run `station tune` again, or remove it"
        )
    return fusion


def _text(fusion: Fusion) -> str:
    return json.dumps({"format": FORMAT, **asdict(fusion)}, indent=1) + "\n"
