"""The timeline: which items come, when, and how they are damaged."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from station.core.damage import DamageType, Severity
from station.core.errors import SimulationError
from station.core.items import Announcement
from station.simulation.catalogue import SimProduct
from station.simulation.settings import SimulationSettings

Damage = tuple[tuple[DamageType, Severity], ...]


class Scripted(NamedTuple):
    """One item of a script: a product by its id, its damage, and whether it joins the item before it on the tray."""

    product_id: str
    damage: Damage = ()
    joins: bool = False


Script = Sequence[tuple[str, Damage] | Scripted]
"""Which items come, in their order; a plain pair is an item that comes by itself."""

_JOIN_SHARE = 0.3
"""A second item comes when the first has lain for this share of its rest."""
_NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One item on the timeline. It lies still from `arrive_ns` until `leave_ns`; times are since the booth's start.

    Two items lie on the tray at once where these spans overlap; the second comes without an `announcement`.
    """

    index: int
    product: SimProduct
    plc_id: int
    arrive_ns: int
    leave_ns: int
    damage: Damage
    joins: bool
    announcement: Announcement | None

    @property
    def product_id(self) -> str:
        """The product's id."""
        return self.product.product_id

    @property
    def barcode(self) -> str:
        """The product's barcode."""
        return self.product.barcode


def lay_out(script: Script, products: Sequence[SimProduct], settings: SimulationSettings) -> tuple[PlannedItem, ...]:
    """Put the items one after the other on the timeline; one that joins leaves with the item it joins.

    Raises:
        SimulationError: the script names a product that is not among `products`, or a third item at once.
    """
    known = {product.product_id: product for product in products}
    plan: list[PlannedItem] = []
    turn = -1
    for index, entry in enumerate(script):
        scripted = Scripted(*entry)
        product = known.get(scripted.product_id)
        if product is None:
            raise SimulationError(
                f"the simulated booth has no product {scripted.product_id!r}; it has {', '.join(known)}. "
                "Correct the name"
            )
        if scripted.joins and (not plan or plan[-1].joins):
            raise SimulationError(
                f"item {index} of the script joins no item that lies there alone; the tray takes two at once. "
                "Let it join the first of two"
            )
        turn += not scripted.joins
        arrive_ms = settings.lead_ms + turn * _period_ms(settings) + settings.move_ms
        leave_ms = arrive_ms + settings.rest_ms
        plc_id = index + 1
        announced_ns = max(0, arrive_ms - settings.announce_ms) * _NS_PER_MS
        announcement = Announcement(plc_id, announced_ns, product.product_id, product.barcode)
        if scripted.joins:
            arrive_ms += round(_JOIN_SHARE * settings.rest_ms)
        plan.append(
            PlannedItem(
                index,
                product,
                plc_id,
                arrive_ms * _NS_PER_MS,
                leave_ms * _NS_PER_MS,
                scripted.damage,
                scripted.joins,
                None if scripted.joins else announcement,
            )
        )
    return tuple(plan)


def duration_ns(plan: Sequence[PlannedItem], settings: SimulationSettings) -> int:
    """Return how long the timeline is, from the empty tray at its start to that at its end."""
    turns = sum(not item.joins for item in plan)
    return (settings.lead_ms + turns * _period_ms(settings)) * _NS_PER_MS


def _period_ms(settings: SimulationSettings) -> int:
    return 2 * settings.move_ms + settings.rest_ms + settings.gap_ms
