"""Settings of the judge."""

from dataclasses import dataclass
from typing import Annotated

from annotated_doc import Doc
from annotated_types import Ge, Gt, Le, Lt


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """When an item is sidelined, and when its damage is called major."""

    max_false_alarm_rate: Annotated[
        float,
        Gt(0),
        Lt(1),
        Doc("Share of undamaged items that may be sidelined; 2 % takes 149 undamaged references, 1 % takes 299."),
    ] = 0.02
    major_excess: Annotated[
        float,
        Ge(1),
        Le(100),
        Doc("Damage is major this many times farther above the usual score than what sidelines an item."),
    ] = 1.4
