"""What all cameras together see of the tray: clear, moving, settled, swapped or joined."""

from dataclasses import dataclass
from enum import Enum, auto

import numpy as np
from numpy.typing import NDArray

from station.core.errors import RigError
from station.core.frames import FrameSet
from station.rig import Rig
from station.scene.background import Background, Cover, Samples, TraySampler
from station.scene.settings import SceneSettings

_GONE_FRAMESETS = 2
_VACATED_SHARE = 0.3
"""An item has left its place when less than this share of its footprint is still covered."""
_SWAPPED_LOOKS = 0.5
"""Colour histograms of one item before and after a nudge differ by less than this (0 to 1)."""
_JOINED_SETTLES = 2
"""Something beside the captured item is a second one once it has lain still for so many times the usual: a hand that
reaches for the item rests less."""
_UNTOUCHED_SHARE = 0.6
"""The captured item still lies where it lay when this share of its footprint looks as it did."""
_MOVED_SHARE = 0.25
"""It was only moved when it left more than this share of the area that it now covers beyond its footprint."""


class Seen(Enum):
    """What a frameset says about the tray."""

    CLEAR = auto()
    MOVING = auto()
    SETTLED = auto()
    SWAPPED = auto()
    JOINED = auto()


@dataclass(frozen=True, slots=True)
class _Kept:
    """The captured item, to know it again.

    Per camera its footprint, bool [n], and the colour of all spots, float32 [n, 3]; and its colour histogram.
    """

    footprints: dict[str, NDArray[np.bool_]]
    colours: dict[str, NDArray[np.float32]]
    looks: NDArray[np.float64]


