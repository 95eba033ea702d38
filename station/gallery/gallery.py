"""A gallery on disk: products, their reference patches, and what is usual for them.

The folder holds `gallery.json` and, per product, `<product>/bank.npy` (float16 [P, C], unit vectors,
memory-mapped) and `<product>/<camera>-<n>.jpg` (pictures for people). `gallery.json` names every bank
with its SHA-256, so its own digest stands for the whole gallery.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import GalleryError
from station.gallery.calibration import Calibration, ViewCalibration
from station.gallery.compare import METHOD
from station.gallery.enrol import EnrolledProduct
from station.gallery.files import read_face, read_shapes, write_face, write_shapes
from station.gallery.looks import Looks, read_embeddings, read_looks, write_looks
from station.gallery.products import Product
from station.gallery.references import ProductReferences
from station.gallery.registered import FaceReferences
from station.gallery.shapes import ShapeReferences

FORMAT = 1
NAME = "gallery.json"
_JPEG_QUALITY = 85


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
        if product_id in self._records or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", product_id):
            raise GalleryError(
                f"product id {product_id!r} is taken or unfit for a folder name. "
                f"Use another one of letters, digits, dots, dashes and underscores"
            )
        (self._folder / product_id).mkdir()
        bank = f"{product_id}/bank.npy"
        np.save(self._folder / bank, enrolled.bank)
        views = {
            camera_id: {
                **asdict(view.calibration),
                "pictures": [
                    self._picture(f"{product_id}/{camera_id}-{number}.jpg", picture)
                    for number, picture in enumerate(view.pictures, start=1)
                ],
            }
            for camera_id, view in enrolled.views.items()
        }
        self._records[product_id] = {
            **asdict(product),
            "reference_shots": enrolled.reference_shots,
            "calibration_shots": enrolled.calibration_shots,
            "good_scores": enrolled.good_scores,
            "bank": bank,
            "sha256": _sha256(self._folder / bank),
            "faces": [
                self._face(f"{product_id}/face-{number}", face) for number, face in enumerate(enrolled.faces, start=1)
            ],
            "shapes": self._shapes(f"{product_id}/shapes.npz", enrolled.shapes),
            "looks": self._looks(f"{product_id}/looks.npz", enrolled.looks),
            "looks_sha256": _sha256(self._folder / f"{product_id}/looks.npz"),
            "views": views,
        }

    def close(self) -> None:
        """Write `gallery.json`; without it the folder is no gallery."""
        products = [self._records[product_id] for product_id in sorted(self._records)]
        (self._folder / NAME).write_text(json.dumps({**self._header, "products": products}, indent=1) + "\n")

    def _looks(self, name: str, looks: Looks) -> str:
        write_looks(looks, self._folder / name)
        return name

    def _face(self, name: str, face: FaceReferences) -> dict[str, str]:
        maps, rest = self._folder / f"{name}.npy", self._folder / f"{name}.npz"
        write_face(face, maps, rest)
        return {
            "maps": f"{name}.npy",
            "rest": f"{name}.npz",
            "maps_sha256": _sha256(maps),
            "rest_sha256": _sha256(rest),
        }

    def _shapes(self, name: str, shapes: ShapeReferences | None) -> dict[str, str] | None:
        if shapes is None:
            return None
        write_shapes(shapes, self._folder / name)
        return {"file": name, "sha256": _sha256(self._folder / name)}

    def _picture(self, name: str, picture: NDArray[np.uint8]) -> str:
        done, data = cv2.imencode(
            ".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
        )
        if not done:
            raise GalleryError(f"picture {name} cannot be encoded; its shape is {picture.shape}")
        (self._folder / name).write_bytes(data.tobytes())
        return name


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
    return ViewCalibration(float(view["usual_score"]), float(view["highest_distance"]), spread)


def _check_banks(folder: Path, records: Mapping[str, Any]) -> None:
    for record in records.values():
        for view in record["views"].values():
            _calibration(view)
        named = [(record["bank"], record["sha256"])]
        named += [(one["file"], one["sha256"]) for one in [record.get("shapes")] if one]
        named += [(face[part], face[f"{part}_sha256"]) for face in record.get("faces", ()) for part in ("maps", "rest")]
        named += [(record["looks"], record["looks_sha256"])] if "looks" in record else []
        for name, digest in named:
            if _sha256(folder / name) != digest:
                raise GalleryError(
                    f"references {folder / name} are not those {NAME} names. Restore them, or enrol again"
                )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
