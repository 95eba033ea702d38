"""A model bundle at work: pictures in, raw features and damage scores out. Nothing is thresholded here."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from station.core.errors import BundleError, ParityFailed, ProviderMissing
from station.inference.manifest import LABELS, NAME, ColourOrder, Layout, Manifest, read_manifest, sha256_of
from station.inference.settings import InferenceSettings


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """What a model says of one picture, raw.

    `features` float32 [h, w, C], contiguous. With damage heads, the log-odds of each of `LABELS`: `scores` float32 [L]
    for the whole picture, `maps` float32 [L, h, w] for every patch; None without.
    """

    features: NDArray[np.float32]
    scores: NDArray[np.float32] | None = None
    maps: NDArray[np.float32] | None = None

    @property
    def is_finite(self) -> bool:
        """Whether all of it are finite numbers."""
        parts = (self.features, self.scores, self.maps)
        return all(part is None or bool(np.isfinite(part).all()) for part in parts)


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """What a bundle's comparison says of a view: log-odds as in `Described`, `scores` [L] and `maps` [L, h, w]."""

    scores: NDArray[np.float32]
    maps: NDArray[np.float32]


class Bundle:
    """A loaded model. It describes one picture after the other, behind the caller's back; one thread owns it."""

    def __init__(
        self, manifest: Manifest, digest: str, session: ort.InferenceSession, comparison: ort.InferenceSession | None
    ) -> None:
        self.manifest = manifest
        self.digest = digest
        self._session = session
        self._comparison = comparison
        # Pictures side by side would be slower than in turn: they throw each other out of the caches.
        self._runner = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._spare_tensors: list[NDArray[np.float32]] = []

    @property
    def providers(self) -> tuple[str, ...]:
        """The execution providers really active, in order of preference."""
        return tuple(self._session.get_providers())

    @property
    def view_px(self) -> int:
        """The side of the square views it is shown, in px."""
        return max(self.manifest.input.width_px, self.manifest.input.height_px)

    def close(self) -> None:
        """End its thread, after the picture it is at."""
        self._runner.shutdown()

    def start(self, crop: NDArray[np.uint8]) -> Future[Described]:
        """Start to describe a picture and return at once, so that the next can be cut meanwhile.

        Args:
            crop: RGB picture, uint8 [S, S, 3]; resized where it is not of the bundle's input size.

        Returns:
            A future of what the model says of it. It raises BundleError if the model failed.
        """
        tensor = self._spare_tensors.pop() if self._spare_tensors else self._new_tensor()
        self._fill(tensor[0], crop)
        return self._runner.submit(self._run, tensor)

    def features(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return the pictures' features, float32 [N, h, w, C]; see `start`.

        Args:
            crops: at least one.

        Raises:
            BundleError: the model failed on them.
        """
        return np.stack([described.features for described in self.describe(crops)])

    def describe(self, crops: Sequence[NDArray[np.uint8]]) -> list[Described]:
        """Return what the model says of pictures; see `start`.

        Raises:
            BundleError: the model failed on them.
        """
        return [described.result() for described in [self.start(crop) for crop in crops]]

    @property
    def compares(self) -> bool:
        """Whether it has a comparison."""
        return self._comparison is not None

    def compare(self, differences: NDArray[np.float32]) -> Compared:
        """Return what the comparison says of a view, at once.

        Args:
            differences: to the product's references, float32 [h, w, C + 4]; see `station.gallery.differences`.

        Raises:
            BundleError: there is no comparison, it failed, or its outputs are not all numbers.
        """
        spec = self.manifest.comparison
        if spec is None or self._comparison is None:
            raise BundleError(f"model {self.manifest.name} has no comparison. Train one with `station train`")
        try:
            scores, maps = self._comparison.run([spec.scores, spec.maps], {spec.input: differences[np.newaxis]})
        except Exception as error:  # ONNX Runtime's own errors share no base class
            raise BundleError(
                f"the comparison of {self.manifest.name} failed on a view ({error}). Run `station doctor`"
            ) from error
        if not np.isfinite(scores).all() or not np.isfinite(maps).all():
            raise BundleError(
                f"the comparison of {self.manifest.name} gives what is no finite number. Run `station doctor`"
            )
        return Compared(scores[0], maps[0])

    def tensor(self, crops: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Return the model's input for the pictures, as one batch."""
        tensors = []
        for crop in crops:
            tensors.append(self._new_tensor())
            self._fill(tensors[-1][0], crop)
        return np.concatenate(tensors)

    def _run(self, tensor: NDArray[np.float32]) -> Described:
        try:
            outputs = self._session.run(list(self.manifest.outputs), {self.manifest.input.name: tensor})
        except Exception as error:  # ONNX Runtime's own errors share no base class
            raise BundleError(
                f"model {self.manifest.name} failed on a picture ({error}). Run `station doctor`"
            ) from error
        finally:
            self._spare_tensors.append(tensor)
        return Described(self._as_features(outputs[0])[0], *(own[0] for own in outputs[1:]))

    def _new_tensor(self) -> NDArray[np.float32]:
        spec = self.manifest.input
        size = (spec.height_px, spec.width_px)
        return np.empty((1, 3, *size) if spec.layout is Layout.NCHW else (1, *size, 3), np.float32)

    def _fill(self, tensor: NDArray[np.float32], crop: NDArray[np.uint8]) -> None:
        spec = self.manifest.input
        planes = cv2.split(_fit(crop, spec.width_px, spec.height_px))
        for channel, (mean, std) in enumerate(zip(spec.mean, spec.std, strict=True)):
            plane = planes[2 - channel if spec.colour is ColourOrder.BGR else channel]
            out = tensor[channel] if spec.layout is Layout.NCHW else tensor[..., channel]
            np.multiply(plane, np.float32(1 / std), out=out)
            out -= np.float32(mean / std)

    def _as_features(self, output: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.manifest.output.layout is Layout.NCHW:
            output = output.transpose(0, 2, 3, 1)
        return np.ascontiguousarray(output, np.float32)


def load_bundle(folder: Path, settings: InferenceSettings | None = None) -> Bundle:
    """Load a bundle and prove it: files, provider, shapes, and outputs against the stored golden ones.

    Raises:
        BundleError: the manifest or the model is missing, malformed, or they contradict each other.
        BundleHashMismatch: a file is not the one the manifest names.
        ProviderMissing: the provider asked for is not active.
        ParityFailed: the outputs differ from the golden ones.
    """
    settings = settings or InferenceSettings()
    bundle = unproved_bundle(folder, settings)
    _check_parity(folder, bundle, settings.provider)
    return bundle


def unproved_bundle(folder: Path, settings: InferenceSettings) -> Bundle:
    """Load a bundle without running its golden pictures, for whoever makes these; raises as `load_bundle` does."""
    manifest = read_manifest(folder)
    session, comparison, spec = _open_session(folder / manifest.model, settings), None, manifest.comparison
    _check_names(folder, session, manifest.input.name, manifest.outputs)
    if spec is not None:  # small, and it runs while the model is at the next view: one thread is enough
        comparison = _open_session(folder / spec.model, replace(settings, threads=1))
        _check_names(folder, comparison, spec.input, (spec.scores, spec.maps))
    return Bundle(manifest, sha256_of(folder / NAME)[:16], session, comparison)


def bare_session(folder: Path, settings: InferenceSettings) -> Callable[[NDArray[np.float32]], None]:
    """Return the model alone on one batch: what the walk is measured against.

    Raises:
        BundleError: the bundle cannot be loaded.
        ProviderMissing: the provider asked for is not active.
    """
    manifest = read_manifest(folder)
    session = _open_session(folder / manifest.model, settings)
    return lambda tensor: session.run(list(manifest.outputs), {manifest.input.name: tensor})


def _fit(crop: NDArray[np.uint8], width_px: int, height_px: int) -> NDArray[np.uint8]:
    if crop.shape[:2] == (height_px, width_px):
        return crop
    interpolation = cv2.INTER_AREA if crop.shape[0] > height_px else cv2.INTER_LINEAR
    return cv2.resize(crop, (width_px, height_px), interpolation=interpolation).astype(np.uint8, copy=False)


def _open_session(model: Path, settings: InferenceSettings) -> ort.InferenceSession:
    available = ort.get_available_providers()
    if settings.provider not in available:
        raise ProviderMissing(
            f"execution provider {settings.provider} is not in this ONNX Runtime, which has {', '.join(available)}. "
            f"Install the runtime that has it, or correct inference.provider"
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = min(settings.threads, len(os.sched_getaffinity(0)))
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if settings.spin else "0")
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(str(model), options, providers=[settings.provider])
    except Exception as error:  # ONNX Runtime's own errors share no base class
        raise BundleError(f"{model} cannot be loaded ({error}). Restore it, or rebuild the bundle") from error
    active = session.get_providers()
    if settings.provider not in active:
        raise ProviderMissing(
            f"execution provider {settings.provider} did not start, only {', '.join(active)}. "
            f"Check its driver, or correct inference.provider"
        )
    return session


def _check_names(folder: Path, session: ort.InferenceSession, given: str, asked: Sequence[str]) -> None:
    inputs = [entry.name for entry in session.get_inputs()]
    outputs = [entry.name for entry in session.get_outputs()]
    if inputs != [given] or not set(asked) <= set(outputs):
        raise BundleError(
            f"model bundle {folder} has inputs {inputs} and outputs {outputs}, its manifest names "
            f"{given!r} and {', '.join(asked)}. Correct the manifest, or rebuild the bundle"
        )


def _check_parity(folder: Path, bundle: Bundle, provider: str) -> None:
    manifest = bundle.manifest
    names = ("features", "scores", "maps")[: len(manifest.outputs)]
    try:
        with np.load(folder / manifest.golden.file) as golden:
            stored = {name: golden[name] for name in golden.files}
        described = bundle.describe(list(stored["pictures"]))
        actual = {name: np.stack([getattr(one, name) for one in described]) for name in names}
        if manifest.comparison is not None:
            compared = [bundle.compare(one) for one in stored["differences"]]
            actual |= {
                f"compared_{name}": np.stack([getattr(one, name) for one in compared]) for name in ("scores", "maps")
            }
        expected = {name: stored[name] for name in actual}
    except Exception as error:  # a bad file and ONNX Runtime's own errors share no base class
        raise BundleError(
            f"model bundle {folder} cannot run its golden pictures ({error}). Rebuild the bundle"
        ) from error
    height, width, _ = manifest.feature_shape
    shapes = {"features": manifest.feature_shape, "scores": (len(LABELS),), "maps": (len(LABELS), height, width)}
    for name, own in actual.items():
        shape = shapes[name.removeprefix("compared_")]
        if own.shape[1:] != shape or own.shape != expected[name].shape:
            raise BundleError(
                f"model bundle {folder} gives {name} of shape {own.shape}, its manifest says {shape} "
                f"and its golden outputs have {expected[name].shape}. Correct the manifest"
            )
        worst, limit = float(np.abs(own - expected[name]).max()), manifest.golden.limit(provider)
        if not worst <= limit:
            raise ParityFailed(
                f"model bundle {folder} is off its golden {name} by {worst:.2g}, more than its tolerance "
                f"{limit:.2g}. Try another execution provider, or run `{manifest.rebuild}`"
            )
