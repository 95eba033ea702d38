"""How to train."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """How to train a bundle.

    `epochs` are the passes of the heads over the training items; `finetune_epochs` those of the backbone over the views
    that show damage and as many others, 0 leaves it as it is; `seed` is of everything random.
    """

    epochs: int = 25
    finetune_epochs: int = 0
    seed: int = 0
