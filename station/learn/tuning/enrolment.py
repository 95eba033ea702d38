"""The references that a dataset brings along, as the station's own cameras took them."""

from collections.abc import Iterator, Mapping

from station.gallery import Origin, Product, Reference
from station.inspection.enrolment import reference_of_capture
from station.learn.dataset import Dataset, Item, Split
from station.learn.tuning.scored import capture_of
from station.rig import load_rig
from station.vision import ViewExtractor, VisionSettings


def products_to_judge(dataset: Dataset) -> dict[str, list[Item]]:
    """Return the references of every product that has val or test items, by its id: those that tuning asks for."""
    judged = {item.product_id for item in dataset.items if item.split is not Split.TRAIN and not item.is_reference}
    shown: dict[str, list[Item]] = {}
    for item in dataset.items:
        if item.is_reference and item.product_id in judged:
            shown.setdefault(item.product_id, []).append(item)
    return shown


def enrolments(
    dataset: Dataset, vision: VisionSettings, told: Mapping[str, str], utc_ns: int
) -> Iterator[tuple[Product, list[Reference]]]:
    """Yield every product of `products_to_judge` with what the cameras saw of its references.

    Args:
        dataset: pictures of the station's own cameras, colour and depth.
        vision: the station's settings.
        told: lot and verdict of the references.
        utc_ns: when they are added.

    Raises:
        DatasetError: a picture is missing, or an item has no depth.
        RigError: an item's rig cannot be read.
    """
    extractors: dict[str, ViewExtractor] = {}
    for product_id, items in products_to_judge(dataset).items():
        references = []
        for item in items:
            capture = capture_of(dataset.path, item)
            rig = load_rig(dataset.path / (item.rig or ""))
            if rig.digest not in extractors:
                extractors[rig.digest] = ViewExtractor(rig, vision)
            origin = Origin(f"{dataset.card.name} {item.item_id}", utc_ns, **told)
            reference = reference_of_capture(capture, extractors[rig.digest], rig, origin)
            references += [reference] if reference else []
        barcodes = tuple({item.barcode: None for item in items if item.barcode})
        yield Product(product_id, items[0].product_name, items[0].kind, barcodes, (product_id,)), references
