from dataclasses import replace

import cv2
import numpy as np
import pytest
from box_scene import Box, cast, make_frame, make_rig
from hypothesis import given, settings
from hypothesis import strategies as st

from station.core.damage import Reason
from station.core.errors import RigError
from station.core.frames import FrameSet
from station.core.geometry import Intrinsics
from station.core.items import ItemCapture
from station.rig import Rig, RigCamera, estimate_tray
from station.vision import ViewExtractor, VisionSettings, quality_reasons

RIG = make_rig()
SETTINGS = VisionSettings()
EXTRACTOR = ViewExtractor(RIG, SETTINGS)
MAILER = Box(size_mm=(220, 160, 3), yaw_deg=-20, colour=(70, 110, 220), tile_mm=500)


def capture_of(pictures, depths=None, rng=None, count=3):
    """A capture of `count` framesets of the given pictures by camera."""
    framesets = []
    for number in range(count):
        frames = tuple(
            make_frame(picture, name, number, number, rng, None if depths is None else depths[name])
            for name, picture in pictures.items()
        )
        framesets.append(FrameSet(number, number, frames))
    return ItemCapture("item", 0, tuple(framesets))


def extract_with(extractor, capture):
    return tuple(extractor.extract(capture))


def extract(capture):
    return extract_with(EXTRACTOR, capture)


def cast_all(*boxes, rig=RIG):
    return {camera.camera_id: cast(rig, camera.camera_id, boxes) for camera in rig.cameras}


def true_mask(view, picture):
    side = view.mask.shape[0]
    warped = cv2.warpAffine(picture.mask.astype(np.uint8) * 255, view.crop_from_image, (side, side))
    return warped > 127


def iou(a, b):
    return np.count_nonzero(a & b) / np.count_nonzero(a | b)


def ious(views, pictures):
    return [round(iou(view.mask, true_mask(view, pictures[view.camera_id])), 3) for view in views]


def top_height_mm(view):
    return float(np.nanpercentile(view.height_mm[view.mask], 95))


def test_a_box_is_outlined_measured_and_laid_level_in_every_camera():
    box = Box(at_mm=(30, -20), yaw_deg=25)
    pictures = cast_all(box)
    views = extract(capture_of(pictures, rng=np.random.default_rng(1)))
    assert [view.camera_id for view in views] == ["top", "left", "right"]
    assert min(ious(views, pictures)) > 0.96
    for view in views:
        assert view.crop.shape == (448, 448, 3)
        assert top_height_mm(view) == pytest.approx(60, abs=2.5)
        rows, cols = np.nonzero(view.mask)
        assert np.ptp(cols) + 1 == pytest.approx(0.9 * 448, abs=5)
        assert np.ptp(cols) > np.ptp(rows)
        assert view.quality.depth_fill > 0.99
        assert view.quality.border_fraction == 0
    top = views[0]
    length_mm = (np.ptp(np.nonzero(top.mask)[1]) + 1) * top.mm_per_px
    assert length_mm == pytest.approx(160, rel=0.03)
    angle_deg = np.degrees(np.arctan2(top.crop_from_image[0, 1], top.crop_from_image[0, 0]))
    # The image's y axis points down, the tray's up.
    assert (angle_deg + 25 + 90) % 180 - 90 == pytest.approx(0, abs=1.5)
    assert quality_reasons(views, SETTINGS) == ()


@settings(max_examples=12, deadline=None)
@given(
    st.integers(-110, 110),
    st.integers(-80, 80),
    st.integers(0, 180),
    st.tuples(st.integers(70, 200), st.integers(60, 140), st.integers(15, 110)),
)
def test_boxes_in_any_pose_are_outlined_and_measured(x, y, yaw, size):
    pictures = cast_all(Box(at_mm=(x, y), yaw_deg=yaw, size_mm=size))
    views = extract(capture_of(pictures, count=1))
    assert len(views) == 3
    assert min(ious(views, pictures)) > 0.91
    assert top_height_mm(views[0]) == pytest.approx(size[2], abs=2)


def test_a_turned_item_gives_the_same_crop():
    crops = []
    for yaw in (10, 55):
        views = extract(capture_of({"top": cast(RIG, "top", (Box(yaw_deg=yaw, tile_mm=40),))}))
        crops.append(views[0].crop.astype(np.float32))
    first, second = crops
    assert min(np.abs(first - second).mean(), np.abs(first - second[::-1, ::-1]).mean()) < 8


def test_a_flat_item_is_outlined_by_its_colour():
    pictures = cast_all(MAILER)
    views = extract(capture_of(pictures, rng=np.random.default_rng(2)))
    assert len(views) == 3
    assert min(ious(views, pictures)) > 0.95


