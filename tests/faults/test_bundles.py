"""A bad bundle is refused with the error that names what is wrong, before it judges anything."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from station.core.errors import BundleError, BundleHashMismatch, ParityFailed, ProviderMissing
from station.inference import InferenceSettings, find_bundle, load_bundle
from station.inference.manifest import sha256_of

SETTINGS = InferenceSettings(threads=1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(find_bundle(SETTINGS.bundle), tmp_path / "bundle"))


def edit(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def rehash(folder: Path, name: str) -> None:
    edit(folder, lambda manifest: manifest["files"].update({name: sha256_of(folder / name)}))


def test_one_flipped_byte_is_a_hash_mismatch(folder: Path) -> None:
    model = bytearray((folder / "model.onnx").read_bytes())
    model[len(model) // 2] ^= 1
    (folder / "model.onnx").write_bytes(model)
    with pytest.raises(BundleHashMismatch, match=r"model\.onnx"):
        load_bundle(folder, SETTINGS)


def test_truncated_model_is_refused_even_where_the_manifest_agrees(folder: Path) -> None:
    model = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(model[: len(model) // 2])
    with pytest.raises(BundleHashMismatch):
        load_bundle(folder, SETTINGS)
    rehash(folder, "model.onnx")
    with pytest.raises(BundleError, match="cannot be loaded"):
        load_bundle(folder, SETTINGS)


@pytest.mark.parametrize("name", ["model.onnx", "golden.npz", "LICENSE", "manifest.json"])
def test_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleError, match=name.replace(".", r"\.")):
        load_bundle(folder, SETTINGS)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="nowhere"):
        load_bundle(tmp_path / "nowhere", SETTINGS)


@pytest.mark.parametrize("provider", ["CUDAExecutionProvider", "NoSuchProvider"])
def test_absent_provider_is_not_replaced_in_silence(folder: Path, provider: str) -> None:
    with pytest.raises(ProviderMissing, match=provider):
        load_bundle(folder, InferenceSettings(provider=provider))


def test_other_outputs_than_the_golden_ones_fail_parity(folder: Path) -> None:
    with np.load(folder / "golden.npz") as golden:
        pictures, features = golden["pictures"], golden["features"]
    features[0, 3, 4, 5] += 0.1
    np.savez(folder / "golden.npz", pictures=pictures, features=features)
    rehash(folder, "golden.npz")
    with pytest.raises(ParityFailed, match=r"0\.1"):
        load_bundle(folder, SETTINGS)


def test_a_wrong_input_spec_fails_parity(folder: Path) -> None:
    edit(folder, lambda manifest: manifest["input"].update(mean=[0.0, 0.0, 0.0]))
    with pytest.raises(ParityFailed):
        load_bundle(folder, SETTINGS)


def test_golden_file_that_is_none(folder: Path) -> None:
    (folder / "golden.npz").write_bytes(b"not an npz")
    rehash(folder, "golden.npz")
    with pytest.raises(BundleError, match="golden"):
        load_bundle(folder, SETTINGS)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda m: m.pop("input"), "input"),
        (lambda m: m.update(format=99), "format 99"),
        (lambda m: m["input"].update(layout="HWC"), "HWC"),
        (lambda m: m["input"].update(std=[128, 0, 128]), "std"),
        (lambda m: m["input"].update(mean=[127]), "mean"),
        (lambda m: m["input"].update(width_px="448"), "width_px"),
        (lambda m: m["output"].update(stride=0), "stride"),
        (lambda m: m["golden"].update(tolerance=float("nan")), "tolerance"),
        (lambda m: m["files"].pop("model.onnx"), "model.onnx"),
        (lambda m: m["files"].update({"../model.onnx": "0"}), "folder"),
        (lambda m: m["output"].update(name="logits"), "logits"),
        (lambda m: m.update(comparison={"model": "c.onnx"}), "input"),
        (
            lambda m: m.update(comparison=dict.fromkeys(("model", "input", "scores", "maps"), "c")),
            "without damage heads",
        ),
        (lambda m: m["output"].update(channels=111), "shape"),
    ],
)
def test_malformed_manifest_is_refused_by_name(
    folder: Path, change: Callable[[dict[str, Any]], object], word: str
) -> None:
    edit(folder, change)
    with pytest.raises(BundleError, match=word):
        load_bundle(folder, SETTINGS)


def test_manifest_that_is_not_json(folder: Path) -> None:
    (folder / "manifest.json").write_text("{")
    with pytest.raises(BundleError, match="malformed"):
        load_bundle(folder, SETTINGS)
