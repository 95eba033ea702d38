"""The words for damage: types, severities, reasons and decisions."""

from enum import Enum, IntEnum, StrEnum


class DamageType(StrEnum):
    """The seven kinds of damage the station tells apart."""

    PENETRATION = "penetration"
    DEFORMATION = "deformation"
    ACTUATION = "actuation"
    DECONSTRUCTION = "deconstruction"
    SPILLAGE = "spillage"
    SUPERFICIAL = "superficial"
    MISSING_UNIT = "missing_unit"


class Severity(IntEnum):
    """How bad the damage is. The numbers are those a controller reads."""

    NONE = 0
    MINOR = 1
    MAJOR = 2


class Decision(IntEnum):
    """What becomes of an item. The numbers are those a controller reads; only PASS opens the gate."""

    NONE = 0
    PASS = 1
    SIDELINE = 2
    ERROR = 3


class Reason(Enum):
    """Why an item was sidelined. `code` is the number a controller reads; `fix` is for the people beside it."""

    NONE = (0, "nothing amiss", "No action.")
    DAMAGE = (10, "damage suspected", "Look at the marked region of the item.")
    UNKNOWN_PRODUCT = (20, "product unknown", "Scan the item, or enrol the product.")
    NO_REFERENCES = (21, "product has no references", "Enrol undamaged examples of this product.")
    WRONG_ITEM = (22, "item is not the one announced", "Compare the item with the order.")
    NO_ITEM = (23, "announced item is not on the tray", "Place the item on the tray before the trigger.")
    SEVERAL_ITEMS = (24, "more than one product on the tray", "Leave one item on the tray.")
    CLIPPED = (30, "item reaches out of view", "Place the item in the middle of the tray.")
    BLURRED = (31, "pictures are blurred or badly exposed", "Clean the lenses and check the lights.")
    NO_DEPTH = (32, "too little depth on the item", "Check the depth cameras; the material may be too dark or glossy.")
    UNSETTLED = (33, "item did not come to rest", "Let go of the item; check the tray and its lights for shaking.")
    TIMEOUT = (
        40,
        "no verdict before the deadline",
        "Check the station's load, or raise inspection.deadline_ms.",
    )
    RESTARTED = (41, "station restarted with the item in hand", "Present the item again.")
    STALE_FRAME = (42, "a camera's picture is too old", "Check the camera's cable and USB port.")
    CAMERA_LOST = (43, "a camera is not delivering", "Run `station doctor`, then check the camera's cable.")
    QUEUE_FULL = (44, "items arrive faster than they are judged", "Slow the line or reduce the number of views.")
    MODEL_FAULT = (45, "the model failed on this item", "Run `station doctor` to check the model bundle.")
    STORE_FAULT = (46, "the verdict could not be stored", "Free disk space for the store, or mend its database.")
    INTERNAL_FAULT = (47, "the station failed on this item", "Send the station's log to its maintainers.")
    SHUTDOWN = (
        48,
        "station stopped with the item in hand",
        "Present the item again once the station is ready.",
    )
    UNCALIBRATED = (
        49,
        "booth has not passed its daily check",
        "Run `station setup check` with the golden target, and set right what it names.",
    )
    UNCERTIFIED = (
        50,
        "threshold is not certified",
        "Run `station tune` with enough undamaged items for the rate asked for.",
    )

    def __init__(self, code: int, title: str, fix: str) -> None:
        self.code = code
        self.title = title
        self.fix = fix

    @property
    def word(self) -> str:
        """The reason's name as it is written in JSON, e.g. `unknown_product`."""
        return self.name.lower()
