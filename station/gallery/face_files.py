"""A face's references on disk: the maps in a file of their own, which is mapped into memory, and the rest."""

from pathlib import Path

import numpy as np

from station.core.errors import GalleryError
from station.gallery.keypoints import Keypoints
from station.gallery.registered import FaceReferences


def write_face(face: FaceReferences, maps: Path, rest: Path) -> None:
    """Write a face: `maps` .npy float16 [h, w, K, C], `rest` .npz."""
    np.save(maps, face.maps.astype(np.float16))
    np.savez(
        rest,
        points=face.keypoints.points,
        descriptors=face.keypoints.descriptors.astype(np.float16),
        usual=face.usual,
        spread=face.spread,
        numbers=np.array([face.centre, face.scale, face.highest]),
    )


def read_face(maps: Path, rest: Path) -> FaceReferences:
    """Read a face.

    Raises:
        GalleryError: a file is missing or malformed.
    """
    try:
        with np.load(rest) as stored:
            keypoints = Keypoints(stored["points"], stored["descriptors"].astype(np.float32))
            usual, spread, numbers = stored["usual"], stored["spread"], stored["numbers"]
        loaded = np.load(maps, mmap_mode="r").astype(np.float32)
        return FaceReferences(keypoints, loaded, usual, spread, *(float(number) for number in numbers))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise GalleryError(f"face {maps} cannot be read ({error}). Enrol the product again") from error
