"""Settings of the gallery."""

from dataclasses import dataclass
from typing import Annotated

from annotated_doc import Doc
from annotated_types import Ge, Le, MinLen


@dataclass(frozen=True, slots=True)
class GallerySettings:
    """Which gallery, and how large its products' references may be."""

    path: Annotated[str, MinLen(1), Doc("Gallery: the name of a shipped one, or the path of a gallery's folder.")] = (
        "demo-gallery"
    )
    patches_per_product: Annotated[
        int, Ge(64), Le(100_000), Doc("Reference patches kept per product; more are slower and larger.")
    ] = 1000
    pictures_per_camera: Annotated[
        int, Ge(0), Le(100), Doc("Reference pictures kept per product and camera for people to look at.")
    ] = 1
