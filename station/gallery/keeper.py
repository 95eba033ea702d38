"""A gallery's life: references come and go, every change is a version, and every version can come back.

Beside what `Gallery` reads, the folder holds `<product>/references/<id>/`, the pictures, masks and shape of every
reference ever added; `<product>/v<n>/`, what was enrolled of them in version n; and `history/<n>.json`, what
`gallery.json` was in that version. Files are written once and stay, so a change is undone by naming the old ones.
"""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import GalleryError
from station.core.items import ItemSurface
from station.gallery.compare import METHOD
from station.gallery.enrol import EnrolledProduct, Shot, ShotView
from station.gallery.products import Product, canonical
from station.gallery.registered import Describe
from station.gallery.writing import FORMAT, NAME, check_id, write_product

HISTORY = "history"
LEARNED_FROM = 100
"""Of more references so many are learned from, spread evenly over all: the time goes by their number."""
Enrol = Callable[[Sequence[Shot], Sequence[ItemSurface]], EnrolledProduct]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a reference comes from: `source` is a file or a recording's item, `verdict` what people said of it."""

    source: str
    utc_ns: int
    lot: str = ""
    verdict: str = "good"


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """One good item: its crop, uint8 RGB [S, S, 3], and mask, bool [S, S], by camera, and its shape if depth saw it."""

    views: Mapping[str, tuple[NDArray[np.uint8], NDArray[np.bool_]]]
    surface: ItemSurface | None
    origin: Origin


