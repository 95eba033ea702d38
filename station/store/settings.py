"""What can be set about the store."""

from dataclasses import dataclass
from typing import Annotated

from annotated_doc import Doc
from annotated_types import Ge, Le, MinLen


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """Where verdicts and evidence are kept, and for how long a controller's item number stays taken."""

    url: Annotated[
        str,
        MinLen(1),
        Doc("Database URL: sqlite:///FILE (relative to the working folder), or postgresql://USER:PASSWORD@HOST/NAME."),
    ] = "sqlite:///station.db"
    id_reuse_s: Annotated[
        float,
        Ge(0.0),
        Le(604_800.0),
        Doc("Seconds after its verdict during which a controller's item number still means that same item."),
    ] = 3600.0
    busy_timeout_s: Annotated[
        float,
        Ge(0.1),
        Le(60.0),
        Doc(
            "Seconds to wait for a database that another program holds, or for a server that does not answer. A pass "
            "stored after its deadline is told as a sideline."
        ),
    ] = 0.5
    min_free_mb: Annotated[
        int,
        Ge(1),
        Le(1_000_000),
        Doc("Megabytes that must be free beside an SQLite file for the disk to be reported as fit for use."),
    ] = 200
