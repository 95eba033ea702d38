"""How near `station setup` comes to the truth on the simulated booth, and what its daily check catches.

    python tests/bench/setup_truth.py --booth three --seeds 20

For each seed a booth is bolted together somewhat off its plan, calibrated through the camera port, and compared with
the truth; OpenCV's own calibrateMultiview gets the same corners, with intrinsics fixed as ours are.
Then the golden target is laid in the unmoved booth, in one with a camera 3 mm off, in one with a camera turned by
0.5 degrees, in one whose cameras all moved together 5 mm off the tray, and in one of whose panels the first went out.
`--focal-error` and `--middle-error-px` make the factory intrinsics wrong by that much (1 sigma).
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from station.daemon.clock import ManualClock
from station.rig import Rig
from station.setup import check as daily
from station.setup.board import golden_target
from station.setup.captures import Kind
from station.setup.extrinsics import adjust
from station.setup.gather import Gatherer, close_cameras, framesets, open_cameras
from station.setup.guide import capture
from station.setup.poses import Observation, difference, transform
from station.setup.procedure import STEPS, against_truth, run_step
from station.setup.session import Session
from station.setup.settings import SetupSettings
from station.setup.sighting import Finder
from station.setup.sources import board_booth, golden_booth, simulated_source
from station.simulation.board import nudged
from station.simulation.settings import SimulationSettings

MOVED_MM, TURNED_DEG, TOGETHER_MM = 3.0, 0.5, 5.0
WORST = "mm", "deg", "share"
BOOTH_SEED = 6
"""Of this booth `weak_panel` dims the first panel, nearly by all it says."""


def misleading(focal: float, middle_px: float, seed: int) -> Callable[[Rig], Rig]:
    """Return how cameras describe themselves that know their lenses somewhat wrongly, by normal deviates."""
    rng = np.random.default_rng((seed, 77))

    def factory(rig: Rig) -> Rig:
        cameras = []
        for camera in rig.cameras:
            lens, scale = camera.intrinsics, 1 + rng.normal(0, focal)
            cx, cy = np.array([lens.cx, lens.cy]) + rng.normal(0, middle_px, 2)
            lens = replace(lens, fx=lens.fx * scale, fy=lens.fy * scale, cx=float(cx), cy=float(cy))
            cameras.append(replace(camera, intrinsics=lens))
        return replace(rig, cameras=tuple(cameras))

    return factory


def common_corners(session: Session) -> dict:
    """Return the sightings with only those corners of each pose that all its cameras see.

    calibrateMultiview is documented to take a board seen in part, its missing corners as (-1, -1), but fails on them.
    """
    seen = session.sightings()
    common = {}
    for pose in {pose for _, pose in seen}:
        here = {name: found for (name, number), found in seen.items() if number == pose}
        while here:
            ids = sorted(set.intersection(*(set(found.ids.tolist()) for found in here.values())))
            if len(ids) >= 12:
                break
            here.pop(min(here, key=lambda name: len(here[name].ids)))
        corners = session.board.corners_mm()
        for name, found in here.items():
            rows = [int(np.flatnonzero(found.ids == number)[0]) for number in ids]
            common[name, pose] = Observation(corners[ids], found.pixels[rows])
    return common


def multiview(session: Session, seen: dict) -> dict:
    """Return what OpenCV's calibrateMultiview makes of corners: camera_from_first by camera."""
    lenses = session.cameras()
    poses = sorted({pose for _, pose in seen})
    count = session.board.corner_count
    boards, images, mask = [], [[] for _ in lenses], np.zeros((len(lenses), len(poses)), np.uint8)
    for column, pose in enumerate(poses):
        points = next(found.points_mm for (_, number), found in seen.items() if number == pose)
        repeated = np.arange(count) % len(points)  # every pose must have as many points
        boards.append((points / 1000).astype(np.float32)[repeated])  # in metres: a board in mm it takes for a line
        for row, name in enumerate(lenses):
            places = np.full((count, 2), -1, np.float32)
            if (name, pose) in seen:
                mask[row, column] = 1
                places = seen[name, pose].pixels.astype(np.float32)[repeated]
            images[row].append(places)
    fixed = cv2.CALIB_FIX_FOCAL_LENGTH | cv2.CALIB_FIX_PRINCIPAL_POINT | cv2.CALIB_FIX_TANGENT_DIST
    fixed |= cv2.CALIB_FIX_K1 | cv2.CALIB_FIX_K2 | cv2.CALIB_FIX_K3
    _, _, _, turns, shifts = cv2.calibrateMultiview(
        boards,
        images,
        [(info.intrinsics.width_px, info.intrinsics.height_px) for info in lenses.values()],
        mask,
        np.full(len(lenses), cv2.CALIB_MODEL_PINHOLE, np.uint8),
        [info.intrinsics.matrix for info in lenses.values()],
        [np.array(info.intrinsics.distortion) for info in lenses.values()],
        None,
        None,
        flagsForIntrinsics=np.full(len(lenses), cv2.CALIB_USE_INTRINSIC_GUESS | fixed, np.int32),
        flags=cv2.CALIB_USE_INTRINSIC_GUESS,
    )
    found = {}
    for name, turn, shift in zip(lenses, turns, shifts, strict=True):
        found[name] = transform(np.concatenate([np.ravel(turn), 1000 * np.ravel(shift)]))
    return found


