"""Who an item is by its looks alone: `python tests/bench/identity.py booth DATASET` or `... grocery FOLDER`.

Booth: every product's marked references are enrolled, its other good items are asked for without barcode; for the share
of unknown products refused, each is asked for again with its own product left out of the gallery. The limits were
chosen on the products of the train split alone; those of val and test are judged. Grocery: the test views are judged,
against the iconic picture of each product, and against the train views.
"""

import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
from rich.console import Console

from station.core.damage import Severity
from station.core.items import ItemView
from station.gallery import Looks, embed, learn_looks
from station.identity import Retriever, told_apart
from station.inference import Bundle, InferenceSettings, find_bundle, load_bundle
from station.learn.dataset import Card, Dataset, Item, Split, View, open_dataset
from station.learn.evaluation.intervals import share
from station.learn.evaluation.views import ViewMaker

SIDE_PX = 448
QUERIES = 3


class Shelf:
    """Products by their looks, and the retriever over them; `without` leaves one out."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        self._looks: dict[str, Looks] = {}

    def features(self, views: list[ItemView]) -> list[np.ndarray]:
        return list(self._bundle.features([view.crop for view in views]))

    def embeddings(self, views: list[ItemView]) -> list[np.ndarray]:
        return [embed(own, view.mask) for own, view in zip(self.features(views), views, strict=True)]

    def add(self, product: str, views: list[ItemView]) -> None:
        crops, masks = [view.crop for view in views], [view.mask for view in views]
        self._looks[product] = learn_looks(crops, masks, self.features(views))

    def retriever(self, without: str | None = None) -> Retriever:
        known = {name: looks.embeddings for name, looks in self._looks.items() if name != without}
        return Retriever(known, self._looks.get)


def say(name: str, hits: list[bool]) -> None:
    found = share(sum(hits), len(hits))
    Console().print(f"{name}: {found.value:.3f} ({found.low:.3f} to {found.high:.3f}), {len(hits)} asked")


def booth(folder: Path, bundle: Bundle) -> None:
    dataset, shelf = open_dataset(folder), Shelf(bundle)
    maker = ViewMaker(dataset, SIDE_PX)
    references, asked = defaultdict(list), defaultdict(list)
    for item in dataset.items:
        (references if item.is_reference else asked)[item.product_id].append(item)
    for product, items in references.items():
        shelf.add(product, [view for item in items for view in maker.views(item)])
    results: dict[str, dict[str, list[bool]]] = {"chosen on": defaultdict(list), "judged": defaultdict(list)}
    whole = shelf.retriever()
    for product, items in asked.items():
        stranger = shelf.retriever(without=product)
        for item in [item for item in items if not item.is_damaged][:QUERIES]:
            views = list(maker.views(item))
            embeddings = shelf.embeddings(views)
            known, unknown = (one.rank(views, embeddings) for one in (whole, stranger))
            found = results["chosen on" if item.split is Split.TRAIN else "judged"]
            right = bool(known) and known[0].product_id == product
            found["top-1"].append(right)
            found["known by its looks"].append(told_apart(known) == product)
            found["taken for another"].append(told_apart(known) not in (product, None))
            found["refused where unknown"].append(told_apart(unknown) is None)
            counts = [[one.agreeing for one in ranked[:2]] for ranked in (known, unknown)]
            Console().print(product, item.kind, right, counts, highlight=False)
    for part, figures in results.items():
        for name, hits in figures.items():
            say(f"{part}: {name}", hits)


def grocery(folder: Path, bundle: Bundle) -> None:
    test = {path.name: sorted(path.glob("*.jpg")) for path in sorted((folder / "test").iterdir())}
    galleries = {
        "iconic": {name: [folder / "iconic" / f"{name}.jpg"] for name in test},
        "natural": {name: sorted((folder / "train" / name).glob("*.jpg")) for name in test},
    }
    for gallery, files in galleries.items():
        shelf = Shelf(bundle)
        for product, pictures in files.items():
            shelf.add(product, [picture(file) for file in pictures])
        retriever = shelf.retriever()
        first, fifth = [], []
        for product, pictures in test.items():
            for file in pictures:
                ranked = retriever.rank([picture(file)], shelf.embeddings([picture(file)]))
                names = [one.product_id for one in ranked]
                first.append(names[0] == product)
                fifth.append(product in names[:5])
        say(f"{gallery}: top-1", first)
        say(f"{gallery}: top-5", fifth)


def picture(file: Path) -> ItemView:
    """A whole picture as a view, laid in the square."""
    maker = ViewMaker(Dataset(file.parent, Card("", "", "", ""), ()), SIDE_PX)
    item = Item(file.stem, "", "", "", Split.TEST, (), Severity.NONE, (View("camera", file.name),))
    return maker.views(item)[0]


def main() -> None:
    bundle = load_bundle(find_bundle(InferenceSettings().bundle), InferenceSettings(threads=1))
    {"booth": booth, "grocery": grocery}[sys.argv[1]](Path(sys.argv[2]), bundle)


if __name__ == "__main__":
    main()
