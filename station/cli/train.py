"""`station train`: teach a bundle's backbone what damage looks like."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from station.cli.files import folder_to_write, writing
from station.cli.progress import counting_bar
from station.core.errors import DatasetError, pip_install
from station.inference import InferenceSettings, find_bundle
from station.learn.dataset import open_dataset


def train(
    dataset: Annotated[Path, typer.Argument(help="Folder of the dataset; its test items are not looked at.")],
    out: Annotated[
        Path,
        typer.Argument(callback=folder_to_write, help="Folder of the new bundle; OUT-int8 becomes its 8-bit variant."),
    ],
    bundle: Annotated[
        str, typer.Option(help="Bundle whose backbone to take: the name of a shipped one, or its folder.")
    ] = InferenceSettings().bundle,
    finetune: Annotated[
        bool, typer.Option("--finetune", help="Train the backbone too; a GPU is used where there is one.")
    ] = False,
    finetune_epochs: Annotated[
        int, typer.Option(min=1, help="Passes of the backbone over the views that show damage and as many good ones.")
    ] = 12,
    epochs: Annotated[int, typer.Option(min=1, help="Passes of the heads over the training items.")] = 25,
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
) -> None:
    """Train damage heads on a bundle's backbone and write both as a bundle, with an 8-bit variant and a report.

    Where the dataset marks references, a comparison with them is learned along.

    The backbone stays as it is, which takes minutes on two cores, unless --finetune. Stop it at any time: the same
    command goes on where it stopped. What it keeps lies in OUT/training and may be deleted afterwards.

    Example: `station train DATASET heads`, then `station evaluate DATASET --bundle heads`
    """
    try:
        from station.learn.training.settings import TrainingSettings
        from station.learn.training.train import train as run
    except ImportError as error:
        raise DatasetError(f"training needs {error.name}. Install the extra: {pip_install('train')}") from error
    settings = TrainingSettings(epochs, finetune_epochs if finetune else 0, seed)
    options = (f" --finetune --finetune-epochs {finetune_epochs}" if finetune else "") + f" --epochs {epochs}"
    command = f"station train DATASET {out.name} --bundle {bundle}{options} --seed {seed}"
    bar = partial(counting_bar, Console(stderr=True))
    with writing(out):
        made = run(open_dataset(dataset), find_bundle(bundle), out, settings, bar, command)
    compared = made.compared
    Console(highlight=False).print(
        f"held-out items: AUROC {made.epoch.auroc:.3f}, recall {made.epoch.recall:.2f} at 1 % false alarms\n"
        + (f"by comparison: AUROC {compared.auroc:.3f}, recall {compared.recall:.2f}\n" if compared else "")
        + f"wrote {made.bundle}, {made.int8} and {made.report}",
        soft_wrap=True,
    )
