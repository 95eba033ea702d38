"""`station simulate`: recordings, datasets and contact sheets of the simulated booth."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from station.cli.files import file_to_write, folder_to_write, writing
from station.cli.progress import counting_bar, progress_bar
from station.config import load_config

if TYPE_CHECKING:
    from station.simulation.sheet import Picture, Sheet

app = typer.Typer(help="Recordings, datasets and contact sheets of the simulated booth.", no_args_is_help=True)

_Seed = Annotated[
    int, typer.Option(help="Seed of products, poses, damage and noise; the same gives the same bytes.", min=0)
]
_Config = Annotated[
    Path | None,
    typer.Option(help="Configuration file, see `station config`; its section [simulation] says what the booth is."),
]
_SHEET_PX = 1280, 720
"""How large the pictures are that a sheet's cells are cropped from."""
_Picture = Annotated[Path, typer.Argument(callback=file_to_write, help="The picture to write, .png or .jpg.")]


@app.command()
def recording(
    out: Annotated[
        Path,
        typer.Argument(callback=folder_to_write, help="Folder for the recording; an interrupted one is continued."),
    ],
    items: Annotated[int, typer.Option(help="How many items come, one after the other.", min=1)] = 24,
    seed: _Seed = 1,
    config: _Config = None,
) -> None:
    """Record what the simulated booth's cameras see, with the truth of every item.

    One process a camera. Without a configuration it is the booth of three cameras, the demo's eight products come, and
    three items in ten are damaged; `simulation.booth`, `products`, `damaged_share`, `pair_share` and `hand_ms` say
    otherwise. Judge the recording with `station replay OUT`.

    Stop it at any time: the same command goes on where it stopped, but for the last seconds of each camera, and the
    recording is the same, byte for byte, as if it had never stopped.
    """
    from station.simulation.booth import Booth
    from station.simulation.record import record_booth

    console = Console(stderr=True)
    with _stoppable(console, out), progress_bar(console, f"Recording {items} items") as progress:
        made = record_booth(Booth(seed, items, load_config(config).simulation), out, progress)
    frames = sum(track.frames for track in made.tracks)
    console.print(f"{out}: {len(made.items)} items, {frames} frames of {len(made.tracks)} cameras")


@app.command()
def dataset(
    out: Annotated[
        Path,
        typer.Argument(callback=folder_to_write, help="Folder for the dataset; an interrupted one is continued."),
    ],
    items: Annotated[int, typer.Option(help="How many items, those that serve as references included.", min=1)] = 2000,
    seed: _Seed = 1,
    config: _Config = None,
) -> None:
    """Make a dataset to train on and to be judged by: pictures of every camera with their truth.

    Ten items of each product, fewer where that would leave a split without a kind of product: 10 items cover all ten
    kinds but hold no references, 200 bring each kind into each split. The first two in five are good and marked as its
    references; of the others half are damaged: in each split every kind by each type it can have in turn, as often
    minor as major; but a missing unit, which blisters and multipacks alone can have, comes thrice as often.

    Five products in seven are for training, one is for validation, one for testing; no two of these share a product or
    an artwork seed, nor do datasets of different seeds, nor a dataset and a recording or live booth.

    A configuration says which booth it is, how its cameras see and what light and dirt there is; products, damage and
    the timeline are the dataset's own.

    One process for each core. Stop it at any time: the same command goes on where it stopped, and the dataset is the
    same, byte for byte, as if it had never stopped. Needs the extras `sim` and `data`.
    """
    from station.learn.simulated import simulate_dataset

    console = Console(stderr=True)
    settings = load_config(config).simulation
    with _stoppable(console, out), writing(out), counting_bar(console, "Rendering items", items) as progress:
        made = simulate_dataset(out, items, seed, os.cpu_count() or 1, progress, settings)
    table = Table("", *made.counts, title=str(out), title_justify="left")
    table.add_row("count", *map(str, made.counts.values()))
    console.print(table)


@app.command()
def sheet(
    out: Annotated[Path, typer.Argument(callback=folder_to_write, help="Folder for the pictures.")],
    seed: _Seed = 1,
    before: Annotated[
        bool, typer.Option("--before", help="Below each, the item before its damage, with the outline of the truth.")
    ] = False,
    config: _Config = None,
) -> None:
    """Draw contact sheets, a picture for every kind of product: good and with every damage, minor and major.

    Each item is shown by the camera that sees best what happened to it. Grey is damage that the kind cannot have.
    """
    from station.simulation.sheet import by_kind, damage_sheet, save_sheet

    pictures = by_kind(_drawn(damage_sheet(seed), seed, before, config))
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    for kind, picture in pictures.items():
        save_sheet(picture, out / f"{kind}.jpg")
    Console(stderr=True).print(f"{out}: {len(pictures)} pictures")


@app.command()
def products(
    out: _Picture,
    number: Annotated[int, typer.Option(help="How many products.", min=1, max=600)] = 30,
    seed: _Seed = 1,
    config: _Config = None,
) -> None:
    """Draw a sheet of products as the seed makes them, undamaged, with their kind and name."""
    from station.simulation.generator import draw_products
    from station.simulation.sheet import product_sheet, save_sheet

    picture = _drawn(product_sheet(draw_products(seed, number)), seed, before=False, config=config)
    save_sheet(picture, out)
    Console(stderr=True).print(f"{out}: {picture.shape[1]} x {picture.shape[0]} px")


@contextmanager
def _stoppable(console: Console, out: Path) -> Iterator[None]:
    """Say after Ctrl-C how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        console.print(f"Stopped. The same command goes on with {out} where it stopped", soft_wrap=True)
        raise


def _drawn(page: "Sheet", seed: int, before: bool, config: Path | None) -> "Picture":
    from station.simulation.sheet import draw_sheet

    width_px, height_px = _SHEET_PX
    settings = replace(load_config(config).simulation, width_px=width_px, height_px=height_px)
    with counting_bar(Console(stderr=True), "Rendering pictures", page.count) as progress:
        return draw_sheet(page, seed, os.cpu_count() or 1, progress, before, settings)