def lifted(rig: Rig, by_mm: float) -> Rig:
    """Return a booth whose cameras all stand further from the tray."""
    lift = transform(np.array([0, 0, 0, 0, 0, by_mm]))
    return replace(rig, cameras=tuple(replace(c, rig_from_camera=lift @ c.rig_from_camera) for c in rig.cameras))


def golden(rig, simulation, settings, seed):
    """Return the captures of the golden target in a booth."""
    source = simulated_source(golden_booth(golden_target(), rig, settings, simulation, seed), ManualClock())
    infos = open_cameras(source.cameras, {})
    gatherer = Gatherer(Finder(golden_target(), settings), list(infos), settings, [Kind.BOARD])
    kept = [found.capture for frames in framesets(source.cameras, 20.0) if (found := gatherer.push(frames))]
    close_cameras(source.cameras)
    return kept


def checks(
    rig: Rig,
    health: dict[str, daily.Health],
    truth: Rig,
    simulation: SimulationSettings,
    settings: SetupSettings,
    seed: int,
) -> dict:
    """Return what the daily check, with rig and cameras as setup found them, says of the booth as it was and altered.

    It is right where it names the camera that moved and no other, or all where all moved, or see a panel out.
    """
    who = truth.cameras[seed % len(truth.cameras)].camera_id
    rng = np.random.default_rng((seed, 5))
    target = golden_target()
    everyone, dark = {camera.camera_id for camera in truth.cameras}, replace(simulation, weak_panel=1.0)
    verdicts = {}
    for name, booth_now, light, right in (
        ("unmoved", truth, simulation, set()),
        ("moved", nudged(truth, who, rng, by_mm=MOVED_MM), simulation, {who}),
        ("turned", nudged(truth, who, rng, by_deg=TURNED_DEG), simulation, {who}),
        ("all together", lifted(truth, TOGETHER_MM), simulation, {"cameras"}),
        ("panel out", truth, dark, everyone),
    ):
        result, _ = daily.check(rig, target, golden(booth_now, light, settings, 2000 + seed), health, settings)
        named = {word.split()[1] for word in result.failures}
        off = {m.unit: m.value for m in sorted(result.measures, key=lambda m: m.value) if m.unit in WORST}
        verdicts[name] = {"right": named == right, "named": sorted(named), **off}
    return verdicts


