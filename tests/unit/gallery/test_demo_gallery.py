"""The shipped gallery belongs to the shipped model, and can be built again."""

from pathlib import Path

from station.gallery import Gallery, GallerySettings
from station.inference import Bundle, shipped_models_dir
from station.inspection.demo_gallery import build_demo_gallery
from station.judge import JudgeSettings, choose_threshold
from station.simulation import SimulationSettings
from station.simulation.catalogue import catalogue


def test_shipped_gallery_knows_every_simulated_product(shipped_bundle: Bundle) -> None:
    gallery = Gallery.open(shipped_models_dir() / GallerySettings().path, shipped_bundle.digest)
    products = {product.product_id: product for product in catalogue(SimulationSettings().catalogue_seed)}
    assert set(gallery.product_ids) == set(products)
    for product_id in products:
        assert gallery.products[product_id].barcodes == (products[product_id].barcode,)
        assert gallery.pictures(product_id)
        references = gallery.references(product_id)
        assert references is not None
        assert set(references.calibration.views) == {"top", "left", "right"}


def test_shipped_gallery_upholds_the_false_alarm_rate_the_judge_is_set_to(shipped_bundle: Bundle) -> None:
    gallery = Gallery.open(shipped_models_dir() / GallerySettings().path, shipped_bundle.digest)
    policy = JudgeSettings()
    threshold = choose_threshold(gallery.good_scores, policy.max_false_alarm_rate, policy.confidence)
    assert threshold.max_false_alarm_rate == policy.max_false_alarm_rate


def test_shipped_gallery_is_small(shipped_bundle: Bundle) -> None:
    folder = shipped_models_dir() / GallerySettings().path
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 9_000_000


def test_gallery_is_built_again_with_a_few_placings(tmp_path: Path, shipped_bundle: Bundle) -> None:
    done: list[float] = []
    small = SimulationSettings(width_px=320, height_px=240, supersampling=1)
    folder = build_demo_gallery(tmp_path / "gallery", done.append, shots=4, simulation=small)
    gallery = Gallery.open(folder, shipped_bundle.digest)
    assert len(gallery.product_ids) == 8
    assert len(gallery.good_scores) == 32
    assert done == sorted(done)
    assert done[-1] == 1.0
