"""A bundle's damage heads as a scorer, and a dataset's views as they are shown to it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from station.core.items import ItemView
from station.inference import Bundle
from station.judge import any_of
from station.learn.dataset import Dataset, Item
from station.learn.evaluation.cutting import ZOOM, Cutter, over_view
from station.learn.evaluation.scoring import ItemScore, ProductScorer, Views
from station.learn.evaluation.views import ViewMaker, references_of

SHOWN = 12
"""So many of a product's good training items show what its pictures lie on."""


def zoom_of(dataset: Dataset) -> int:
    """Return how many times the input size a dataset's views are made; a booth's show the item alone as they are."""
    return 1 if all(item.rig for item in dataset.items) else ZOOM


@dataclass(frozen=True, slots=True)
class SupervisedScorer:
    """An item's score is the log-odds that any of its views shows damage. `zoom` is its views', see `zoom_of`."""

    bundle: Bundle
    zoom: int

    @property
    def name(self) -> str:
        """What it is, for reports."""
        return f"damage heads of {self.bundle.manifest.name}"

    @property
    def view_px(self) -> int:
        """A multiple of the bundle's own input size."""
        return self.zoom * self.bundle.view_px

    def product(self, references: Sequence[Views]) -> ProductScorer:
        """Return the scorer of a product; its references only show what its pictures lie on."""
        cutter = Cutter.learn(references, self.bundle.view_px, self.bundle) if self.zoom > 1 else None

        def score(views: Views) -> ItemScore:
            if not views:
                return ItemScore(None, reason="no camera sees it")
            shown = [view_cut(view, cutter) for view in views]
            described = self.bundle.describe([cut.crop for cut, _ in shown])
            maps = {}
            for one, (cut, cut_from_view) in zip(described, shown, strict=True):
                assert one.maps is not None
                own = one.maps[0]
                if cutter is not None:
                    own = over_view(own, cut_from_view, self.bundle.view_px, self.view_px, float(own.min()))
                maps[cut.camera_id] = own
            return ItemScore(float(any_of([one.scores[0] for one in described if one.scores is not None])), maps)

        return score


class ShownViews:
    """The views of a dataset's items as a bundle is shown them in training: what `SupervisedScorer` shows it."""

    def __init__(self, dataset: Dataset, bundle: Bundle) -> None:
        self._zoom = zoom_of(dataset)
        self._maker = ViewMaker(dataset, self._zoom * bundle.view_px)
        self._bundle = bundle
        self._references = references_of(dataset.items, SHOWN)
        self._cutters: dict[str, Cutter] = {}
        self.defects = ViewMaker(dataset, bundle.view_px).defects

    def views(self, item: Item) -> tuple[ItemView, ...]:
        """Return an item's views, of the bundle's input size.

        Raises:
            DatasetError: a picture is missing or none.
        """
        views = self._maker.views(item)
        if self._zoom == 1:
            return views
        if item.product_id not in self._cutters:
            shown = [self._maker.views(other) for other in self._references.get(item.product_id, ())]
            self._cutters[item.product_id] = Cutter.learn(shown, self._bundle.view_px, self._bundle)
        return tuple(view_cut(view, self._cutters[item.product_id])[0] for view in views)


def view_cut(view: ItemView, cutter: Cutter | None) -> tuple[ItemView, NDArray[np.float64]]:
    """Return a view with the item cut out, and `cut_from_view` float64 [2, 3]; the view itself without a cutter."""
    if cutter is None:
        return view, np.eye(2, 3)
    cut, cut_from_view = cutter.cut(view)
    linear = cut_from_view[:, :2] @ view.crop_from_image
    linear[:, 2] += cut_from_view[:, 2]
    return replace(cut, crop_from_image=linear), cut_from_view
