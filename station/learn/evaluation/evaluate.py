"""A dataset's test items, scored and set against what is true of them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.core.damage import Severity
from station.core.errors import DatasetError
from station.learn.dataset import Dataset, Item, Split
from station.learn.evaluation.intervals import CONFIDENCE, RESAMPLES, Estimate, share
from station.learn.evaluation.item_figures import BASE_RATE, item_figures
from station.learn.evaluation.pixel_figures import Levels, ViewMap, box_figures, item_pixels, pixel_figures
from station.learn.evaluation.scoring import Scorer
from station.learn.evaluation.views import ViewMaker, references_of

SEED = 1
"""Of every bootstrap."""
_ALARM_RATE = 0.01


@dataclass(frozen=True, slots=True)
class Judged:
    """A test item and its score; where the scorer was silent, the lowest of all, and `silent` says why."""

    item: Item
    score: float
    maps: Mapping[str, ViewMap]
    silent: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        """What is damaged, in the station's words and the source's own."""
        return (*self.item.damage_types, *self.item.labels)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every judged item, and how the scorer did on all of them; `figures` is what the JSON file holds."""

    dataset: Dataset
    scorer: str
    view_px: int
    references: Mapping[str, Sequence[Item]]
    judged: tuple[Judged, ...]
    figures: Mapping[str, Any]


def evaluate(dataset: Dataset, scorer: Scorer, references: int, progress: Callable[[int], None]) -> Evaluation:
    """Score the test items of a dataset and compute every figure.

    Args:
        dataset: its test items, references aside, are judged.
        scorer: how to score.
        references: how many references each product has at most; the first ones, see `references_of`.
        progress: is told how many items are judged.

    Raises:
        DatasetError: there is nothing to judge, or the scorer is silent on everything.
    """
    shown = references_of(dataset.items, references)
    maker = ViewMaker(dataset, scorer.view_px)
    judged: list[Judged] = []
    scores: list[float | None] = []
    for product, items in _by_product(dataset).items():
        score = scorer.product([maker.views(item) for item in shown.get(product, ())])
        for item in items:
            views = maker.views(item)
            found = score(views)
            maps = {
                view.camera_id: ViewMap.of(found.maps[view.camera_id], view.mask, maker.defects(item, view))
                for view in views
                if view.camera_id in found.maps
            }
            scores.append(found.score)
            judged.append(Judged(item, 0.0, maps, "" if found.score is not None else found.reason or "no reason"))
            progress(len(judged))
    ranked = _ranked(judged, scores)
    known = {product: shown.get(product, []) for product in _by_product(dataset)}
    figures = {"dataset": dataset.card.name, "scorer": scorer.name, "references": references, **_figures(ranked)}
    return Evaluation(dataset, scorer.name, scorer.view_px, known, ranked, figures)


