"""From a capture to one view for each camera that sees the item."""

from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.damage import Reason
from station.core.frames import Frame
from station.core.items import ItemCapture, ItemView, Quality
from station.rig import Rig
from station.vision.crop import border_fraction, crop_from_image, from_window, warp_mask
from station.vision.depth import close_lattice, fuse_depth
from station.vision.geometry import Sight, TrayGeometry, Window
from station.vision.mask import Found, Mask, Patch, TrayLook, find_item, learn_tray, middle
from station.vision.quality import clipped_fraction, quality_reasons, rows_around, sharpness
from station.vision.settings import VisionSettings

OnCrop = Callable[[NDArray[np.uint8]], object]

_FINE_PX = 112
"""An item found is outlined in a window of about this many pixels across."""
_MARGIN = 0.1
"""The window exceeds what was found by this share of its larger side."""
_SPARSE = 2
"""The item's median distance is taken from every second pixel of every second row."""


class ViewExtractor:
    """Finds the item in every camera's pictures and turns it into its own orientation.

    Depth is the median over the capture's framesets, colour that of the last. All geometry is that of
    the undistorted image, of which only the windows looked at are made. A view's `height_mm` is NaN also
    outside the window the item was outlined in, which reaches a little beyond the item.
    """

    def __init__(self, rig: Rig, settings: VisionSettings) -> None:
        """Prepare the cameras.

        Raises:
            RigError: a camera of the rig does not see the tray.
        """
        self._settings = settings
        self._geometries = tuple(TrayGeometry(rig, camera.camera_id) for camera in rig.cameras)

    def extract(self, capture: ItemCapture, on_crop: OnCrop = lambda crop: None) -> Iterator[ItemView]:
        """Yield the views, in the order of the rig's cameras; none where a camera sees no item.

        Args:
            capture: of one item.
            on_crop: given each view's crop as soon as it is cut, so that a model can start on it.
        """
        for geometry in self._geometries:
            frames = [f for s in capture.framesets for f in s.frames if f.camera_id == geometry.camera_id]
            if frames and (view := self._view(frames, geometry, on_crop)) is not None:
                yield view

    def doubts(self, views: Sequence[ItemView]) -> tuple[Reason, ...]:
        """Return why these views of one item cannot be judged, worst first; empty when they can.

        A side that one camera should see and does not is as good as out of view.
        """
        reasons = quality_reasons(views, self._settings)
        if 0 < len(views) < len(self._geometries) and Reason.CLIPPED not in reasons:
            return (Reason.CLIPPED, *reasons)
        return reasons

    def _view(self, frames: Sequence[Frame], geometry: TrayGeometry, on_crop: OnCrop) -> ItemView | None:
        coarse = _patch(geometry.volume, frames[-1:])
        tray = learn_tray(coarse, geometry, self._settings)
        rough = find_item(coarse, tray, geometry, self._settings)
        if rough is None:
            return None
        fine = _patch(geometry.sight(_around(rough.mask, geometry)), frames)
        found = find_item(fine, tray, geometry, self._settings)
        if found is None:
            return None
        item = Found(found.mask, rough.beside_mm2)  # the fine window is too narrow to tell what lies beside
        return self._cut(item, fine, tray, geometry, frames[-1].colour, on_crop)

    def _cut(
        self,
        found: Found,
        patch: Patch,
        tray: TrayLook,
        geometry: TrayGeometry,
        colour: NDArray[np.uint8],
        on_crop: OnCrop,
    ) -> ItemView:
        mask, side = found.mask, self._settings.crop_px
        image_map = crop_from_image(mask, patch.sight.window, side, self._settings.crop_fill)
        crop = geometry.crop(colour, image_map, side)
        on_crop(crop)
        window_map = from_window(image_map, patch.sight.window)
        cut_mask = warp_mask(mask, window_map, side)
        height_mm = cv2.warpAffine(
            patch.height_mm - np.float32(tray.level_mm),
            window_map,
            (side, side),
            flags=cv2.INTER_NEAREST,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(float("nan"),),
        )
        known = mask & (patch.depth_mm > 0)
        known_mm = patch.depth_mm[::_SPARSE, ::_SPARSE][known[::_SPARSE, ::_SPARSE]]
        distance_mm = middle(known_mm) if len(known_mm) else geometry.distance_mm
        rows = rows_around(cut_mask)
        luma = np.asarray(cv2.cvtColor(crop[rows], cv2.COLOR_RGB2GRAY), np.uint8)
        return ItemView(
            camera_id=geometry.camera_id,
            crop=crop,
            mask=cut_mask,
            height_mm=np.asarray(height_mm, np.float32),
            mm_per_px=distance_mm / geometry.focal_px / float(np.hypot(*image_map[0, :2])),
            crop_from_image=image_map,
            quality=Quality(
                sharpness=sharpness(luma, cut_mask[rows]),
                clipped_fraction=clipped_fraction(luma, cut_mask[rows]),
                border_fraction=border_fraction(mask, patch.sight.window, geometry.shape),
                depth_fill=float(np.count_nonzero(known)) / float(np.count_nonzero(mask)),
                beside_mm2=found.beside_mm2,
            ),
        )


def _patch(sight: Sight, frames: Sequence[Frame]) -> Patch:
    depth_mm = fuse_depth([sight.read(frame.depth) for frame in frames]).astype(np.float32)
    depth_mm *= np.float32(frames[-1].depth_unit_mm)
    close_lattice(depth_mm)
    height_mm = sight.along(2, depth_mm)
    height_mm[depth_mm == 0] = np.nan
    return Patch(sight=sight, colour=sight.read(frames[-1].colour), depth_mm=depth_mm, height_mm=height_mm)


def _around(rough: Mask, geometry: TrayGeometry) -> Window:
    """The window around what was found, with a margin, within the working volume's own."""
    bounds, step = geometry.bounds, geometry.volume.window.stride
    column, row, width, height = cv2.boundingRect(rough.view(np.uint8))
    margin = round(max(width, height) * _MARGIN) + 2
    left = max(bounds.left, bounds.left + (column - margin) * step)
    top = max(bounds.top, bounds.top + (row - margin) * step)
    right = min(bounds.right, bounds.left + (column + width + margin) * step)
    bottom = min(bounds.bottom, bounds.top + (row + height + margin) * step)
    stride = max(1, round(max(right - left, bottom - top) / _FINE_PX))
    return Window(left, top, right, bottom, 1).with_stride(stride)
