"""A packing-station controller that is not there: announces, polls, opens on its own items' PASS, acknowledges."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from station.api.plc_client import PlcClient
from station.core.damage import Decision
from station.core.errors import StationError
from station.core.ports import Clock
from station.core.status import StationState

_PAUSE_S = 0.2
_JUDGED = 3


@dataclass(frozen=True, slots=True)
class PlcBehaviour:
    """How a controller behaves. As it stands it is a good one; the rest is what happens on real lines.

    `wait_ms` is how long each poll may be held. Without `acknowledges` it only watches beside the real controller.
    Of the results taken, the newest `late_acks` stay unacknowledged. Every `lose_every`-th poll hangs up before the
    answer, every `reconnect_every`-th starts on a new connection. After `restart_every` results it forgets
    everything. 0 is never.
    """

    wait_ms: int = 500
    acknowledges: bool = True
    late_acks: int = 0
    lose_every: int = 0
    reconnect_every: int = 0
    restart_every: int = 0
    trigger_twice: bool = False


@dataclass(frozen=True, slots=True)
class GateAction:
    """What the controller did about one result. `opened` is true for PASS of an item it expects, never else.

    `expected` says whether the item is its own. The numbers are those of the wire; an item whose window closed
    without a result has `seq` 0.
    """

    opened: bool
    expected: bool
    seq: int
    plc_id: int
    verdict: int
    code: int
    confidence: int
    severity: int
    latency_ms: int
    age_ms: int


class PlcSimulator:
    """Drives the handshake over real HTTP, on the caller's thread, and keeps a log of its gate."""

    def __init__(
        self,
        client: PlcClient,
        clock: Clock,
        behaviour: PlcBehaviour | None = None,
        on_action: Callable[[GateAction], None] = lambda action: None,
        after: int = 0,
    ) -> None:
        """Expect no item yet, and begin with the result after the sequence `after`.

        `on_action` is called for each result, on the same thread.
        """
        self._client = client
        self._clock = clock
        self._behaviour = behaviour or PlcBehaviour()
        self._on_action = on_action
        self._log: list[GateAction] = []
        self._after = after
        self._expected: set[int] = set()
        self._unacknowledged: deque[int] = deque()
        self._polls = 0

    @property
    def log(self) -> tuple[GateAction, ...]:
        """Every action so far, oldest first."""
        return tuple(self._log)

    def expect(self, announced: dict[str, int]) -> bool:
        """Expect the item that the station's answer to a trigger announces; any thread may call this.

        Returns:
            False, and nothing is expected, when the station judged the number already: that verdict is another item's.
        """
        if announced["item"] == _JUDGED:
            return False
        self._expected.add(announced["id"])
        return True

    def handle(
        self, plc_id: int, sku: str | None = None, barcode: str | None = None, window_ms: int = 5000
    ) -> GateAction:
        """Announce an item and poll for it until its window closes; without a result the gate stays shut.

        Raises:
            StationError: the station judged the number already, took no announcement, or does not answer.
        """
        closes_ns = self._clock.now_ns() + window_ms * 1_000_000
        if not self.expect(self._client.trigger(plc_id, sku, barcode)):
            raise StationError(
                f"the station judged item {plc_id} already, and that verdict is not this item's: the gate stays shut. "
                "Announce it under a number not used within the last hour"
            )
        if self._behaviour.trigger_twice:
            self._client.trigger(plc_id, sku, barcode)
        while self._clock.now_ns() < closes_ns:
            action = self.poll()
            if action is not None and action.plc_id == plc_id:
                return action
        self._expected.discard(plc_id)
        return self._act(GateAction(False, True, 0, plc_id, Decision.NONE, 0, 0, 0, 0, 0))

    def poll(self) -> GateAction | None:
        """Ask once for the next result and act on it; None when there is none yet.

        Only PASS of an expected item opens, and only once.

        Raises:
            StationError: the station does not answer.
        """
        self._disturb()
        reply = self._client.next(self._after, self._behaviour.wait_ms)
        if reply["seq"] == self._after:
            if reply["st"] == StationState.FAULT:
                self._clock.sleep(_PAUSE_S)  # a station in fault answers at once
            return None
        expected = reply["id"] in self._expected
        self._expected.discard(reply["id"])
        action = GateAction(
            opened=reply["verdict"] == Decision.PASS and expected,
            expected=expected,
            seq=reply["seq"],
            plc_id=reply["id"],
            verdict=reply["verdict"],
            code=reply["code"],
            confidence=reply["conf"],
            severity=reply["sev"],
            latency_ms=reply["ms"],
            age_ms=reply["age"],
        )
        self._after = action.seq
        self._act(action)
        if self._behaviour.acknowledges:
            self._unacknowledged.append(action.seq)
            self._acknowledge_due()
        if _is_turn(len(self._log), self._behaviour.restart_every):
            self.restart()
        return action

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Act on every result until told to stop; a station that does not answer is asked again."""
        while not should_stop():
            try:
                self.poll()
            except StationError:
                self._clock.sleep(_PAUSE_S)
        self._client.close()

    def restart(self) -> None:
        """Forget everything, as a controller does that loses power."""
        self._client.close()
        self._after = 0
        self._expected.clear()
        self._unacknowledged.clear()

    def _act(self, action: GateAction) -> GateAction:
        self._log.append(action)
        self._on_action(action)
        return action

    def _acknowledge_due(self) -> None:
        while len(self._unacknowledged) > self._behaviour.late_acks:
            self._client.acknowledge(self._unacknowledged[0])
            self._unacknowledged.popleft()

    def _disturb(self) -> None:
        self._polls += 1
        if _is_turn(self._polls, self._behaviour.reconnect_every):
            self._client.close()
        if _is_turn(self._polls, self._behaviour.lose_every):
            self._client.lose_next(self._after)


def _is_turn(count: int, every: int) -> bool:
    return every > 0 and count % every == 0
