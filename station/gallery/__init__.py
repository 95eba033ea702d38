"""Reference views per product: build, load, compare."""

from station.gallery.calibration import Calibration, ViewCalibration
from station.gallery.compare import METHOD, REFERENCES
from station.gallery.differences import BESIDES, differences, patch_heights
from station.gallery.enrol import EnrolledProduct, EnrolledView, Shot, ShotView, enrol_product
from station.gallery.gallery import Gallery
from station.gallery.keeper import LEARNED_FROM, GalleryKeeper, Origin, Reference
from station.gallery.keypoints import Keypoints, find_keypoints, homography, match
from station.gallery.looks import Looks, embed, learn_looks
from station.gallery.outline import Background, cut_out, framing, learn_background, outline
from station.gallery.patches import patch_distances, unit
from station.gallery.products import Product, canonical, is_trade_number
from station.gallery.references import ProductReferences
from station.gallery.settings import GallerySettings
from station.gallery.shapes import Lack, ShapeReferences
from station.gallery.stand_ins import stand_in, with_stand_ins
from station.gallery.writing import GalleryWriter

__all__ = [
    "BESIDES",
    "LEARNED_FROM",
    "METHOD",
    "REFERENCES",
    "Background",
    "Calibration",
    "EnrolledProduct",
    "EnrolledView",
    "Gallery",
    "GalleryKeeper",
    "GallerySettings",
    "GalleryWriter",
    "Keypoints",
    "Lack",
    "Looks",
    "Origin",
    "Product",
    "ProductReferences",
    "Reference",
    "ShapeReferences",
    "Shot",
    "ShotView",
    "ViewCalibration",
    "canonical",
    "cut_out",
    "differences",
    "embed",
    "enrol_product",
    "find_keypoints",
    "framing",
    "homography",
    "is_trade_number",
    "learn_background",
    "learn_looks",
    "match",
    "outline",
    "patch_distances",
    "patch_heights",
    "stand_in",
    "unit",
    "with_stand_ins",
]
