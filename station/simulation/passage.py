"""How items come and go: by themselves along the tray, or in a hand that comes from its near side."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.simulation.plan import PlannedItem
from station.simulation.settings import SimulationSettings
from station.simulation.thing import REST, Move

_SLIDE_MM = np.array([420.0, 0.0, 0.0])
"""How far beside its place an item without a hand appears, at the other side, and vanishes."""
_CARRY_MM = np.array([0.0, -480.0, 90.0])
"""From where, beside its place, a hand brings an item, and where it takes it."""
_DRAW_BACK_MM = np.array([0.0, -560.0, 130.0])
"""Where an empty hand comes from and goes."""
_NS_PER_S = 1e9


@dataclass(frozen=True, slots=True)
class Presence:
    """An item in the booth at a moment, and the hand at it; None where there is no hand."""

    item: Move
    hand: Move | None


def presence(item: PlannedItem, t_ns: int, settings: SimulationSettings) -> Presence | None:
    """Return where an item and its hand are at a time; None before they come and when they have gone."""
    move_ns, hand_ns = settings.move_ms * 1_000_000, settings.hand_ms * 1_000_000
    to_arrive_ns, since_leave_ns = item.arrive_ns - t_ns, t_ns - item.leave_ns
    if to_arrive_ns > move_ns or since_leave_ns >= move_ns:
        return None
    if to_arrive_ns > 0 or since_leave_ns >= 0:
        away_ns, sign = (to_arrive_ns, -1) if to_arrive_ns > 0 else (since_leave_ns, 1)
        if hand_ns:
            carried = _at(_CARRY_MM, away_ns, move_ns, sign)
            return Presence(carried, carried)
        return Presence(_at(sign * _SLIDE_MM, away_ns, move_ns, sign), None)
    since_arrive_ns, to_leave_ns = -to_arrive_ns, -since_leave_ns
    if since_arrive_ns < hand_ns:
        return Presence(REST, _at(_DRAW_BACK_MM, since_arrive_ns, hand_ns, 1))
    if to_leave_ns < hand_ns:
        return Presence(REST, _at(_DRAW_BACK_MM, to_leave_ns, hand_ns, -1))
    return Presence(REST, None)


def _at(way_mm: NDArray[np.float64], away_ns: int, whole_ns: int, sign: int) -> Move:
    """Return a move at a time from rest: `way_mm` at its end, ever faster; `sign` is 1 for going and -1 for coming."""
    share = away_ns / whole_ns
    offset, speed = way_mm * share**2, sign * way_mm * 2 * share * _NS_PER_S / whole_ns
    x, y, z = (float(value) for value in offset)
    across, along, up = (float(value) for value in speed)
    return Move((x, y, z), (across, along, up))
