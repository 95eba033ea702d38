"""A good bundle, and one of other size and layout that only its manifest describes."""

from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest

from station.core.errors import BundleError
from station.inference import Bundle, InferenceSettings, find_bundle, load_bundle, shipped_models_dir
from station.inference.manifest import (
    ColourOrder,
    GoldenSpec,
    InputSpec,
    Layout,
    Manifest,
    OutputSpec,
    sha256_of,
    write_manifest,
)

SETTINGS = InferenceSettings(threads=1)


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle(find_bundle(SETTINGS.bundle), SETTINGS)


def crops(count: int, size_px: int = 448) -> list[np.ndarray]:
    return list(np.random.default_rng(3).integers(0, 256, (count, size_px, size_px, 3), np.uint8))


def test_shipped_bundle_gives_one_vector_per_patch(bundle: Bundle) -> None:
    features = bundle.features(crops(3))
    assert features.shape == (3, 28, 28, 112)
    assert features.dtype == np.float32
    assert features.flags.c_contiguous
    assert bundle.providers == ("CPUExecutionProvider",)
    assert len(bundle.digest) == 16


def test_a_picture_has_the_same_features_alone_and_in_a_batch(bundle: Bundle) -> None:
    pictures = crops(3)
    batch = bundle.features(pictures)
    alone = bundle.features(pictures[1:2])
    np.testing.assert_allclose(alone[0], batch[1], atol=1e-3)


def test_the_tensor_is_normalised_as_the_manifest_says_whatever_the_brightest_pixel(bundle: Bundle) -> None:
    dim = np.full((448, 448, 3), (10, 20, 30), np.uint8)
    tensor = bundle.tensor([dim])
    expected = (np.array([10, 20, 30], np.float32) - 127) / 128
    np.testing.assert_allclose(tensor[0, :, 5, 5], expected, rtol=1e-6)


def test_pictures_described_side_by_side_keep_apart(bundle: Bundle) -> None:
    pictures = crops(8)
    described = [bundle.start(picture) for picture in pictures]
    for picture, future in zip(pictures, described, strict=True):
        np.testing.assert_allclose(future.result().features, bundle.features([picture])[0], atol=1e-3)


def test_crops_of_another_size_are_fitted(bundle: Bundle) -> None:
    assert bundle.features(crops(1, 600) + crops(1, 200)).shape == (2, 28, 28, 112)


def test_features_outlive_the_next_call(bundle: Bundle) -> None:
    first, second = crops(2)
    kept = bundle.features([first])
    copy = kept.copy()
    bundle.features([second])
    np.testing.assert_array_equal(kept, copy)


@pytest.mark.parametrize(
    "folder", sorted(path.parent for path in shipped_models_dir().glob("*/manifest.json")), ids=lambda path: path.name
)
def test_every_shipped_bundle_is_as_its_manifest_has_it(folder: Path) -> None:
    assert load_bundle(folder, SETTINGS).manifest.name == folder.name


def test_unknown_bundle_names_the_shipped_ones() -> None:
    with pytest.raises(BundleError, match="efficientnet-lite0-s16"):
        find_bundle("no-such-model")


def test_shipped_models_have_card_and_licence() -> None:
    manifests = list(shipped_models_dir().glob("*/manifest.json"))
    assert manifests
    for manifest in manifests:
        assert {"CARD.md", "LICENSE"} <= {entry.name for entry in manifest.parent.iterdir()}


def average_pool_model() -> bytes:
    """A graph in NHWC and BGR at stride 8 without weights: the mean of each 8 x 8 block."""
    onnx = pytest.importorskip("onnx", reason="the extra `train` writes ONNX graphs")
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    nodes = [
        helper.make_node("Transpose", ["x"], ["planar"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planar"], ["pooled"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Transpose", ["pooled"], ["y"], perm=[0, 2, 3, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "pool",
        [helper.make_tensor_value_info("x", kind, ["n", 32, 64, 3])],
        [helper.make_tensor_value_info("y", kind, ["n", 4, 8, 3])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return bytes(model.SerializeToString())


def test_another_backbone_works_by_its_manifest_alone(tmp_path: Path) -> None:
    (tmp_path / "pool.onnx").write_bytes(average_pool_model())
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[:, :, 0] = 200
    picture[:, 32:, 2] = 100
    expected = np.zeros((1, 4, 8, 3), np.float32)
    expected[..., 2] = (200 - 10) / 2  # BGR: red is the last channel
    expected[..., 1] = -20 / 4
    expected[..., 0] = -30 / 5
    expected[:, :, 4:, 0] = (100 - 30) / 5
    np.savez(tmp_path / "g.npz", pictures=picture[None], features=expected)
    manifest = Manifest(
        name="pool",
        model="pool.onnx",
        files={name: sha256_of(tmp_path / name) for name in ("pool.onnx", "g.npz")},
        input=InputSpec("x", 64, 32, Layout.NHWC, ColourOrder.BGR, (30.0, 20.0, 10.0), (5.0, 4.0, 2.0)),
        output=OutputSpec("y", Layout.NHWC, 8, 3),
        golden=GoldenSpec("g.npz", 1e-4),
        labels=(),
        licence="Apache-2.0",
        source="this test",
        rebuild="pytest",
    )
    write_manifest(manifest, tmp_path)
    bundle = load_bundle(tmp_path, SETTINGS)
    assert bundle.features([picture, picture]).shape == (2, 4, 8, 3)


def test_cpu_provider_is_always_at_hand() -> None:
    assert SETTINGS.provider in ort.get_available_providers()
