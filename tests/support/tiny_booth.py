"""A booth of two cameras and textured boxes, quick enough to record, enrol and judge in a test."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from box_scene import DEPTH_UNIT_MM, Box, Picture, cast, make_frame, make_rig

from station.core.damage import DamageType, Severity
from station.core.frames import FrameSet
from station.core.items import Announcement, ItemCapture
from station.gallery import GalleryWriter, Product, ShotView, enrol_product
from station.inference import Bundle
from station.recording import ItemTruth, Recording, RecordingWriter, StreamSpec
from station.rig import rig_json
from station.vision import ViewExtractor, VisionSettings

FPS = 10
FRAME_NS = 1_000_000_000 // FPS
LEAD_FRAMES, ITEM_FRAMES, GAP_FRAMES = 8, 6, 5
RIG = make_rig(320, 240, cameras=("top", "left"))
SHOTS = 12

PRODUCTS = {
    "brick": (Product("brick", "Red brick", barcodes=("4006381333931",), skus=("BRICK",)), (160.0, 90.0, 60.0)),
    "carton": (Product("carton", "Blue carton", barcodes=("4012345678901",), skus=("CARTON",)), (130.0, 80.0, 70.0)),
}
LOOKS = {"brick": ((190, 60, 40), 15.0), "carton": ((50, 90, 190), 25.0)}


@dataclass(frozen=True)
class Placed:
    """One item of the recording; `told` is how it is announced: barcode, sku, or nothing but its number."""

    plc_id: int
    product_id: str
    at_mm: tuple[float, float]
    yaw_deg: float
    damaged: bool = False
    told: str = "barcode"


ITEMS = (
    Placed(101, "brick", (5, -8), 3),
    Placed(102, "carton", (-6, 4), -2),
    Placed(103, "brick", (8, 10), -3, damaged=True, told="sku"),
    Placed(104, "carton", (3, -4), 7, told="unknown"),
)
"""In words: a good item, another, one with a big hole, and one announced by a code that names no product."""


def boxes(product_id: str, at_mm: tuple[float, float], yaw_deg: float, damaged: bool = False) -> tuple[Box, ...]:
    """The item as boxes: a hole is black and lies on the top, off its middle."""
    colour, tile_mm = LOOKS[product_id]
    width, depth, height = PRODUCTS[product_id][1]
    item = Box(at_mm, (width, depth, height), yaw_deg, colour, tile_mm)
    hole = Box(at_mm, (width * 0.4, depth * 0.55, height + 1), yaw_deg, (8, 8, 8), 500.0)
    return (item, hole) if damaged else (item,)


@cache
def picture_of(camera_id: str, scene: tuple[Box, ...]) -> Picture:
    """What a camera sees of a scene, without noise."""
    return cast(RIG, camera_id, scene)


def shoot(scene: tuple[Box, ...], t_ns: int, seed: int) -> FrameSet:
    """Both cameras' noisy frames of one moment."""
    rng = np.random.default_rng(seed)
    frames = tuple(
        make_frame(picture_of(camera.camera_id, scene), camera.camera_id, seed, t_ns, rng) for camera in RIG.cameras
    )
    return FrameSet(t_ns, t_ns, frames)


def capture_of(scene: tuple[Box, ...], seed: int, announcement: Announcement | None = None) -> ItemCapture:
    """A capture of three framesets, as the tracker makes them."""
    framesets = tuple(shoot(scene, (seed + i) * FRAME_NS, seed + i) for i in range(3))
    return ItemCapture(f"item-{seed}", 0, framesets, announcement)


def scene_at(index: int) -> tuple[Box, ...]:
    """What stands on the tray in the frame of that index."""
    number, phase = divmod(index - LEAD_FRAMES, ITEM_FRAMES + GAP_FRAMES)
    if not 0 <= number < len(ITEMS) or phase >= ITEM_FRAMES:
        return ()
    item = ITEMS[number]
    return boxes(item.product_id, item.at_mm, item.yaw_deg, item.damaged)


FRAMES = LEAD_FRAMES + len(ITEMS) * (ITEM_FRAMES + GAP_FRAMES)


def record(out: Path) -> Recording:
    """Write the booth's recording."""
    specs = [
        StreamSpec(camera.camera_id, camera.serial, camera.intrinsics, FPS, DEPTH_UNIT_MM) for camera in RIG.cameras
    ]
    writer = RecordingWriter(out, specs, rig_json(RIG), compress=False)
    for index in range(FRAMES):
        for frame in shoot(scene_at(index), index * FRAME_NS, index).frames:
            writer.write(frame.camera_id, frame.colour, frame.depth, frame.device_t_ns)
    for number, item in enumerate(ITEMS):
        _describe(writer, number, item)
    return writer.close()


def _describe(writer: RecordingWriter, number: int, item: Placed) -> None:
    product = PRODUCTS[item.product_id][0]
    arrive_ns = (LEAD_FRAMES + number * (ITEM_FRAMES + GAP_FRAMES)) * FRAME_NS
    codes = {
        "barcode": {"barcode": product.barcodes[0]},
        "sku": {"sku": product.skus[0]},
        "unknown": {"sku": "none of these"},
    }
    writer.event(Announcement(item.plc_id, arrive_ns - 400_000_000, **codes[item.told]))
    damage = ((DamageType.PENETRATION, Severity.MAJOR),) if item.damaged else ()
    leave_ns = arrive_ns + ITEM_FRAMES * FRAME_NS
    writer.item(
        ItemTruth(number, item.product_id, product.barcodes[0], item.plc_id, arrive_ns, leave_ns, damage, masks={})
    )


def enrol(out: Path, bundle: Bundle) -> Path:
    """Build a gallery of both products from undamaged placings."""
    extractor = ViewExtractor(RIG, VisionSettings())
    writer = GalleryWriter(out, bundle.digest, "the tiny booth")
    rng = np.random.default_rng(1)
    for product_id, (product, _) in PRODUCTS.items():
        shots = []
        for number in range(SHOTS):
            scene = boxes(product_id, tuple(rng.uniform(-30, 30, 2)), rng.uniform(-15, 15))
            views = tuple(extractor.extract(capture_of(scene, 1000 + 10 * number)))
            features = bundle.features([view.crop for view in views])
            shots.append({v.camera_id: ShotView(v.crop, v.mask, maps) for v, maps in zip(views, features, strict=True)})
        writer.add(product, enrol_product(shots, patches=600))
    writer.close()
    return out
