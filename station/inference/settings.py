"""Settings of inference."""

from dataclasses import dataclass
from typing import Annotated

from annotated_doc import Doc
from annotated_types import Ge, Le, MinLen


@dataclass(frozen=True, slots=True)
class InferenceSettings:
    """Which model runs, and on what."""

    bundle: Annotated[
        str, MinLen(1), Doc("Model bundle: the name of a shipped one, or the path of a bundle's folder.")
    ] = "efficientnet-lite0-s16"
    provider: Annotated[
        str, MinLen(1), Doc("ONNX Runtime execution provider that must be active, e.g. CUDAExecutionProvider.")
    ] = "CPUExecutionProvider"
    threads: Annotated[int, Ge(1), Le(64), Doc("Threads of the model, at most one a core.")] = 4
    spin: Annotated[
        bool, Doc("Whether idle model threads spin instead of sleeping: a little faster, at the cameras' cost.")
    ] = False
