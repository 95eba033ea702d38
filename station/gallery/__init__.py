"""Reference views per product: build, load, compare."""

from station.gallery.calibration import Calibration, ViewCalibration
from station.gallery.enrol import EnrolledProduct, EnrolledView, Shot, ShotView, enrol_product
from station.gallery.gallery import Gallery, GalleryWriter, ProductReferences
from station.gallery.patches import patch_distances
from station.gallery.products import Product
from station.gallery.settings import GallerySettings

__all__ = [
    "Calibration",
    "EnrolledProduct",
    "EnrolledView",
    "Gallery",
    "GallerySettings",
    "GalleryWriter",
    "Product",
    "ProductReferences",
    "Shot",
    "ShotView",
    "ViewCalibration",
    "enrol_product",
    "patch_distances",
]
