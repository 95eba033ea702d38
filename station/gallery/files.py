"""Faces and shapes on disk: a face's maps in a file of their own, which is mapped into memory, and the rest."""

from pathlib import Path

import numpy as np

from station.core.damage import DamageType
from station.core.errors import GalleryError
from station.core.items import ItemSurface
from station.gallery.keypoints import Keypoints
from station.gallery.registered import FaceReferences
from station.gallery.shapes import ShapeReferences
from station.gallery.structure import Structure


def write_face(face: FaceReferences, maps: Path, rest: Path) -> None:
    """Write a face: `maps` .npy float16 [h, w, K, C], `rest` .npz."""
    np.save(maps, face.maps.astype(np.float16))
    np.savez(
        rest,
        points=face.keypoints.points,
        descriptors=face.keypoints.descriptors.astype(np.float16),
        usual=face.usual,
        spread=face.spread,
        numbers=np.array([face.centre, face.scale, face.highest, face.structure.limit]),
        darkest=face.structure.darkest.astype(np.float16),
        brightest=face.structure.brightest.astype(np.float16),
        middle=face.structure.middle.astype(np.float16),
    )


def read_face(maps: Path, rest: Path) -> FaceReferences:
    """Read a face.

    Raises:
        GalleryError: a file is missing or malformed.
    """
    try:
        with np.load(rest) as stored:
            keypoints = Keypoints(stored["points"], stored["descriptors"].astype(np.float32))
            usual, spread = stored["usual"], stored["spread"]
            centre, scale, highest, limit = (float(number) for number in stored["numbers"])
            darkest, brightest, middle = (
                stored[name].astype(np.float32) for name in ("darkest", "brightest", "middle")
            )
        structure = Structure(darkest, brightest, middle, limit)
        loaded = np.load(maps, mmap_mode="r").astype(np.float32)
        return FaceReferences(keypoints, loaded, usual, spread, centre, scale, highest, structure)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GalleryError(f"face {maps} cannot be read ({error}). Enrol the product again") from error


def write_shapes(shapes: ShapeReferences, file: Path) -> None:
    """Write a product's shapes, .npz."""
    np.savez(
        file,
        heights=np.stack([surface.height_mm for surface in shapes.surfaces]).astype(np.float16),
        cell_mm=shapes.surfaces[0].cell_mm,
        types=[damage_type.value for damage_type in shapes.usual_mm],
        usual_mm=list(shapes.usual_mm.values()),
    )


def read_shapes(file: Path) -> ShapeReferences:
    """Read a product's shapes.

    Raises:
        GalleryError: the file is missing or malformed.
    """
    try:
        with np.load(file) as stored:
            surfaces = [ItemSurface(one, float(stored["cell_mm"])) for one in stored["heights"].astype(np.float32)]
            types = [DamageType(str(name)) for name in stored["types"]]
            return ShapeReferences(surfaces, dict(zip(types, stored["usual_mm"].tolist(), strict=True)))
    except (OSError, ValueError, KeyError) as error:
        raise GalleryError(f"shapes {file} cannot be read ({error}). Enrol the product again") from error
