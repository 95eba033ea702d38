"""Settings of the walk."""

from dataclasses import dataclass
from typing import Annotated

from annotated_doc import Doc
from annotated_types import Ge, Le


@dataclass(frozen=True, slots=True)
class InspectionSettings:
    """How long an item may take."""

    deadline_ms: Annotated[
        int, Ge(50), Le(60_000), Doc("An item without a verdict this many ms after it settled is sidelined (timeout).")
    ] = 1500
    queue_items: Annotated[
        int, Ge(1), Le(64), Doc("Settled items that may wait for inspection; one more is sidelined (queue_full).")
    ] = 4
