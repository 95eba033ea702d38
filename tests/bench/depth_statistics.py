"""How depth errs: real pictures of products in totes and bins beside the simulated booth's, by the same measures.

    python tests/bench/depth_statistics.py [--data ../shared/data] [--picture hardware/depth-statistics.jpg]

The real pictures come from coded-light cameras (F200 in `apc`, SR300 in `arc`), not from a stereo camera.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from depth_picture import Chart, drawn
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from station.simulation import Booth, SimulationSettings

PLANE_PX = 13
"""Side of the windows that planes are fitted in."""
ACROSS_PX, EDGE_MM = 3, 30.0
"""An edge is where depth steps by this much within this distance on both sides."""
LAGS = (1, 2, 4, 6)
LUMA = (0, 20, 40, 80, 160, 230, 250, 256)
AROUND_PX = 40
"""The real pictures are full of products; the booth's are cut to the item and this much around it."""
BLOB_PX = (1, 10, 100, 1000)
"""Blobs of holes are told apart by their area: from this many pixels on."""
LINED_PX = 41
"""Holes are counted where at least half of such a window is known: what is out of range is no hole."""


@dataclass(frozen=True)
class Shot:
    """Depth float32 [H, W] in mm on the colour picture's grid, 0 where there is none; colour uint8 BGR [H, W, 3].

    All colour cameras have about the same focal length, 615 px.
    """

    depth_mm: NDArray[np.float32]
    bgr: NDArray[np.uint8]

    @property
    def luma(self) -> NDArray[np.uint8]:
        """Brightness, [H, W]."""
        return np.asarray(cv2.cvtColor(self.bgr, cv2.COLOR_BGR2GRAY), np.uint8)


def real(folder: Path) -> Iterator[Shot]:
    """Read all pictures of a folder, in the stored form of either set: `apc` rotates the bits and leaves gaps."""
    for file in sorted(folder.glob("*.depth.png")):
        units = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
        rotated = folder.parent.name == "apc"
        if rotated:
            units = ((units << 13) | (units >> 3)).astype(np.uint16)
        depth_mm = units.astype(np.float32) / 10
        yield Shot(
            without_lattice(depth_mm) if rotated else depth_mm,
            cv2.imread(str(file).replace("depth", "color"), cv2.IMREAD_COLOR),
        )


