"""The step `intrinsics`: the factory's are checked, and refined where views left out are then clearly better predicted.

A single view absorbs most of a wrong focal length in its pose. Cameras that see the same board cannot: so the lenses
are adjusted together with the rig, and both are judged by what the other cameras predict of a pose left out.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from station.core.errors import SetupError
from station.core.geometry import Intrinsics
from station.setup.bundle import Solution
from station.setup.extrinsics import adjust, leave_one_out
from station.setup.measure import Measure, StepResult, at_most, plain
from station.setup.pictures import corner_sheet
from station.setup.poses import Observation, View, locate, residuals_px
from station.setup.session import Session

_AT_ONCE = 3
"""Poses left out together."""
_SURE = 2.5
"""Standard errors by which views left out must be better predicted on average, so that it is no chance."""


def intrinsics(session: Session) -> StepResult:
    """Check the factory intrinsics by reprojection; refine all cameras' where that is clearly better.

    Raises:
        SetupError: a camera shares no board pose with the others, or the corners fit no board of this size.
    """
    settings = session.settings
    factory = {name: info.intrinsics for name, info in session.cameras().items()}
    seen = usable_views(session, factory)
    kept, refined = adjust(factory, seen), adjust(factory, seen, refine=True)
    kept_off = _in_corner_errors(leave_one_out(seen, kept, at_once=_AT_ONCE), refined)
    refined_off = _in_corner_errors(leave_one_out(seen, refined, refine=True, at_once=_AT_ONCE), refined)
    gain, sure = _gain(kept_off, refined_off)
    better = sure and gain >= settings.intrinsics_gain
    lenses = refined.lenses if better else factory
    session.save_lenses(lenses)
    measures: list[Measure] = [
        plain("gain by refining", "booth", gain, "x"),
    ]
    for name, lens in lenses.items():
        off_px = _single_views_px(lens, [here for view, here in seen.items() if view[0] == name])
        measures.append(at_most("reprojection error", name, off_px, "px", settings.max_intrinsics_px))
        if better:
            measures += _changes(name, factory[name], lens)
    caption = "The board's corners as each camera saw them, and by how much its lens misses them, 100 times as long"
    return StepResult(
        "intrinsics",
        tuple(measures),
        (_words(gain, sure, settings.intrinsics_gain),),
        ((caption, _picture(session, lenses, seen)),),
    )


def usable_views(session: Session, lenses: Mapping[str, Intrinsics]) -> dict[View, Observation]:
    """Return the views whose corners fit a pose.

    Raises:
        SetupError: most do not.
    """
    corners, limit = session.board.corners_mm(), session.settings.max_view_error_px
    views = {view: Observation(corners[found.ids], found.pixels) for view, found in session.sightings().items()}
    usable = {view: seen for view, seen in views.items() if locate(lenses[view[0]], seen)[1] <= limit}
    if len(usable) * 2 < len(views):
        raise SetupError(
            f"in {len(views) - len(usable)} of {len(views)} views the corners do not fit {session.board.name}. "
            "Check setup.paper, and measure the board's check bars: print it at 100 %, on something flat"
        )
    return usable


def _in_corner_errors(errors_px: Mapping[View, float], solution: Solution) -> NDArray[np.float64]:
    """Return the errors, each over its view's own corner error, so that views at a slant do not drown the rest."""
    return np.array([error / solution.sigma_px[view] for view, error in errors_px.items()])


def _gain(before: NDArray[np.float64], after: NDArray[np.float64]) -> tuple[float, bool]:
    """Return how many times smaller errors have become, RMS, and whether that is more than chance, view by view."""
    if len(before) < 2:
        return float("nan"), False
    closer = np.log(before / after)
    by_chance = closer.std(ddof=1) / np.sqrt(len(closer))
    return float(np.sqrt((before**2).mean() / (after**2).mean())), bool(closer.mean() > _SURE * by_chance)


def _words(gain: float, sure: bool, asked: float) -> str:
    """Return which intrinsics are used, and why; the gain is cut, not rounded: one too small never reads as enough."""
    better = f"{np.floor(1000 * gain) / 1000:.3f} times as well where boards appear that they were not fitted to"
    if gain < asked:
        return f"the factory's intrinsics are kept: refined ones tell {better}, {asked:g} times is asked for"
    if not sure:
        return f"the factory's intrinsics are kept: refined ones tell {better}, but that may be chance"
    return f"refined intrinsics are used: they tell {better}"


def _single_views_px(lens: Intrinsics, views: list[Observation]) -> float:
    """Return the reprojection error over single views, RMS px; NaN without any."""
    if not views:
        return float("nan")
    squares = [locate(lens, view)[1] ** 2 * len(view.pixels) for view in views]
    return float(np.sqrt(sum(squares) / sum(len(view.pixels) for view in views)))


def _picture(session: Session, lenses: Mapping[str, Intrinsics], seen: Mapping[View, Observation]) -> str:
    """Draw every corner over what its camera sees, and how far it is off in its single view."""
    drawn: dict[str, list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {name: [] for name in lenses}
    for (name, _), here in seen.items():
        pose, _ = locate(lenses[name], here)
        drawn[name].append((here.pixels, residuals_px(lenses[name], pose, here)))
    pictures = {name: shot.colour for name, shot in session.empty().items()}
    return session.picture("intrinsics", corner_sheet(pictures, drawn))


def _changes(name: str, old: Intrinsics, new: Intrinsics) -> list[Measure]:
    """Return how far refined intrinsics are from the factory's."""
    by_percent = 50 * (new.fx / old.fx + new.fy / old.fy) - 100
    return [
        plain("focal length changed by", name, by_percent, "%"),
        plain("middle moved by", name, float(np.hypot(new.cx - old.cx, new.cy - old.cy)), "px"),
    ]
