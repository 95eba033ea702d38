"""Products written to a gallery's folder, each with a record of its files and their SHA-256."""

import hashlib
import json
import re
from collections.abc import Container
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import GalleryError
from station.gallery.compare import METHOD
from station.gallery.enrol import EnrolledProduct
from station.gallery.files import write_face, write_shapes
from station.gallery.looks import Looks, write_looks
from station.gallery.products import Product
from station.gallery.registered import FaceReferences
from station.gallery.shapes import ShapeReferences

FORMAT = 1
NAME = "gallery.json"
_JPEG_QUALITY = 85


class GalleryWriter:
    """Writes a gallery: add each product, then close. The folder must be new or empty."""

    def __init__(self, folder: Path, model_digest: str, provenance: str) -> None:
        if folder.exists() and any(folder.iterdir()):
            raise GalleryError(f"{folder} is not empty. Name a new folder for the gallery")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._header = {"format": FORMAT, "method": METHOD, "model": model_digest, "provenance": provenance}
        self._records: dict[str, dict[str, Any]] = {}

    def add(self, product: Product, enrolled: EnrolledProduct) -> None:
        """Write one product's references.

        Raises:
            GalleryError: the product is already in, or its id cannot name a folder.
        """
        product_id = product.product_id
        check_id(product_id, self._records)
        (self._folder / product_id).mkdir()
        self._records[product_id] = write_product(self._folder, product_id, product, enrolled)

    def close(self) -> None:
        """Write `gallery.json`; without it the folder is no gallery."""
        products = [self._records[product_id] for product_id in sorted(self._records)]
        (self._folder / NAME).write_text(json.dumps({**self._header, "products": products}, indent=1) + "\n")


def check_id(product_id: str, taken: Container[str] = ()) -> None:
    """Refuse what cannot be a new product's id.

    Raises:
        GalleryError: it is taken, or cannot name a folder.
    """
    if product_id in taken or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", product_id):
        raise GalleryError(
            f"product id {product_id!r} is taken or unfit for a folder name. "
            f"Use another one of letters, digits, dots, dashes and underscores"
        )


def write_product(folder: Path, place: str, product: Product, enrolled: EnrolledProduct) -> dict[str, Any]:
    """Write a product's references and return its record in `gallery.json`.

    Args:
        folder: the gallery's.
        place: the folder in it that the files go to; it exists.
        product: the product.
        enrolled: its references.
    """
    bank = f"{place}/bank.npy"
    np.save(folder / bank, enrolled.bank)
    views = {
        camera_id: {
            **asdict(view.calibration),
            "pictures": [
                _picture(folder, f"{place}/{camera_id}-{number}.jpg", picture)
                for number, picture in enumerate(view.pictures, start=1)
            ],
        }
        for camera_id, view in enrolled.views.items()
    }
    return {
        **asdict(product),
        "reference_shots": enrolled.reference_shots,
        "good_scores": enrolled.good_scores,
        "bank": bank,
        "sha256": sha256_of(folder / bank),
        "faces": [_face(folder, f"{place}/face-{number}", face) for number, face in enumerate(enrolled.faces, start=1)],
        "shapes": _shapes(folder, f"{place}/shapes.npz", enrolled.shapes),
        "looks": _looks(folder, f"{place}/looks.npz", enrolled.looks),
        "looks_sha256": sha256_of(folder / f"{place}/looks.npz"),
        "views": views,
    }


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256 in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _looks(folder: Path, name: str, looks: Looks) -> str:
    write_looks(looks, folder / name)
    return name


def _face(folder: Path, name: str, face: FaceReferences) -> dict[str, str]:
    maps, rest = folder / f"{name}.npy", folder / f"{name}.npz"
    write_face(face, maps, rest)
    return {
        "maps": f"{name}.npy",
        "rest": f"{name}.npz",
        "maps_sha256": sha256_of(maps),
        "rest_sha256": sha256_of(rest),
    }


def _shapes(folder: Path, name: str, shapes: ShapeReferences | None) -> dict[str, str] | None:
    if shapes is None:
        return None
    write_shapes(shapes, folder / name)
    return {"file": name, "sha256": sha256_of(folder / name)}


def _picture(folder: Path, name: str, picture: NDArray[np.uint8]) -> str:
    done, data = cv2.imencode(
        ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    )
    if not done:
        raise GalleryError(f"picture {name} cannot be encoded; its shape is {picture.shape}")
    (folder / name).write_bytes(data.tobytes())
    return name
