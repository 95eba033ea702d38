"""Tuning on a dataset of the station's own items: weights from its val split, their proof from its test split."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from station.core.errors import TuningError
from station.gallery import Gallery
from station.inspection import Inspector
from station.judge import Fusion, Judge, JudgeSettings
from station.learn.dataset import Dataset, Split
from station.learn.evaluation.intervals import Estimate, share
from station.learn.evaluation.item_figures import item_figures
from station.learn.tuning.figures import ablation, calibration_error, confidences, contest, reliability
from station.learn.tuning.fit import fit_fusion
from station.learn.tuning.scored import ScoredItem, score_items
from station.rig import load_rig

_SEED = 1
ALL = "all"
"""The row of all sources together."""
_NO_WEIGHT = 1e-6


@dataclass(frozen=True, slots=True)
class Tuned:
    """Fitted weights, what they make of test items, and every figure.

    `good_scores` and `damaged_scores` are those of test items, which the weights were not fitted on; `confidences` are
    of all judged test items by item id.
    """

    fusion: Fusion
    good_scores: tuple[float, ...]
    good_products: int
    damaged_scores: tuple[float, ...]
    confidences: Mapping[str, float]
    figures: dict[str, Any]

    def recall(self, threshold: float) -> Estimate | None:
        """Return the share of damaged test items that lie above a threshold, None without such items."""
        found = sum(score > threshold for score in self.damaged_scores)
        return share(found, len(self.damaged_scores)) if self.damaged_scores else None


def tune_on(
    dataset: Dataset, inspector: Inspector, policy: JudgeSettings, method: str, progress: Callable[[int], None]
) -> Tuned:
    """Fit the fusion weights and say what they are worth.

    Args:
        dataset: of the station's own cameras; no room was trained on its val and test items.
        inspector: the station's walk, whose gallery knows the dataset's products.
        policy: the judge's settings, for what damage costs.
        method: name of the comparison with references.
        progress: is told how many items are scored.

    Raises:
        TuningError: another rig took the dataset, it lacks a split, the gallery knows none of a split's products, or
            there are too few good or damaged items.
        DatasetError: an item cannot be scored.
    """
    for rig in sorted({item.rig for item in dataset.items if item.rig}):
        digest = load_rig(dataset.path / rig).digest
        if digest != inspector.provenance.rig:
            raise TuningError(
                f"{dataset.path} was taken with rig {digest}, the station has {inspector.provenance.rig}. "
                f"Tune on items that the station's own cameras took, with the rig in force"
            )
    for split in (Split.VAL, Split.TEST):
        _check_split(dataset, split, inspector.gallery)
    items = list(score_items(dataset, inspector, (Split.VAL, Split.TEST), progress))
    return tune(items, inspector.provenance.model, method, dataset.card.name, policy)


def _check_split(dataset: Dataset, split: Split, gallery: Gallery) -> None:
    chosen = [item for item in dataset.items if item.split is split and not item.is_reference]
    if not chosen:
        raise TuningError(
            f"{dataset.path} has no items of the split {split}: weights are fitted to val and proven on test items. "
            f"`station simulate dataset` makes both, and so does `station dataset import recordings`"
        )
    known = {name for one in gallery.products.values() for name in (one.product_id, *one.skus, *one.barcodes)}
    if not any({item.product_id, item.barcode} & known for item in chosen):
        raise TuningError(
            f"gallery {gallery.folder} knows no product of the {len(chosen)} {split} items of {dataset.path}. "
            f"Run `station products import {dataset.path}` with the same --config, or name the gallery that has them"
        )


def tune(items: Sequence[ScoredItem], model: str, method: str, made_from: str, policy: JudgeSettings) -> Tuned:
    """Fit the weights to the val items and prove them on the test items; see `tune_on`.

    Raises:
        TuningError: there are too few good or damaged items, or no source tells them apart.
    """
    calibration = [item for item in items if item.split is Split.VAL and item.judged]
    judged = [item for item in items if item.split is Split.TEST and item.judged]
    fusion = fit_fusion([item for item in items if item.split is Split.VAL], model, method, made_from)
    if max(own.weight for own in fusion.weights.values()) < _NO_WEIGHT:
        raise TuningError(
            f"no source tells the damaged val items of {made_from} from the good ones: {', '.join(fusion.weights)} "
            f"would weigh nothing, and every item pass. Check how its items are marked, or keep the weights there are"
        )
    judge = Judge(policy, fusion)
    good, damaged = (
        [(item.product_id, judge.score(item.scores, item.types, item.kind)) for item in judged if item.damaged is truth]
        for truth in (False, True)
    )
    return Tuned(
        fusion=fusion,
        good_scores=tuple(score for _, score in good),
        good_products=len({product_id for product_id, _ in good}),
        damaged_scores=tuple(score for _, score in damaged),
        confidences={item.item_id: float(own) for item, own in zip(judged, confidences(judged, fusion), strict=True)},
        figures={
            "dataset": made_from,
            "items": {"fitted on": len(calibration), "judged": len(judged)},
            "cannot judge": _cannot_judge(items),
            "weights": {source: own.weight for source, own in fusion.weights.items()},
            **_confidence(judged, fusion),
            **_ablation(calibration, judged),
        },
    )


def _cannot_judge(items: Sequence[ScoredItem]) -> dict[str, Any]:
    """The share of items whose scores do not decide, and under `reasons` that of each doubt; some have several."""
    words = Counter(word for item in items for word in item.doubts)
    whole = share(sum(not item.judged for item in items), len(items))
    return {
        **asdict(whole),
        "reasons": {word: asdict(share(count, len(items))) for word, count in words.most_common()},
    }


def _confidence(judged: Sequence[ScoredItem], fusion: Fusion) -> dict[str, Any]:
    if not judged:
        return {"reliability": [], "ece": None}
    bins = reliability(confidences(judged, fusion), np.array([item.damaged for item in judged]))
    return {"reliability": [asdict(one) for one in bins], "ece": calibration_error(bins)}


def _ablation(calibration: Sequence[ScoredItem], judged: Sequence[ScoredItem]) -> dict[str, Any]:
    """Return every source's figures and those of all, and what all gain over each, whole and by product kind."""
    damaged = np.array([item.damaged for item in judged], bool)
    rows = ablation(calibration, judged)
    figures = {name: item_figures(row[~damaged], row[damaged], _SEED) for name, row in rows.items()}
    kinds = {ALL: np.ones(len(judged), bool)}
    kinds |= {kind: np.array([item.kind == kind for item in judged]) for kind in sorted({item.kind for item in judged})}
    contests = [
        contest(
            kind,
            name,
            [one for one, own in zip(judged, chosen, strict=True) if own],
            row[chosen],
            whole[chosen],
        )
        for whole in (rows[ALL],)
        for name, row in rows.items()
        if name != ALL and len(rows) > 2
        for kind, chosen in kinds.items()
    ]
    return {
        "ablation": {
            name: {key: asdict(one) if one else None for key, one in own.items()} for name, own in figures.items()
        },
        "gains": [asdict(one) for one in contests if one],
    }
