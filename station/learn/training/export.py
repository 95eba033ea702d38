"""Bundles written: the graph, its golden outputs from PyTorch, its card and its manifest."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from station.inference import InferenceSettings, load_bundle, unproved_bundle
from station.inference.manifest import (
    LABELS,
    GoldenSpec,
    HeadsSpec,
    Layout,
    Manifest,
    read_manifest,
    sha256_of,
    write_manifest,
)
from station.inference.quantise import quantise
from station.learn.training.comparison import Comparison, comparison_graph, comparison_spec
from station.learn.training.graph import GraphModule, input_tensor, join_heads
from station.learn.training.heads import MAPS, SCORES, Heads

MODEL, COMPARISON, GOLDEN, CARD, LICENCE = "model.onnx", "comparison.onnx", "golden.npz", "CARD.md", "LICENSE"
_TOLERANCE = 5e-3
_INT8_TOLERANCE = 0.02
"""Of an 8-bit model's raw outputs between runtimes: what it rounds may fall to either side."""


def write_bundle(
    out: Path, manifest: Manifest, source: Path, model: Any, heads: Heads | None, retrained: bool, card: str
) -> None:
    """Write a bundle whose golden outputs come from PyTorch, which proves the graph against another implementation.

    Args:
        out: the bundle's folder.
        manifest: what it says of itself; files, golden and heads are filled in here.
        source: the bundle that its backbone came from: its golden pictures and licence are taken over.
        model: the backbone as ONNX.
        heads: the heads; None for a backbone alone.
        retrained: whether the backbone is no longer the source's, so that its golden features must be made anew.
        card: the text of its card.
    """
    out.mkdir(parents=True, exist_ok=True)
    with np.load(source / manifest.golden.file) as golden:
        pictures, features = golden["pictures"], golden["features"]
    if retrained:
        features = _torch_features(model, manifest, pictures)
    expected = {"pictures": pictures, "features": features}
    if heads is not None:
        scores, maps = _torch_scores(heads, features)
        expected |= {"scores": scores, "maps": maps}
        model = join_heads(model, manifest, heads)
    onnx.save(model, str(out / MODEL))
    np.savez_compressed(out / GOLDEN, **expected)
    (out / CARD).write_text(card)
    (out / LICENCE).write_bytes((source / LICENCE).read_bytes() if (source / LICENCE).exists() else b"")
    _finish(out, manifest, heads is not None, _TOLERANCE)


def add_comparison(folder: Path, comparison: Comparison, differences: NDArray[np.float32]) -> None:
    """Add a comparison to a bundle just written, with golden outputs from PyTorch.

    Args:
        folder: the bundle's.
        comparison: what was learned.
        differences: a few to prove it by, float32 [N, h, w, C + 4].
    """
    manifest = read_manifest(folder)
    onnx.save(comparison_graph(comparison, manifest.feature_shape), str(folder / COMPARISON))
    with torch.inference_mode():
        scores, maps = comparison.eval()(torch.from_numpy(differences).permute(0, 3, 1, 2))
    with np.load(folder / GOLDEN) as golden:
        expected = dict(golden)
    expected |= {"differences": differences, "compared_scores": scores.numpy(), "compared_maps": maps.numpy()}
    np.savez_compressed(folder / GOLDEN, **expected)
    compares = replace(manifest, comparison=comparison_spec(COMPARISON))
    _finish(folder, compares, manifest.heads is not None, manifest.golden.tolerance)


def write_int8(folder: Path, out: Path, crops: Sequence[NDArray[np.uint8]], card: str) -> None:
    """Write a bundle's 8-bit variant; a comparison, which is small, stays as it is.

    No other implementation computes its outputs, so its golden ones are its own, as this machine gives them.

    Args:
        folder: the bundle.
        out: the variant's folder.
        crops: pictures that show what its values range over, uint8 RGB [S, S, 3].
        card: the text of its card.
    """
    out.mkdir(parents=True, exist_ok=True)
    bundle = load_bundle(folder)
    quantise(folder / MODEL, out / MODEL, [bundle.tensor([crop]) for crop in crops])
    manifest = replace(bundle.manifest, name=out.name)
    (out / CARD).write_text(card)
    (out / LICENCE).write_bytes((folder / LICENCE).read_bytes())
    if manifest.comparison is not None:
        (out / COMPARISON).write_bytes((folder / COMPARISON).read_bytes())
    with np.load(folder / GOLDEN) as golden:
        expected = dict(golden)
    np.savez_compressed(out / GOLDEN, **expected)
    _finish(out, manifest, True, _INT8_TOLERANCE)
    described = unproved_bundle(out, InferenceSettings()).describe(list(expected["pictures"]))
    expected |= {name: np.stack([getattr(one, name) for one in described]) for name in ("features", "scores", "maps")}
    np.savez_compressed(out / GOLDEN, **expected)
    _finish(out, manifest, True, _INT8_TOLERANCE)


def _finish(out: Path, manifest: Manifest, has_heads: bool, tolerance: float) -> None:
    names = (MODEL, GOLDEN, CARD, LICENCE, *((COMPARISON,) if manifest.comparison else ()))
    done = replace(
        manifest,
        model=MODEL,
        files={name: sha256_of(out / name) for name in names},
        golden=GoldenSpec(GOLDEN, tolerance),
        labels=LABELS if has_heads else (),
        heads=HeadsSpec(SCORES, MAPS) if has_heads else None,
    )
    write_manifest(done, out)


def _torch_features(model: Any, manifest: Manifest, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    with torch.inference_mode():
        features = GraphModule(model, manifest.output.name).eval()(input_tensor(pictures, manifest))
    rows = features.permute(0, 2, 3, 1) if manifest.output.layout is Layout.NCHW else features
    return np.ascontiguousarray(rows.numpy())


def _torch_scores(heads: Heads, features: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    with torch.inference_mode():
        scores, maps, _ = heads.eval()(torch.from_numpy(features).permute(0, 3, 1, 2).contiguous())
    return scores.numpy(), maps.numpy()