def split_scores(judged: Iterable[Judged]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the scores of the good items and of the damaged ones."""
    judged = tuple(judged)
    good = [one.score for one in judged if not one.item.is_damaged]
    damaged = [one.score for one in judged if one.item.is_damaged]
    return np.array(good, np.float64), np.array(damaged, np.float64)


def _by_product(dataset: Dataset) -> dict[str, list[Item]]:
    products: dict[str, list[Item]] = {}
    for item in dataset.items:
        if item.split is Split.TEST and not item.is_reference:
            products.setdefault(item.product_id, []).append(item)
    if not products:
        raise DatasetError(f"{dataset.path} has no test items to judge. Import a source that has a test split")
    return products


def _ranked(judged: Sequence[Judged], scores: Sequence[float | None]) -> tuple[Judged, ...]:
    heard = [score for score in scores if score is not None]
    if not heard:
        raise DatasetError(
            f"the scorer is silent on all {len(judged)} test items: {judged[0].silent}. Give their products good "
            "training items, or items marked as references"
        )
    lowest = min(heard) - 1.0
    return tuple(
        Judged(one.item, lowest if score is None else score, one.maps, one.silent)
        for one, score in zip(judged, scores, strict=True)
    )


def _figures(judged: Sequence[Judged]) -> dict[str, Any]:
    good = [one for one in judged if not one.item.is_damaged]
    damaged = [one for one in judged if one.item.is_damaged]
    own_figures = cache(_own_figures)  # groups that hold the same items are met often

    def group(members: Iterable[Judged]) -> dict[str, Any]:
        members = tuple(members)
        scores = split_scores(members)
        silent = sum(bool(one.silent) for one in members)
        figures = own_figures(*(tuple(own.tolist()) for own in scores))
        return {"good": len(scores[0]), "damaged": len(scores[1]), "silent": silent, **figures}

    whole = group(judged)
    major = group([*good, *(one for one in damaged if one.item.severity is Severity.MAJOR)])
    words = {word: [one for one in damaged if word in one.words] for word in _distinct(one.words for one in damaged)}
    severities = {
        name: [one for one in damaged if _severity(one.item) == name] for name in ("minor", "major", "unstated")
    }
    kinds = {
        kind: [one for one in judged if one.item.kind == kind] for kind in _distinct([one.item.kind] for one in judged)
    }
    return {
        "confidence": CONFIDENCE,
        "resamples": RESAMPLES,
        "seed": SEED,
        "base_rate": BASE_RATE,
        "item": {**whole, "ap_any": whole["ap"], "ap_major": major["ap"]},
        "types": {word: group([*good, *own]) for word, own in words.items()},
        "severities": {name: group([*good, *own]) for name, own in severities.items() if own},
        "kinds": {kind: group(own) for kind, own in kinds.items()},
        "false_alarms": _false_alarms(good),
        **_map_figures(judged),
        "silent": dict(Counter(one.silent for one in judged if one.silent)),
        "items": [_row(one) for one in judged],
    }


def _own_figures(good: tuple[float, ...], damaged: tuple[float, ...]) -> dict[str, Any]:
    figures = item_figures(np.array(good), np.array(damaged), SEED)
    return {name: _plain(one) for name, one in figures.items()}


def _map_figures(judged: Sequence[Judged]) -> dict[str, Any]:
    """Return pixel and box figures over good items and those whose damage is shown; None where none is."""
    known = [one for one in judged if one.maps and (not one.item.is_damaged or _shows_damage(one.item))]
    views = [view for one in known for view in one.maps.values()]
    if not any(_shows_damage(one.item) for one in known):
        return {"pixel": None, "boxes": None}
    levels = Levels.of([view.scores for view in views])
    pixels = pixel_figures([item_pixels(levels, tuple(one.maps.values())) for one in known], SEED)
    boxes = box_figures(views, SEED)
    return {
        "pixel": None
        if pixels is None
        else {"items": len(known), **{name: _plain(one) for name, one in pixels.items()}},
        "boxes": None if boxes is None else {"views": len(views), **{name: _plain(one) for name, one in boxes.items()}},
    }


def _false_alarms(good: Sequence[Judged]) -> dict[str, Any]:
    """Return how many good items pass the threshold of 1 %: those whose print shows damage, and the others."""
    printed = [one.score for one in good if one.item.printed_damage]
    rest = [one.score for one in good if not one.item.printed_damage]
    if not printed or not rest:
        return {}
    threshold = float(np.quantile([*printed, *rest], 1 - _ALARM_RATE, method="higher"))
    return {
        name: {"items": len(scores), **asdict(share(sum(score > threshold for score in scores), len(scores)))}
        for name, scores in (("printed_damage", printed), ("others", rest))
    }


def _shows_damage(item: Item) -> bool:
    return any(view.damage_masks for view in item.views)


def _distinct(words: Iterable[Iterable[str]]) -> list[str]:
    return sorted({str(word) for own in words for word in own})


def _severity(item: Item) -> str:
    return "unstated" if item.severity is None else item.severity.name.lower()


def _plain(estimate: Estimate | None) -> dict[str, float] | None:
    return None if estimate is None else asdict(estimate)


def _row(one: Judged) -> dict[str, Any]:
    item = one.item
    own = {"item_id": item.item_id, "product_id": item.product_id, "kind": item.kind, "severity": _severity(item)}
    return {**own, "damage": list(one.words), "score": one.score, "silent": one.silent}
