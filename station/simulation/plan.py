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
    entries = [Scripted(*entry) for entry in script]
    joined = [entry.joins for entry in entries[1:]] + [False]
    plan: list[PlannedItem] = []
    enter_ms = settings.lead_ms
    for index, entry in enumerate(entries):
        product = known.get(entry.product_id)
        if product is None:
            raise SimulationError(
                f"the simulated booth has no product {entry.product_id!r}; it has {', '.join(known)}. Correct the name"
            )
        if entry.joins and (not plan or plan[-1].joins):
            raise SimulationError(
                f"item {index} of the script joins no item that lies there alone; the tray takes two at once. "
                "Let it join the first of two"
            )
        arrive_ms = enter_ms + settings.move_ms
        leave_ms = arrive_ms + settings.rest_ms
        follow_ms = leave_ms + settings.move_ms + settings.gap_ms
        if joined[index]:  # the second comes once the first's hand is gone; both then lie for the whole rest
            follow_ms = arrive_ms + settings.hand_ms
            leave_ms = follow_ms + settings.move_ms + settings.rest_ms
        plc_id = index + 1
        announced_ns = max(0, arrive_ms - settings.announce_ms) * _NS_PER_MS
        announcement = Announcement(plc_id, announced_ns, product.product_id, product.barcode)
        plan.append(
            PlannedItem(
                index,
                product,
                plc_id,
                arrive_ms * _NS_PER_MS,
                leave_ms * _NS_PER_MS,
                entry.damage,
                entry.joins,
                None if entry.joins else announcement,
            )
        )
        enter_ms = follow_ms
    return tuple(plan)


def duration_ns(plan: Sequence[PlannedItem], settings: SimulationSettings) -> int:
    """Return how long the timeline is, from the empty tray at its start to that at its end."""
    if not plan:
        return settings.lead_ms * _NS_PER_MS
    return plan[-1].leave_ns + (settings.move_ms + settings.gap_ms) * _NS_PER_MS
