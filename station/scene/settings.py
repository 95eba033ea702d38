"""Settings of the scene: how frames are paired and when there is an item to judge."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from annotated_doc import Doc
from annotated_types import Ge, Gt, Le


class TriggerMode(StrEnum):
    """What starts a capture."""

    TRAY = "tray"
    CONTROLLER = "controller"


@dataclass(frozen=True, slots=True)
class SceneSettings:
    """How frames become items."""

    trigger: Annotated[
        TriggerMode,
        Doc(
            "What starts a capture: `tray`, an item settled on the learned empty tray; `controller`, its announcement."
        ),
    ] = TriggerMode.TRAY
    pair_tolerance_ms: Annotated[
        float,
        Gt(0),
        Le(200),
        Doc(
            "Frames of several cameras whose times differ by at most this are paired, in ms; under half a frame period."
        ),
    ] = 15.0
    pair_queue: Annotated[
        int, Ge(1), Le(16), Doc("Frames one camera may have waiting for the others before its oldest is dropped.")
    ] = 3
    settle_framesets: Annotated[
        int,
        Ge(1),
        Le(15),
        Doc("An item is settled after this many framesets without motion; they are what it is judged by."),
    ] = 3
    learn_framesets: Annotated[
        int, Ge(1), Le(300), Doc("Quiet framesets from which the empty tray is learned at the start.")
    ] = 10
    occupied_height_mm: Annotated[
        float,
        Ge(1),
        Le(200),
        Doc("The tray counts as covered where depth is above the empty tray by more than this, in mm."),
    ] = 10.0
    unlearned_height_mm: Annotated[
        float,
        Ge(1),
        Le(500),
        Doc("The same, in mm, against the rig's tray plane before the empty tray is learned."),
    ] = 30.0
    occupied_colour: Annotated[
        float,
        Ge(1),
        Le(255),
        Doc("The tray counts as covered where its colour differs by more than this (0 to 255), shadows set aside."),
    ] = 40.0
    min_item_area_mm2: Annotated[
        float, Gt(0), Le(1e6), Doc("Smallest covered area of the tray that is taken for an item, in mm^2.")
    ] = 600.0
    motion_colour: Annotated[
        float, Ge(1), Le(255), Doc("A spot has moved when its colour changed by more than this (0 to 255).")
    ] = 30.0
    max_motion_area_mm2: Annotated[
        float, Gt(0), Le(1e6), Doc("The scene is still while less than this area of the tray moves, in mm^2.")
    ] = 400.0
    max_unsettled_ms: Annotated[
        float, Gt(0), Le(60_000), Doc("An item that has not settled after this time is sidelined (unsettled), in ms.")
    ] = 3000.0
    arrival_timeout_ms: Annotated[
        float, Gt(0), Le(600_000), Doc("An announced item that is not on the tray after this time is given up, in ms.")
    ] = 5000.0
    stale_ms: Annotated[
        float, Gt(0), Le(60_000), Doc("Without a frameset for this time, items in hand are given up, in ms.")
    ] = 1000.0
    relearn_after_ms: Annotated[
        float,
        Gt(0),
        Le(3_600_000),
        Doc("Something without height that lies this long becomes part of the empty tray (stains, light), in ms."),
    ] = 60_000.0
