"""Having cameras calibrate their own depth: a table is used only when its health is good, and the old one is kept.

What was measured with another table says nothing any more: before any camera's table changes, it is forgotten.
"""

from collections.abc import Callable
from pathlib import Path

from station.cameras import Routine, SelfCalibrating
from station.core.errors import SetupError
from station.core.ports import Camera
from station.setup.board import Board
from station.setup.files import writing
from station.setup.gather import close_cameras, framesets, open_cameras
from station.setup.measure import Measure, StepResult, at_most, plain
from station.setup.poses import Observation, locate
from station.setup.session import Session
from station.setup.sighting import Finder
from station.setup.sources import SetupSource

STEP = "depth-calibration"
_ANEW = "now run `station setup`: it measures anew, as what was captured before is of another depth"


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
        (session.folder / "tables").mkdir(parents=True, exist_ok=True)
        (session.folder / "tables" / f"{camera_id}-{utc_ns}.bin").write_bytes(camera.table())
    session.begin_anew()
    camera.write(found.table)
    return StepResult(STEP, tuple(measures))


def restore(source: SetupSource, session: Session) -> list[str]:
    """Put every camera's newest kept table back in force, after captures were forgotten; return what was done.

    Raises:
        CameraError: a camera refused it.
        SetupError: the source has no devices, or no table was kept.
    """
    if source.self_calibrating is None:
        raise SetupError(f"{source.name} has no depth tables, only a camera has. Leave out --from: live cameras")
    said = []
    for camera in source.cameras:
        name = camera.camera_id
        table = restore_table(name, source.self_calibrating(name).write, session)
        said.append(f"camera {name}: its table before {table.name} was replaced is in force again")
    return [*said, _ANEW]


def restore_table(camera_id: str, write: Callable[[bytes], None], session: Session) -> Path:
    """Put the newest kept table of a camera back in force, after captures were forgotten; return its file.

    Raises:
        SetupError: none was kept.
    """
    kept = sorted((session.folder / "tables").glob(f"{camera_id}-*.bin"))
    if not kept:
        raise SetupError(f"{session.folder} keeps no calibration table of camera {camera_id}. It was not changed")
    session.begin_anew()
    write(kept[-1].read_bytes())
    return kept[-1]


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
