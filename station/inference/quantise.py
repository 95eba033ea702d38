"""A model in 8 bits: smaller, and faster where the processor multiplies bytes."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def quantise(model: Path, out: Path, tensors: Sequence[NDArray[np.float32]]) -> None:
    """Write a model's 8-bit variant: static, weights by channel, in 7 bits so that no processor's sums overflow.

    Needs the extra `train`.

    Args:
        model: the ONNX file.
        out: the file to write.
        tensors: inputs that show what its values range over.
    """
    import onnx
    import onnxruntime as ort
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        """The tensors, one by one."""

        def __init__(self) -> None:
            name = ort.InferenceSession(str(model), providers=["CPUExecutionProvider"]).get_inputs()[0].name
            self._left: Iterator[dict[str, Any]] = iter([{name: tensor} for tensor in tensors])

        def get_next(self) -> dict[str, Any] | None:
            """Return the next input, None after the last."""
            return next(self._left, None)

    prepared = onnx.load(str(model))
    add_pre_process_metadata(prepared)  # what it would fold is folded already; without the mark it warns of that
    quantize_static(
        prepared,
        str(out),
        Reader(),
        per_channel=True,
        reduce_range=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
