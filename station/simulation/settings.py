"""Settings of the simulated booth."""

from dataclasses import asdict, dataclass
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
    rest_ms: Annotated[int, Ge(100), Le(60_000), Doc("Time an item lies still on the tray, in ms.")] = 1400
    gap_ms: Annotated[int, Ge(0), Le(60_000), Doc("Time the tray lies empty between items, in ms.")] = 450
    announce_ms: Annotated[int, Ge(0), Le(5000), Doc("An item is announced this long before it lies still, in ms.")] = (
        550
    )
    supersampling: Annotated[int, Ge(1), Le(4), Doc("Rendered colour samples along each side of a pixel.")] = 2
    vignetting: Annotated[float, Ge(0), Le(0.9), Doc("Share of the light lost in the corners of a picture.")] = 0.1
    baseline_mm: Annotated[float, Gt(0), Le(200), Doc("Distance of the two depth imagers, in mm.")] = 50.0
    disparity_noise_px: Annotated[
        float, Ge(0), Le(2), Doc("Standard deviation of the stereo matcher's error, in px of disparity.")
    ] = 0.022
    disparity_steps: Annotated[
        int, Ge(1), Le(1024), Doc("Steps of disparity the stereo matcher tells apart in one px.")
    ] = 32
    depth_unit_mm: Annotated[float, Gt(0), Le(10), Doc("Length of one unit of depth, in mm.")] = 0.1
    booth: Annotated[str, Doc("The booth: a booth file's path, or `three` or `six` for a shipped one.")] = "three"
    products: Annotated[
        int, Ge(0), Le(100_000), Doc("How many generated products come; 0 for the demo's eight named ones.")
    ] = 0
    hand_ms: Annotated[
        int,
        Ge(0),
        Le(2000),
        Doc("Time a hand takes to draw back from an item, or to reach for one, in ms; 0: no hands."),
    ] = 300
    pair_share: Annotated[
        float, Ge(0), Le(1), Doc("Share of the items that come to lie beside the one before them, unannounced.")
    ] = 0.0
    booth_seed: Annotated[
        int, Ge(0), Doc("Seed of what is this booth's own: its panels' age, the dirt on its tray.")
    ] = 0
    dirt: Annotated[float, Ge(0), Le(1), Doc("How dirty the tray is, from 0, clean, to 1.")] = 0.25
    light_spread: Annotated[
        float, Ge(0), Le(0.5), Doc("Standard deviation of a panel's brightness between booths, as a share of it.")
    ] = 0.05
    light_spread_k: Annotated[
        float, Ge(0), Le(1000), Doc("Standard deviation of a panel's colour temperature between booths, in K.")
    ] = 120.0
    weak_panel: Annotated[
        float, Ge(0), Le(1), Doc("How much of its light one old panel of a booth has lost at most, as a share.")
    ] = 0.25
    light_drift: Annotated[
        float, Ge(0), Le(0.5), Doc("How far the light's brightness swings over some minutes, as a share of it.")
    ] = 0.015
    light_drift_k: Annotated[
        float, Ge(0), Le(1000), Doc("How far the light's colour temperature swings over some minutes, in K.")
    ] = 60.0
    shot_noise: Annotated[
        float, Ge(0), Le(20), Doc("Standard deviation of the light's own noise on white, in levels of 0 to 255.")
    ] = 1.6
    read_noise: Annotated[
        float, Ge(0), Le(20), Doc("Standard deviation of the colour imager's own noise, in levels of linear light.")
    ] = 0.25
    exposure_error: Annotated[
        float, Ge(0), Le(0.5), Doc("Standard deviation of a camera's exposure, as a share of the right one.")
    ] = 0.03
    white_balance_error: Annotated[
        float, Ge(0), Le(0.5), Doc("Standard deviation of red and of blue light against green, as a share.")
    ] = 0.02
    exposure_ms: Annotated[
        float, Ge(0), Le(100), Doc("How long a colour picture takes in light: what moves smears, in ms.")
    ] = 6.0
    readout_ms: Annotated[
        float, Ge(0), Le(100), Doc("Time between a colour picture's first row and its last, in ms.")
    ] = 16.0
    match_window_px: Annotated[
        int, Ge(1), Le(31), Doc("Side of the window that the stereo matcher compares, in px of the colour picture.")
    ] = 7
    flying_share: Annotated[
        float, Ge(0), Le(1), Doc("Share of the pixels at depth edges whose depth lies between the two sides.")
    ] = 0.1
    fattened_share: Annotated[
        float, Ge(0), Le(1), Doc("Share of the pixels at depth edges that take the nearer side's depth.")
    ] = 0.3
    edge_hole_share: Annotated[float, Ge(0), Le(1), Doc("Share of the pixels at depth edges that have no depth.")] = 0.5
    asic_rise_k: Annotated[
        float, Ge(0), Le(60), Doc("How much warmer than when switched on a camera's ASIC gets in the end, in K.")
    ] = 20.0
    warm_up_min: Annotated[
        float, Gt(0), Le(240), Doc("Time in which a camera's ASIC warms up but for a third, in minutes.")
    ] = 10.0
    depth_drift_per_k: Annotated[
        float, Ge(0), Le(0.005), Doc("How far depth is off at most for each K that the ASIC lacks, as a share of it.")
    ] = 0.0002
    disparity_drift_px_per_k: Annotated[
        float, Ge(0), Le(0.05), Doc("How far disparity is off at most for each K that the ASIC lacks, in px.")
    ] = 0.003


def as_command(verb: str, items: int, seed: int, settings: SimulationSettings) -> str:
    """Return the command that makes a recording or a dataset, with every setting that is not the usual one."""
    usual = asdict(SimulationSettings())
    chosen = [f"{name} = {value!r}" for name, value in asdict(settings).items() if value != usual[name]]
    command = f"station simulate {verb} OUT --items {items} --seed {seed}"
    return command + (f" --config FILE, where [simulation] says {', '.join(chosen)}" if chosen else "")
