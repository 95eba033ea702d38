"""A comparison that is learned: what differences to a product's own references mean, in PyTorch and as an ONNX graph.

It has the heads' labels and losses, and sees every product through its references alone, so what it learns of one
holds for others.
"""

from typing import Any

import numpy as np
import onnx
import torch
from onnx import helper
from torch import nn

from station.gallery import BESIDES
from station.inference.manifest import LABELS, ComparisonSpec
from station.learn.training.heads import Nodes

_INPUT, _SCORES, _MAPS = "differences", "compared", "compared_map"
_WIDTHS = (96, 64, 48)
_WORST = 8
"""A view's log-odds are the mean of those of so many patches, on a scale of their own: that mean is high by choice."""
_ON_ITEM = -2
"""The channel that says which patches lie on the item; see `station.gallery.differences`."""
_NEVER = 20.0
"""Minus the log-odds of patches no neighbour of which lies on the item: they teach nothing, whatever is true."""
_RARE = -3.0
"""The log-odds that every patch starts from."""


class Comparison(nn.Module):
    """Log-odds of each of `LABELS` for a view and its patches, from its differences to references."""

    def __init__(self, channels: int) -> None:
        """Make a comparison for differences of so many channels, `C + 4`."""
        super().__init__()
        first, second, third = _WIDTHS
        self.norm = nn.BatchNorm2d(2 * channels)
        self.own = nn.Conv2d(2 * channels, first, 1)
        self.around = nn.Conv2d(first, second, 3, padding=1)
        self.wider = nn.Conv2d(second, third, 3, padding=1)
        self.patch = nn.Conv2d(third, len(LABELS), 1)
        self.view_scale = nn.Parameter(torch.ones(len(LABELS)))
        self.view_shift = nn.Parameter(torch.zeros(len(LABELS)))
        assert self.patch.bias is not None
        nn.init.constant_(self.patch.bias, _RARE)

    def forward(self, differences: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return `scores` [N, L] and `maps` [N, L, h, w] of differences [N, C + 4, h, w]."""
        values = self.norm(torch.cat([differences, differences.abs()], 1))
        hidden = self.wider(self.around(self.own(values).relu()).relu()).relu()
        maps = self.patch(hidden)
        near = nn.functional.max_pool2d(differences[:, _ON_ITEM, None], 3, 1, 1)
        maps = (maps + _NEVER) * near - _NEVER
        worst = maps.flatten(2).topk(min(_WORST, maps[0, 0].numel()), dim=2).values.mean(2)
        return worst * self.view_scale + self.view_shift, maps


def comparison_graph(comparison: Comparison, shape: tuple[int, int, int]) -> Any:
    """Return a comparison as an ONNX ModelProto with the input and outputs that `comparison_spec` names.

    Args:
        comparison: what was learned.
        shape: of the features of one picture, `(h, w, C)`.
    """
    height, width, channels = shape
    nodes, norm = Nodes(""), comparison.norm
    add, conv, weight = nodes.add, nodes.conv, nodes.weight
    value = add("Transpose", _INPUT, perm=[0, 3, 1, 2])
    scales = [weight(name, getattr(norm, name)) for name in ("weight", "bias", "running_mean", "running_var")]
    both = add("Concat", value, add("Abs", value), axis=1)
    hidden = add("Relu", conv(add("BatchNormalization", both, *scales, epsilon=norm.eps), "own", comparison.own))
    hidden = add("Relu", conv(hidden, "around", comparison.around, pads=[1] * 4))
    hidden = add("Relu", conv(hidden, "wider", comparison.wider, pads=[1] * 4))
    place = channels + BESIDES + _ON_ITEM
    bounds = [weight(name, np.array([at])) for name, at in (("start", place), ("end", place + 1), ("axis", 1))]
    near = add("MaxPool", add("Slice", value, *bounds), kernel_shape=[3, 3], pads=[1] * 4)
    never = weight("never", np.array([_NEVER], np.float32))
    shown = add("Mul", add("Add", conv(hidden, "patch", comparison.patch), never), near)
    maps = add("Sub", shown, never, output=_MAPS)
    flat = add("Reshape", maps, weight("flat", np.array([0, 0, -1])))
    count = weight("count", np.array([min(_WORST, height * width)]))
    nodes.made.append(helper.make_node("TopK", [flat, count], ["worst", "places"], axis=2))
    mean = add("ReduceMean", "worst", axes=[2], keepdims=0)
    scaled = add("Mul", mean, weight("view_scale", comparison.view_scale))
    add("Add", scaled, weight("view_shift", comparison.view_shift), output=_SCORES)
    return _model(nodes, shape)


def _model(nodes: Nodes, shape: tuple[int, int, int]) -> Any:
    height, width, channels = shape
    shapes: dict[str, list[Any]] = {
        _INPUT: ["batch", height, width, channels + BESIDES],
        _SCORES: ["batch", len(LABELS)],
        _MAPS: ["batch", len(LABELS), height, width],
    }
    given, *asked = (helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, own) for name, own in shapes.items())
    graph = helper.make_graph(nodes.made, "comparison", [given], asked, nodes.weights)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="damage-station"
    )
    onnx.checker.check_model(model)
    return model


def comparison_spec(file: str) -> ComparisonSpec:
    """Return what a manifest says of the graph in a file."""
    return ComparisonSpec(file, _INPUT, _SCORES, _MAPS)
