"""The cameras' own depth calibration, behind a protocol: no software device has it, so a fake stands in for rehearsals.

Health is the vendor's: how far the old calibration is from the new one. A table is written only when the health is
good, and the old one is kept, so that it can be put back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from station.core.errors import CameraError, SetupError
from station.setup.measure import StepResult, at_most
from station.setup.session import Session, writing


class Routine(StrEnum):
    """What a camera can calibrate by itself."""

    ON_CHIP = "on-chip"
    TARE = "tare"
    FOCAL_LENGTH = "focal-length"


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A routine's outcome: the new table, not yet in force, and its health."""

    table: bytes
    health: float


class SelfCalibrating(Protocol):
    """A camera that calibrates its own depth."""

    def table(self) -> bytes:
        """Return the calibration table in force."""

    def run(self, routine: Routine, distance_mm: float) -> Calibrated:
        """Run a routine against a target at a known distance.

        Raises:
            CameraError: the camera lacks the routine, or it failed.
        """

    def write(self, table: bytes) -> None:
        """Put a table in force, for good.

        Raises:
            CameraError: the camera refused it.
        """


class FakeSelfCalibrating:
    """A camera whose table is what it was told; `health` is what every routine finds."""

    def __init__(self, table: bytes, health: float) -> None:
        self._table = table
        self._health = health

    def table(self) -> bytes:
        """Return the table in force."""
        return self._table

    def run(self, routine: Routine, distance_mm: float) -> Calibrated:
        """Return a new table named after the routine."""
        if distance_mm <= 0:
            raise CameraError(
                f"{routine.value} calibration at {distance_mm:g} mm: the target must be before the camera"
            )
        return Calibrated(f"{routine.value} at {distance_mm:g}".encode(), self._health)

    def write(self, table: bytes) -> None:
        """Put a table in force."""
        self._table = table


def calibrate_depth(
    camera_id: str, camera: SelfCalibrating, routine: Routine, distance_mm: float, session: Session, utc_ns: int
) -> StepResult:
    """Run a routine; put its table in force if its health is good, after the old one was kept.

    Raises:
        CameraError: the camera lacks the routine, or it failed.
        SetupError: the old table could not be kept; nothing was changed.
    """
    found = camera.run(routine, distance_mm)
    health = at_most(
        f"health of {routine.value} calibration",
        camera_id,
        abs(found.health),
        "",
        session.settings.max_calibration_health,
    )
    if not health.ok:
        words = (
            f"camera {camera_id}: {routine.value} calibration was not used. Show it a flat textured target, then again"
        )
        return StepResult("depth-calibration", (health,), (words,))
    with writing(session.folder):
        (session.folder / "tables").mkdir(parents=True, exist_ok=True)
        (session.folder / "tables" / f"{camera_id}-{utc_ns}.bin").write_bytes(camera.table())
    camera.write(found.table)
    return StepResult("depth-calibration", (health,))


def restore_table(camera_id: str, write: Callable[[bytes], None], folder: Path) -> Path:
    """Put the newest kept table of a camera back in force; return its file.

    Raises:
        SetupError: none was kept.
    """
    kept = sorted((folder / "tables").glob(f"{camera_id}-*.bin"))
    if not kept:
        raise SetupError(f"{folder} keeps no calibration table of camera {camera_id}. Nothing was changed")
    write(kept[-1].read_bytes())
    return kept[-1]
