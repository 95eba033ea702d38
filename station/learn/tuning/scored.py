"""What every room of the station says of a dataset's items, heard on the station's own walk."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from station.core.damage import DamageType, Reason
from station.core.errors import DatasetError
from station.core.frames import FrameSet
from station.core.items import Announcement, ItemCapture
from station.core.verdict import Finding
from station.gallery import Calibration
from station.inspection import Inspector
from station.judge import Judge, Judgement, JudgeSettings, item_scores, type_scores
from station.learn.dataset import Dataset, Item, Split
from station.learn.evaluation.views import frame_of

_NEVER_NS = 1 << 62


@dataclass(frozen=True, slots=True)
class ScoredItem:
    """An item, what is true of it, and what the rooms said: `scores` by source and `types` by type of damage.

    `scores` is empty where nothing could be said of it; `doubts` are the words of the reasons that sideline it whatever
    its scores.
    """

    item_id: str
    product_id: str
    kind: str
    split: Split
    damaged: bool
    damage: tuple[str, ...]
    printed_damage: bool
    scores: Mapping[str, float]
    types: Mapping[DamageType, float]
    doubts: tuple[str, ...]

    @property
    def judged(self) -> bool:
        """Whether its scores decide: what is in doubt is sidelined whatever they are."""
        return bool(self.scores) and not self.doubts


class _Listener(Judge):
    """Keeps what the judge was told of the last item."""

    scores: Mapping[str, float]
    types: Mapping[DamageType, float]
    doubts: tuple[Reason, ...]

    def decide(
        self, findings: Sequence[Finding], calibration: Calibration | None, doubts: Sequence[Reason], kind: str = ""
    ) -> Judgement:
        judged = calibration is not None and bool(findings)
        self.scores = item_scores(findings, calibration) if judged and calibration else {}
        self.types = type_scores(findings)
        self.doubts = (*doubts, *(() if judged else (Reason.NO_REFERENCES,)))
        return super().decide(findings, calibration, doubts, kind)


def score_items(
    dataset: Dataset, inspector: Inspector, splits: Iterable[Split], progress: Callable[[int], None]
) -> Iterator[ScoredItem]:
    """Yield what the station says of a dataset's items, references aside, each announced as what it is.

    Args:
        dataset: pictures of the station's own cameras, colour and depth.
        inspector: the station's walk.
        splits: which items.
        progress: is told how many items are done.

    Raises:
        DatasetError: a picture is missing, or an item has no depth.
        StationError: the walk failed on an item.
    """
    listener = _Listener(JudgeSettings())
    walk = replace(inspector, judge=listener)
    chosen = [item for item in dataset.items if item.split in set(splits) and not item.is_reference]
    for done, item in enumerate(chosen, start=1):
        capture = capture_of(dataset.path, item)
        verdict = walk.inspect(capture, _NEVER_NS)
        if verdict.detail:
            raise DatasetError(f"item {item.item_id} of {dataset.path} cannot be judged: {verdict.detail}")
        yield _scored(item, listener)
        progress(done)


def capture_of(folder: Path, item: Item) -> ItemCapture:
    """Return a dataset's item as the station would have captured it, announced as what it is.

    Raises:
        DatasetError: a picture is missing, or a view has no depth or no rig.
    """
    if item.rig is None or not all(view.depth for view in item.views):
        raise DatasetError(
            f"item {item.item_id} has no rig, or a view without depth. Use items of the station's own cameras"
        )
    frames = tuple(frame_of(folder, view) for view in item.views)
    told = Announcement(0, 0, sku=item.product_id) if item.barcode is None else Announcement(0, 0, barcode=item.barcode)
    return ItemCapture(item.item_id, 0, (FrameSet(0, 0, frames),), told)


def _scored(item: Item, heard: _Listener) -> ScoredItem:
    return ScoredItem(
        item_id=item.item_id,
        product_id=item.product_id,
        kind=item.kind,
        split=item.split,
        damaged=item.is_damaged,
        damage=tuple(map(str, (*item.damage_types, *item.labels))),
        printed_damage=item.printed_damage,
        scores=heard.scores,
        types=heard.types,
        doubts=tuple(reason.word for reason in dict.fromkeys(heard.doubts)),
    )
