"""Where the shipped models are."""

from pathlib import Path

import station
from station.core.errors import BundleError


def shipped_models_dir() -> Path:
    """Return the folder of shipped models: `station/_models` as installed, `models` in a checkout.

    Raises:
        BundleError: neither exists.
    """
    package = Path(station.__file__).parent
    for folder in (package / "_models", package.parent / "models"):
        if folder.is_dir():
            return folder
    raise BundleError(f"no shipped models beside {package}; the installation is incomplete. Install the station again")


def find_bundle(name_or_path: str) -> Path:
    """Return the folder of a bundle given by path, or by name among the shipped ones.

    Raises:
        BundleError: there is no such bundle.
    """
    path = Path(name_or_path)
    if path.is_dir():
        return path
    shipped = shipped_models_dir() / name_or_path
    if (shipped / "manifest.json").is_file():
        return shipped
    names = ", ".join(sorted(entry.parent.name for entry in shipped_models_dir().glob("*/manifest.json"))) or "none"
    raise BundleError(f"there is no model bundle {name_or_path!r}; shipped: {names}. Name one of these, or a folder")
