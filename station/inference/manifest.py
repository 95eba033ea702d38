"""What a bundle says of itself: `manifest.json` as a value, read strictly and written in one place."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from station.core.errors import BundleError, BundleHashMismatch

FORMAT = 1
NAME = "manifest.json"


class Layout(StrEnum):
    """The order of a tensor's axes."""

    NCHW = "NCHW"
    NHWC = "NHWC"


class ColourOrder(StrEnum):
    """The order of a tensor's colour channels."""

    RGB = "RGB"
    BGR = "BGR"


@dataclass(frozen=True, slots=True)
class InputSpec:
    """The graph's input: a float32 batch of pictures, each value `(pixel - mean) / std` with pixels 0..255.

    `mean` and `std` are given in the order of `colour`.
    """

    name: str
    width_px: int
    height_px: int
    layout: Layout
    colour: ColourOrder
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """The graph's feature map: one vector of `channels` for every `stride` pixels of the input."""

    name: str
    layout: Layout
    stride: int
    channels: int


@dataclass(frozen=True, slots=True)
class GoldenSpec:
    """Stored pictures and the outputs they must give.

    `file` is an .npz with `pictures` uint8 [N, H, W, 3] RGB and `features` float32 [N, h, w, C];
    no value may differ by more than `tolerance`.
    """

    file: str
    tolerance: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """A bundle's manifest. `files` maps every file of the bundle to its SHA-256 in hex."""

    name: str
    model: str
    files: dict[str, str]
    input: InputSpec
    output: OutputSpec
    golden: GoldenSpec
    labels: tuple[str, ...]
    licence: str
    source: str
    rebuild: str

    @property
    def feature_shape(self) -> tuple[int, int, int]:
        """The shape `(h, w, C)` of one picture's features."""
        stride = self.output.stride
        return math.ceil(self.input.height_px / stride), math.ceil(self.input.width_px / stride), self.output.channels


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_manifest(manifest: Manifest, folder: Path) -> None:
    """Write the manifest into the bundle's folder."""
    (folder / NAME).write_text(json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Read a bundle's manifest and check its files against it.

    Raises:
        BundleError: the manifest is missing or malformed, or names a file that is missing.
        BundleHashMismatch: a file is not the one the manifest names.
    """
    path = folder / NAME
    try:
        manifest = _parse(json.loads(path.read_text()))
    except FileNotFoundError as error:
        raise BundleError(f"model bundle {folder} has no {NAME}. Name a bundle's folder, or rebuild it") from error
    except (KeyError, TypeError, ValueError) as error:
        raise BundleError(f"{path} is malformed ({error!r}). Restore it, or rebuild the bundle") from error
    for name, expected in manifest.files.items():
        file = folder / name
        if not file.is_file():
            raise BundleError(f"model bundle {folder} lacks {name}. Restore it, or run `{manifest.rebuild}`")
        actual = sha256_of(file)
        if actual != expected:
            raise BundleHashMismatch(
                f"{file} has SHA-256 {actual[:16]}, its manifest says {expected[:16]}. "
                f"Restore it, or run `{manifest.rebuild}`"
            )
    return manifest


def _parse(data: dict[str, Any]) -> Manifest:
    if data["format"] != FORMAT:
        raise ValueError(f"format {data['format']}, where this station reads format {FORMAT}")
    image, output, golden = data["input"], data["output"], data["golden"]
    manifest = Manifest(
        name=str(data["name"]),
        model=str(data["model"]),
        files={str(name): str(digest) for name, digest in data["files"].items()},
        input=InputSpec(
            name=str(image["name"]),
            width_px=_positive(image, "width_px"),
            height_px=_positive(image, "height_px"),
            layout=Layout(image["layout"]),
            colour=ColourOrder(image["colour"]),
            mean=_triple(image, "mean"),
            std=_triple(image, "std"),
        ),
        output=OutputSpec(
            name=str(output["name"]),
            layout=Layout(output["layout"]),
            stride=_positive(output, "stride"),
            channels=_positive(output, "channels"),
        ),
        golden=GoldenSpec(file=str(golden["file"]), tolerance=float(golden["tolerance"])),
        labels=tuple(str(label) for label in data["labels"]),
        licence=str(data["licence"]),
        source=str(data["source"]),
        rebuild=str(data["rebuild"]),
    )
    for name in (manifest.model, manifest.golden.file):
        if name not in manifest.files:
            raise ValueError(f"{name} has no SHA-256 under files")
    if any(Path(name).name != name for name in manifest.files):
        raise ValueError("files must lie in the bundle's own folder")
    if min(manifest.input.std) <= 0 or not 0 < manifest.golden.tolerance < math.inf:
        raise ValueError("std and tolerance must be positive")
    return manifest


def _positive(section: dict[str, Any], key: str) -> int:
    value = section[key]
    if not isinstance(value, int) or value < 1:
        raise ValueError(f"{key} is {value!r}, not a positive whole number")
    return value


def _triple(section: dict[str, Any], key: str) -> tuple[float, float, float]:
    values = tuple(float(value) for value in section[key])
    if len(values) != 3 or not all(map(math.isfinite, values)):
        raise ValueError(f"{key} is {section[key]!r}, not three numbers")
    return values
