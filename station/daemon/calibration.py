"""What the booth's daily check means for a station that runs."""

from pathlib import Path

from station.core.errors import StationError
from station.core.ports import Clock
from station.setup.history import LAST, unfit
from station.setup.settings import SetupSettings
from station.setup.versions import IN_FORCE

_LOOK_AGAIN_NS = 2_000_000_000


def check_matters(settings: SetupSettings) -> bool:
    """Whether the daily check is required, or the setup folder holds a rig or a check."""
    folder = Path(settings.folder)
    return settings.check_required or any((folder / name).is_file() for name in (IN_FORCE, LAST))


class Calibration:
    """Reads how the last daily check went, at most every two seconds. May be asked from any thread."""

    def __init__(self, settings: SetupSettings, rig_digest: str, clock: Clock) -> None:
        self._settings = settings
        self._rig_digest = rig_digest
        self._clock = clock
        self._looked_ns: int | None = None
        self._alarm = ""

    def alarm(self) -> str:
        """Return what the check found amiss, or that there was none; empty when it passed, or does not matter."""
        now_ns = self._clock.now_ns()
        if self._looked_ns is None or now_ns - self._looked_ns > _LOOK_AGAIN_NS:
            self._alarm = self._look()
            self._looked_ns = now_ns
        return self._alarm

    def refusal(self) -> str:
        """Return why no item may pass now, empty when items may; always empty unless the check is required."""
        return self.alarm() if self._settings.check_required else ""

    def _look(self) -> str:
        settings = self._settings
        if not check_matters(settings):
            return ""
        try:
            return unfit(Path(settings.folder), self._rig_digest, settings.check_max_age_h, self._clock.utc_ns())
        except (StationError, OSError) as error:
            return str(error)
