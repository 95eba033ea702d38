"""`station products`: the products a gallery knows, and where their references come from."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from station.cli.files import folder_to_write, writing
from station.cli.progress import counting_bar, progress_bar
from station.config import StationConfig, load_config
from station.core.errors import DatasetError, GalleryError, pip_install
from station.core.items import ItemCapture
from station.daemon.clock import ManualClock, SystemClock
from station.daemon.lockstep import captures_lockstep
from station.daemon.parts import find_gallery, replay_source
from station.gallery import (
    LEARNED_FROM,
    Gallery,
    GalleryKeeper,
    Origin,
    Product,
    Reference,
    enrol_product,
    with_stand_ins,
)
from station.inference import Bundle, find_bundle, load_bundle, shipped_models_dir
from station.inspection.enrolment import reference_of_capture, references_of_pictures
from station.recording import open_recording, truth_of
from station.vision import ViewExtractor

app = typer.Typer(help="The products a gallery knows, and where their references come from.", no_args_is_help=True)
GalleryOption = Annotated[
    str | None, typer.Option("--gallery", help="Name or folder of a gallery; the configured one when left out.")
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Configuration file, see `station config`: its model and gallery.")
]
ProductArgument = Annotated[str, typer.Argument(metavar="PRODUCT", help="The product's id.")]


@app.command("list")
def list_(gallery: GalleryOption = None, config: ConfigOption = None) -> None:
    """List the products."""
    found = _open(gallery, config)
    table = Table("product", "name", "kind", "barcodes", "references")
    for product_id in found.product_ids:
        product, record = found.products[product_id], found.record(product_id)
        count = str(record["reference_shots"])
        table.add_row(product_id, product.name, product.kind, " ".join(product.barcodes), count)
    Console().print(table)


@app.command()
def show(product: ProductArgument, gallery: GalleryOption = None, config: ConfigOption = None) -> None:
    """Show a product's references: where each comes from, when, of which lot, and what people said of it."""
    found = _open(gallery, config)
    record = found.record(product)
    table = Table("reference", "source", "added", "lot", "verdict", "cameras", title=f"{product}: {record['name']}")
    for one in record.get("references", ()):
        added = datetime.fromtimestamp(one["utc_ns"] / 1e9, UTC).strftime("%Y-%m-%d %H:%M")
        table.add_row(one["id"], one["source"], added, one["lot"], one["verdict"], " ".join(one["cameras"]))
    if not record.get("references"):
        table.caption = "enrolled without keeping its references"
    Console().print(table)


@app.command()
def add(
    product: ProductArgument,
    source: Annotated[
        Path, typer.Argument(help="A picture, a folder of pictures, of UNIT/CAMERA.jpg, or a recording's folder.")
    ],
    gallery: GalleryOption = None,
    name: Annotated[str, typer.Option(help="What people call the product; its id when never told.")] = "",
    kind: Annotated[str, typer.Option(help="Its kind of packaging, e.g. carton.")] = "",
    barcode: Annotated[list[str] | None, typer.Option(help="A code it may be read by; repeat for more.")] = None,
    lot: Annotated[str, typer.Option(help="The lot that the units are of.")] = "",
    config: ConfigOption = None,
) -> None:
    """Add references of good units to a product, new or known. All of the source must be good and of this product.

    Of a recording, every item that is announced as this product counts, and every item that is not announced, but for
    those that it knows as damaged.
    """
    settings, clock, told = load_config(config), SystemClock(), {"lot": lot}
    _own_folder(gallery or settings.gallery.path)  # refused before the work, not after it
    damaged: list[str] = []
    console = Console(stderr=True)
    with console.status("Reading"):
        if (source / "manifest.json").is_file():
            codes = {product, *(barcode or ())}
            references = list(_of_recording(source, settings, codes, told, clock.utc_ns(), damaged))
        else:
            references = list(references_of_pictures(source, _bundle(settings), told, clock.utc_ns()))
    with progress_bar(console, "Enrolling") as progress, _changing(gallery, settings, progress) as keeper:
        news = Product(product, name, kind, tuple(barcode or ()), (product,))
        added, kept = keeper.add(news, references, clock.utc_ns()), keeper.count(product)
    if damaged:
        Console().print(f"left out, since the recording knows them as damaged: {', '.join(damaged)}")
    if kept > LEARNED_FROM:
        Console().print(f"learned from {LEARNED_FROM} of its {kept} references, spread evenly over all")
    if missing := keeper.cameras_missing(product):
        Console().print(f"no reference is of {', '.join(missing)}: items that these see are not judged")
    Console().print(f"added {added} of {len(references)} to {product}: version {keeper.version}")


