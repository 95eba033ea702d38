"""One product's references, ready to be compared with."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.core.items import ItemView
from station.core.verdict import Finding
from station.gallery.calibration import Calibration
from station.gallery.compare import compare_view
from station.gallery.differences import differences, patch_heights
from station.gallery.enrol import EnrolledProduct
from station.gallery.products import Product
from station.gallery.registered import Describe, FaceReferences, place
from station.gallery.shapes import ShapeReferences


@dataclass(frozen=True, slots=True, eq=False)
class ProductReferences:
    """One product's references, ready to be compared with: `bank` float32 [P, C], its `faces` and `shapes`.

    `shapes` is None where it was enrolled without depth.
    """

    product: Product
    bank: NDArray[np.float32]
    faces: tuple[FaceReferences, ...]
    shapes: ShapeReferences | None
    calibration: Calibration

    @classmethod
    def of(cls, product: Product, enrolled: EnrolledProduct) -> "ProductReferences":
        """Return references as they were enrolled, for a product that stands alone."""
        views = {camera_id: view.calibration for camera_id, view in enrolled.views.items()}
        calibration = Calibration(views, enrolled.good_scores)
        return cls(product, enrolled.bank.astype(np.float32), enrolled.faces, enrolled.shapes, calibration)

    def compare(self, view: ItemView, features: NDArray[np.float32], describe: Describe) -> Finding | None:
        """Return how the view differs from the references, None where its camera was not calibrated.

        Args:
            view: the item's view.
            features: its feature map, float32 [h, w, C].
            describe: the model, for the view as it lies over the product's faces.
        """
        usual = self.calibration.views.get(view.camera_id)
        if usual is None:
            return None
        placed = place(self.faces, view.crop, view.mask)
        described = describe([one.picture for one in placed]) if placed else ()
        return compare_view(view.camera_id, features, view.mask, self.bank, usual, placed, described)

    def differences(self, view: ItemView, features: NDArray[np.float32]) -> NDArray[np.float32] | None:
        """Return how each patch of the view differs from the nearest reference patch; see `differences`.

        Args:
            view: the item's view.
            features: its feature map, float32 [h, w, C].

        Returns:
            float32 [h, w, C + 4]; None where the view's camera was not calibrated.
        """
        usual = self.calibration.views.get(view.camera_id)
        if usual is None:
            return None
        heights_mm = patch_heights(view.height_mm, view.mask, *features.shape[:2])
        return differences(features, view.mask, heights_mm, self.bank, usual.highest_distance)
