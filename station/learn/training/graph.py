"""ONNX graphs in training: heads joined to a backbone, and a backbone as a PyTorch module."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import helper, numpy_helper
from torch import nn

from station.core.errors import BundleError
from station.inference.manifest import LABELS, ColourOrder, Layout, Manifest
from station.learn.training.heads import MAPS, SCORES, Heads, head_nodes


def backbone_graph(model: Any, manifest: Manifest) -> Any:
    """Return a model's graph up to its features, without damage heads it may have; an ONNX ModelProto."""
    needed, nodes = {manifest.output.name}, []
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
            nodes.append(node)
    graph = helper.make_graph(
        nodes[::-1],
        model.graph.name,
        list(model.graph.input),
        [output for output in model.graph.output if output.name == manifest.output.name],
        [weight for weight in model.graph.initializer if weight.name in needed],
    )
    return helper.make_model(
        graph, opset_imports=model.opset_import, ir_version=model.ir_version, producer_name="damage-station"
    )


def join_heads(backbone: Any, manifest: Manifest, heads: Heads) -> Any:
    """Return the model with heads on its features; they follow `SCORES` and `MAPS` as its last outputs."""
    joined = onnx.ModelProto()
    joined.CopyFrom(backbone)
    nodes, weights = head_nodes(heads, manifest.output.name, manifest.output.layout)
    joined.graph.node.extend(nodes)
    joined.graph.initializer.extend(weights)
    height, width, _ = manifest.feature_shape
    shapes: dict[str, list[Any]] = {SCORES: ["batch", len(LABELS)], MAPS: ["batch", len(LABELS), height, width]}
    joined.graph.output.extend(
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape) for name, shape in shapes.items()
    )
    onnx.checker.check_model(joined)
    return joined


class GraphModule(nn.Module):
    """A backbone's ONNX graph as a PyTorch module: its weights are parameters, its nodes run in the graph's order.

    It knows the operators of convolutional backbones with batch normalisation folded in.
    """

    def __init__(self, model: Any, output: str) -> None:
        """Take a model's graph.

        Raises:
            BundleError: it has an operator that cannot be trained here.
        """
        super().__init__()
        self._nodes, self._output = list(model.graph.node), output
        self._input = model.graph.input[0].name
        for node in self._nodes:
            if node.op_type not in _OPERATORS:
                raise BundleError(
                    f"the backbone's operator {node.op_type} cannot be trained here, only {', '.join(_OPERATORS)}. "
                    "Train the heads alone, without --finetune"
                )
        self._names = {weight.name: f"p{number}" for number, weight in enumerate(model.graph.initializer)}
        for weight in model.graph.initializer:
            tensor = torch.from_numpy(numpy_helper.to_array(weight).copy())
            self.register_parameter(self._names[weight.name], nn.Parameter(tensor, requires_grad=tensor.ndim > 0))

    def freeze(self, share: float) -> None:
        """Keep the weights of the first nodes as they are, that share of them."""
        for node in self._nodes[: round(share * len(self._nodes))]:
            for name in node.input:
                if name in self._names:
                    getattr(self, self._names[name]).requires_grad = False

    def forward(self, pictures: torch.Tensor) -> Any:
        """Return the features of pictures, both laid out as in the graph."""
        values = {name: getattr(self, own) for name, own in self._names.items()} | {self._input: pictures}
        for node in self._nodes:
            attributes = {entry.name: helper.get_attribute_value(entry) for entry in node.attribute}
            inputs = [values[name] for name in node.input]
            values[node.output[0]] = _OPERATORS[node.op_type](inputs, attributes)
        return values[self._output]

    def write_back(self, model: Any) -> None:
        """Write the parameters into the model they came from."""
        for weight in model.graph.initializer:
            tensor = getattr(self, self._names[weight.name]).detach().cpu().numpy()
            weight.CopyFrom(numpy_helper.from_array(tensor, weight.name))


class Network(nn.Module):
    """A bundle's backbone and heads, from pictures to what the heads say."""

    def __init__(self, model: Any, manifest: Manifest, heads: Heads) -> None:
        """Take a backbone's graph.

        Raises:
            BundleError: it has an operator that cannot be trained here.
        """
        super().__init__()
        self.backbone, self.heads = GraphModule(model, manifest.output.name), heads
        self._manifest = manifest

    def forward(self, crops: NDArray[np.uint8]) -> Any:
        """Return the heads' outputs for RGB crops, uint8 [N, H, W, 3]."""
        device = next(self.parameters()).device
        features = self.backbone(input_tensor(crops, self._manifest).to(device))
        return self.heads(features.permute(0, 3, 1, 2) if self._manifest.output.layout is Layout.NHWC else features)


def input_tensor(crops: NDArray[np.uint8], manifest: Manifest) -> torch.Tensor:
    """Return a backbone's input for RGB crops of its size, uint8 [N, H, W, 3]."""
    spec = manifest.input
    order = crops[..., ::-1] if spec.colour is ColourOrder.BGR else crops
    values = (order.astype(np.float32) - np.array(spec.mean, np.float32)) / np.array(spec.std, np.float32)
    pictures = torch.from_numpy(np.ascontiguousarray(values))
    return pictures.permute(0, 3, 1, 2).contiguous() if spec.layout is Layout.NCHW else pictures


def _conv(inputs: list[Any], attributes: Mapping[str, Any]) -> Any:
    top, left, bottom, right = attributes.get("pads", [0, 0, 0, 0])
    padded = nn.functional.pad(inputs[0], (left, right, top, bottom))
    strides = attributes.get("strides", [1, 1])
    bias = inputs[2] if len(inputs) > 2 else None
    return nn.functional.conv2d(padded, inputs[1], bias, stride=tuple(strides), groups=attributes.get("group", 1))


_OPERATORS: Mapping[str, Callable[[list[Any], Mapping[str, Any]], Any]] = {
    "Conv": _conv,
    "Clip": lambda inputs, _: torch.clamp(*inputs),
    "Relu": lambda inputs, _: inputs[0].relu(),
    "Add": lambda inputs, _: inputs[0] + inputs[1],
    "Mul": lambda inputs, _: inputs[0] * inputs[1],
    "Concat": lambda inputs, attributes: torch.cat(inputs, attributes["axis"]),
}