@app.command("import")
def import_(
    dataset: Annotated[Path, typer.Argument(help="A dataset of this station's cameras that marks references.")],
    gallery: GalleryOption = None,
    lot: Annotated[str, typer.Option(help="The lot that the units are of.")] = "",
    config: ConfigOption = None,
) -> None:
    """Add the products that a dataset judges, those of its val and test items, with the references it marks.

    This is the gallery that `station tune DATASET` asks for. Stopped, the same command goes on: what is there is not
    added again.
    """
    try:
        from station.learn.dataset import open_dataset
        from station.learn.tuning.enrolment import enrolments, products_to_judge
    except ImportError as error:
        raise DatasetError(
            f"importing a dataset needs {error.name}. Install the extra: {pip_install('data')}"
        ) from error
    settings, clock, found = load_config(config), SystemClock(), open_dataset(dataset)
    products = products_to_judge(found)
    if not products:
        raise DatasetError(
            f"{dataset} marks no references of products with val or test items. Use `station products add`"
        )
    added, told = 0, {"lot": lot}
    bar = counting_bar(Console(stderr=True), "Enrolling products", len(products))
    with _changing(gallery, settings) as keeper, bar as progress:
        for done, (product, references) in enumerate(enrolments(found, settings.vision, told, clock.utc_ns()), start=1):
            added += keeper.add(product, references, clock.utc_ns())
            progress(done)
    Console().print(f"added {added} references of {len(products)} products: version {keeper.version}")


@app.command()
def retire(
    product: ProductArgument,
    references: Annotated[list[str] | None, typer.Argument(help="The references; all of them when left out.")] = None,
    gallery: GalleryOption = None,
    config: ConfigOption = None,
) -> None:
    """Take references out of use, or a product with all of them; their pictures stay, and `undo` brings them back."""
    settings, clock = load_config(config), SystemClock()
    bar = progress_bar(Console(stderr=True), "Enrolling what is left")
    with bar as progress, _changing(gallery, settings, progress) as keeper:
        keeper.retire(product, references or (), clock.utc_ns())
    Console().print(f"retired {len(references) if references else 'all'} of {product}: version {keeper.version}")


@app.command()
def undo(gallery: GalleryOption = None, config: ConfigOption = None) -> None:
    """Undo the last change that still stands; repeat to go further back."""
    settings, clock = load_config(config), SystemClock()
    with _changing(gallery, settings) as keeper:
        undone = keeper.undo(clock.utc_ns())
    Console().print(f"undid: {undone}; version {keeper.version}")


def _open(gallery: str | None, config: Path | None) -> Gallery:
    settings = load_config(config)
    return Gallery.open(find_gallery(gallery or settings.gallery.path), _bundle(settings).digest)


def _bundle(settings: StationConfig) -> Bundle:
    return load_bundle(find_bundle(settings.inference.bundle), settings.inference)


@contextmanager
def _changing(
    gallery: str | None, settings: StationConfig, progress: Callable[[float], None] = lambda _share: None
) -> Iterator[GalleryKeeper]:
    """Let the block change the gallery that is named or configured; `progress` takes the share of an enrolment done."""
    folder, bundle = _own_folder(gallery or settings.gallery.path), _bundle(settings)
    with writing(folder):
        yield GalleryKeeper(
            folder,
            bundle.digest,
            bundle.features,
            lambda shots, surfaces: enrol_product(
                with_stand_ins(shots, bundle.features),
                settings.gallery.patches_per_product,
                settings.gallery.pictures_per_camera,
                bundle.features,
                surfaces,
                progress,
            ),
        )


def _own_folder(name: str) -> Path:
    """The folder of a gallery that may be changed, there or to be made."""
    found = find_gallery(name)
    if found.is_dir() and found.resolve().is_relative_to(shipped_models_dir().resolve()):
        raise GalleryError(
            f"{name} is a shipped gallery, which stays as it is. Name a folder of your own by --gallery, or as "
            "gallery.path in the file of --config"
        )
    folder = found if found.is_dir() else Path(name)
    folder_to_write(folder)
    return folder


def _of_recording(
    folder: Path, config: StationConfig, codes: set[str], told: dict[str, str], utc_ns: int, damaged: list[str]
) -> Iterator[Reference]:
    """Yield the product's good items; `damaged` takes the ids of those that the recording knows as damaged."""
    recording, clock = open_recording(folder), ManualClock()
    source = replay_source(config, recording, clock, None)
    extractor = ViewExtractor(source.rig, config.vision)
    for capture in captures_lockstep(source, config, clock):
        truth = truth_of(recording.items, capture.plc_id, capture.arrived_ns)
        if _is_of(capture, codes) and truth is not None and truth.damage:
            damaged.append(capture.item_id)
        elif _is_of(capture, codes):
            origin = Origin(f"{folder} {capture.item_id}", utc_ns, **told)
            reference = reference_of_capture(capture, extractor, source.rig, origin)
            if reference is not None:
                yield reference
        capture.release()


def _is_of(capture: ItemCapture, codes: set[str]) -> bool:
    told = capture.announcement
    return capture.fault is None and (told is None or bool(codes & {told.sku, told.barcode}))