def test_a_box_the_colour_of_the_tray_is_outlined_by_its_height():
    pictures = {"top": cast(RIG, "top", (Box(colour=(122, 126, 130), tile_mm=900),))}
    views = extract(capture_of(pictures, rng=np.random.default_rng(3)))
    assert ious(views, pictures)[0] > 0.9


def test_a_flat_item_of_almost_the_trays_colour_is_outlined_by_it():
    pictures = cast_all(replace(MAILER, colour=(160, 200, 235)))
    views = extract(capture_of(pictures, rng=np.random.default_rng(7)))
    assert len(views) == 3
    assert min(ious(views, pictures)) > 0.95


def scattered(depth, rng, reach_px=3):
    """Depth as a stereo matcher gives it where its window holds an edge: the nearer side's, none, or the right one."""
    window = np.ones((2 * reach_px + 1, 2 * reach_px + 1), np.uint8)
    near, far = cv2.erode(depth, window), cv2.dilate(depth, window)
    luck = cv2.GaussianBlur(rng.normal(size=depth.shape), (0, 0), 1)
    edge = far.astype(int) - near > 100
    found = np.where(edge & (luck > np.quantile(luck, 0.65)), near, depth)
    return np.where(edge & (luck < np.quantile(luck, 0.4)), 0, found).astype(np.uint16)


def test_depth_scattered_beyond_an_edge_is_not_item():
    grey = Box(colour=(122, 126, 130), tile_mm=900)
    pictures = cast_all(grey)
    rng = np.random.default_rng(6)
    views = extract(capture_of(pictures, {name: scattered(p.depth, rng) for name, p in pictures.items()}))
    assert min(ious(views, pictures)) > 0.92


def test_an_empty_tray_and_a_gleam_on_it_are_no_item():
    pictures = cast_all()
    gleam = np.exp(-((np.arange(640) - 320) ** 2 + (np.arange(480)[:, None] - 240) ** 2) / 2 / 45**2)
    colour = np.clip(pictures["top"].colour + 140 * gleam[..., None], 0, 255).astype(np.uint8)
    pictures["top"] = replace(pictures["top"], colour=colour)
    views = extract(capture_of(pictures, rng=np.random.default_rng(4)))
    assert views == ()
    assert quality_reasons(views, SETTINGS) == (Reason.NO_ITEM,)


def test_holes_in_depth_are_filled_by_colour():
    pictures = cast_all(Box())
    rng = np.random.default_rng(5)
    depths = {}
    for name, picture in pictures.items():
        blotches = cv2.GaussianBlur(rng.normal(size=picture.depth.shape).astype(np.float32), (0, 0), 6)
        depths[name] = np.where(blotches > np.quantile(blotches, 0.6), 0, picture.depth)
    views = extract(capture_of(pictures, depths))
    assert min(ious(views, pictures)) > 0.95
    assert all(0.4 < view.quality.depth_fill < 0.8 for view in views)


def test_without_any_depth_colour_still_finds_the_item_and_says_so():
    pictures = cast_all(Box())
    views = extract(capture_of(pictures, {name: p.depth * 0 for name, p in pictures.items()}))
    assert min(ious(views, pictures)) > 0.95
    assert quality_reasons(views, SETTINGS) == (Reason.NO_DEPTH,)
    assert all(np.isnan(view.height_mm).all() for view in views)


def test_depth_that_has_drifted_with_temperature_is_levelled():
    pictures = cast_all(Box())
    drifted = {name: np.where(p.depth > 0, p.depth - 120, 0).astype(np.uint16) for name, p in pictures.items()}
    views = extract(capture_of(pictures, drifted))
    assert min(ious(views, pictures)) > 0.96
    assert top_height_mm(views[0]) == pytest.approx(60, abs=2)


def test_parts_lying_close_are_one_item_and_distant_ones_are_not():
    box = Box(at_mm=(-60, 0))
    near, far = Box(at_mm=(48, 0), size_mm=(40, 60, 30)), Box(at_mm=(180, 120), size_mm=(40, 60, 30))
    for other, size_mm in [(near, 208), (far, 160)]:
        (view,) = extract(capture_of({"top": cast(RIG, "top", (box, other))}))
        assert (np.ptp(np.nonzero(view.mask)[1]) + 1) * view.mm_per_px == pytest.approx(size_mm, rel=0.06)


def test_a_second_item_apart_from_the_first_is_a_doubt():
    boxes = (Box(at_mm=(-60, 0)), Box(at_mm=(150, 60), size_mm=(40, 60, 30)))
    views = extract_with(ViewExtractor(RIG, SETTINGS), capture_of({"top": cast(RIG, "top", boxes)}))
    assert 1200 < views[0].quality.beside_mm2 <= 2400
    assert quality_reasons(views, SETTINGS) == (Reason.SEVERAL_ITEMS,)
    alone = extract_with(ViewExtractor(RIG, SETTINGS), capture_of({"top": cast(RIG, "top", boxes[:1])}))
    assert quality_reasons(alone, SETTINGS) == ()


