"""Having cameras calibrate their own depth: a table is used only when its health is good, and the old one is kept.

What was measured with another table says nothing any more: before any camera's table changes, it is forgotten, and the
daily check counts no more.
"""

from collections.abc import Callable
from pathlib import Path

from station.cameras import Routine, SelfCalibrating
from station.core.errors import CameraError, SetupError
from station.core.ports import Camera
from station.setup.board import Board
from station.setup.files import write_whole, writing
from station.setup.gather import close_cameras, framesets, open_cameras
from station.setup.history import void
from station.setup.measure import Measure, StepResult, at_most, plain
from station.setup.poses import Observation, locate
from station.setup.session import Session
from station.setup.sighting import Finder
from station.setup.sources import SetupSource

STEP = "depth-calibration"
_TABLES = "tables"
_ANEW = "now run `station setup`: it measures anew, as what was captured before is of another depth"
_CHECK_ENDED = "a calibration of depth ended the last daily check. Run `station setup`, then `station setup check`"


def calibrate(
    session: Session,
    source: SetupSource,
    routine: Routine,
    tolerance_ms: float,
    utc_ns: int,
    tell: Callable[[str], None],
) -> StepResult:
    """Have every camera run a routine; see `calibrate_depth`.

    Raises:
        CameraError: a camera lacks the routine, or it failed.
        SetupError: the source has no devices, or an old table could not be kept; its camera was not changed.
    """
    if source.self_calibrating is None:
        raise SetupError(
            f"{source.name} cannot calibrate depth: only a camera can. Leave out --from to use live cameras"
        )
    ids = [camera.camera_id for camera in source.cameras]
    distances = dict.fromkeys(ids, 0.0)
    if routine is Routine.TARE:
        tell(f"lay {session.board.name} flat in the tray's middle, seen by all cameras, and leave it there")
        distances = _distances_mm(session.board, source.cameras, session, tolerance_ms)
    measures: list[Measure] = []
    advice: list[str] = []
    for name in ids:
        tell(f"camera {name} calibrates: {routine}")
        camera = source.self_calibrating(name)
        result = calibrate_depth(name, camera, routine, distances[name], session, utc_ns)
        measures += result.measures
        advice += result.advice
    if len(advice) < len(ids):
        advice.append(_ANEW)
    return session.save_result(StepResult(STEP, tuple(measures), tuple(advice)))


def calibrate_depth(
    camera_id: str, camera: SelfCalibrating, routine: Routine, distance_mm: float, session: Session, utc_ns: int
) -> StepResult:
    """Run a routine; put its table in force if its health is good, after the old one was kept and captures forgotten.

    Raises:
        CameraError: the camera lacks the routine, or it failed.
        SetupError: the old table could not be kept; nothing was changed.
    """
    found = camera.run(routine, distance_mm)
    limit = session.settings.max_calibration_health
    measures = [at_most(f"health of {routine} calibration", camera_id, abs(found.health), "", limit)]
    if distance_mm:
        measures.append(plain("distance to the target", camera_id, distance_mm, "mm"))
    if not measures[0].ok:
        words = f"camera {camera_id}: {routine} calibration was not used. Show it a flat textured target, then again"
        return StepResult(STEP, tuple(measures), (words,))
    with writing(session.folder):
        write_whole(_table(session, camera_id, utc_ns), camera.table())
    void(session.folder, _CHECK_ENDED)
    session.begin_anew()
    camera.write(found.table)
    return StepResult(STEP, tuple(measures))


def restore(source: SetupSource, session: Session) -> list[str]:
    """Undo the last calibration: put back the table of every camera that it changed; return what was done.

    Captures are forgotten first. A camera that the last calibration did not change is left as it is.

    Raises:
        CameraError: cameras refused their tables; those of all others are back.
        SetupError: the source has no devices, or none of their tables was kept.
    """
    if source.self_calibrating is None:
        raise SetupError(f"{source.name} has no depth tables, only a camera has. Leave out --from: live cameras")
    stamps = [_stamp(path) for path in session.folder.glob(f"{_TABLES}/*.bin")]
    kept = {camera.camera_id: _table(session, camera.camera_id, max(stamps, default=0)) for camera in source.cameras}
    if not any(table.is_file() for table in kept.values()):
        raise SetupError(f"{session.folder} keeps no calibration table of these cameras. Nothing was changed")
    void(session.folder, _CHECK_ENDED)
    session.begin_anew()
    said, refused = [], []
    for name, table in kept.items():
        if not table.is_file():
            said.append(f"camera {name}: the last calibration did not change its table, nor does this")
            continue
        try:
            source.self_calibrating(name).write(table.read_bytes())
            said.append(f"camera {name}: the table that the last calibration replaced is in force again ({table.name})")
        except CameraError as error:
            refused.append(str(error))
    if refused:
        raise CameraError("; ".join([*refused, *said]))
    return [*said, _ANEW]


def _table(session: Session, camera_id: str, utc_ns: int) -> Path:
    """Return the file of the table that a camera had before a calibration."""
    return session.folder / _TABLES / f"{camera_id}-{utc_ns}.bin"


def _stamp(table: Path) -> int:
    """Return when the calibration was that replaced a table, UTC ns."""
    return int(table.stem.rpartition("-")[2])


def _distances_mm(board: Board, cameras: tuple[Camera, ...], session: Session, tolerance_ms: float) -> dict[str, float]:
    """Return how far ahead of each camera, along the middle of its picture, the plane of a board is."""
    finder, corners = Finder(board, session.settings), board.corners_mm()
    infos = open_cameras(cameras, {})
    found: dict[str, float] = {}
    try:
        for frameset in framesets(cameras, tolerance_ms):
            for frame in frameset.frames:
                seen = finder.find(frame.colour)
                if seen is not None and frame.camera_id not in found:
                    lens = infos[frame.camera_id].intrinsics
                    pose, _ = locate(lens, Observation(corners[seen.ids], seen.pixels))
                    found[frame.camera_id] = float(pose[:3, 2] @ pose[:3, 3] / pose[2, 2])
            if len(found) == len(cameras):
                return found
    finally:
        close_cameras(cameras)
    missing = next(name for name in infos if name not in found)
    raise SetupError(f"camera {missing} never saw {board.name}. Lay it flat in the tray's middle; nothing was changed")
