"""`station dataset`: make datasets of what others wrote, hand them on, look into them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from station.cli.files import file_to_write, folder_to_write, writing
from station.cli.progress import counting_bar
from station.config import load_config
from station.core.items import ItemCapture
from station.daemon.clock import ManualClock
from station.daemon.lockstep import captures_lockstep
from station.daemon.parts import replay_source
from station.learn.contact_sheet import save_contact_sheet
from station.learn.dataset import Dataset, Item, open_dataset
from station.learn.exporting import export_coco, export_parquet
from station.learn.importing.folders import read_folders
from station.learn.importing.kaputt import read_kaputt
from station.learn.importing.mvtec import read_mvtec
from station.learn.importing.recordings import read_recordings
from station.learn.importing.source import Source, write_dataset
from station.learn.importing.tampar import read_tampar
from station.recording import Recording

app = typer.Typer(help="Make datasets of what others wrote, hand them on, look into them.", no_args_is_help=True)
_SHOWN = 5
_GROUPS = 20


class Layout(StrEnum):
    """How a source's pictures lie."""

    RECORDINGS = "recordings"
    FOLDERS = "folders"
    MVTEC = "mvtec"
    KAPUTT = "kaputt"
    TAMPAR = "tampar"


class Form(StrEnum):
    """How a dataset is handed on."""

    COCO = "coco"
    PARQUET = "parquet"


@app.command("import")
def import_(
    layout: Annotated[Layout, typer.Argument(help="How the source's pictures lie.")],
    source: Annotated[Path, typer.Argument(metavar="SRC", help="Folder of the source.")],
    out: Annotated[
        Path, typer.Argument(metavar="DST", callback=folder_to_write, help="Folder for the dataset; new or empty.")
    ],
) -> None:
    """Make a dataset of what others wrote.

    `folders`: SRC/{train,test}/{good|TYPE}/UNIT/CAMERA.jpg, or single files in UNIT's place; all but good is damage.
    `mvtec`: MVTec AD, LOCO or 3D-AD, one category or a folder of several. `kaputt`: query-SPLIT.parquet,
    reference-SPLIT.parquet and their pictures. `tampar`: labels.csv, reference and field maps. `recordings`: recordings
    whose items are known; each product's go to train, test and val in turn.
    """
    readers: dict[Layout, Callable[[Path], Source]] = {
        Layout.RECORDINGS: lambda folder: read_recordings(folder, _captures),
        Layout.FOLDERS: read_folders,
        Layout.MVTEC: read_mvtec,
        Layout.KAPUTT: read_kaputt,
        Layout.TAMPAR: read_tampar,
    }
    console = Console(stderr=True)
    found = readers[layout](source)
    command = f"station dataset import {layout} {source} {out}"
    with writing(out), counting_bar(console, "Importing", found.count) as progress:
        progress(0)
        dataset = write_dataset(found, out, f"{layout} in {source}", command, progress)
    for reason in found.left_out[:_SHOWN]:
        console.print(f"[yellow]left out:[/] {escape(reason)}", highlight=False, soft_wrap=True)
    if len(found.left_out) > _SHOWN:
        console.print(f"[yellow]left out:[/] {len(found.left_out) - _SHOWN} more", highlight=False)
    Console().print(_counts(dataset))


def _captures(recording: Recording) -> Iterator[ItemCapture]:
    config, clock = load_config(None), ManualClock()
    return captures_lockstep(replay_source(config, recording, clock, None), config, clock)


@app.command()
def export(
    form: Annotated[Form, typer.Argument(help="The form to write.")],
    dataset: Annotated[Path, typer.Argument(help="Folder of the dataset.")],
    out: Annotated[Path, typer.Argument(callback=folder_to_write, help="Folder to write; new or empty.")],
) -> None:
    """Hand a dataset on: `coco` is annotations.json with the pictures, `parquet` a table a split, pictures inside."""
    found = open_dataset(dataset)
    write = export_coco if form is Form.COCO else export_parquet
    with writing(out), counting_bar(Console(stderr=True), "Exporting", len(found.items)) as progress:
        progress(0)
        write(found, out, progress)
    Console().print(f"wrote {out}")


@app.command()
def inspect(
    dataset: Annotated[Path, typer.Argument(help="Folder of the dataset.")],
    sheet: Annotated[
        Path | None, typer.Option(callback=file_to_write, help="Write a contact sheet of its pictures to this file.")
    ] = None,
) -> None:
    """Show what a dataset holds, by split, kind, type and severity, and its pictures on a contact sheet."""
    found = open_dataset(dataset)
    console = Console()
    console.print(f"[bold]{escape(found.card.name)}[/], from {escape(found.card.source)}", highlight=False)
    console.print(f"licence: {escape(found.card.licence)}", highlight=False)
    console.print(_counts(found))
    if sheet is None:
        console.print("to see its pictures: --sheet sheet.png")
        return
    shown = save_contact_sheet(found, sheet)
    console.print(f"{shown} of {sum(len(item.views) for item in found.items)} views: {sheet}", soft_wrap=True)


def _counts(dataset: Dataset) -> Table:
    counts = dataset.counts
    table = Table(title=f"{dataset.path}: {counts['items']} items, {counts['products']} products", title_justify="left")
    for name in ("", "what", "items", "train", "val", "test", "references"):
        table.add_column(name, justify="left" if name in ("", "what") else "right")
    _add(table, "all", dataset.items, lambda _: ["items"])
    _add(table, "damage", dataset.items, _types)
    _add(
        table,
        "severity",
        dataset.items,
        lambda item: [item.severity.name.lower() if item.severity is not None else "unstated"],
    )
    _add(table, "kind", dataset.items, lambda item: [item.kind])
    _add(table, "camera", dataset.items, lambda item: [view.camera_id for view in item.views])
    _add(table, "given", dataset.items, _given)
    return table


def _add(table: Table, title: str, items: Iterable[Item], groups: Callable[[Item], Iterable[str]]) -> None:
    counts: dict[str, Counter[str]] = {}
    for item in items:
        for group in groups(item):
            counts.setdefault(group, Counter()).update(["items", item.split.value])
            counts[group]["references"] += item.is_reference
    table.add_section()
    for row, (group, count) in enumerate(sorted(counts.items())[:_GROUPS]):
        cells = (str(count[name]) for name in ("items", "train", "val", "test", "references"))
        table.add_row("" if row else title, escape(group), *cells)
    if len(counts) > _GROUPS:
        table.add_row("", f"and {len(counts) - _GROUPS} more")


def _types(item: Item) -> list[str]:
    return [*item.damage_types, *item.labels] or ["damaged" if item.is_damaged else "good"]


def _given(item: Item) -> list[str]:
    given = []
    if any(view.depth for view in item.views):
        given.append("depth")
    if any(view.item_mask for view in item.views):
        given.append("item mask")
    if any(view.damage_masks for view in item.views):
        given.append("damage mask")
    return given
