"""A booth of three cameras for the setup's tests: corners of a board as they appear, without pictures."""

from pathlib import Path

import cv2
import numpy as np

from station.core.geometry import Intrinsics, Transform
from station.core.ports import CameraInfo
from station.rig import Rig, RigCamera, Tray
from station.setup.board import Board, calibration_board
from station.setup.captures import Kind, Shot
from station.setup.poses import Observation
from station.setup.session import Origin, Session
from station.setup.settings import SetupSettings
from station.setup.sighting import Sighting

LENS = Intrinsics(640, 480, 615.0, 615.0, 319.5, 239.5, (-0.055, 0.066, 0.0003, -0.0004, -0.02))
BOARD = calibration_board("A4")
NOISE_PX = 0.1


def look_at(position: tuple[float, float, float]) -> Transform:
    """rig_from_camera of a camera that looks at the tray's middle."""
    forward = -np.array(position) / np.linalg.norm(position)
    right = np.cross(forward, [0.0, 1.0, 0.0] if abs(forward[2]) > 0.99 else [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    pose = np.eye(4)
    pose[:3, :3] = np.column_stack([right, np.cross(forward, right), forward])
    pose[:3, 3] = position
    return pose


PLACES = {"top": (0.0, 0.0, 610.0), "left": (-405.0, -215.0, 415.0), "right": (405.0, 215.0, 415.0)}
RIG = Rig(
    tuple(RigCamera(name, f"S-{name}", LENS, look_at(place)) for name, place in PLACES.items()),
    Tray(np.eye(4), (440.0, 340.0), 250.0),
)


def pose(
    place: tuple[float, float, float], tilt_deg: tuple[float, float] = (0.0, 0.0), turn_deg: float = 0.0
) -> Transform:
    """tray_from_board of a board whose middle is somewhere, its print up, tilted and turned."""
    about_x, about_y = (cv2.Rodrigues(np.radians(d) * np.eye(3)[i])[0] for i, d in enumerate(tilt_deg))
    about_z = cv2.Rodrigues(np.array([0, 0, np.radians(turn_deg)]))[0]
    found = np.eye(4)
    found[:3, :3] = about_x @ about_y @ about_z @ np.diag([1.0, -1.0, -1.0])
    found[:3, 3] = np.array(place) - found[:3, :2] @ np.array(BOARD.size_mm) / 2
    return found


POSES = [
    pose((0, 0, 0)),
    pose((20, -15, 0), turn_deg=20),
    pose((-20, 20, 0), turn_deg=-30),
    *(
        pose((x, y, z), tilt, turn)
        for x, y, z, tilt, turn in (
            (0, 0, 60, (25, 0), 10),
            (30, 20, 90, (-25, 10), 80),
            (-40, 0, 120, (0, 25), 150),
            (20, -30, 80, (10, -25), 220),
            (-20, 30, 140, (20, 15), 300),
            (40, 0, 60, (-15, -20), 30),
            (0, -40, 110, (-20, 20), 100),
        )
    ),
]


def see(
    camera: RigCamera, tray_from_board: Transform, rng: np.random.Generator, board: Board = BOARD
) -> Sighting | None:
    """What a camera sees of a board, corners off by noise; None when it is not in the picture."""
    camera_from_board = np.linalg.inv(camera.rig_from_camera) @ tray_from_board
    turn = cv2.Rodrigues(camera_from_board[:3, :3])[0]
    lens = camera.intrinsics
    places, _ = cv2.projectPoints(
        board.corners_mm(), turn, camera_from_board[:3, 3], lens.matrix, np.array(lens.distortion)
    )
    places = places.reshape(-1, 2) + rng.normal(0, NOISE_PX, (board.corner_count, 2))
    inside = ((places > 2) & (places < [lens.width_px - 3, lens.height_px - 3])).all(axis=1)
    if inside.sum() < 12:
        return None
    return Sighting(np.flatnonzero(inside).astype(np.int32), places[inside], 1.5, 210.0, 14.0, 0.0)


def observe(rig: Rig = RIG, seed: int = 1) -> dict[tuple[str, int], Observation]:
    """Every camera's view of every pose."""
    rng = np.random.default_rng(seed)
    views = {(c.camera_id, n): see(c, place, rng) for c in rig.cameras for n, place in enumerate(POSES)}
    corners = BOARD.corners_mm()
    return {view: Observation(corners[s.ids], s.pixels) for view, s in views.items() if s is not None}


def captured(folder: Path, rig: Rig = RIG, factory: Rig | None = None) -> Session:
    """A session with an empty tray and every pose of the board, of cameras that describe themselves as `factory`."""
    session = Session(folder, SetupSettings(paper="A4", board_thickness_mm=0.0))
    lenses = {camera.camera_id: camera.intrinsics for camera in (factory or rig).cameras}
    infos = {
        camera.camera_id: CameraInfo(
            camera.camera_id, camera.serial, "D435", "5.16", "3.2", 15, lenses[camera.camera_id]
        )
        for camera in rig.cameras
    }
    session.save_cameras(infos, Origin("made-up cameras", {}))
    rng = np.random.default_rng(1)
    for place in (None, *POSES):
        shots = {c.camera_id: _shot(None if place is None else see(c, place, rng)) for c in rig.cameras}
        session.save_capture(Kind.EMPTY if place is None else Kind.BOARD, shots)
    return session


def _shot(seen: Sighting | None) -> Shot:
    depth = np.zeros((1, LENS.height_px, LENS.width_px), np.uint16)
    return Shot(np.zeros((48, 64, 3), np.uint8), depth, 0.1, np.zeros(1, np.int64), np.zeros(1), seen)
