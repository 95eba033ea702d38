"""The layouts of MVTec AD, MVTec LOCO AD and MVTec 3D-AD, and of the many datasets that follow them.

AD: `CATEGORY/{train,test}/{good,DEFECT}/NNN.png`, `ground_truth/DEFECT/NNN_mask.png`.
LOCO: the same with `validation`, masks in `ground_truth/DEFECT/NNN/000.png`: a file for each defect, whose value tells
in `defects_config.json` how much of it must be found. 3D-AD: `{train,validation,test}/DEFECT/{rgb,xyz,gt}/NNN`, xyz in
metres.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from station.core.errors import DatasetError
from station.learn.dataset import DamageMask, Item, View
from station.learn.importing.source import (
    ENDINGS,
    SPLITS,
    Source,
    copy_mask,
    copy_picture,
    damage_words,
    folder_in,
    is_good,
    item_of,
    licence_of,
    pictures_in,
    read_picture,
    refuse_doubles,
    save_picture,
    split_folders,
    visible,
)

_CAMERA = "camera"
_FINEST_UNIT_MM = 0.01
_SATURATION = "defects_config.json"


@dataclass(frozen=True, slots=True)
class _Picture:
    category: Path
    split: str
    defect: str
    colour: Path
    xyz: Path | None
    masks: tuple[Path, ...]

    @property
    def product(self) -> str:
        return self.category.resolve().name

    @property
    def item_id(self) -> str:
        return f"{self.product}-{self.split}-{self.defect}-{self.colour.stem}"


def read_mvtec(src: Path) -> Source:
    """Find the pictures of one category, or of a folder of several; see the module for the layouts.

    Raises:
        DatasetError: there is no such category, a mask is missing, good items lie in a folder of another name, two
            pictures have one name, or `defects_config.json` is malformed.
    """
    folders = [src, *(entry for entry in visible(src) if entry.is_dir())] if src.is_dir() else []
    categories = [folder for folder in folders if split_folders(folder)]
    if not categories:
        raise DatasetError(f"{src} holds no category: no folder train or test in it, or one folder deeper")
    left_out = [
        f"{entry} holds neither train nor test"
        for entry in folders[1:]
        if src not in categories and entry not in categories
    ]
    if src in categories:
        categories = [src]
    pictures = [picture for category in categories for picture in _pictures(category, left_out)]
    refuse_doubles(((picture.item_id, picture.colour) for picture in pictures), "both of one item")
    if unmasked := [picture for picture in pictures if not picture.masks and not is_good(picture.defect)]:
        left_out.append(f"masks of {len(unmasked)} damaged pictures: {unmasked[0].colour} has none, for one")
    saturation = {category: _saturation(category / _SATURATION) for category in categories}
    items = partial(_items, pictures, saturation)
    return Source(src.resolve().name, licence_of(src), len(pictures), items, left_out)


def _pictures(category: Path, left_out: list[str]) -> Iterator[_Picture]:
    for split in split_folders(category):
        for defect in (entry for entry in visible(split) if entry.is_dir()):
            colours = folder_in(defect, "rgb")
            deep = colours.is_dir()
            folder = folder_in(defect, "gt") if deep else folder_in(folder_in(category, "ground_truth"), defect.name)
            for colour in pictures_in(colours if deep else defect, left_out):
                xyz = _same_stem(folder_in(defect, "xyz"), colour.stem) if deep else None
                masks = () if is_good(defect.name) else _masks(folder, colour)
                yield _Picture(category, split.name, defect.name, colour, xyz, masks)


def _masks(folder: Path, colour: Path) -> tuple[Path, ...]:
    """Return the masks of a damaged picture; none where its damage has no folder of masks."""
    if not folder.is_dir():
        return ()
    if (folder / colour.stem).is_dir() and (parts := pictures_in(folder / colour.stem, [])):
        return tuple(parts)
    mask = _same_stem(folder, f"{colour.stem}_mask") or _same_stem(folder, colour.stem)
    if mask is None:
        raise DatasetError(
            f"{colour} has no mask {colour.stem}_mask.png in {folder}. Restore it, or remove the picture"
        )
    return (mask,)


def _same_stem(folder: Path, stem: str) -> Path | None:
    return next((folder / (stem + ending) for ending in sorted(ENDINGS) if (folder / (stem + ending)).is_file()), None)


def _saturation(file: Path) -> Mapping[int, tuple[float, bool]]:
    """Return, by a mask's value, how much of it must be found, and whether that is a share of its own area."""
    if not file.is_file():
        return {}
    try:
        return {
            int(entry["pixel_value"]): (float(entry["saturation_threshold"]), bool(entry["relative_saturation"]))
            for entry in json.loads(file.read_text())
        }
    except (KeyError, TypeError, ValueError) as error:
        raise DatasetError(f"{file} is malformed ({error!r}). Restore it, or remove it") from error


def _items(
    pictures: Sequence[_Picture], saturation: Mapping[Path, Mapping[int, tuple[float, bool]]], out: Path
) -> Iterator[Item]:
    for picture in pictures:
        item_id = picture.item_id
        colour, shape = copy_picture(picture.colour, out, item_id, _CAMERA, as_stored=True)
        damage = next(iter(damage_words(picture.defect)[0]), None)
        masks = tuple(
            _saturated(copy_mask(file, out, item_id, _CAMERA, number, damage, shape), saturation[picture.category], out)
            for number, file in enumerate(picture.masks)
        )
        view = View(_CAMERA, colour, damage_masks=masks)
        if picture.xyz is not None:
            view = _with_depth(view, picture.xyz, shape, out, item_id)
        yield item_of(item_id, picture.product, SPLITS[picture.split.lower()], picture.defect, [view])


def _saturated(mask: DamageMask, saturation: Mapping[int, tuple[float, bool]], out: Path) -> DamageMask:
    values: Any = read_picture(out / mask.file)
    threshold, relative = saturation.get(int(values.max()), (None, False))
    if threshold is None:
        return mask
    area = float(np.count_nonzero(values))
    return replace(mask, saturation_px=min(area, threshold * area if relative else threshold))


def _with_depth(view: View, xyz: Path, shape: tuple[int, int], out: Path, item_id: str) -> View:
    points: Any = read_picture(xyz)
    if points.shape != (*shape, 3):
        raise DatasetError(f"{xyz} is {points.shape}, not x, y, z for each of {shape[1]} x {shape[0]} px. Restore it")
    z_mm = np.nan_to_num(points[..., 0].astype(np.float64) * 1000.0).clip(0)  # OpenCV reads the channels turned round
    unit_mm = max(_FINEST_UNIT_MM, float(z_mm.max()) / 65535)
    depth = save_picture(np.rint(z_mm / unit_mm).astype(np.uint16), out, item_id, view.camera_id, "depth")
    return replace(view, depth=depth, depth_unit_mm=unit_mm)