def test_an_item_reaching_out_of_view_is_clipped():
    rig = replace(RIG, tray=replace(RIG.tray, size_mm=(900.0, 900.0)))
    pictures = {"top": cast(rig, "top", (Box(at_mm=(390, 0)),))}
    views = extract_with(ViewExtractor(rig, SETTINGS), capture_of(pictures))
    assert quality_reasons(views, SETTINGS) == (Reason.CLIPPED,)


def test_blurred_and_burnt_out_views_are_named():
    sharp = cast(RIG, "top", (Box(),))
    soft = replace(sharp, colour=cv2.GaussianBlur(sharp.colour, (0, 0), 6))
    burnt = replace(sharp, colour=np.where(sharp.mask[..., None], 255, sharp.colour).astype(np.uint8))
    for picture in (soft, burnt):
        views = extract(capture_of({"top": picture}))
        assert quality_reasons(views, SETTINGS) == (Reason.BLURRED,)


def test_a_capture_without_framesets_has_no_views():
    assert extract(ItemCapture("item", 0, ())) == ()


def test_a_distorted_image_is_undistorted_first():
    distortion = (-0.12, 0.05, 0.001, -0.001, 0.0)
    camera = RIG.camera("top")
    bent_k = replace(camera.intrinsics, distortion=distortion)
    rig = Rig((replace(camera, intrinsics=bent_k),), RIG.tray)
    straight = cast(RIG, "top", (Box(at_mm=(80, 50), yaw_deg=30),))
    pixels = np.stack(np.meshgrid(np.arange(640.0), np.arange(480.0)), axis=-1).reshape(-1, 1, 2)
    source = cv2.undistortPoints(pixels, bent_k.matrix, np.array(distortion), None, None, bent_k.matrix)
    maps = source.reshape(480, 640, 2).astype(np.float32)
    bent = replace(
        straight,
        colour=cv2.remap(straight.colour, maps, None, cv2.INTER_LINEAR),
        depth=cv2.remap(straight.depth, maps, None, cv2.INTER_NEAREST),
    )
    (view,) = extract_with(ViewExtractor(rig, SETTINGS), capture_of({"top": bent}))
    assert iou(view.mask, true_mask(view, straight)) > 0.97


def test_a_camera_that_does_not_see_the_tray_is_refused():
    away = RigCamera("top", "serial", RIG.cameras[0].intrinsics, np.eye(4))
    with pytest.raises(RigError, match="does not see the tray"):
        ViewExtractor(Rig((away,), RIG.tray), SETTINGS)


@pytest.fixture
def tote(shared_data):
    """Real frames of a tote: the rig estimated from the empty one, and a capture by name."""
    matrix = np.loadtxt(shared_data / "arc" / "test-camera-intrinsics.txt")
    intrinsics = Intrinsics(640, 480, matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2])

    def read(name):
        colour = cv2.imread(str(shared_data / "arc" / f"test-{name}.color.png"))[..., ::-1]
        depth = cv2.imread(str(shared_data / "arc" / f"test-{name}.depth.png"), cv2.IMREAD_UNCHANGED)
        picture = replace(cast(RIG, "top"), colour=np.ascontiguousarray(colour), depth=depth)
        return capture_of({"top": picture}, count=1)

    depth_mm = read("background").framesets[0].frames[0].depth * np.float32(0.1)
    tray = estimate_tray(depth_mm, intrinsics)
    return Rig((RigCamera("top", "serial", intrinsics, np.eye(4)),), tray), read


@pytest.mark.shared_data
def test_real_depth_of_an_empty_glossy_tote_shows_no_item(tote):
    rig, read = tote
    assert extract_with(ViewExtractor(rig, SETTINGS), read("background")) == ()


@pytest.mark.shared_data
def test_real_depth_of_a_full_tote_shows_what_lies_in_it(tote):
    rig, read = tote
    (view,) = extract_with(ViewExtractor(rig, SETTINGS), read("image"))
    image_from_crop = cv2.invertAffineTransform(view.crop_from_image)
    mask = cv2.warpAffine(view.mask.astype(np.uint8), image_from_crop, (640, 480)) > 0
    on_glove, on_glass, on_socks, on_carpet = mask[340, 400], mask[400, 390], mask[260, 300], mask[100, 20]
    assert (on_glove, on_glass, on_socks, on_carpet) == (True, True, True, False)
    assert view.quality.depth_fill < 0.99


def test_a_side_that_no_camera_shows_is_in_doubt():
    pictures = cast_all(Box())
    views = extract(capture_of(pictures, rng=np.random.default_rng(1)))
    assert EXTRACTOR.doubts(views) == ()
    assert EXTRACTOR.doubts(views[:2]) == (Reason.CLIPPED,)
    assert EXTRACTOR.doubts(()) == (Reason.NO_ITEM,)