def one_seed(booth: str, seed: int, focal: float, middle_px: float, check: bool) -> dict:
    simulation = SimulationSettings(booth=booth, supersampling=1, booth_seed=BOOTH_SEED)
    settings = replace(SetupSettings(), empty_framesets=10, booth=booth)
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        session = Session(Path(folder), settings)
        factory = misleading(focal, middle_px, seed)
        booth_now = board_booth(session.board, settings, simulation, seed, factory=factory)
        source = simulated_source(booth_now, ManualClock())
        capture(session, source, 20.0, lambda _words: None)
        results = [run_step(session, name) for name in STEPS]
        rig, truth = session.draft(), source.truth
        shown = [session.load_capture(path) for path in session.captures(Kind.BOARD)]
        health = daily.health_of(rig, session.board, shown)
        seen, first = common_corners(session), np.linalg.inv(truth.cameras[0].rig_from_camera)
        rivals = {
            "ours": adjust(session.lenses(), seen).rig_from_camera,
            "calibrateMultiview": {name: np.linalg.inv(pose) for name, pose in multiview(session, seen).items()},
        }
    found = {
        kind: [difference(places[c.camera_id], first @ c.rig_from_camera) for c in truth.cameras[1:]]
        for kind, places in rivals.items()
    }
    return {
        "booth": booth,
        "seed": seed,
        "failed": [m.name + " " + m.subject for result in results for m in result.measures if not m.ok],
        "refined": any("changed" in m.name for result in results for m in result.measures),
        "errors": {f"{m.name} {m.unit} {m.subject}": m.value for m in against_truth(rig, truth)},
        **found,
        "check": checks(rig, health, truth, simulation, settings, seed) if check else None,
        "seconds": time.monotonic() - start,
    }


def summary(found: list[dict]) -> list[str]:
    """Return what all seeds together say."""
    places = np.concatenate([[v for k, v in one["errors"].items() if "place" in k] for one in found])
    turns = np.concatenate([[v for k, v in one["errors"].items() if "direction" in k] for one in found])
    height = [one["errors"]["error of height mm tray"] for one in found]
    tilt = [one["errors"]["error of tilt deg tray"] for one in found]
    lines = [
        f"cameras: median {np.median(places):.3f} mm {np.median(turns):.4f} deg, "
        f"worst {max(places):.3f} mm {max(turns):.4f} deg",
        f"tray: worst {max(height):.3f} mm {max(tilt):.4f} deg",
        f"intrinsics refined in {sum(one['refined'] for one in found)} of {len(found)}",
    ]
    for kind in ("ours", "calibrateMultiview"):
        rival = np.array([pair for one in found for pair in one[kind]])
        lines.append(
            f"common corners, {kind}: median {np.median(rival[:, 0]):.3f} mm {np.median(rival[:, 1]):.4f} deg, "
            f"worst {rival[:, 0].max():.3f} mm {rival[:, 1].max():.4f} deg"
        )
    checked = [one["check"] for one in found if one["check"]]
    for name in checked[0] if checked else ():
        right = sum(one[name]["right"] for one in checked)
        lines.append(f"check, {name}: right in {right} of {len(checked)}")
    if checked:
        for unit in WORST:
            lines.append(f"an unmoved booth reads at most {max(one['unmoved'][unit] for one in checked):.3f} {unit}")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--booth", default="three")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--focal-error", type=float, default=0.0)
    parser.add_argument("--middle-error-px", type=float, default=0.0)
    parser.add_argument("--no-check", action="store_true", help="leave out the daily check")
    asked = parser.parse_args()
    found = []
    for seed in range(asked.first, asked.first + asked.seeds):
        found.append(one_seed(asked.booth, seed, asked.focal_error, asked.middle_error_px, not asked.no_check))
        sys.stdout.write(json.dumps(found[-1]) + "\n")
        sys.stdout.flush()
    sys.stdout.write("\n".join(summary(found)) + "\n")


if __name__ == "__main__":
    main()
