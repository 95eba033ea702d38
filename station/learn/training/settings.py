"""How to train."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from station.core.errors import DatasetError

_KEPT = "settings.json"


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How to train a bundle.

    `epochs` are the passes of the heads over the training items; `finetune_epochs` those of the backbone over the views
    that show damage and as many others, 0 leaves it as it is; `seed` is of everything random.
    """

    epochs: int = 25
    finetune_epochs: int = 0
    seed: int = 0


def keep_settings(folder: Path, settings: TrainingSettings, bundle: str) -> None:
    """Keep in a training's folder how it is done; its checkpoints are of these settings alone.

    Args:
        folder: the training's.
        settings: how to train.
        bundle: digest of the bundle whose backbone is taken.

    Raises:
        DatasetError: the folder holds the training with others.
    """
    told, file = {**asdict(settings), "bundle": bundle}, folder / _KEPT
    if not file.exists():
        file.write_text(json.dumps(told))
    kept = json.loads(file.read_text())
    for name in told:
        if kept[name] != told[name]:
            raise DatasetError(
                f"{folder} holds the training with {name} {kept[name]}, not {told[name]}. Name another folder, or "
                "delete it"
            )
