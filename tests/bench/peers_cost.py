"""What ours costs on the views that `tests/bench/peers.py` wrote; that script calls this one.

    python tests/bench/peers_cost.py cost|judge FOLDER ours|heads|classifier

`ours` is a bundle with heads and a product's references, `heads` the bundle alone, `classifier` a plain line on the
mean of the features. Time is CPU on one thread, memory the peak of a process that opens what was made and judges.
"""

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path
from shutil import rmtree

import cv2
import numpy as np

from station.core.items import ItemView, Quality
from station.gallery import Gallery, GalleryKeeper, GallerySettings, Origin, Product, Reference, enrol_product
from station.inference import Bundle, InferenceSettings, find_bundle, load_bundle
from station.inference.bundle import bare_session

BACKBONE, HEADS = "efficientnet-lite0-s16", "damage-lite0-s16"
ONE_THREAD = InferenceSettings(threads=1)
ROUNDS = 10


def cpu_ms(work):
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


def item_view(camera: str, crop: np.ndarray, mask: np.ndarray) -> ItemView:
    """A view of a picture without depth, of which nothing but crop and mask is known."""
    unknown = np.full(mask.shape, np.nan, np.float32)
    none = Quality(float("nan"), 0.0, 0.0, 0.0)
    return ItemView(camera, crop, mask, unknown, float("nan"), np.eye(2, 3), none)


class Material:
    """The first judged product: units to refer to and to judge, their views read when asked for."""

    def __init__(self, folder: Path) -> None:
        self._crops = np.load(folder / "crops.npy", mmap_mode="r")
        self._masks = np.load(folder / "masks.npy", mmap_mode="r")
        units = json.loads((folder / "units.json").read_text())
        product = next(unit["product"] for unit in units if unit["role"] == "judged")
        own = [unit for unit in units if unit["product"] == product]
        self.shown, self.judged = ([unit for unit in own if unit["role"] == role] for role in ("shown", "judged"))

    def views(self, unit: dict) -> list[ItemView]:
        rows = unit["views"].items()
        return [item_view(camera, np.array(self._crops[row]), np.array(self._masks[row])) for camera, row in rows]


def peak_mib() -> float:
    """The most memory this process ever had; unlike `ru_maxrss` it knows nothing of the process that started it."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def reference(views: list[ItemView]) -> Reference:
    return Reference({view.camera_id: (view.crop, view.mask) for view in views}, None, Origin("bench", 0))


def keeper(folder: Path, bundle: Bundle) -> GalleryKeeper:
    patches = GallerySettings().patches_per_product

    def enrol(shots, surfaces):
        return enrol_product(shots, patches, 1, bundle.features, surfaces)

    return GalleryKeeper(folder, bundle.digest, bundle.features, enrol)


def judge_item(method: str, bundle: Bundle, gallery: Path, line: np.ndarray):
    """Return what judges an item's views, from what lies on disk."""
    known = Gallery.open(gallery, bundle.digest).references("item") if method == "ours" else None

    def judge(views: list[ItemView]) -> None:
        for view, one in zip(views, bundle.describe([view.crop for view in views]), strict=True):
            if known is not None:
                known.compare(view, one.features, bundle.features)
            if method == "classifier":
                one.features.mean(axis=(0, 1)) @ line

    return judge


def cost(method: str, bundle: Bundle, material: Material, folder: Path) -> dict:
    anchor, picture = bare_session(find_bundle(BACKBONE), ONE_THREAD), np.zeros((1, 3, 448, 448), np.float32)
    anchor(picture)
    anchors = [cpu_ms(lambda: anchor(picture)) for _ in range(ROUNDS)]
    found = {}
    if method == "ours":
        rmtree(folder, ignore_errors=True)
        own, product = keeper(folder, bundle), Product("item", "Item")
        first, more = (
            [reference(material.views(unit)) for unit in material.shown],
            reference(material.views(material.judged[0])),
        )
        found["product_ms"] = cpu_ms(lambda: own.add(product, first, 0))
        found["reference_ms"] = cpu_ms(lambda: own.add(product, [more], 1))
        anchors += [cpu_ms(lambda: anchor(picture)) for _ in range(ROUNDS)]
    judge = judge_item(method, bundle, folder, np.zeros(112, np.float32))
    judge(material.views(material.judged[0]))
    items = []
    for unit in material.judged[1 : ROUNDS + 1]:
        anchors.append(cpu_ms(partial(anchor, picture)))
        items.append(cpu_ms(partial(judge, material.views(unit))))
    return {"anchor_ms": float(np.median(anchors)), "item_ms": float(np.median(items)), **found}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("cost", "judge"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("method", choices=("ours", "heads", "classifier"))
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    bundle = load_bundle(find_bundle(BACKBONE if arguments.method == "classifier" else HEADS), ONE_THREAD)
    material, gallery = Material(arguments.folder), arguments.folder / "gallery"
    if arguments.what == "cost":
        found = cost(arguments.method, bundle, material, gallery)
    else:
        judge = judge_item(arguments.method, bundle, gallery, np.zeros(112, np.float32))
        for unit in material.judged[:ROUNDS]:
            judge(material.views(unit))
        found = {"peak_mib": peak_mib()}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
