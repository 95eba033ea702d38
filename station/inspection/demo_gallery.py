"""The demo's gallery: undamaged items of the simulated booth, rendered, found, described and enrolled."""

from collections.abc import Callable, Mapping
from pathlib import Path

from station.core.frames import Frame, FrameSet, TimeDomain
from station.core.items import ItemCapture
from station.gallery import GallerySettings, GalleryWriter, Product, Shot, ShotView, enrol_product
from station.inference import Bundle, find_bundle, load_bundle
from station.inference.settings import InferenceSettings
from station.simulation import SimFrame, SimulationSettings, Studio
from station.simulation.catalogue import catalogue
from station.vision import ViewExtractor, VisionSettings

GALLERY_SEED = 71
"""Seed of the references' poses and noise. The demo's items come from another, and nothing was tuned on them."""
SHOTS = 96
"""Placings per product; what is usual each half says, measured by the other."""

_CARD = f"""# demo-gallery

References of the simulated booth's {{products}} products, for the demo.

- Made from {{shots}} rendered placings of undamaged units per product, seed {GALLERY_SEED}: any stable way up, any
  turn, anywhere on the tray. All became references; each half of them, measured by the other, calibrates
  the threshold.
- Features: model bundle `{{bundle}}`; a gallery is refused by any other.
- The demo's items come from another seed, and nothing was tuned on them.
- Licence: Apache-2.0; the artwork is drawn by the station's own code, the products and brands are made up.
- Rebuild: `pip install 'damage-station[sim]'`, then `station models build demo-gallery FOLDER`.
"""


def build_demo_gallery(
    out_dir: Path,
    progress: Callable[[float], None],
    shots: int = SHOTS,
    simulation: SimulationSettings | None = None,
) -> Path:
    """Render and enrol every product of the simulated booth; return `out_dir`.

    Args:
        out_dir: the gallery's folder; new or empty.
        progress: told the share done, 0 to 1.
        shots: placings per product.
        simulation: the booth's settings; the demo's when None.

    Raises:
        GalleryError: the folder is not empty.
        SimulationError: the extra `sim` is not installed.
    """
    bundle = load_bundle(find_bundle(InferenceSettings().bundle))
    simulation, settings = simulation or SimulationSettings(), GallerySettings()
    studio = Studio(GALLERY_SEED, simulation)
    extractor = ViewExtractor(studio.rig, VisionSettings())
    products = catalogue(simulation.catalogue_seed)
    writer = GalleryWriter(out_dir, bundle.digest, f"simulated booth, seed {GALLERY_SEED}, {shots} placings a product")
    for number, item in enumerate(products):
        placings: list[Shot] = []
        for placing in range(shots):
            placings.append(_shot(studio.shot(item, placing).frames, extractor, bundle))
            progress((number + len(placings) / shots) / len(products))
        product = Product(
            product_id=item.product_id,
            name=item.name,
            kind=item.kind.value,
            barcodes=(item.barcode,),
            skus=(item.product_id,),
        )
        writer.add(product, enrol_product(placings, settings.patches_per_product, settings.pictures_per_camera))
    writer.close()
    (out_dir / "CARD.md").write_text(_CARD.format(products=len(products), shots=shots, bundle=bundle.manifest.name))
    return out_dir


def _shot(frames: Mapping[str, SimFrame], extractor: ViewExtractor, bundle: Bundle) -> Shot:
    frameset = FrameSet(0, 0, tuple(_frame(camera_id, frame) for camera_id, frame in frames.items()))
    views = tuple(extractor.extract(ItemCapture("reference", 0, (frameset,))))
    features = bundle.features([view.crop for view in views])
    return {
        view.camera_id: ShotView(view.crop, view.mask, described)
        for view, described in zip(views, features, strict=True)
    }


def _frame(camera_id: str, frame: SimFrame) -> Frame:
    return Frame(camera_id, 0, 0, 0, TimeDomain.GLOBAL, frame.colour, frame.depth, frame.depth_unit_mm)
