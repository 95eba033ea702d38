"""Scripts drawn at random: which items come, and which of them are damaged, how and how badly."""

from collections.abc import Sequence

import numpy as np

from station.core.damage import Severity
from station.simulation.catalogue import SimProduct
from station.simulation.damage import possible
from station.simulation.plan import Script, Scripted
from station.simulation.settings import SimulationSettings

_MAJOR_SHARE = 0.65


def draw_script(
    products: Sequence[SimProduct], item_count: int, settings: SimulationSettings, rng: np.random.Generator
) -> Script:
    """Draw which items come: every product as often as any other, and exactly the share of damaged ones asked for."""
    order = np.tile(np.arange(len(products)), item_count // len(products) + 1)
    rest = item_count % len(products)
    order = np.concatenate([order[: item_count - rest], rng.permutation(len(products))[:rest]])
    damaged = set(rng.permutation(item_count)[: round(settings.damaged_share * item_count)].tolist())
    script: list[Scripted] = []
    for index, number in enumerate(rng.permutation(order)):
        kinds = possible(products[number].kind)
        kind = kinds[int(rng.integers(len(kinds)))]
        severity = Severity.MAJOR if rng.random() < _MAJOR_SHARE else Severity.MINOR
        joins = bool(script) and not script[-1].joins and bool(rng.random() < settings.pair_share)
        damage = ((kind, severity),) if index in damaged else ()
        script.append(Scripted(products[number].product_id, damage, joins))
    return script
