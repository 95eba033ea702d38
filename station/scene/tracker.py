"""From framesets to items: the tracker."""

from collections import deque
from enum import Enum, auto
from typing import NamedTuple

from station.core.damage import Reason
from station.core.frames import FrameSet
from station.core.items import Announcement, ItemCapture
from station.rig import Rig
from station.scene.settings import SceneSettings, TriggerMode
from station.scene.tray import Seen, TrayWatch


class TrayState(Enum):
    """Where the tray's present item stands."""

    EMPTY = auto()
    ARRIVING = auto()
    PRESENT = auto()


TRANSITIONS: dict[tuple[TrayState, Seen], TrayState] = {
    (TrayState.EMPTY, Seen.CLEAR): TrayState.EMPTY,
    (TrayState.EMPTY, Seen.MOVING): TrayState.ARRIVING,
    (TrayState.EMPTY, Seen.SETTLED): TrayState.PRESENT,
    (TrayState.EMPTY, Seen.SWAPPED): TrayState.ARRIVING,
    (TrayState.ARRIVING, Seen.CLEAR): TrayState.EMPTY,
    (TrayState.ARRIVING, Seen.MOVING): TrayState.ARRIVING,
    (TrayState.ARRIVING, Seen.SETTLED): TrayState.PRESENT,
    (TrayState.ARRIVING, Seen.SWAPPED): TrayState.ARRIVING,
    (TrayState.PRESENT, Seen.CLEAR): TrayState.EMPTY,
    (TrayState.PRESENT, Seen.MOVING): TrayState.PRESENT,
    (TrayState.PRESENT, Seen.SETTLED): TrayState.PRESENT,
    (TrayState.PRESENT, Seen.SWAPPED): TrayState.ARRIVING,
    (TrayState.EMPTY, Seen.JOINED): TrayState.ARRIVING,
    (TrayState.ARRIVING, Seen.JOINED): TrayState.ARRIVING,
    (TrayState.PRESENT, Seen.JOINED): TrayState.PRESENT,
}
"""Entering PRESENT captures the item, unless it was given up before it was seen; a second one that has JOINED it is
captured with its fault; nothing else is."""


class _Pending(NamedTuple):
    announcement: Announcement
    since_ns: int


class _GivenUp(NamedTuple):
    """What had its verdict before it was seen to lie there; `unseen` is when no frame came, in the frames' own time."""

    unseen: range
    announced: bool


