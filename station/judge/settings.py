"""Settings of the judge: the policy."""

from dataclasses import dataclass, field
from typing import Annotated

from annotated_doc import Doc
from annotated_types import Ge, Gt, Le, Lt, MinLen

from station.core.damage import DamageType

Costs = dict[DamageType, Annotated[float, Ge(0), Le(1)]]
"""What it costs to pass an item with damage of a type, 1 where it is not named.

None exceeds 1, so that a threshold chosen or certified without costs upholds its rate all the more with them.
"""


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """When an item is sidelined, and when its damage is called major."""

    max_false_alarm_rate: Annotated[
        float,
        Gt(0),
        Lt(1),
        Doc("Share of undamaged items that may be sidelined; 2 % takes 149 undamaged references, 1 % takes 299."),
    ] = 0.02
    confidence: Annotated[
        float, Ge(0.5), Lt(1), Doc("Probability that the share of undamaged items sidelined is upheld.")
    ] = 0.95
    folder: Annotated[
        str, MinLen(1), Doc("Folder of what `station tune` writes: fusion weights, the certificate and its key.")
    ] = "tuning"
    certificate_required: Annotated[
        bool, Doc("Whether every item is sidelined (uncertified) while no certificate is in force.")
    ] = False
    major_excess: Annotated[
        float,
        Ge(1),
        Le(100),
        Doc("Damage is major this many times farther above the usual score than what sidelines an item."),
    ] = 1.4
    cost: Annotated[
        Costs, Doc("What passing damage of a type costs, 0 to 1, e.g. { superficial = 0.2 }; 1 for types not named.")
    ] = field(default_factory=dict)
    packaging_cost: Annotated[Costs, Doc("The same for products of packaging_kinds.")] = field(default_factory=dict)
    packaging_kinds: Annotated[
        tuple[str, ...], Doc("Kinds of product whose outside is only packaging, e.g. mailer.")
    ] = ()
