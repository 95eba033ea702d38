"""References of a product: from captures of a booth, or from pictures."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import GalleryError
from station.core.items import ItemCapture
from station.gallery import Background, Origin, Reference, cut_out, framing, learn_background, outline
from station.inference import Bundle
from station.rig import Rig
from station.vision import ViewExtractor, item_surface

ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
_CAMERA = "camera"
"""The one camera of single pictures."""


def reference_of_capture(capture: ItemCapture, extractor: ViewExtractor, rig: Rig, origin: Origin) -> Reference | None:
    """Return what a booth saw of an item, None where no camera saw it."""
    views = tuple(extractor.extract(capture))
    if not views:
        return None
    return Reference({view.camera_id: (view.crop, view.mask) for view in views}, item_surface(rig, views), origin)


def references_of_pictures(source: Path, bundle: Bundle, origin: Mapping[str, str], utc_ns: int) -> Iterator[Reference]:
    """Yield a reference for each unit: a picture, or a folder of pictures named by camera.

    The item is cut out by what the pictures' borders do not show; where that tells nothing, the whole picture counts.

    Args:
        source: a picture, or a folder of units.
        bundle: the model that tells item from background.
        origin: lot and verdict.
        utc_ns: when they are added.

    Raises:
        GalleryError: there are no pictures, or one cannot be read.
    """
    units = _units(source)
    pictures = {file: _read(file) for unit in units for file in unit.values()}
    cameras = {camera_id for unit in units for camera_id in unit}
    shown = {camera_id: [pictures[unit[camera_id]] for unit in units if camera_id in unit] for camera_id in cameras}
    backgrounds = {
        camera_id: learn_background(own, bundle.features) for camera_id, own in shown.items() if len(own) > 1
    }
    side_px = max(bundle.manifest.input.width_px, bundle.manifest.input.height_px)
    for unit in units:
        views = {
            camera_id: _cut(pictures[file], backgrounds.get(camera_id), bundle, side_px)
            for camera_id, file in unit.items()
        }
        file = next(iter(unit.values()))
        named = file if len(unit) == 1 else file.parent
        yield Reference(views, None, Origin(str(named), utc_ns, **origin))


def _units(source: Path) -> list[dict[str, Path]]:
    if source.is_file():
        return [{_CAMERA: source}]
    entries = sorted(source.iterdir()) if source.is_dir() else []
    units = [{_CAMERA: entry} for entry in entries if entry.suffix.lower() in ENDINGS]
    for folder in (entry for entry in entries if entry.is_dir()):
        own = {file.stem: file for file in sorted(folder.iterdir()) if file.suffix.lower() in ENDINGS}
        units += [own] if own else []
    if not units:
        raise GalleryError(
            f"{source} holds no pictures. Name a picture, a folder of pictures or of UNIT/CAMERA.jpg, or a recording"
        )
    return units


def _cut(
    picture: NDArray[np.uint8], background: Background | None, bundle: Bundle, side_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    mask = None if background is None else outline(picture, background, bundle.features)
    if mask is None:
        mask = np.ones(picture.shape[:2], np.bool_)
    return cut_out(picture, mask, framing(mask, side_px), side_px)


def _read(file: Path) -> NDArray[np.uint8]:
    picture = cv2.imread(str(file))
    if picture is None:
        raise GalleryError(f"{file} is no picture that can be read. Convert it, or leave it out")
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)
