"""The damage heads: a small network on a feature map, in PyTorch and as ONNX nodes.

Every patch gets a hidden vector from itself and its neighbours; a linear layer turns that into the patch's log-odds.
The picture's log-odds come from its worst patches and from the mean and the maximum of the hidden vectors.
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


class Heads(nn.Module):
    """Log-odds of each of `LABELS` for a picture and for its patches."""

    def __init__(self, mean: NDArray[np.float32], std: NDArray[np.float32]) -> None:
        """Make heads for features of this mean and standard deviation, float32 [C]: they are standardised first."""
        super().__init__()
        self.shift: torch.Tensor
        self.scale: torch.Tensor
        self.register_buffer("shift", torch.from_numpy(mean).float()[:, None, None])
        self.register_buffer("scale", torch.from_numpy(1 / np.maximum(std, 1e-6)).float()[:, None, None])
        self.own = nn.Conv2d(len(mean), _HIDDEN, 1)
        self.around = nn.Conv2d(_HIDDEN, _HIDDEN, _REACH, padding=_REACH // 2, groups=_HIDDEN)
        self.mixed = nn.Conv2d(2 * _HIDDEN, _HIDDEN, 1)
        self.patch = nn.Conv2d(_HIDDEN, len(LABELS), 1)
        self.whole = nn.Linear(2 * _HIDDEN + len(LABELS), len(LABELS))

    def forward(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return `scores` [N, L] and `maps` [N, L, h, w] for features [N, C, h, w]."""
        own = self.own((features - self.shift) * self.scale).relu()
        hidden = self.mixed(torch.cat([own, self.around(own).relu()], 1)).relu()
        hidden = nn.functional.dropout2d(hidden, _DROPOUT, self.training)
        maps = self.patch(hidden)
        pooled = torch.cat([hidden.mean((2, 3)), hidden.amax((2, 3)), maps.amax((2, 3))], 1)
        return self.whole(pooled), maps


def head_nodes(heads: Heads, features: str, layout: Layout) -> tuple[list[Any], list[Any]]:
    """Return the heads as ONNX nodes on a graph's output `features`, and their weights; outputs `SCORES` and `MAPS`."""
    from onnx import helper, numpy_helper

    nodes: list[Any] = []
    weights: list[Any] = []

    def weight(name: str, tensor: Any) -> str:
        weights.append(numpy_helper.from_array(tensor.detach().cpu().numpy(), PREFIX + name))
        return PREFIX + name

    def add(operator: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        output = output or f"{PREFIX}{operator.lower()}{len(nodes)}"
        nodes.append(helper.make_node(operator, list(inputs), [output], name=PREFIX + output, **attributes))
        return output

    def conv(value: str, name: str, layer: nn.Conv2d, output: str = "", **attributes: Any) -> str:
        kernel = weight(f"{name}.weight", layer.weight)
        return add("Conv", value, kernel, weight(f"{name}.bias", layer.bias), output=output, **attributes)

    value = add("Transpose", features, perm=[0, 3, 1, 2]) if layout is Layout.NHWC else features
    standard = add("Mul", add("Sub", value, weight("shift", heads.shift)), weight("scale", heads.scale))
    own = add("Relu", conv(standard, "own", heads.own))
    around = add("Relu", conv(own, "around", heads.around, pads=[_REACH // 2] * 4, group=_HIDDEN))
    hidden = add("Relu", conv(add("Concat", own, around, axis=1), "mixed", heads.mixed))
    maps = conv(hidden, "patch", heads.patch, output=MAPS)
    pools = [add("GlobalAveragePool", hidden), add("GlobalMaxPool", hidden), add("GlobalMaxPool", maps)]
    pooled = add("Flatten", add("Concat", *pools, axis=1))
    kernel, bias = weight("whole.weight", heads.whole.weight), weight("whole.bias", heads.whole.bias)
    add("Gemm", pooled, kernel, bias, output=SCORES, transB=1)
    return nodes, weights
