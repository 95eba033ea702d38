"""Settings of the simulated booth."""

from dataclasses import dataclass
from typing import Annotated

from annotated_doc import Doc
from annotated_types import Ge, Gt, Le


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """What the simulated booth looks like, how its items come and go, and how its cameras see."""

    width_px: Annotated[int, Ge(160), Le(1920), Doc("Width of every camera's pictures, in px.")] = 640
    height_px: Annotated[int, Ge(120), Le(1080), Doc("Height of every camera's pictures, in px.")] = 480
    fps: Annotated[int, Ge(1), Le(60), Doc("Frames each camera delivers a second.")] = 15
    catalogue_seed: Annotated[int, Ge(0), Doc("Seed of the products' artwork and barcodes.")] = 2026
    damaged_share: Annotated[float, Ge(0), Le(1), Doc("Share of the items that are damaged.")] = 0.3
    lead_ms: Annotated[int, Ge(0), Le(60_000), Doc("Time the tray lies empty before the first item, in ms.")] = 1600
    move_ms: Annotated[int, Ge(50), Le(2000), Doc("Time an item takes to slide in, and out again, in ms.")] = 250
    rest_ms: Annotated[int, Ge(100), Le(60_000), Doc("Time an item lies still on the tray, in ms.")] = 1000
    gap_ms: Annotated[int, Ge(0), Le(60_000), Doc("Time the tray lies empty between items, in ms.")] = 450
    announce_ms: Annotated[int, Ge(0), Le(5000), Doc("An item is announced this long before it lies still, in ms.")] = (
        550
    )
    supersampling: Annotated[int, Ge(1), Le(4), Doc("Rendered colour samples along each side of a pixel.")] = 2
    colour_noise: Annotated[
        float, Ge(0), Le(20), Doc("Standard deviation of the colour noise, in levels of 0 to 255.")
    ] = 1.2
    vignetting: Annotated[float, Ge(0), Le(0.9), Doc("Share of the light lost in the corners of a picture.")] = 0.1
    baseline_mm: Annotated[float, Gt(0), Le(200), Doc("Distance of the two depth imagers, in mm.")] = 50.0
    disparity_noise_px: Annotated[
        float, Ge(0), Le(2), Doc("Standard deviation of the stereo matcher's error, in px of disparity.")
    ] = 0.06
    disparity_steps: Annotated[
        int, Ge(1), Le(1024), Doc("Steps of disparity the stereo matcher tells apart in one px.")
    ] = 32
    depth_unit_mm: Annotated[float, Gt(0), Le(10), Doc("Length of one unit of depth, in mm.")] = 0.1
