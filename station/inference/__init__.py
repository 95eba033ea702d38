"""ONNX sessions and model bundles."""

import os

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # it counts at import, and what a station does is nobody else's

from station.inference.bundle import Bundle, Compared, Described, bare_session, load_bundle, unproved_bundle
from station.inference.settings import InferenceSettings
from station.inference.shipped import find_bundle, shipped_models_dir

__all__ = [
    "Bundle",
    "Compared",
    "Described",
    "InferenceSettings",
    "bare_session",
    "find_bundle",
    "load_bundle",
    "shipped_models_dir",
    "unproved_bundle",
]