class TrayWatch:
    """Compares each frameset with the empty tray, with the last still scene and with the captured item.

    An item leaves its place, and the tray is clear, only when two framesets in a row say so: a single
    bad one neither ends nor doubles an item, and at six frames a second half a second's gap is still seen.
    """

    def __init__(self, rig: Rig, settings: SceneSettings) -> None:
        self._settings = settings
        self._samplers = {camera.camera_id: TraySampler(rig, camera.camera_id) for camera in rig.cameras}
        self._backgrounds = {name: Background(sampler, settings) for name, sampler in self._samplers.items()}
        self._anchor: dict[str, Samples] | None = None
        self._now: dict[str, Samples] = {}
        self._covers: dict[str, Cover] = {}
        self._kept: _Kept | None = None
        self._occupied = False
        self._still_run = self._clear_run = self._vacated_run = self._sunken_run = 0
        self._flat_since_ns: int | None = None

    @property
    def learned(self) -> bool:
        """True once the empty tray is known."""
        return all(background.learned for background in self._backgrounds.values())

    def remember(self) -> None:
        """Keep the item now on the tray as the captured one."""
        footprints = {name: cover.covered for name, cover in self._covers.items()}
        colours = {name: samples.colour for name, samples in self._now.items()}
        self._kept = _Kept(footprints, colours, self._looks())
        self._vacated_run = 0

    def look(self, frameset: FrameSet, now_ns: int) -> Seen:
        """Judge one frameset.

        Raises:
            RigError: a frame's camera is not in the rig, or its size is not the rig's.
        """
        names = {frame.camera_id for frame in frameset.frames}
        if names != self._samplers.keys():
            wanted, found = ", ".join(self._samplers), ", ".join(sorted(names))
            raise RigError(f"the rig's cameras are {wanted}, the frameset's {found}. Run the cameras of the rig")
        self._now = {frame.camera_id: self._samplers[frame.camera_id].read(frame) for frame in frameset.frames}
        self._covers = {name: self._backgrounds[name].compare(samples) for name, samples in self._now.items()}
        self._follow_motion()
        self._follow_occupation()
        if self._is_background_wrong(now_ns):
            self._forget()
        if not self._occupied:
            self._kept = None
            if self._still_run >= self._settings.settle_framesets:
                for name, samples in self._now.items():
                    self._backgrounds[name].learn(samples)
            return Seen.CLEAR
        rested = self._still_run / self._settings.settle_framesets
        if self._kept is not None and rested == _JOINED_SETTLES and self._is_joined(self._kept):
            return Seen.JOINED
        if self._kept is not None and self._is_swapped(self._kept):
            self._kept = None
            self._restart_settling()
            return Seen.SWAPPED
        return Seen.SETTLED if self._still_run >= self._settings.settle_framesets else Seen.MOVING

    def _follow_motion(self) -> None:
        # Compared with the first still frameset, not the previous one: slow drift adds up to motion.
        if self._anchor is None or self._has_moved(self._anchor):
            self._restart_settling()
            self._flat_since_ns = None
        else:
            self._still_run += 1

    def _has_moved(self, anchor: dict[str, Samples]) -> bool:
        for name, samples in self._now.items():
            change = np.abs(samples.colour - anchor[name].colour).max(axis=1)
            moved_mm2 = np.count_nonzero(change > self._settings.motion_colour) * self._samplers[name].spot_mm2
            if moved_mm2 > self._settings.max_motion_area_mm2:
                return True
        return False

    def _restart_settling(self) -> None:
        self._anchor = self._now
        self._still_run = 1

    def _follow_occupation(self) -> None:
        covered_mm2 = self._area_mm2({name: cover.covered for name, cover in self._covers.items()})
        needed_mm2 = self._settings.min_item_area_mm2
        if not self._occupied and covered_mm2 >= needed_mm2:
            self._occupied = True
            self._clear_run = 0
            self._restart_settling()
        elif self._occupied:
            self._clear_run = self._clear_run + 1 if covered_mm2 < needed_mm2 / 2 else 0
            self._occupied = self._clear_run < _GONE_FRAMESETS

    def _is_background_wrong(self, now_ns: int) -> bool:
        """True when something learned as tray was taken away, or something flat has become part of it."""
        needed_mm2 = self._settings.min_item_area_mm2
        raised_mm2 = self._area_mm2({name: cover.raised for name, cover in self._covers.items()})
        if raised_mm2 >= needed_mm2 / 2 or not self._occupied:
            self._flat_since_ns = None
        elif self._flat_since_ns is None:
            self._flat_since_ns = now_ns
        sunken_mm2 = self._area_mm2({name: cover.sunken for name, cover in self._covers.items()})
        is_sunken = sunken_mm2 >= needed_mm2 and raised_mm2 < needed_mm2 / 2
        self._sunken_run = self._sunken_run + 1 if is_sunken else 0
        since_ns = now_ns if self._flat_since_ns is None else self._flat_since_ns
        is_old = now_ns - since_ns >= self._settings.relearn_after_ms * 1e6
        return is_old or self._sunken_run >= self._settings.settle_framesets

    def _is_joined(self, kept: _Kept) -> bool:
        """True when the captured item lies where it lay and something has come to rest beside it."""
        beside = {name: cover.covered & ~kept.footprints[name] for name, cover in self._covers.items()}
        added_mm2 = self._area_mm2(beside)
        left = {name: kept.footprints[name] & ~cover.covered for name, cover in self._covers.items()}
        if added_mm2 < self._settings.min_item_area_mm2 or self._area_mm2(left) > _MOVED_SHARE * added_mm2:
            return False
        change = {name: np.abs(samples.colour - kept.colours[name]).max(axis=1) for name, samples in self._now.items()}
        same = [change[name][footprint] <= self._settings.motion_colour for name, footprint in kept.footprints.items()]
        return float(np.concatenate(same).mean()) >= _UNTOUCHED_SHARE

    def _is_swapped(self, kept: _Kept) -> bool:
        footprint = sum(np.count_nonzero(mask) for mask in kept.footprints.values())
        left = sum(np.count_nonzero(kept.footprints[name] & cover.covered) for name, cover in self._covers.items())
        self._vacated_run = self._vacated_run + 1 if left < footprint * _VACATED_SHARE else 0
        if self._vacated_run >= _GONE_FRAMESETS:
            return True
        if self._still_run != self._settings.settle_framesets or self._is_joined(kept):
            return False
        return float(np.abs(self._looks() - kept.looks).sum()) / 2 > _SWAPPED_LOOKS

    def _looks(self) -> NDArray[np.float64]:
        """The covered spots' colours as a histogram of 64 bins, summing to 1: it hardly changes with pose."""
        colours = [self._now[name].colour[cover.covered] for name, cover in self._covers.items()]
        levels = np.concatenate(colours).astype(np.intp) >> 6
        counts = np.bincount(levels @ np.array([16, 4, 1]), minlength=64)
        looks: NDArray[np.float64] = counts / max(1, counts.sum())
        return looks

    def _forget(self) -> None:
        for background in self._backgrounds.values():
            background.forget()
        self._occupied = False
        self._kept = None
        self._sunken_run = 0
        self._flat_since_ns = None

    def _area_mm2(self, spots: dict[str, NDArray[np.bool_]]) -> float:
        """The largest area any camera sees: an item may be hidden or colourless for the others."""
        return max(np.count_nonzero(marked) * self._samplers[name].spot_mm2 for name, marked in spots.items())
