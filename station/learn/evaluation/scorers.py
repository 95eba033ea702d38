"""What is evaluated: ways to score an item's views against its product's references, behind one protocol."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from station.core.damage import DamageType
from station.core.errors import BundleError
from station.core.items import ItemView
from station.gallery.calibration import item_score, usual_scores
from station.gallery.compare import METHOD, view_score
from station.gallery.patches import coreset, item_patches, patch_distances
from station.gallery.settings import GallerySettings
from station.inference import Bundle, InferenceSettings, find_bundle, load_bundle

Views = Sequence[ItemView]
"""One item, seen by one camera or several."""


@dataclass(frozen=True, slots=True)
class ItemScore:
    """How damaged an item looks, higher is worse; None is silence, and `reason` says why.

    `maps` are coarse score maps over the views' crops by camera, float32 [h, w], comparable between items;
    `type_scores` are the scores by type where the scorer tells types apart.
    """

    score: float | None
    maps: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    type_scores: Mapping[DamageType, float] = field(default_factory=dict)
    reason: str = ""


class ProductScorer(Protocol):
    """Scores items of one product."""

    def __call__(self, views: Views) -> ItemScore:
        """Return an item's score."""


class Scorer(Protocol):
    """A way of scoring. `name` says what it is; `view_px` is the side of the views it wants."""

    @property
    def name(self) -> str:
        """What it is, for reports."""

    @property
    def view_px(self) -> int:
        """The side of the views it wants, in px."""

    def product(self, references: Sequence[Views]) -> ProductScorer:
        """Return the scorer of the product that has these references; there may be none."""


@dataclass(frozen=True, slots=True)
class PatchScorer:
    """The gallery's comparison of patches: the product's references are its memory, nothing else is learned.

    With two references and more, each half of them is scored against the other, which says what is usual for a camera.
    """

    bundle: Bundle
    patches: int = GallerySettings().patches_per_product

    @property
    def name(self) -> str:
        """What it is, for reports."""
        return f"{METHOD} on {self.bundle.manifest.name}"

    @property
    def view_px(self) -> int:
        """The bundle's own input size."""
        return max(self.bundle.manifest.input.width_px, self.bundle.manifest.input.height_px)

    def product(self, references: Sequence[Views]) -> ProductScorer:
        """Return the scorer of a product, silent where it has no references."""
        described = [(views, self._features(views)) for views in references if views]
        if not described:
            return lambda _: ItemScore(None, reason="no references")
        shots = [
            {view.camera_id: (maps, view.mask) for view, maps in zip(views, features, strict=True)}
            for views, features in described
        ]
        bank, halves = self._bank(shots), (self._bank(shots[0::2]), self._bank(shots[1::2]))
        held_out = [_scores(_maps(shot, halves[1 - number % 2])) for number, shot in enumerate(shots)]
        cameras = {camera_id for shot in shots for camera_id in shot}
        usual = usual_scores(held_out) if len(shots) > 1 else dict.fromkeys(cameras, 0.0)

        def score(views: Views) -> ItemScore:
            if not any(view.camera_id in usual for view in views):
                return ItemScore(None, reason="no camera sees it that saw a reference")
            features = self._features(views)
            maps = _maps({view.camera_id: (own, view.mask) for view, own in zip(views, features, strict=True)}, bank)
            excess = {camera_id: maps[camera_id] - usual[camera_id] for camera_id in maps if camera_id in usual}
            return ItemScore(item_score(_scores(maps), usual), excess)

        return score

    def _features(self, views: Views) -> list[NDArray[np.float32]]:
        return list(self.bundle.features([view.crop for view in views])) if views else []

    def _bank(self, shots: Sequence["_Shot"]) -> NDArray[np.float32]:
        patches = [item_patches(features, mask) for shot in shots for features, mask in shot.values()]
        empty = np.empty((0, self.bundle.manifest.output.channels), np.float32)
        return coreset(np.concatenate([empty, *patches]), self.patches)


def open_scorer(bundle: str | None, references: int | None) -> Scorer:
    """Return the scorer that a bundle and a number of references make.

    Args:
        bundle: name or folder of a model bundle; the station's own when None.
        references: how many references each product has; None for none.

    Raises:
        BundleError: there is no such bundle, or it cannot be used; or it only describes pictures, and there are no
            references to compare them with.
    """
    loaded = load_bundle(find_bundle(bundle or InferenceSettings().bundle))
    if references is None:
        raise BundleError(
            f"model bundle {loaded.manifest.name} describes pictures and knows nothing of damage. Give it references "
            "with --references K, or a bundle with damage heads with --bundle"
        )
    return PatchScorer(loaded)


_Shot = Mapping[str, tuple[NDArray[np.float32], NDArray[np.bool_]]]
"""Features and item mask of one item, by camera."""


def _maps(shot: _Shot, bank: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    return {camera_id: patch_distances(features, mask, bank) for camera_id, (features, mask) in shot.items()}


def _scores(maps: Mapping[str, NDArray[np.float32]]) -> dict[str, float]:
    return {camera_id: view_score(distances) for camera_id, distances in maps.items()}
