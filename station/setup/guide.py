"""Guiding the technician: what the cameras see is gathered, and words say what to show them next."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from station.core.errors import SetupError, StationError
from station.core.geometry import Transform
from station.core.ports import CameraInfo
from station.rig import Rig
from station.setup.board import Board, golden_target
from station.setup.captures import Capture, Kind, Shot
from station.setup.check import check
from station.setup.gather import (
    Gatherer,
    captured_poses,
    close_cameras,
    framesets,
    missing_poses,
    open_cameras,
)
from station.setup.history import BROKEN_OFF, LastCheck, baseline, begin, never_made, remember, write_page
from station.setup.lying import most_in_plane
from station.setup.measure import StepResult
from station.setup.poses import Observation, locate
from station.setup.roles import need_two
from station.setup.session import Origin, Session
from station.setup.settings import SetupSettings
from station.setup.sighting import Finder
from station.setup.solver import need_scipy
from station.setup.sources import SetupSource
from station.setup.versions import RigVersions

Tell = Callable[[str], None]

_ENOUGH = "that is enough"
_SHOWN_AGAIN = {
    "light": (Kind.EMPTY,),
    "depth": tuple(Kind),
    "intrinsics": (Kind.BOARD, Kind.MOTION),
    "extrinsics": (Kind.BOARD, Kind.MOTION),
    "tray": (Kind.BOARD, Kind.MOTION),
    "sync": (Kind.EMPTY, Kind.MOTION),
}
"""What is to be shown again once a step has failed: what it is measured from, and what makes no sense without that."""


def capture(session: Session, source: SetupSource, tolerance_ms: float, tell: Tell) -> None:
    """Gather the empty tray, poses of the board and its motion, until there are enough or the source ends.

    Every capture is kept at once. Captures of an earlier run count, but those a step failed on; unless they already
    made the rig in force or are of other cameras: then all begins anew.

    Raises:
        SetupError: there are fewer than two cameras, one cannot be opened or was lost, SciPy is missing, captures are
            of another board than is told, the source ended too soon, or the disk is full.
    """
    need_two(len(source.cameras), source.name)
    need_scipy()
    infos = open_cameras(source.cameras, {})
    try:
        _begin(session, source, infos, tell)
        wanted = [kind for kind in Kind if kind is Kind.BOARD or not session.captures(kind)]
        gatherer = Gatherer(Finder(session.board, session.settings), list(infos), session.settings, wanted)
        gatherer.known(captured_poses(session))
        missing = _missing(session, list(infos))
        tell(missing or _ENOUGH)
        for frameset in framesets(source.cameras, tolerance_ms):
            if source.live and not missing:
                return
            said = gatherer.notices
            kept = gatherer.push(frameset)
            for notice in gatherer.notices if gatherer.notices != said else ():
                tell(notice)
            if kept is not None:
                session.save_capture(kept.kind, kept.capture)
                missing = _missing(session, list(infos))
                tell(f"poses kept: {len(session.captures(Kind.BOARD))}; {missing or _ENOUGH}")
        _ended(session, source.name)
    finally:
        close_cameras(source.cameras)


def unfinished_poses(session: Session) -> int:
    """Return how many poses were captured that have made no rig yet, neither the one in force nor one rolled back."""
    draft = session.draft()
    done = draft is not None and RigVersions(session.folder).of(draft.digest) is not None
    return 0 if done else len(session.captures(Kind.BOARD))


def _begin(session: Session, source: SetupSource, infos: Mapping[str, CameraInfo], tell: Tell) -> None:
    """Forget captures that are done with, and keep what the cameras say of themselves."""
    done = not unfinished_poses(session)
    known = session.captures(Kind.BOARD) and (session.cameras(), _digest(session.truth()))
    if known and (done or known != (dict(infos), _digest(source.truth))):
        tell("beginning anew: what was captured before " + ("made a rig already" if done else "is of other cameras"))
        session.begin_anew()
    elif known:
        session.hold_to_board()
    for step, kinds in _SHOWN_AGAIN.items():
        result = session.result(step)
        if result is not None and not result.ok:
            tell(f"{step} failed: it is measured again")
            session.forget(step, kinds)
    session.save_cameras(infos, Origin(source.name, _warmth(source, infos), source.automatic), source.truth)


def _warmth(source: SetupSource, infos: Mapping[str, CameraInfo]) -> dict[str, float]:
    """Return the temperatures of those cameras that say it, by name, in degrees Celsius."""
    found = {name: source.temperature_c(info.serial) for name, info in infos.items()}
    return {name: celsius for name, celsius in found.items() if celsius is not None}


def _digest(rig: Rig | None) -> str:
    return rig.digest if rig else ""


def _missing(session: Session, camera_ids: list[str]) -> str:
    """Return what the technician is to do next, empty when there is enough."""
    if not session.captures(Kind.EMPTY):
        return "clear the tray and keep out of the pictures"
    if not session.captures(Kind.BOARD):
        return "lay the board flat in the tray's middle"
    lying, wanted = _lying(session), session.settings.lying_poses
    if lying < wanted:
        return f"lay the board flat on the tray, elsewhere ({lying} of {wanted})"
    poses = missing_poses(list(session.sightings()), camera_ids, session.settings)
    if poses:
        return poses[0]
    return "" if session.captures(Kind.MOTION) else "move the board in slow circles before the cameras"


def _lying(session: Session) -> int:
    """Return how many poses lie on the tray, as far as a single camera tells."""
    corners, lenses = session.board.corners_mm(), session.lenses()
    poses: dict[str, dict[int, Transform]] = {name: {} for name in lenses}
    for (name, number), found in session.sightings().items():
        poses[name][number] = locate(lenses[name], Observation(corners[found.ids], found.pixels))[0]
    return max(len(most_in_plane(seen)) for seen in poses.values())


def _ended(session: Session, name: str) -> None:
    """Say what a source that ended did not show.

    Raises:
        SetupError: it lacked what no step can do without.
    """
    lacks = {Kind.EMPTY: "the empty tray at rest", Kind.BOARD: f"{session.board.name} held still"}
    for kind, words in lacks.items():
        if not session.captures(kind):
            raise SetupError(f"{name} ended and never showed {words}. Show it and record again; see `station setup`")


def look_at_golden(
    session: Session,
    source: SetupSource,
    tolerance_ms: float,
    utc_ns: int,
    tell: Tell,
) -> tuple[StepResult, Path]:
    """Make the daily check: gather the golden target's places, compare, remember; return the result and its page.

    A check that breaks off is remembered as failed.

    Raises:
        SetupError: no rig of setup's is in force, SciPy is missing, a camera was lost or does not see the target, or
            the disk is full.
    """
    need_scipy()
    folder, versions, settings = session.folder, RigVersions(session.folder), session.settings
    rig = versions.in_force()
    if rig is None:
        raise SetupError(f"{folder} has no rig in force. Run `station setup` first")
    if versions.of(rig.digest) is None:
        raise SetupError(never_made(folder, rig.digest))
    begun = LastCheck(utc_ns, rig.digest, source.name, source.recorded)
    begin(folder, begun)
    try:
        target = golden_target(settings.golden_bar_mm)
        kept, warmth = _places_of_golden(rig, target, settings, source, tolerance_ms, tell)
        result, health = check(rig, target, kept, baseline(folder, rig.digest), settings)
    except (StationError, KeyboardInterrupt) as error:
        failed = StepResult("check", failures=(str(error) or BROKEN_OFF,))
        remember(folder, begun, failed, {}, {})
        write_page(folder, begun, failed, settings)
        raise
    remember(folder, begun, result, health, warmth)
    return result, write_page(folder, begun, result, settings)


def _places_of_golden(
    rig: Rig, target: Board, settings: SetupSettings, source: SetupSource, tolerance_ms: float, tell: Tell
) -> tuple[list[Capture], dict[str, float]]:
    """Gather the golden target's places until there are enough; return them and how warm the cameras are.

    Raises:
        SetupError: a camera cannot be opened or was lost, or none sees the target.
    """
    infos = open_cameras(source.cameras, {camera.camera_id: camera.serial for camera in rig.cameras})
    try:
        gatherer = Gatherer(Finder(target, settings), list(infos), settings, [Kind.BOARD])
        kept: list[Capture] = []
        tell("lay the golden target flat on the tray")
        for frameset in framesets(source.cameras, tolerance_ms):
            found = gatherer.push(frameset)
            for notice in gatherer.notices if found is None else ():
                tell(notice)
            if found is not None:
                kept.append({name: shot for name, shot in found.capture.items() if isinstance(shot, Shot)})
                missing = _next_place(kept, settings)
                tell(missing or _ENOUGH)
                if not missing:
                    break
        if not kept:
            raise SetupError(
                f"no camera of {source.name} saw the golden target. Lay it flat in the tray's middle, print up"
            )
        return kept, _warmth(source, infos)
    finally:
        close_cameras(source.cameras)


def _next_place(kept: Sequence[Capture], settings: SetupSettings) -> str:
    """Return what to do with the golden target after what was kept of it, empty when it is enough."""
    if len(kept) < settings.check_placements:
        return f"{len(kept)} of {settings.check_placements} places on the tray; lay it elsewhere"
    held = len(kept) - settings.check_placements
    if held < settings.check_held:
        return f"{held} of {settings.check_held} poses above the tray; hold it still, tilted another way"
    for name in kept[0]:
        seen = sum(places[name].sighting is not None for places in kept)
        if seen < settings.check_seen:
            return f"hold the golden target before {name} ({seen} of {settings.check_seen})"
    return ""
