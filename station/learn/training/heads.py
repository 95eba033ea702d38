"""The damage heads: a small network on a feature map, in PyTorch and as ONNX nodes.

A patch's log-odds come from itself and, through a hidden vector, from its neighbours. A gate tells the item's patches
from what lies around it; the picture's log-odds come from the mean over the item, and from the worst patches.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from station.inference.manifest import LABELS, Layout

PREFIX = "heads."
SCORES, MAPS = "damage", "damage_map"
_HIDDEN = 96
_REACH = 5
_DROPOUT = 0.2

Line = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Weights and biases of a linear map."""


class Heads(nn.Module):
    """Log-odds of each of `LABELS` for a picture and for its patches."""

    def __init__(self, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Make heads for features of this mean and standard deviation, float32 [C]: they are standardised first."""
        super().__init__()
        self.shift: torch.Tensor
        self.scale: torch.Tensor
        self.register_buffer("shift", torch.from_numpy(mean).float()[:, None, None])
        self.register_buffer("scale", torch.from_numpy(1 / np.maximum(std, 1e-6)).float()[:, None, None])
        self.gate = nn.Conv2d(len(mean), 1, 1)
        self.direct = nn.Conv2d(len(mean), len(LABELS), 1)
        self.own = nn.Conv2d(len(mean), _HIDDEN, 1)
        self.around = nn.Conv2d(_HIDDEN, _HIDDEN, _REACH, padding=_REACH // 2, groups=_HIDDEN)
        self.mixed = nn.Conv2d(2 * _HIDDEN, _HIDDEN, 1)
        self.patch = nn.Conv2d(_HIDDEN, len(LABELS), 1)
        self.whole = nn.Linear(2 * _HIDDEN + len(LABELS), len(LABELS))

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return `scores` [N, L], `maps` [N, L, h, w] and the gate's log-odds [N, 1, h, w] of features [N, C, h, w]."""
        standard = (features - self.shift) * self.scale
        gate, direct = self.gate(standard), self.direct(standard)
        own = self.own(standard).relu()
        hidden = self.mixed(torch.cat([own, self.around(own).relu()], 1)).relu()
        hidden = nn.functional.dropout2d(hidden, _DROPOUT, self.training)
        maps = direct + self.patch(hidden)
        weight = gate.sigmoid()
        weight = weight / weight.mean((2, 3), keepdim=True)
        pooled = torch.cat([(hidden * weight).mean((2, 3)), hidden.amax((2, 3)), maps.amax((2, 3))], 1)
        return (direct * weight).mean((2, 3)) + self.whole(pooled), maps, gate

    def rest_on(self, gate: Line, direct: Line) -> None:
        """Take a gate and patch log-odds that are linear in the standardised features, and silence the rest.

        Args:
            gate: weights float32 [1, C] and biases [1].
            direct: weights float32 [L, C] and biases [L].
        """
        with torch.no_grad():
            silent: tuple[Any, ...] = (self.patch, self.whole)
            for layer in silent:
                nn.init.zeros_(layer.weight)
                nn.init.zeros_(layer.bias)
            fixed: tuple[tuple[Any, Line], ...] = ((self.gate, gate), (self.direct, direct))
            for layer, (weights, biases) in fixed:
                layer.weight.copy_(torch.from_numpy(weights)[:, :, None, None])
                layer.bias.copy_(torch.from_numpy(biases))


class Nodes:
    """ONNX nodes as they are made, and their weights, all named after `prefix`."""

    def __init__(self, prefix: str) -> None:
        self.made: list[Any] = []
        self.weights: list[Any] = []
        self._prefix = prefix

    def weight(self, name: str, values: Any) -> str:
        """Keep a tensor, PyTorch's or NumPy's, and return its name."""
        from onnx import numpy_helper

        array = values.detach().cpu().numpy() if isinstance(values, torch.Tensor) else values
        self.weights.append(numpy_helper.from_array(array, self._prefix + name))
        return self._prefix + name

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Add a node of one output and return that."""
        from onnx import helper

        output = output or f"{self._prefix}{operator.lower()}{len(self.made)}"
        self.made.append(helper.make_node(operator, list(inputs), [output], name=self._prefix + output, **attributes))
        return output

    def conv(self, value: str, name: str, layer: nn.Conv2d, output: str = "", **attributes: Any) -> str:
        """Add a convolution and return its output."""
        kernel = self.weight(f"{name}.weight", layer.weight)
        return self.add("Conv", value, kernel, self.weight(f"{name}.bias", layer.bias), output=output, **attributes)


def head_nodes(heads: Heads, features: str, layout: Layout) -> tuple[list[Any], list[Any]]:
    """Return the heads as ONNX nodes on a graph's output `features`, and their weights; outputs `SCORES` and `MAPS`."""
    nodes = Nodes(PREFIX)
    add, conv, weight = nodes.add, nodes.conv, nodes.weight
    value = add("Transpose", features, perm=[0, 3, 1, 2]) if layout is Layout.NHWC else features
    standard = add("Mul", add("Sub", value, weight("shift", heads.shift)), weight("scale", heads.scale))
    weight_map = add("Sigmoid", conv(standard, "gate", heads.gate))
    direct = conv(standard, "direct", heads.direct)
    own = add("Relu", conv(standard, "own", heads.own))
    around = add("Relu", conv(own, "around", heads.around, pads=[_REACH // 2] * 4, group=_HIDDEN))
    hidden = add("Relu", conv(add("Concat", own, around, axis=1), "mixed", heads.mixed))
    maps = add("Add", direct, conv(hidden, "patch", heads.patch), output=MAPS)
    item = add("Div", weight_map, add("GlobalAveragePool", weight_map))
    on_item = [add("GlobalAveragePool", add("Mul", value, item)) for value in (direct, hidden)]
    pools = [on_item[1], add("GlobalMaxPool", hidden), add("GlobalMaxPool", maps)]
    pooled = add("Flatten", add("Concat", *pools, axis=1))
    kernel, bias = weight("whole.weight", heads.whole.weight), weight("whole.bias", heads.whole.bias)
    add("Add", add("Flatten", on_item[0]), add("Gemm", pooled, kernel, bias, transB=1), output=SCORES)
    return nodes.made, nodes.weights
