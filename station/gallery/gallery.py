"""A gallery on disk: products, their reference patches, and what is usual for them.

The folder holds `gallery.json` and, per product, `<product>/bank.npy` (float16 [P, C], unit vectors,
memory-mapped) and `<product>/<camera>-<n>.jpg` (pictures for people). `gallery.json` names every bank
with its SHA-256, so its own digest stands for the whole gallery.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from station.core.errors import GalleryError
from station.gallery.calibration import Calibration, ViewCalibration
from station.gallery.compare import METHOD
from station.gallery.files import read_face, read_shapes
from station.gallery.looks import Looks, read_embeddings, read_looks
from station.gallery.products import Product
from station.gallery.references import ProductReferences
from station.gallery.writing import FORMAT, NAME, sha256_of


class Gallery:
    """The products a station knows, as they stand on disk. Read-only."""

    def __init__(self, folder: Path, digest: str, records: Mapping[str, Any], good_scores: tuple[float, ...]) -> None:
        self.folder = folder
        self.digest = digest
        self.good_scores = good_scores
        self.products: Mapping[str, Product] = {key: _product(record) for key, record in records.items()}
        self._records = records
        self._read: dict[str, ProductReferences] = {}

    @classmethod
    def open(cls, folder: Path, model_digest: str) -> "Gallery":
        """Open a gallery that was built with the model of this digest.

        Raises:
            GalleryError: the gallery is missing, malformed, changed since it was written, or of another model.
        """
        path = folder / NAME
        try:
            text = path.read_bytes()
            data = json.loads(text)
            if (data["format"], data["method"]) != (FORMAT, METHOD):
                raise ValueError(f"format {data['format']}, method {data['method']}")
            if data["model"] != model_digest:
                raise GalleryError(
                    f"gallery {folder} was built with model {data['model']}, the station runs {model_digest}. "
                    f"Enrol its products again, or load the model it was built with"
                )
            records = {str(record["product_id"]): record for record in data["products"]}
            scores = sorted(float(score) for record in records.values() for score in record["good_scores"])
            if not all(map(math.isfinite, scores)):
                raise ValueError("a good score that is no number")
            gallery = cls(folder, hashlib.sha256(text).hexdigest()[:16], records, tuple(scores))
            _check_banks(folder, records)
        except FileNotFoundError as error:
            raise GalleryError(
                f"gallery file {error.filename} does not exist. Name a gallery, or enrol products"
            ) from error
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GalleryError(f"{path} is malformed ({error!r}). Restore it, or enrol its products again") from error
        return gallery

    @property
    def product_ids(self) -> tuple[str, ...]:
        """The products that have references, sorted."""
        return tuple(sorted(self._records))

    def record(self, product_id: str) -> Mapping[str, Any]:
        """Return what `gallery.json` says of a product.

        Raises:
            GalleryError: the gallery does not know it.
        """
        if product_id not in self._records:
            known = ", ".join(self.product_ids) or "none"
            raise GalleryError(f"gallery {self.folder} has no product {product_id!r}; it has {known}. Name one of them")
        return dict(self._records[product_id])

    def pictures(self, product_id: str) -> tuple[Path, ...]:
        """Return the files of a product's reference pictures (JPEG), none for an unknown product."""
        views = self._records.get(product_id, {}).get("views", {})
        return tuple(self.folder / name for view in views.values() for name in view["pictures"])

    @property
    def embeddings(self) -> Mapping[str, NDArray[np.float32]]:
        """The embeddings of every product's reference views, float32 [V, C]; without those of products that have none.

        Raises:
            GalleryError: they cannot be read.
        """
        return {
            product_id: read_embeddings(self.folder / record["looks"])
            for product_id, record in self._records.items()
            if "looks" in record
        }

    def looks(self, product_id: str) -> Looks | None:
        """Return how a product looks, None where it was enrolled without that.

        Raises:
            GalleryError: it cannot be read.
        """
        name = self._records.get(product_id, {}).get("looks")
        return read_looks(self.folder / name) if name else None

    def references(self, product_id: str) -> ProductReferences | None:
        """Return a product's references, read from disk when they are first asked for, None when it has none.

        Raises:
            GalleryError: its bank cannot be read.
        """
        if product_id in self._read:
            return self._read[product_id]
        record = self._records.get(product_id)
        if record is None:
            return None
        file = self.folder / record["bank"]
        try:
            bank = np.load(file, mmap_mode="r").astype(np.float32)
        except (OSError, ValueError) as error:
            raise GalleryError(f"reference bank {file} cannot be read ({error}). Enrol {product_id} again") from error
        calibration = Calibration({key: _calibration(view) for key, view in record["views"].items()}, self.good_scores)
        faces = tuple(
            read_face(self.folder / face["maps"], self.folder / face["rest"]) for face in record.get("faces", ())
        )
        shapes = read_shapes(self.folder / record["shapes"]["file"]) if record.get("shapes") else None
        self._read[product_id] = ProductReferences(self.products[product_id], bank, faces, shapes, calibration)
        return self._read[product_id]


def _product(record: Mapping[str, Any]) -> Product:
    return Product(
        product_id=str(record["product_id"]),
        name=str(record["name"]),
        kind=str(record["kind"]),
        barcodes=tuple(map(str, record["barcodes"])),
        skus=tuple(map(str, record["skus"])),
    )


def _calibration(view: Mapping[str, Any]) -> ViewCalibration:
    spread = float(view.get("spread", 0.0))  # galleries without faces have none, and need none
    figures = (float(view["usual_score"]), float(view["highest_distance"]), spread)
    if not all(map(math.isfinite, figures)):
        raise ValueError(f"usual score, highest distance, spread: {figures}")
    return ViewCalibration(*figures)


def _check_banks(folder: Path, records: Mapping[str, Any]) -> None:
    for record in records.values():
        for view in record["views"].values():
            _calibration(view)
        named = [(record["bank"], record["sha256"])]
        named += [(one["file"], one["sha256"]) for one in [record.get("shapes")] if one]
        named += [(face[part], face[f"{part}_sha256"]) for face in record.get("faces", ()) for part in ("maps", "rest")]
        named += [(record["looks"], record["looks_sha256"])] if "looks" in record else []
        for name, digest in named:
            if sha256_of(folder / name) != digest:
                raise GalleryError(
                    f"references {folder / name} are not those {NAME} names. Restore them, or enrol again"
                )
