"""The timeline: which items come, when, and how they are damaged."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from station.core.damage import DamageType, Severity
from station.core.items import Announcement
from station.simulation.catalogue import SimProduct, product
from station.simulation.settings import SimulationSettings

Damage = tuple[tuple[DamageType, Severity], ...]
Script = Sequence[tuple[str, Damage]]
"""Which products come, by id, each with its damage."""

SIMULATED_DAMAGE = (DamageType.DEFORMATION, DamageType.PENETRATION, DamageType.ACTUATION)
_MAJOR_SHARE = 0.65
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One item on the timeline. It lies still from `arrive_ns` until `leave_ns`; times are since the booth's start."""

    index: int
    product_id: str
    barcode: str
    plc_id: int
    arrive_ns: int
    leave_ns: int
    damage: Damage
    announcement: Announcement


def draw_script(
    products: Sequence[SimProduct], item_count: int, damaged_share: float, rng: np.random.Generator
) -> Script:
    """Draw which items come: every product as often as any other, and exactly the share of damaged ones asked for."""
    order = [item.product_id for item in products] * (item_count // len(products) + 1)
    rng.shuffle(order[: item_count - item_count % len(products)])
    ids = [str(name) for name in rng.permutation(order[:item_count])]
    damaged = set(rng.permutation(item_count)[: round(damaged_share * item_count)].tolist())
    script: list[tuple[str, Damage]] = []
    for index, name in enumerate(ids):
        kind = SIMULATED_DAMAGE[int(rng.integers(len(SIMULATED_DAMAGE)))]
        severity = Severity.MAJOR if rng.random() < _MAJOR_SHARE else Severity.MINOR
        script.append((name, ((kind, severity),) if index in damaged else ()))
    return script


def lay_out(script: Script, settings: SimulationSettings) -> tuple[PlannedItem, ...]:
    """Put the items one after the other on the timeline.

    Raises:
        SimulationError: the script names a product the booth does not have.
    """
    period_ms = 2 * settings.move_ms + settings.rest_ms + settings.gap_ms
    plan = []
    for index, (product_id, damage) in enumerate(script):
        barcode = product(product_id, settings.catalogue_seed).barcode
        arrive_ms = settings.lead_ms + index * period_ms + settings.move_ms
        plc_id = index + 1
        announced_ns = max(0, arrive_ms - settings.announce_ms) * _NS_PER_MS
        plan.append(
            PlannedItem(
                index,
                product_id,
                barcode,
                plc_id,
                arrive_ms * _NS_PER_MS,
                (arrive_ms + settings.rest_ms) * _NS_PER_MS,
                damage,
                Announcement(plc_id, announced_ns, product_id, barcode),
            )
        )
    return tuple(plan)


def duration_ns(item_count: int, settings: SimulationSettings) -> int:
    """Return how long the timeline is, from the empty tray at its start to that at its end."""
    period_ms = 2 * settings.move_ms + settings.rest_ms + settings.gap_ms
    return (settings.lead_ms + item_count * period_ms) * _NS_PER_MS
