"""The comparison with references on real pictures, through `station evaluate`: packages, tampar faces, deeppcb boards.

    python tests/bench/references_real.py [side top both tampar deeppcb] [--out FOLDER]

Of the packages 30 good units (chosen by seed) are references, the other 30 and all 60 damaged units are judged, a
unit's two views never apart. Of tampar each face has its one reference. Of deeppcb the six pairs of board 00041 are
for looking at, the other 32 are judged, each with its template as reference. Beside each figure stands its goal.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

DATA = Path(__file__).parents[3] / "shared" / "data"
SEED = 0
REFERENCES = 30
SHOWN_BOARD = "00041"


def packages(cameras: tuple[str, ...], out: Path) -> str:
    """Lay the packages out as `folders`: 30 good units to train, all others to test."""
    units = sorted(path.stem for path in (DATA / "packages/intact/side").iterdir())
    chosen = set(np.random.default_rng(SEED).permutation(units)[:REFERENCES])
    for kind in ("intact", "damaged"):
        for unit in sorted(path.stem for path in (DATA / "packages" / kind / "side").iterdir()):
            split = "train/good" if unit in chosen else "test/good" if kind == "intact" else "test/dent"
            folder = out / split / unit
            folder.mkdir(parents=True)
            for camera in cameras:
                (folder / f"{camera}.jpg").symlink_to(DATA / "packages" / kind / camera / f"{unit}.jpg")
    return "folders"


def deeppcb(out: Path) -> str:
    """Lay the boards out as `mvtec`, a category each: its template trains, its boxes are masks."""
    for template in sorted((DATA / "deeppcb").glob("*_temp.jpg")):
        name = template.name.removesuffix("_temp.jpg")
        if name.startswith(SHOWN_BOARD):
            continue
        for folder in ("train/good", "test/defect", "ground_truth/defect"):
            (out / name / folder).mkdir(parents=True)
        (out / name / "train/good/000.jpg").symlink_to(template)
        (out / name / "test/defect/000.jpg").symlink_to(template.with_name(f"{name}_test.jpg"))
        mask = np.zeros(cv2.imread(str(template)).shape[:2], np.uint8)
        for line in template.with_name(f"{name}.txt").read_text().splitlines():
            left, top, right, bottom, _ = map(int, line.split())
            mask[top:bottom, left:right] = 255
        cv2.imwrite(str(out / name / "ground_truth/defect/000_mask.png"), mask)
    return "mvtec"


def tampar(out: Path) -> str:
    """Tampar lies as it was published."""
    out.symlink_to(DATA / "tampar")
    return "tampar"


RUNS: dict[str, tuple[Callable[[Path], str], int, tuple[str, ...], float]] = {
    "side": (lambda out: packages(("side",), out), REFERENCES, ("item", "auroc"), 0.93),
    "top": (lambda out: packages(("top",), out), REFERENCES, ("item", "auroc"), 0.85),
    "both": (lambda out: packages(("side", "top"), out), REFERENCES, ("item", "auroc"), 0.96),
    "tampar": (tampar, 1, ("item", "auroc"), 0.95),
    "deeppcb": (deeppcb, 1, ("boxes", "recall_at_90pct_precision"), 0.9),
}


def station(*arguments: object) -> None:
    subprocess.run([sys.executable, "-c", "from station.cli import main; main()", *map(str, arguments)], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="*", choices=[*RUNS, []], default=list(RUNS))
    parser.add_argument("--out", type=Path, help="folder for the JSON files and reports")
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        out = arguments.out or Path(temporary)
        out.mkdir(exist_ok=True)
        lines = []
        for name in arguments.data:
            lay, count, (part, figure), goal = RUNS[name]
            source, dataset = Path(temporary) / f"{name}-source", Path(temporary) / name
            station("dataset", "import", lay(source), source, dataset)
            files = ("--json", out / f"{name}.json", "--report", out / f"{name}.html")
            station("evaluate", dataset, "--references", count, *files)
            found = json.loads((out / f"{name}.json").read_text())[part][figure]
            lines.append(
                f"{name}: {part} {figure} {found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f}), goal {goal}"
            )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
