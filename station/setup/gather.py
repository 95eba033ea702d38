"""Capturing: framesets go in; the empty tray, every new, still, usable pose of the board, and its motion come out."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import CameraError, RecordingError, SetupError
from station.core.frames import Frame, FrameSet
from station.core.ports import Camera, CameraInfo, EndOfStream
from station.scene import Synchroniser
from station.scene.settings import SceneSettings
from station.setup.captures import Capture, Kind, Shot, Waves
from station.setup.motion import WaveCatcher
from station.setup.session import Session
from station.setup.settings import SetupSettings
from station.setup.sighting import Finder, Sighting

_READ_MS = 1000
_THUMB_PX = 160


@dataclass(frozen=True, slots=True)
class Captured:
    """A capture to keep."""

    kind: Kind
    capture: Capture | Waves


class Gatherer:
    """Decides which framesets to keep. A pure state machine, driven by `push`.

    Attributes:
        notices: what is wrong with the board in the newest still picture, a sentence a camera.
    """

    def __init__(
        self, finder: Finder, camera_ids: Sequence[str], settings: SetupSettings, wanted: Collection[Kind] = tuple(Kind)
    ) -> None:
        self._finder = finder
        self._ids = tuple(camera_ids)
        self._settings = settings
        self._wants_empty = Kind.EMPTY in wanted
        self._waves = WaveCatcher(finder, settings.motion_framesets) if Kind.MOTION in wanted else None
        self._last: dict[str, NDArray[np.uint8]] = {}
        self._handled: dict[str, NDArray[np.uint8]] = {}
        self._quiet: list[dict[str, Shot]] = []
        self._poses: list[dict[str, Sighting]] = []
        self.notices: tuple[str, ...] = ()

    def known(self, poses: Sequence[Mapping[str, Sighting]]) -> None:
        """Take poses captured before into account."""
        self._poses += [dict(pose) for pose in poses]

    def push(self, frameset: FrameSet) -> Captured | None:
        """Look at a frameset; return what is to be kept, if anything. The frames are read, not kept."""
        thumbs = {frame.camera_id: _thumb(frame.colour) for frame in frameset.frames}
        still = bool(self._last) and self._alike(thumbs, self._last)
        self._last = thumbs
        if not still:
            self._quiet, self._handled, self.notices = [], {}, ()
            return self._move(frameset)
        if self._waves is not None:
            self._waves.rest()
        if not self._handled:
            self._handled = thumbs
            return self._look(frameset)
        if self._quiet:
            return self._rest(frameset)
        return None

    def _alike(self, thumbs: Mapping[str, NDArray[np.uint8]], others: Mapping[str, NDArray[np.uint8]]) -> bool:
        limit = self._settings.still_levels
        return all(cv2.absdiff(thumb, others[name]).mean() < limit for name, thumb in thumbs.items())

    def _move(self, frameset: FrameSet) -> Captured | None:
        """Follow the board while it moves."""
        found = self._waves.push(frameset) if self._waves is not None else None
        if found is None:
            return None
        self._waves = None
        return Captured(Kind.MOTION, found)

    def _look(self, frameset: FrameSet) -> Captured | None:
        found = {frame.camera_id: self._finder.find(frame.colour) for frame in frameset.frames}
        complaints = {
            frame.camera_id: self._finder.complaint(frame.colour, found[frame.camera_id]) for frame in frameset.frames
        }
        self.notices = tuple(f"camera {name} {words}" for name, words in complaints.items() if words)
        good = {name: seen for name, seen in found.items() if seen is not None and not complaints[name]}
        if not any(found.values()) and not self.notices:
            return self._rest(frameset)
        if not good or not self._is_new(good):
            return None
        self._poses.append(good)
        shots = {frame.camera_id: _shot(frame, good.get(frame.camera_id)) for frame in frameset.frames}
        return Captured(Kind.BOARD, shots)

    def _rest(self, frameset: FrameSet) -> Captured | None:
        """Collect framesets of the tray at rest with no board in sight."""
        if not self._wants_empty:
            return None
        self._quiet.append({frame.camera_id: _shot(frame, None) for frame in frameset.frames})
        if len(self._quiet) < self._settings.empty_framesets:
            return None
        shots, self._quiet, self._wants_empty = self._quiet, [], False
        return Captured(Kind.EMPTY, {name: _joined([shot[name] for shot in shots]) for name in self._ids})

    def _is_new(self, good: Mapping[str, Sighting]) -> bool:
        return all(self._moved_px(good, pose) > self._settings.new_pose_px for pose in self._poses)

    @staticmethod
    def _moved_px(good: Mapping[str, Sighting], pose: Mapping[str, Sighting]) -> float:
        """Return how far the board's corners lie from another pose's, at most; inf where none sees both."""
        moved = []
        for name in good.keys() & pose.keys():
            _, here, there = np.intersect1d(good[name].ids, pose[name].ids, return_indices=True)
            if len(here):
                apart = good[name].pixels[here] - pose[name].pixels[there]
                moved.append(float(np.linalg.norm(apart, axis=1).mean()))
        return max(moved, default=float("inf"))


def shared_poses(seen: Sequence[tuple[str, int]], camera_id: str) -> tuple[int, int]:
    """Return how many poses a camera sees, and how many of those another one sees too; `seen` names camera and pose."""
    own = {pose for name, pose in seen if name == camera_id}
    others = {pose for name, pose in seen if name != camera_id}
    return len(own), len(own & others)


def missing_poses(seen: Sequence[tuple[str, int]], camera_ids: Sequence[str], settings: SetupSettings) -> list[str]:
    """Return what poses are still missing, a sentence a camera; nothing when there are enough."""
    words = []
    for name in camera_ids:
        own, shared = shared_poses(seen, name)
        if shared < settings.poses_shared:
            words.append(f"hold the board where {name} and another camera see it ({shared} of {settings.poses_shared})")
        elif own < settings.poses_per_camera:
            words.append(f"hold the board before {name}, tilted another way ({own} of {settings.poses_per_camera})")
    return words


def usual_poses_held(settings: SetupSettings, cameras: int) -> int:
    """Return how many poses above the tray are enough as a rule; some are seen by no more than one camera."""
    return max(round(1.5 * settings.poses_per_camera), 2 * cameras)


def open_cameras(cameras: Sequence[Camera], expected: Mapping[str, str]) -> dict[str, CameraInfo]:
    """Open cameras and return what they say of themselves; `expected` maps ids to serial numbers, where known.

    Raises:
        SetupError: a camera cannot be opened, or is not the one its role is assigned to.
    """
    infos: dict[str, CameraInfo] = {}
    try:
        for camera in cameras:
            infos[camera.camera_id] = camera.open()
    except (CameraError, RecordingError) as error:
        close_cameras(cameras)
        raise SetupError(f"{error}. A rig in force stays so") from error
    for name, info in infos.items():
        if name in expected and info.serial != expected[name]:
            close_cameras(cameras)
            raise SetupError(
                f"camera {name} is {info.serial}, but its role was given to {expected[name]}. "
                "Plug the cameras back as they were, or assign the roles anew with `station setup discover`"
            )
    return infos


def close_cameras(cameras: Sequence[Camera]) -> None:
    """Close all cameras."""
    for camera in cameras:
        camera.close()


def framesets(cameras: Sequence[Camera], tolerance_ms: float) -> Iterator[FrameSet]:
    """Yield what open cameras see, moment by moment, until a source ends; each frameset lives until the next.

    Raises:
        SetupError: a camera was lost.
    """
    pairs = Synchroniser(
        [camera.camera_id for camera in cameras], replace(SceneSettings(), pair_tolerance_ms=tolerance_ms)
    )
    try:
        while True:
            for camera in cameras:
                try:
                    frame = camera.read(_READ_MS)
                except EndOfStream:
                    return
                except (CameraError, RecordingError) as error:
                    raise SetupError(
                        f"camera {camera.camera_id} was lost: {error}. Mend it and run the same command again: it goes "
                        "on where it stopped. A rig in force stays so"
                    ) from error
                found = pairs.push(frame) if frame is not None else None
                if found is not None:
                    yield found
                    found.release()
    finally:
        pairs.flush()


def captured_poses(session: Session) -> list[dict[str, Sighting]]:
    """Return the poses a session holds already."""
    if not session.captures(Kind.BOARD):
        return []
    poses: dict[int, dict[str, Sighting]] = {}
    for (name, number), sighting in session.sightings().items():
        poses.setdefault(number, {})[name] = sighting
    return list(poses.values())


def _shot(frame: Frame, sighting: Sighting | None) -> Shot:
    return Shot(
        frame.colour.copy(),
        frame.depth.copy()[None],
        frame.depth_unit_mm,
        np.array([frame.device_t_ns]),
        np.array([float(frame.colour.mean())]),
        sighting,
    )


def _joined(shots: Sequence[Shot]) -> Shot:
    return replace(
        shots[-1],
        depth=np.concatenate([shot.depth for shot in shots]),
        t_ns=np.concatenate([shot.t_ns for shot in shots]),
        brightness=np.concatenate([shot.brightness for shot in shots]),
    )


def _thumb(colour: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = colour.shape[:2]
    small = cv2.resize(colour, (_THUMB_PX, max(1, height * _THUMB_PX // width)), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
