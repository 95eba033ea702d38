"""Reference views per product: build, load, compare."""

from station.gallery.calibration import Calibration, ViewCalibration
from station.gallery.enrol import EnrolledProduct, EnrolledView, Shot, ShotView, enrol_product
from station.gallery.gallery import Gallery, GalleryWriter
from station.gallery.outline import Background, cut_out, framing, learn_background, outline
from station.gallery.patches import patch_distances
from station.gallery.products import Product
from station.gallery.references import ProductReferences
from station.gallery.settings import GallerySettings
from station.gallery.shapes import Lack, ShapeReferences
from station.gallery.stand_ins import stand_in, with_stand_ins

__all__ = [
    "Background",
    "Calibration",
    "EnrolledProduct",
    "EnrolledView",
    "Gallery",
    "GallerySettings",
    "GalleryWriter",
    "Lack",
    "Product",
    "ProductReferences",
    "ShapeReferences",
    "Shot",
    "ShotView",
    "ViewCalibration",
    "cut_out",
    "enrol_product",
    "framing",
    "learn_background",
    "outline",
    "patch_distances",
    "stand_in",
    "with_stand_ins",
]