class GalleryKeeper:
    """Changes a gallery on disk. One at a time; stations go on with the version they opened."""

    def __init__(self, folder: Path, model_digest: str, describe: Describe, enrol: Enrol) -> None:
        """Take a gallery in hand; a folder that has none becomes an empty one with the first change.

        Args:
            folder: the gallery's.
            model_digest: of the bundle that describes.
            describe: the model.
            enrol: makes a product's references of its shots and shapes.

        Raises:
            GalleryError: it is malformed, or of another model.
        """
        self._folder, self._describe, self._enrol = folder, describe, enrol
        header = {"format": FORMAT, "method": METHOD, "model": model_digest, "provenance": "station products"}
        self._data: dict[str, Any] = {**header, "version": 0, "products": []}
        if (folder / NAME).exists():
            self._data = {"version": 0, **_read(folder / NAME)}
        if (self._data.get("model"), self._data.get("method")) != (model_digest, METHOD):
            raise GalleryError(
                f"gallery {folder} was built with model {self._data.get('model')} and {self._data.get('method')}, the "
                f"station runs {model_digest} and {METHOD}. Start a new gallery, and add its references"
            )

    @property
    def version(self) -> int:
        """The version in force, 0 where none was kept yet."""
        return int(self._data["version"])

    def count(self, product_id: str) -> int:
        """Return how many references are kept of a product."""
        record = self._record(product_id)
        return len(record.get("references", ())) if record else 0

    def cameras_missing(self, product_id: str) -> list[str]:
        """Return the cameras that other products have references of, and this one has not, sorted."""
        seen = {record["product_id"]: set(record["views"]) for record in self._data["products"]}
        own = seen.pop(product_id, set())
        return sorted(set().union(*seen.values()) - own)

    def add(self, product: Product, references: Sequence[Reference], utc_ns: int) -> int:
        """Add references of good items to a product, new or known; return how many were new.

        What is known of the product stays where nothing new is given, and barcodes are added; without a name it is
        called by its id.

        Raises:
            GalleryError: the product's id cannot name a folder; another product has one of its barcodes; it was
                enrolled without keeping its references; or there are too few to enrol.
        """
        check_id(product.product_id)
        self._require_own(product)
        record = self._record(product.product_id)
        if record and "references" not in record:
            raise GalleryError(
                f"product {product.product_id} was enrolled without keeping its references. Add it under another id, "
                "or to another gallery"
            )
        kept = {one["id"]: one for one in record["references"]} if record else {}
        known = _product(record) if record else Product(product.product_id, product.product_id)
        product = known.told(product)
        new = [one for one in (self._store(product.product_id, each) for each in references) if one["id"] not in kept]
        if new or product != known:
            entries = [*kept.values(), *{one["id"]: one for one in new}.values()]
            if not entries:
                raise GalleryError(f"there is no reference of {product.product_id}. Show a good unit of it")
            self._enrolled(product, entries, f"added {len(new)} to {product.product_id}", utc_ns)
        return len(new)

    def retire(self, product_id: str, ids: Sequence[str], utc_ns: int) -> None:
        """Take references out of use; with all of them the product goes too. Their pictures stay.

        Raises:
            GalleryError: there is no such product or reference, or too few are left to enrol.
        """
        record = self._record(product_id)
        if record is None:
            raise GalleryError(f"gallery {self._folder} has no product {product_id!r}. See `station products list`")
        known = {one["id"] for one in record.get("references", ())}
        unknown = [one for one in ids if one not in known]
        if unknown:
            raise GalleryError(
                f"product {product_id} has no reference {unknown[0]!r}. See `station products show {product_id}`"
            )
        left = [one for one in record.get("references", ()) if ids and one["id"] not in ids]
        if not left:
            products = [one for one in self._data["products"] if one["product_id"] != product_id]
            self._commit(products, f"retired {product_id}", utc_ns, self.version)
            return
        self._enrolled(_product(record), left, f"retired {len(ids)} of {product_id}", utc_ns)

    def undo(self, utc_ns: int) -> str:
        """Bring back what was before the last change that still stands; return what that change was.

        Raises:
            GalleryError: there is nothing to undo.
        """
        parent = self._data.get("parent")
        if parent is None:
            raise GalleryError(f"gallery {self._folder} has no change to undo")
        before = _read(self._folder / HISTORY / f"{parent}.json")
        undone = str(self._data["standing"])
        self._commit(before["products"], f"undid: {undone}", utc_ns, before.get("parent"), before.get("standing", ""))
        return undone

    def _record(self, product_id: str) -> dict[str, Any] | None:
        return next((one for one in self._data["products"] if one["product_id"] == product_id), None)

    def _require_own(self, product: Product) -> None:
        given = {canonical(code): code for code in product.barcodes}
        for other in map(_product, self._data["products"]):
            taken = [given[canonical(code)] for code in other.barcodes if canonical(code) in given]
            if taken and other.product_id != product.product_id:
                raise GalleryError(
                    f"barcode {taken[0]} is that of product {other.product_id} ({other.name}); it could name neither. "
                    f"Correct it, or retire {other.product_id}"
                )

    def _enrolled(self, product: Product, entries: Sequence[Mapping[str, Any]], change: str, utc_ns: int) -> None:
        chosen = np.unique(np.linspace(0, len(entries) - 1, min(len(entries), LEARNED_FROM)).astype(int))
        loaded = [self._load(product.product_id, entries[place]) for place in chosen]
        enrolled = self._enrol([shot for shot, _ in loaded], [surface for _, surface in loaded if surface is not None])
        place = f"{product.product_id}/v{self._last() + 1}"
        (self._folder / place).mkdir(parents=True, exist_ok=True)  # one that was stopped left its folder
        record = {**write_product(self._folder, place, product, enrolled), "references": list(entries)}
        others = [one for one in self._data["products"] if one["product_id"] != product.product_id]
        products = sorted([*others, record], key=lambda one: str(one["product_id"]))
        self._commit(products, change, utc_ns, self.version)

    def _commit(
        self,
        products: Sequence[Mapping[str, Any]],
        change: str,
        utc_ns: int,
        parent: int | None,
        standing: str | None = None,
    ) -> None:
        """Make a version: `parent` is what undoing it brings back, `standing` the change that this takes away."""
        history = self._folder / HISTORY
        history.mkdir(parents=True, exist_ok=True)
        if not self.version:
            _write(history / "0.json", self._data)
        version = self._last() + 1
        self._data |= {
            "version": version,
            "parent": parent,
            "change": change,
            "standing": change if standing is None else standing,
            "utc_ns": utc_ns,
            "products": list(products),
        }
        _write(history / f"{version}.json", self._data)
        _write(self._folder / NAME, self._data)

    def _last(self) -> int:
        return max((int(file.stem) for file in (self._folder / HISTORY).glob("*.json")), default=0)

    def _store(self, product_id: str, reference: Reference) -> dict[str, Any]:
        """Write a reference's files and return its entry; the same pictures have the same id."""
        digest = hashlib.sha256()
        for camera_id, (crop, mask) in sorted(reference.views.items()):
            digest.update(camera_id.encode() + crop.tobytes() + mask.tobytes())
        entry = {
            "id": digest.hexdigest()[:12],
            **asdict(reference.origin),
            "cameras": sorted(reference.views),
            "cell_mm": None if reference.surface is None else reference.surface.cell_mm,
        }
        folder = self._place(product_id, entry)
        folder.mkdir(parents=True, exist_ok=True)
        for camera_id, (crop, mask) in reference.views.items():
            cv2.imwrite(str(folder / f"{camera_id}.png"), cv2.cvtColor(crop, cv2.COLOR_RGB2BGR))
            cv2.imwrite(str(folder / f"{camera_id}-mask.png"), mask.astype(np.uint8) * 255)
        if reference.surface is not None:
            np.save(folder / "surface.npy", reference.surface.height_mm.astype(np.float16))
        return entry

    def _load(self, product_id: str, entry: Mapping[str, Any]) -> tuple[Shot, ItemSurface | None]:
        folder = self._place(product_id, entry)
        shot = {}
        for camera_id in entry["cameras"]:
            crop, mask = cv2.imread(str(folder / f"{camera_id}.png")), cv2.imread(str(folder / f"{camera_id}-mask.png"))
            if crop is None or mask is None:
                raise GalleryError(f"reference {folder} lacks a picture of {camera_id}. Restore it, or retire it")
            picture = np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2RGB), np.uint8)
            shot[camera_id] = ShotView(picture, mask[..., 0] > 0, self._describe([picture])[0])
        if entry["cell_mm"] is None:
            return shot, None
        return shot, ItemSurface(np.load(folder / "surface.npy").astype(np.float32), float(entry["cell_mm"]))

    def _place(self, product_id: str, entry: Mapping[str, Any]) -> Path:
        return self._folder / product_id / "references" / str(entry["id"])


def _product(record: Mapping[str, Any]) -> Product:
    codes = tuple(record["barcodes"]), tuple(record["skus"])
    return Product(str(record["product_id"]), str(record["name"]), str(record["kind"]), *codes)


def _read(path: Path) -> dict[str, Any]:
    try:
        data: dict[str, Any] = json.loads(path.read_text())
        if not isinstance(data["products"], list):
            raise ValueError("products is no list")
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise GalleryError(f"{path} is missing or malformed ({error!r}). Restore it") from error
    return data


def _write(path: Path, data: Mapping[str, Any]) -> None:
    """Write a file wholly or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(data, indent=1) + "\n")
    os.replace(part, path)
