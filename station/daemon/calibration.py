"""What the booth's daily check means for a station that runs."""

from pathlib import Path

from station.core.errors import SetupError
from station.core.ports import Clock
from station.setup.history import last_check, unfit
from station.setup.settings import SetupSettings

_LOOK_AGAIN_NS = 2_000_000_000


class Calibration:
    """Reads how the last daily check went, at most every two seconds. May be asked from any thread."""

    def __init__(self, settings: SetupSettings, rig_digest: str, clock: Clock) -> None:
        self._settings = settings
        self._rig_digest = rig_digest
        self._clock = clock
        self._looked_ns: int | None = None
        self._alarm = ""

    def alarm(self) -> str:
        """Return what the check found amiss; empty when it passed, or when none was ever made and none is required."""
        now_ns = self._clock.now_ns()
        if self._looked_ns is None or now_ns - self._looked_ns > _LOOK_AGAIN_NS:
            self._alarm = self._look()
            self._looked_ns = now_ns
        return self._alarm

    def refusal(self) -> str:
        """Return why no item may pass now, empty when items may; always empty unless the check is required."""
        return self.alarm() if self._settings.check_required else ""

    def _look(self) -> str:
        folder, settings = Path(self._settings.folder), self._settings
        try:
            if not settings.check_required and last_check(folder) is None:
                return ""
            return unfit(folder, self._rig_digest, settings.check_max_age_h, self._clock.utc_ns())
        except (SetupError, OSError) as error:
            return str(error)
