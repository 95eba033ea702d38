"""What one camera sees of the empty tray, at low resolution."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from station.core.errors import RigError
from station.core.frames import Frame
from station.rig import Rig
from station.scene.settings import SceneSettings

_SAMPLES_ACROSS = 128
"""Samples over an image's width: about 6 mm on a tray seen from 0.8 m at 640 px."""
_SHADOW_GAIN = (0.6, 1.15)
"""A tray spot darkened or brightened by a factor in this range is in a shadow or reflection, not covered."""
_SLOWEST_RATE = 0.02
"""Once learned, each quiet frameset moves the background by this share."""
_NOISE_FACTOR = 5.0
"""Mean absolute deviations by which depth must leave the background where the tray itself is noisy."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The tray's n sample spots in one frame: `colour` float32 [n, 3] RGB, `depth_mm` float32 [n], 0 where unknown."""

    colour: NDArray[np.float32]
    depth_mm: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cover:
    """What covers the tray now, each bool [n].

    `covered`: by height or colour; `raised`: by height alone; `sunken`: what was learned there stood on the tray, and
    has gone. Depth below the tray itself is no evidence: mirrors show it.
    """

    covered: NDArray[np.bool_]
    raised: NDArray[np.bool_]
    sunken: NDArray[np.bool_]


class TraySampler:
    """Picks a few thousand spots of the tray's surface out of one camera's frames.

    Attributes:
        plane_depth_mm: depth of each spot if the tray is empty and the rig is right, float32 [n].
        rise: mm of height above the tray for each mm a spot is nearer, float32 [n].
        spot_mm2: the area of tray one spot stands for.
    """

    def __init__(self, rig: Rig, camera_id: str) -> None:
        """Find the spots.

        Raises:
            RigError: the rig has no such camera, or the camera does not see the tray.
        """
        self._camera_id = camera_id
        intrinsics = rig.camera(camera_id).intrinsics
        self._shape = (intrinsics.height_px, intrinsics.width_px)
        stride = max(1, intrinsics.width_px // _SAMPLES_ACROSS)
        rows, cols = (
            grid.ravel()
            for grid in np.mgrid[stride // 2 : self._shape[0] : stride, stride // 2 : self._shape[1] : stride]
        )
        pixels = np.stack([cols, rows], axis=1).astype(np.float64)[:, None]
        rays = cv2.undistortPoints(pixels, intrinsics.matrix, np.array(intrinsics.distortion))[:, 0]
        rays = np.column_stack([rays, np.ones(len(rays))])

        tray_from_camera = rig.tray_from_camera(camera_id)
        fall = rays @ tray_from_camera[2, :3]
        with np.errstate(divide="ignore"):
            depth_mm = np.where(fall < 0, -tray_from_camera[2, 3] / fall, -1.0)
        on_tray = (rays * depth_mm[:, None]) @ tray_from_camera[:2, :3].T + tray_from_camera[:2, 3]
        inside = (depth_mm > 0) & np.all(np.abs(on_tray) <= np.array(rig.tray.size_mm) / 2, axis=1)
        if not inside.any():
            raise RigError(
                f"camera {camera_id!r} does not see the tray. Aim it at the tray, then calibrate the booth again"
            )
        self._rows, self._cols = rows[inside], cols[inside]
        self.plane_depth_mm = depth_mm[inside].astype(np.float32)
        self.rise = -fall[inside].astype(np.float32)
        # A pixel's footprint on a plane with normal n along a ray r of unit depth is z^2 / (fx fy |n r|).
        footprint = depth_mm[inside] ** 2 / (intrinsics.fx * intrinsics.fy * np.abs(fall[inside]))
        self.spot_mm2 = float(footprint.mean()) * stride**2

    def read(self, frame: Frame) -> Samples:
        """Copy the spots out of a frame.

        Raises:
            RigError: the frame's size is not the one the rig was calibrated with.
        """
        if frame.depth.shape != self._shape:
            (height, width), (rig_height, rig_width) = frame.depth.shape, self._shape
            raise RigError(
                f"camera {self._camera_id!r} delivers {width}x{height} but its rig is for {rig_width}x{rig_height}. "
                "Set that resolution, or calibrate the booth again"
            )
        colour = frame.colour[self._rows, self._cols].astype(np.float32)
        depth_mm = frame.depth[self._rows, self._cols].astype(np.float32)
        depth_mm *= frame.depth_unit_mm
        return Samples(colour=colour, depth_mm=depth_mm)


class Background:
    """The empty tray as one camera sees it: running means of colour and depth, and depth's spread.

    Before anything is learned the rig's tray plane stands in for depth and colour says nothing.
    """

    def __init__(self, sampler: TraySampler, settings: SceneSettings) -> None:
        self._plane_depth_mm = sampler.plane_depth_mm
        self._rise = sampler.rise
        self._settings = settings
        self.forget()

    @property
    def learned(self) -> bool:
        """True once enough quiet frames were seen."""
        return self._frames >= self._settings.learn_framesets

    def forget(self) -> None:
        """Go back to what the rig says."""
        spots = len(self._plane_depth_mm)
        self._frames = 0
        self._colour = np.zeros((spots, 3), np.float32)
        self._energy = np.ones(spots, np.float32)
        self._depth_mm = self._plane_depth_mm.copy()
        self._spread_mm = np.zeros(spots, np.float32)
        self._depth_frames = np.zeros(spots, np.float32)

    def learn(self, samples: Samples) -> None:
        """Take one quiet frame of the empty tray in."""
        self._frames += 1
        self._colour += (samples.colour - self._colour) * np.float32(max(1 / self._frames, _SLOWEST_RATE))
        self._energy = np.maximum(np.einsum("ij,ij->i", self._colour, self._colour), 1)
        known = samples.depth_mm > 0
        self._depth_frames += known
        rate = np.where(known, np.maximum(1 / np.maximum(self._depth_frames, 1), _SLOWEST_RATE), 0).astype(np.float32)
        change_mm = samples.depth_mm - self._depth_mm
        self._depth_mm += change_mm * rate
        # The first value of a spot has nothing to deviate from.
        self._spread_mm += (np.abs(change_mm) - self._spread_mm) * np.where(self._depth_frames > 1, rate, 0)

    def compare(self, samples: Samples) -> Cover:
        """Return which spots are covered."""
        settings = self._settings
        height_mm = (self._depth_mm - samples.depth_mm) * self._rise
        known = samples.depth_mm > 0
        if not self.learned:
            raised = known & (height_mm > settings.unlearned_height_mm)
            return Cover(covered=raised, raised=raised, sunken=np.zeros_like(raised))
        known &= self._depth_frames > 0
        limit_mm = np.maximum(settings.occupied_height_mm, self._spread_mm * np.float32(_NOISE_FACTOR))
        raised = known & (height_mm > limit_mm)
        sunken = known & (height_mm < -limit_mm) & ((self._plane_depth_mm - self._depth_mm) * self._rise > limit_mm)
        covered = raised | (self._colour_differs(samples.colour) & ~sunken)
        return Cover(covered=covered, raised=raised, sunken=sunken)

    def _colour_differs(self, colour: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Compare with the background under the light that suits it best, within what shadows do."""
        gain = np.clip(np.einsum("ij,ij->i", colour, self._colour) / self._energy, *_SHADOW_GAIN)
        residual = colour - self._colour * gain[:, None].astype(np.float32)
        differs: NDArray[np.bool_] = np.einsum("ij,ij->i", residual, residual) > self._settings.occupied_colour**2
        return differs
