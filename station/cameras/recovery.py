"""Bringing a silent camera back, in stages. Pure: it is told the time and says what to do."""

from enum import StrEnum

from station.cameras.settings import CamerasSettings

_RETRY_NS = 2_000_000_000


class Stage(StrEnum):
    """How far the recovery of a camera has gone."""

    HEALTHY = "healthy"
    RESTARTED = "restarted"
    RESET = "reset"
    GIVEN_UP = "given up"


class Action(StrEnum):
    """What is to be done with a camera now."""

    NONE = "none"
    RESTART = "restart"
    RESET = "reset"
    GIVE_UP = "give up"


class Recovery:
    """Watches the age of a camera's newest frame and goes from stage to stage while none comes.

    Restart the pipeline; then reset the hardware and, as it takes up to 7 s to enumerate again, restart every
    2 s; then give up until the camera is opened anew. A fresh frame ends it at any stage.
    """

    def __init__(self, settings: CamerasSettings, now_ns: int) -> None:
        self.stage = Stage.HEALTHY
        self._lost_after_ns = settings.lost_after_ms * 1_000_000
        self._restart_grace_ns = settings.restart_grace_ms * 1_000_000
        self._reset_grace_ns = settings.reset_grace_ms * 1_000_000
        self._since_ns = now_ns
        self._tried_ns = now_ns

    def fresh(self, now_ns: int) -> bool:
        """Note that a fresh frame came; return whether it ended a recovery."""
        recovered = self.stage is not Stage.HEALTHY
        self.stage = Stage.HEALTHY
        self._since_ns = now_ns
        return recovered

    def step(self, now_ns: int) -> Action:
        """Return what to do when no fresh frame has come; call it at every fruitless read."""
        waited_ns = now_ns - self._since_ns
        if self.stage is Stage.HEALTHY and waited_ns >= self._lost_after_ns:
            return self._enter(Stage.RESTARTED, Action.RESTART, now_ns)
        if self.stage is Stage.RESTARTED and waited_ns >= self._restart_grace_ns:
            return self._enter(Stage.RESET, Action.RESET, now_ns)
        if self.stage is Stage.RESET and waited_ns >= self._reset_grace_ns:
            return self._enter(Stage.GIVEN_UP, Action.GIVE_UP, now_ns)
        if self.stage is Stage.RESET and now_ns - self._tried_ns >= _RETRY_NS:
            self._tried_ns = now_ns
            return Action.RESTART
        return Action.GIVE_UP if self.stage is Stage.GIVEN_UP else Action.NONE

    def _enter(self, stage: Stage, action: Action, now_ns: int) -> Action:
        self.stage = stage
        self._since_ns = self._tried_ns = now_ns
        return action
