"""What a bundle says of itself: `manifest.json` as a value, read strictly and written in one place."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from station.core.damage import DamageType
from station.core.errors import BundleError, BundleHashMismatch

FORMAT = 1
NAME = "manifest.json"
LABELS = ("damaged", "major", *(kind.value for kind in DamageType))
"""What damage heads score, in this order: any damage, major damage, each type."""


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
class HeadsSpec:
    """The graph's damage heads, raw log-odds for each of `LABELS`, never thresholded.

    `scores` names the output for the whole picture, [N, L]; `maps` that for every patch of the feature map,
    [N, L, h, w].
    """

    scores: str
    maps: str


@dataclass(frozen=True, slots=True)
class ComparisonSpec:
    """The bundle's second graph, which judges a view by its differences to the product's references.

    `model` is its file; `input` takes differences [N, h, w, C + 4], see `station.gallery.differences`; `scores` and
    `maps` name raw log-odds as `HeadsSpec` does.
    """

    model: str
    input: str
    scores: str
    maps: str


@dataclass(frozen=True, slots=True)
class GoldenSpec:
    """Stored pictures and the outputs they must give.

    `file` is an .npz with `pictures` uint8 [N, H, W, 3] RGB and `features` float32 [N, h, w, C], with heads also
    `scores` [N, L] and `maps` [N, L, h, w], with a comparison also `differences` [N, h, w, C + 4], `compared_scores`
    and `compared_maps`; no value may differ by more than `tolerance`, or by more than what `provider_tolerances`
    grants an execution provider.
    """

    file: str
    tolerance: float
    provider_tolerances: dict[str, float] = field(default_factory=dict)

    def limit(self, provider: str) -> float:
        """Return by how much a provider's outputs may differ."""
        return self.provider_tolerances.get(provider, self.tolerance)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A bundle's manifest. `files` maps every file of the bundle to its SHA-256 in hex.

    `labels` is `LABELS` where the bundle has damage heads, else empty.
    """

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
    heads: HeadsSpec | None = None
    comparison: ComparisonSpec | None = None

    @property
    def outputs(self) -> tuple[str, ...]:
        """The outputs to ask the graph for: features, then scores and maps where it has heads."""
        return (self.output.name, *((self.heads.scores, self.heads.maps) if self.heads else ()))

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
    image, output, golden, heads = data["input"], data["output"], data["golden"], data.get("heads")
    comparison = data.get("comparison")
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
        golden=GoldenSpec(
            file=str(golden["file"]),
            tolerance=float(golden["tolerance"]),
            provider_tolerances={name: float(limit) for name, limit in golden.get("provider_tolerances", {}).items()},
        ),
        labels=tuple(str(label) for label in data["labels"]),
        licence=str(data["licence"]),
        source=str(data["source"]),
        rebuild=str(data["rebuild"]),
        heads=HeadsSpec(str(heads["scores"]), str(heads["maps"])) if heads else None,
        comparison=ComparisonSpec(*(str(comparison[key]) for key in ("model", "input", "scores", "maps")))
        if comparison
        else None,
    )
    if manifest.labels != (LABELS if manifest.heads else ()):
        raise ValueError(f"labels are {manifest.labels}; they are {LABELS} with heads, and none without")
    if manifest.comparison and not manifest.heads:
        raise ValueError("a comparison without damage heads")
    for name in (manifest.model, manifest.golden.file, *((manifest.comparison.model,) if manifest.comparison else ())):
        if name not in manifest.files:
            raise ValueError(f"{name} has no SHA-256 under files")
    if any(Path(name).name != name for name in manifest.files):
        raise ValueError("files must lie in the bundle's own folder")
    tolerances = (manifest.golden.tolerance, *manifest.golden.provider_tolerances.values())
    if min(manifest.input.std) <= 0 or not all(0 < tolerance < math.inf for tolerance in tolerances):
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