def without_lattice(depth_mm: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give gaps of one pixel a neighbour's depth; real holes stay: a pixel at their rim has three known neighbours."""
    known = (depth_mm > 0).astype(np.float32)
    gap = (known == 0) & (cv2.boxFilter(known, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT) > 3.5)
    filled = depth_mm.copy()
    padded = np.pad(depth_mm, 1)
    height, width = depth_mm.shape
    for row, column in ((1, 0), (0, 1), (1, 2), (2, 1), (0, 0), (2, 2), (0, 2), (2, 0)):
        neighbour = padded[row : row + height, column : column + width]
        filled = np.where(gap & (filled == 0), neighbour, filled)
    return filled


def simulated(items: int, seed: int, around_px: int) -> Iterator[Shot]:
    """Items at rest in the simulated booth, by all its cameras, cut to the item and so much around it."""
    settings = SimulationSettings()
    booth = Booth(seed, items, settings)
    for item in booth.plan:
        index = int((item.arrive_ns + item.leave_ns) / 2 * settings.fps / 1e9)
        for camera in booth.rig.cameras:
            frame = booth.frame(camera.camera_id, index)
            depth_mm = frame.depth * np.float32(frame.depth_unit_mm)
            left, top, width, height = cv2.boundingRect(booth.item_mask(camera.camera_id, item.index).astype(np.uint8))
            rows = slice(max(0, top - around_px), top + height + around_px)
            columns = slice(max(0, left - around_px), left + width + around_px)
            bgr = np.ascontiguousarray(frame.colour[rows, columns, ::-1])
            yield Shot(depth_mm[rows, columns].astype(np.float32), bgr)


def sums(values: NDArray[np.floating], side: int) -> NDArray[np.float64]:
    """Return the sum over a window around each pixel."""
    return cv2.boxFilter(values.astype(np.float64), -1, (side, side), normalize=False, borderType=cv2.BORDER_CONSTANT)


def plane_residuals(shot: Shot) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Fit a plane around each pixel: where all of its window is known, and the spread about the plane in 1/m.

    A plane's inverse depth is linear in column and row.
    """
    side, count = PLANE_PX, PLANE_PX**2
    known = shot.depth_mm > 0
    inverse = np.where(known, 1000 / np.maximum(shot.depth_mm, 1), 0)
    ramp = np.tile(np.arange(side) - side // 2, (side, 1)).astype(np.float64)
    power = float((ramp**2).sum())
    mean = sums(inverse, side) / count
    slopes = [cv2.filter2D(inverse, -1, kernel) / power for kernel in (ramp, ramp.T)]
    square = sums(inverse**2, side) - count * mean**2 - (slopes[0] ** 2 + slopes[1] ** 2) * power
    whole = cv2.erode(known.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    return whole, np.sqrt(np.maximum(square, 0) / (count - 3))


def edge_profiles(depth_mm: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return depth across horizontal steps, [N, 7]: 0 on the nearer side, 1 on the farther, NaN for holes.

    Both sides must go on level, so steep walls are no steps.
    """
    width = depth_mm.shape[1]
    at = {step: depth_mm[:, 2 * ACROSS_PX + 2 + step : width - 2 * ACROSS_PX - 2 + step] for step in range(-8, 9)}
    outer = ACROSS_PX + 1
    step_mm = at[outer] - at[-outer]
    level = [np.abs(at[side * 2 * outer] - at[side * outer]) < np.abs(step_mm) / 4 for side in (-1, 1)]
    known = (at[outer] > 0) & (at[-outer] > 0) & (at[2 * outer] > 0) & (at[-2 * outer] > 0)
    edge = known & (np.abs(step_mm) > EDGE_MM) & level[0] & level[1]
    across = np.stack([at[step][edge] for step in range(-ACROSS_PX, ACROSS_PX + 1)], axis=1)
    near = np.minimum(at[outer], at[-outer])[edge][:, None]
    share = (across - near) / np.abs(step_mm[edge])[:, None]
    return np.where(across > 0, share, np.nan).astype(np.float32)


def step_mm(depth_mm: NDArray[np.float32]) -> float:
    """Return the distance of neighbouring depth values about the median depth, in mm."""
    known = depth_mm[depth_mm > 0]
    middle = np.median(known)
    return float(np.median(np.diff(np.unique(known[np.abs(known - middle) < 0.02 * middle]))))


@dataclass(frozen=True)
class Measures:
    """What was measured on one set of pictures.

    `spread` maps the start of each 100 mm of distance to the quarter and the middle of the plane residuals there, in
    1/m; `grain` is the spread of noise at each lag, in 1/m; `holes` is their share by luma. Across steps, `edges` of
    them, `holes_at_edges` is the share of holes and `flying` that of known pixels between the sides. `rough` is the
    quarter of the plane residuals by luma. `blobs` is the share of the holes that lie in blobs of each area, `pepper`
    how many blobs there are for each thousand pixels. `step_mm` is the distance of neighbouring depth values.
    """

    spread: dict[int, tuple[float, float]]
    grain: tuple[float, ...]
    holes_all: float
    holes: tuple[float, ...]
    edges: int
    holes_at_edges: float
    flying: float
    rough: tuple[float, ...]
    blobs: tuple[float, ...]
    pepper: float
    step_mm: float


def measure(shots: Sequence[Shot]) -> Measures:
    """Measure a set of pictures as one."""
    planes = [plane_residuals(shot) for shot in shots]
    near = np.concatenate([shot.depth_mm[whole] for shot, (whole, _) in zip(shots, planes, strict=True)])
    spread = np.concatenate([deviation[whole] for whole, deviation in planes])
    limit = float(np.percentile(spread, 25))
    quarters = {
        start: tuple(float(value) for value in np.percentile(spread[near // 100 * 100 == start], (25, 50)))
        for start in range(300, 1000, 100)
        if np.count_nonzero(near // 100 * 100 == start) > 10_000
    }
    counted = [sums(shot.depth_mm > 0, LINED_PX) > LINED_PX**2 / 2 for shot in shots]
    areas = np.concatenate([blob_areas(shot, where) for shot, where in zip(shots, counted, strict=True)])
    band = np.digitize(areas, BLOB_PX) - 1
    hole = np.concatenate([(shot.depth_mm == 0)[where] for shot, where in zip(shots, counted, strict=True)])
    luma = np.concatenate([shot.luma[where] for shot, where in zip(shots, counted, strict=True)])
    profiles = np.concatenate([edge_profiles(shot.depth_mm) for shot in shots])
    known = ~np.isnan(profiles)
    return Measures(
        spread={start: (both[0], both[1]) for start, both in quarters.items()},
        grain=tuple(
            float(
                np.median(
                    np.concatenate(
                        [
                            graininess(shot, whole & (deviation < limit), lag)
                            for shot, (whole, deviation) in zip(shots, planes, strict=True)
                        ]
                    )
                )
            )
            / 0.6745
            for lag in LAGS
        ),
        holes_all=float(hole.mean()),
        holes=by_luma(luma, hole),
        edges=len(profiles),
        holes_at_edges=float(1 - known.mean()),
        flying=float(((profiles > 0.2) & (profiles < 0.8)).sum() / known.sum()),
        rough=by_luma(
            np.concatenate([blurred(shot)[whole] for shot, (whole, _) in zip(shots, planes, strict=True)]), spread
        ),
        blobs=tuple(float(areas[band == index].sum() / areas.sum()) for index in range(len(BLOB_PX))),
        pepper=float(1e3 * areas.size / sum(where.sum() for where in counted)),
        step_mm=float(np.median([step_mm(shot.depth_mm) for shot in shots])),
    )


def blob_areas(shot: Shot, where: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the area of each blob of holes, px, [N]; neighbours touch at sides or corners."""
    holes = ((shot.depth_mm == 0) & where).astype(np.uint8)
    _, _, found, _ = cv2.connectedComponentsWithStats(holes, connectivity=8)
    return np.asarray(found[1:, cv2.CC_STAT_AREA], np.int32)


def by_luma(luma: NDArray[np.uint8], values: NDArray[Any]) -> tuple[float, ...]:
    """Return the mean of shares, or the quarter of spreads, in each band of luma; NaN where there are few."""
    band = np.digitize(luma, LUMA) - 1
    found = [values[band == index] for index in range(len(LUMA) - 1)]
    middle = np.mean if values.dtype == bool else (lambda part: np.percentile(part, 25))
    return tuple(float(middle(part)) if part.size > 3000 else float("nan") for part in found)


def blurred(shot: Shot) -> NDArray[np.uint8]:
    """Return the luma of the windows that planes are fitted in."""
    return np.asarray(cv2.blur(shot.luma, (PLANE_PX, PLANE_PX)), np.uint8)


def graininess(shot: Shot, flat: NDArray[np.bool_], lag: int) -> NDArray[np.float64]:
    """Return how far flat surfaces' inverse depth is off the mean of both neighbours `lag` columns away, in 1/m.

    Noise without memory gives the same spread at every lag; noise whose neighbours are alike gives less at short ones.
    """
    inverse = 1000 / np.maximum(shot.depth_mm, 1)
    off = (inverse[:, lag:-lag] - (inverse[:, : -2 * lag] + inverse[:, 2 * lag :]) / 2) / np.sqrt(1.5)
    return np.abs(off[flat[:, lag:-lag]])


def table(found: dict[str, Measures]) -> Table:
    """Put the measures of several sets side by side."""
    result = Table("measure", *found)

    def row(name: str, *values: str) -> None:
        result.add_row(name, *values)

    for start in range(300, 1000, 100):
        at = [measures.spread.get(start) for measures in found.values()]
        shown = [
            f"{both[0] * (start + 50) ** 2 / 1e3:.2f} / {both[1] * (start + 50) ** 2 / 1e3:.2f}" if both else "-"
            for both in at
        ]
        row(f"plane residual at {start}-{start + 100} mm, quarter / middle, mm", *shown)
    for index, lag in enumerate(LAGS):
        row(f"noise at lag {lag} px, 1/km", *(f"{measures.grain[index] * 1e3:.2f}" for measures in found.values()))
    row("holes, share", *(f"{measures.holes_all:.3f}" for measures in found.values()))
    for index, low in enumerate(LUMA[:-1]):
        name = f"luma {low}-{LUMA[index + 1] - 1}"
        row(f"holes at {name}, share", *(f"{measures.holes[index]:.3f}" for measures in found.values()))
    for index, low in enumerate(LUMA[:-1]):
        name = f"luma {low}-{LUMA[index + 1] - 1}"
        row(f"plane residual at {name}, 1/km", *(f"{measures.rough[index] * 1e3:.2f}" for measures in found.values()))
    for index, low in enumerate(BLOB_PX):
        name = f"{low}-{BLOB_PX[index + 1] - 1} px" if low != BLOB_PX[-1] else f"{low} px or more"
        row(f"of the holes lie in blobs of {name}, share", *(f"{each.blobs[index]:.3f}" for each in found.values()))
    row("blobs for each 1,000 px", *(f"{measures.pepper:.2f}" for measures in found.values()))
    row("steps looked at", *(str(measures.edges) for measures in found.values()))
    row("holes within 3 px of a step, share", *(f"{measures.holes_at_edges:.3f}" for measures in found.values()))
    row("flying pixels there, share", *(f"{measures.flying:.3f}" for measures in found.values()))
    row("distance of neighbouring depth values, mm", *(f"{measures.step_mm:.2f}" for measures in found.values()))
    return result


def charts(found: dict[str, Measures]) -> list[Chart]:
    """Return what sets of pictures have in common and what tells them apart, as bars."""
    starts = range(300, 900, 100)
    bands = [f"{low}-{after - 1}" for low, after in pairwise(LUMA)]
    noise = {
        name: [each.spread[at][1] * (at + 50) ** 2 / 1e3 if at in each.spread else float("nan") for at in starts]
        for name, each in found.items()
    }
    blobs = [f"{low}-{10 * low - 1} px" if low != BLOB_PX[-1] else f"{low} px or more" for low in BLOB_PX]
    steps = {name: [100 * each.holes_all, 100 * each.holes_at_edges, 100 * each.flying] for name, each in found.items()}
    return [
        Chart("noise about a plane, median, mm, by distance", [f"{at}-{at + 100} mm" for at in starts], noise),
        Chart(
            "noise about a plane, lower quartile, 1/km, by brightness of colour (0 to 255)",
            bands,
            {name: [1e3 * value for value in each.rough] for name, each in found.items()},
        ),
        Chart(
            "noise against neighbours so far away in the row, 1/km",
            [f"{lag} px" for lag in LAGS],
            {name: [1e3 * value for value in each.grain] for name, each in found.items()},
        ),
        Chart(
            "holes, % of the pixels, by brightness of colour (0 to 255)",
            bands,
            {name: [100 * share for share in each.holes] for name, each in found.items()},
        ),
        Chart(
            "size of holes: % of their area in blobs of",
            blobs,
            {name: [100 * share for share in each.blobs] for name, each in found.items()},
        ),
        Chart("holes and flying pixels, %", ["holes, all", "holes at depth steps", "flying at steps"], steps),
    ]


def main() -> None:
    """Measure and show."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[3] / "shared" / "data")
    parser.add_argument("--items", type=int, default=24, help="simulated items")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--picture", type=Path, help="where to write the side-by-side picture")
    arguments = parser.parse_args()
    shots = {
        "apc tote (F200)": list(real(arguments.data / "apc" / "tote")),
        "apc bin (F200)": list(real(arguments.data / "apc" / "bin")),
        "arc tote (SR300)": list(real(arguments.data / "arc")),
        "simulated": list(simulated(arguments.items, arguments.seed, AROUND_PX)),
    }
    found = {name: measure(part) for name, part in shots.items()}
    Console(width=160).print(table(found))
    if arguments.picture:
        whole = list(simulated(3, arguments.seed, 1000))
        shown = [("apc tote, F200", shots["apc tote (F200)"][7]), ("apc bin, F200", shots["apc bin (F200)"][2])]
        shown += [("arc tote, SR300", shots["arc tote (SR300)"][1]), ("simulated, top", whole[0])]
        shown += [("simulated, left", whole[4]), ("simulated, right", whole[8])]
        frames = [(name, shot.bgr, shot.depth_mm) for name, shot in shown]
        cv2.imwrite(str(arguments.picture), drawn(charts(found), frames), (cv2.IMWRITE_JPEG_QUALITY, 80))


if __name__ == "__main__":
    main()
