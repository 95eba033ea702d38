"""Settings of vision: where an item ends and when its pictures are good enough."""

from dataclasses import dataclass
from typing import Annotated

from annotated_doc import Doc
from annotated_types import Ge, Gt, Le


@dataclass(frozen=True, slots=True)
class VisionSettings:
    """How framesets become views."""

    crop_px: Annotated[int, Ge(64), Le(2048), Doc("Side of the square crop an item is turned into, in px.")] = 448
    crop_fill: Annotated[
        float, Gt(0.1), Le(1.0), Doc("Share of the crop's side that the item's longer side fills.")
    ] = 0.9
    min_height_mm: Annotated[
        float, Gt(0), Le(100), Doc("What rises above the tray by more than this is item, in mm.")
    ] = 6.0
    min_item_area_mm2: Annotated[
        float, Gt(0), Le(1e6), Doc("Anything smaller than this is taken for noise, in mm^2.")
    ] = 400.0
    merge_gap_mm: Annotated[
        float, Ge(0), Le(500), Doc("Parts nearer than this to the largest part belong to the item, in mm.")
    ] = 20.0
    min_colour_difference: Annotated[
        float,
        Ge(1),
        Le(255),
        Doc("Where depth is silent, what differs from the tray's colour by more than this is item (0 to 255)."),
    ] = 15.0
    max_border_fraction: Annotated[
        float,
        Ge(0),
        Le(1),
        Doc("A view is clipped when more than this share of the item's outline is on the image border."),
    ] = 0.02
    min_sharpness: Annotated[
        float, Ge(0), Doc("A view is blurred when its sharpness, the variance of the Laplacian of luma, is below this.")
    ] = 3.0
    max_clipped_fraction: Annotated[
        float, Ge(0), Le(1), Doc("A view is badly exposed when more than this share of the item is black or burnt out.")
    ] = 0.4
    min_depth_fill: Annotated[
        float, Ge(0), Le(1), Doc("An item has too little depth when no view has depth on at least this share of it.")
    ] = 0.2