class Tracker:
    """Turns framesets and announcements into item captures; every item and announcement gives exactly one.

    With the `tray` trigger an item is captured once it has settled on the learned empty tray; one that is
    overdue in settling as UNSETTLED. A second one put down beside it later is captured as SEVERAL_ITEMS. The
    announcement made before it came is its own; of two, both are in doubt. One that comes while it still lies
    there unannounced has it captured again. What is given up unseen, because no framesets come, has its verdict:
    found on the tray afterwards it is not captured again. With the `controller` trigger each announcement
    is captured from the first framesets that arrived after it; of two made before those, both are in doubt.

    A frameset pushed belongs to the tracker, which passes it on in a capture or releases it. `now_ns`
    is the station clock, the one of `FrameSet.host_t_ns`.
    """

    def __init__(self, rig: Rig, settings: SceneSettings, item_prefix: str) -> None:
        """Start with an unknown tray.

        Raises:
            RigError: a camera of the rig does not see the tray.
        """
        self._settings = settings
        self._prefix = item_prefix
        self._watch = TrayWatch(rig, settings) if settings.trigger is TriggerMode.TRAY else None
        self._state = TrayState.EMPTY
        self._arriving_since_ns = 0
        self._fresh_ns = 0
        self._fresh_t_ns = 0
        self._given_up: deque[_GivenUp] = deque()
        self._window: deque[FrameSet] = deque()
        self._pending: deque[_Pending] = deque()
        self._lost_ns: dict[str, int] = {}
        self._items = 0
        self._unannounced = False
        self._crowded = False

    @property
    def ready(self) -> bool:
        """True once the station can notice any item: the empty tray is learned, or is not needed."""
        return self._watch is None or self._watch.learned

    def announce(self, announcement: Announcement, now_ns: int) -> None:
        """Take an announcement; it belongs to the next item."""
        self._pending.append(_Pending(announcement, now_ns))

    def push(self, frameset: FrameSet, now_ns: int) -> tuple[ItemCapture, ...]:
        """Take a fresh frameset; return the captures it completes and those that have expired.

        Raises:
            RigError: the frameset is not of the rig's cameras; it has been released.
        """
        self._fresh_ns, self._fresh_t_ns = now_ns, frameset.t_ns
        for frame in frameset.frames:
            if self._lost_ns.get(frame.camera_id, frame.host_t_ns) < frame.host_t_ns:
                del self._lost_ns[frame.camera_id]  # one that arrived before the loss would prove nothing
        captures = (
            self._push_to_announcement(frameset)
            if self._watch is None
            else self._push_to_tray(frameset, now_ns, self._watch)
        )
        return captures + self.tick(now_ns)

    def tick(self, now_ns: int) -> tuple[ItemCapture, ...]:
        """Return captures, with their fault, of what has waited too long. Call it at least every 100 ms."""
        fault = Reason.CAMERA_LOST if self._lost_ns else Reason.STALE_FRAME
        captures = []
        if self._state is TrayState.ARRIVING and self._is_stale(self._fresh_ns, now_ns):
            captures.append(self._give_up_item(now_ns, fault))
        while self._pending:
            since_ns = self._pending[0].since_ns
            if self._is_stale(max(since_ns, self._fresh_ns), now_ns):
                captures.append(self._give_up(since_ns, now_ns, fault))
            elif self._has_not_arrived(since_ns, now_ns):
                captures.append(self._capture(since_ns, Reason.NO_ITEM))
            else:
                break
        return tuple(captures)

    def camera_lost(self, camera_id: str, now_ns: int) -> tuple[ItemCapture, ...]:
        """Take note that a camera delivers nothing any more; return captures of everything in hand."""
        self._lost_ns[camera_id] = now_ns
        return self._give_up_all(now_ns, Reason.CAMERA_LOST)

    def flush(self, now_ns: int) -> tuple[ItemCapture, ...]:
        """Stop: return captures of everything in hand with fault SHUTDOWN, and hold no frameset any more."""
        return self._give_up_all(now_ns, Reason.SHUTDOWN)

    def _push_to_announcement(self, frameset: FrameSet) -> tuple[ItemCapture, ...]:
        if not self._pending or frameset.host_t_ns < self._pending[0].since_ns:
            frameset.release()
            return ()
        self._window.append(frameset)
        if len(self._window) < self._settings.settle_framesets:
            return ()
        if len(self._pending) == 1:
            return (self._capture(self._pending[0].since_ns),)
        return self._capture_one_of(len(self._pending), self._pending[0].since_ns)

    def _push_to_tray(self, frameset: FrameSet, now_ns: int, watch: TrayWatch) -> tuple[ItemCapture, ...]:
        try:
            seen = watch.look(frameset, now_ns)
        except Exception:
            frameset.release()
            raise
        before = self._state
        overdue_ns = self._arriving_since_ns + self._settings.max_unsettled_ms * 1e6
        overdue = before is TrayState.ARRIVING and seen is Seen.MOVING and now_ns >= overdue_ns
        if overdue:
            seen = Seen.SETTLED
        self._state = TRANSITIONS[before, seen]
        captured = self._state is TrayState.PRESENT and before is not TrayState.PRESENT
        joined = seen is Seen.JOINED and self._state is TrayState.PRESENT
        if before is TrayState.EMPTY or (self._state is TrayState.ARRIVING and before is not TrayState.ARRIVING):
            self._arriving_since_ns = now_ns
        claimed = not captured and not joined and self._is_claimed(frameset)
        self._window.append(frameset)
        wanted = captured or joined or claimed or self._state is TrayState.ARRIVING
        keep = self._settings.settle_framesets if wanted else 0
        while len(self._window) > keep:
            self._window.popleft().release()
        if seen is Seen.CLEAR:
            self._given_up = deque(each for each in self._given_up if frameset.t_ns in each.unseen)
        if captured or joined:
            watch.remember()
            self._crowded = joined
        if captured:
            return () if self._has_its_verdict() else self._capture_settled(now_ns, overdue)
        if joined:
            return (self._capture(now_ns, Reason.SEVERAL_ITEMS),)
        return self._capture_claimed() if claimed and len(self._window) == keep else ()

    def _capture_settled(self, now_ns: int, overdue: bool) -> tuple[ItemCapture, ...]:
        """Capture the item that has settled, or should have, under the announcement made before it came."""
        early = sum(pending.since_ns < self._arriving_since_ns for pending in self._pending)
        if early > 1:
            return self._capture_one_of(early, now_ns)
        return (self._capture(now_ns, Reason.UNSETTLED if overdue else None),)

    def _capture_one_of(self, announced: int, arrived_ns: int) -> tuple[ItemCapture, ...]:
        """Capture the one item that came of several announced.

        Nobody knows which did not come: none may pass, or every later item would have the verdict of its neighbour.
        """
        newest = self._pending[announced - 1]
        del self._pending[announced - 1]
        self._pending.appendleft(newest)
        doubtful = [self._capture(arrived_ns, Reason.WRONG_ITEM)]
        doubtful += [self._capture(self._pending[0].since_ns, Reason.NO_ITEM) for _ in range(announced - 1)]
        return tuple(doubtful)

    def _is_claimed(self, frameset: FrameSet) -> bool:
        """Whether a late announcement is for the item that lies there, captured before without one.

        It is judged again under its announcement; waiting for the next item would give that one's verdict to this one.
        """
        is_open = self._state is TrayState.PRESENT and self._unannounced and bool(self._pending)
        return is_open and frameset.host_t_ns >= self._pending[0].since_ns

    def _capture_claimed(self) -> tuple[ItemCapture, ...]:
        """Judge what lies there under its late announcement; of two nobody knows whose that is."""
        return (self._capture(self._pending[0].since_ns, Reason.SEVERAL_ITEMS if self._crowded else None),)

    def _is_stale(self, fresh_ns: int, now_ns: int) -> bool:
        return now_ns - fresh_ns >= self._settings.stale_ms * 1e6

    def _has_not_arrived(self, since_ns: int, now_ns: int) -> bool:
        """The oldest announcement waits on while something is arriving: it will be its item."""
        if self._watch is None or self._state is TrayState.ARRIVING:
            return False
        return now_ns - since_ns >= self._settings.arrival_timeout_ms * 1e6

    def _has_its_verdict(self) -> bool:
        """Whether the item that has settled was given up before; then its framesets are let go of."""
        if not self._given_up:
            return False
        self._unannounced = not self._given_up.popleft().announced
        while self._window:
            self._window.popleft().release()
        return True

    def _give_up_item(self, now_ns: int, fault: Reason) -> ItemCapture:
        self._state = TrayState.EMPTY
        return self._give_up(now_ns, now_ns, fault)

    def _give_up(self, arrived_ns: int, now_ns: int, fault: Reason) -> ItemCapture:
        """Capture what may lie on the tray by now: the next item to settle, unless the tray is seen empty after this.

        An empty tray in a frame from before does not count: frames may only be late.
        """
        if self._watch is not None:
            unseen = range(self._fresh_t_ns, self._fresh_t_ns + now_ns - self._fresh_ns)
            self._given_up.append(_GivenUp(unseen, announced=bool(self._pending)))
        return self._capture(arrived_ns, fault)

    def _give_up_all(self, now_ns: int, fault: Reason) -> tuple[ItemCapture, ...]:
        captures = [self._give_up_item(now_ns, fault)] if self._state is TrayState.ARRIVING else []
        while self._pending:
            captures.append(self._give_up(self._pending[0].since_ns, now_ns, fault))
        return tuple(captures)

    def _capture(self, arrived_ns: int, fault: Reason | None = None) -> ItemCapture:
        self._items += 1
        framesets = tuple(self._window)
        self._window.clear()
        announcement = self._pending.popleft().announcement if self._pending else None
        self._unannounced = announcement is None
        named = announcement.item_id if announcement else None
        return ItemCapture(
            item_id=named or f"{self._prefix}-{self._items:06d}",
            arrived_ns=arrived_ns,
            framesets=framesets,
            announcement=announcement,
            fault=fault,
        )
