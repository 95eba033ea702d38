"""Backbones of two shapes with random weights, small enough to train on in a test."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

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

SIDE_PX, PATCH_PX, WIDTH = 64, 16, 24


class Weights:
    """Random weights by name, the same every time."""

    def __init__(self):
        self.rng, self.tensors = np.random.default_rng(5), []

    def __call__(self, name, *shape):
        values = self.rng.normal(0, 1 / np.sqrt(np.prod(shape[1:]) or 1), shape).astype(np.float32)
        return self.fixed(name, values)

    def fixed(self, name, values):
        self.tensors.append(numpy_helper.from_array(np.asarray(values), name))
        return name


def convolutions(folder: Path) -> Path:
    """Two convolutions, NCHW and RGB."""
    own = Weights()
    nodes = [
        helper.make_node("Conv", ["image", own("a", 12, 3, 4, 4), own("b", 12)], ["c"], strides=[4, 4]),
        helper.make_node("Clip", ["c", own.fixed("low", np.float32(0)), own.fixed("high", np.float32(6))], ["d"]),
        helper.make_node("Conv", ["d", own("e", WIDTH, 12, 4, 4), own("f", WIDTH)], ["features"], strides=[4, 4]),
    ]
    return _bundle(folder, nodes, own, Layout.NCHW, ColourOrder.RGB)


def transformer(folder: Path) -> Path:
    """Patches with one block of self-attention, NHWC and BGR: another shape, other operators, another order of axes."""
    own, cells = Weights(), SIDE_PX // PATCH_PX
    nodes = [
        helper.make_node("Transpose", ["image"], ["planar"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["planar", own("embed", WIDTH, 3, 16, 16)], ["cut"], strides=[16, 16]),
        helper.make_node("Transpose", ["cut"], ["grid"], perm=[0, 2, 3, 1]),
        helper.make_node("Reshape", ["grid", own.fixed("row", np.array([0, -1, WIDTH]))], ["tokens"]),
        helper.make_node("LayerNormalization", ["tokens", own.fixed("one", np.ones(WIDTH, np.float32))], ["normal"]),
        helper.make_node("MatMul", ["normal", own("query", WIDTH, WIDTH)], ["q"]),
        helper.make_node("MatMul", ["normal", own("key", WIDTH, WIDTH)], ["k"]),
        helper.make_node("MatMul", ["normal", own("value", WIDTH, WIDTH)], ["v"]),
        helper.make_node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["q", "kt"], ["alike"]),
        helper.make_node("Softmax", ["alike"], ["heed"], axis=-1),
        helper.make_node("MatMul", ["heed", "v"], ["seen"]),
        helper.make_node("Add", ["tokens", "seen"], ["mixed"]),
        helper.make_node("Reshape", ["mixed", own.fixed("map", np.array([0, cells, cells, WIDTH]))], ["features"]),
    ]
    return _bundle(folder, nodes, own, Layout.NHWC, ColourOrder.BGR)


def _bundle(folder, nodes, own, layout, colour):
    cells = SIDE_PX // PATCH_PX
    planar = layout is Layout.NCHW
    image = ["n", 3, SIDE_PX, SIDE_PX] if planar else ["n", SIDE_PX, SIDE_PX, 3]
    features = ["n", WIDTH, cells, cells] if planar else ["n", cells, cells, WIDTH]
    graph = helper.make_graph(
        nodes,
        folder.name,
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, image)],
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, features)],
        own.tensors,
    )
    folder.mkdir(parents=True)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(folder / "model.onnx"))
    pictures = np.random.default_rng(6).integers(0, 256, (2, SIDE_PX, SIDE_PX, 3), np.uint8)
    tensor = ((pictures[..., :: 1 if planar else -1].astype(np.float32)) - 127) / 128
    session = ort.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
    (outputs,) = session.run(None, {"image": tensor.transpose(0, 3, 1, 2) if planar else tensor})
    np.savez(folder / "golden.npz", pictures=pictures, features=outputs.transpose(0, 2, 3, 1) if planar else outputs)
    (folder / "LICENSE").write_text("Apache-2.0\n")
    files = {name: sha256_of(folder / name) for name in ("model.onnx", "golden.npz", "LICENSE")}
    spec = InputSpec("image", SIDE_PX, SIDE_PX, layout, colour, (127.0,) * 3, (128.0,) * 3)
    output = OutputSpec("features", layout, PATCH_PX, WIDTH)
    golden = GoldenSpec("golden.npz", 1e-3)
    manifest = Manifest(folder.name, "model.onnx", files, spec, output, golden, (), "Apache-2.0", "tests", "pytest")
    write_manifest(manifest, folder)
    return folder
