"""Items on their way: announced by the controller, captured from the tray, seen from each camera."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.core.damage import Reason
from station.core.frames import FrameSet


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a controller (or a scanner) says about the next item.

    `plc_id` is the controller's number for it, 1..2^31-1, or 0 for an announcement without one.
    `item_id` is the item's name if it already has one; otherwise the tracker gives it one.
    """

    plc_id: int
    t_ns: int
    sku: str | None = None
    barcode: str | None = None
    item_id: str | None = None


@dataclass(frozen=True, slots=True)
class ItemCapture:
    """An item settled on the tray, with the framesets to judge it by (oldest first).

    `arrived_ns` is the station clock when the item settled, or when it was announced if that is
    what started the capture. `fault` is set when the scene already knows the item cannot be
    judged; `framesets` may then be empty. Whoever ends the walk calls `release()` once.
    """

    item_id: str
    arrived_ns: int
    framesets: tuple[FrameSet, ...]
    announcement: Announcement | None = None
    fault: Reason | None = None

    @property
    def plc_id(self) -> int:
        """The controller's number for the item, 0 when it has none."""
        return self.announcement.plc_id if self.announcement else 0

    def release(self) -> None:
        """Give all frame memory back."""
        for frameset in self.framesets:
            frameset.release()


@dataclass(frozen=True, slots=True)
class Quality:
    """How well one view shows the item; each figure but the last is for the item's mask alone.

    `sharpness` is the variance of the Laplacian of luma; `clipped_fraction` the share of pixels at 0 or
    255 in all channels; `border_fraction` the share of the mask's outline on the image border;
    `depth_fill` the share of pixels with depth. `beside_mm2` is about the area of the largest raised thing
    apart from it.
    """

    sharpness: float
    clipped_fraction: float
    border_fraction: float
    depth_fill: float
    beside_mm2: float = 0.0


@dataclass(frozen=True, slots=True)
class ItemView:
    """One camera's view of the item, turned into the item's own orientation.

    `crop` uint8 RGB [S, S, 3], background kept; `mask` bool [S, S]; `height_mm` float32 [S, S] above
    the tray plane, NaN where unknown; `mm_per_px` of the crop at the item's distance;
    `crop_from_image` float64 [2, 3], the affine map from image px to crop px.
    """

    camera_id: str
    crop: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    height_mm: NDArray[np.float32]
    mm_per_px: float
    crop_from_image: NDArray[np.float64]
    quality: Quality


@dataclass(frozen=True, slots=True, eq=False)
class ItemSurface:
    """An item's heights above the tray straight from above: float32 [N, N] in mm, NaN unknown, the item in the middle.

    A cell is `cell_mm` wide; rows lie along the tray's y, columns along its x. `middle_mm` is where on the tray its
    middle is, `x, y`.
    """

    height_mm: NDArray[np.float32]
    cell_mm: float
    middle_mm: tuple[float, float] = (0.0, 0.0)
