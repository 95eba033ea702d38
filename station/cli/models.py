"""`station models`: build the shipped model bundle and gallery again."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from station.cli.progress import progress_bar
from station.inference import find_bundle, load_bundle

app = typer.Typer(help="Build or check model bundles.", no_args_is_help=True)
BACKBONE = "efficientnet-lite0-s16"
GALLERY = "demo-gallery"
