"""The daily check's memory: every run in `history.jsonl`, the last one in `check.json`, and a page that plots them."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

from annotated_types import Ge, Lt, MinLen
from pydantic import TypeAdapter

from station.core.errors import SetupError
from station.setup.chart import lines
from station.setup.check import Health
from station.setup.files import write_whole, writing
from station.setup.measure import Bound, StepResult
from station.setup.report import facts_table, minute, page, section
from station.setup.settings import SetupSettings
from station.setup.versions import RigVersions

_T = TypeVar("_T")

LAST = "check.json"
HISTORY = "history.jsonl"
PAGE = "check.html"
_BASELINES = "health"
BROKEN_OFF = "the last daily check was broken off before its end. Run `station setup check` again"
_PLOTTED = {
    "moved": "mm",
    "turned": "deg",
    "all moved together": "mm",
    "all turned together": "deg",
    "depth drifted": "%",
    "light changed": "%",
    "edges grown by": "x",
}
_SHARES = ("light changed",)
"""Remembered as shares of 1, plotted in percent."""
_NS_PER_H = 3_600_000_000_000
_CLOCK_SLACK_NS = 60_000_000_000


@dataclass(frozen=True, slots=True)
class LastCheck:
    """How the last daily check went: when, of which rig, and whether its `source` was a recording.

    `failures` are sentences; none means that it passed. A check that has only begun counts as failed.
    """

    utc_ns: Annotated[int, Ge(0), Lt(2**63)]
    rig: str
    source: str
    recorded: bool
    failures: tuple[Annotated[str, MinLen(1)], ...] = (BROKEN_OFF,)


@dataclass(frozen=True, slots=True)
class Record:
    """One check of the history. `figures` are name, camera, value and limit.

    One of a recording does not say how the booth is now: no drift is drawn by it.
    """

    utc_ns: Annotated[int, Ge(0), Lt(2**63)]
    rig: str
    recorded: bool
    ok: bool
    failures: tuple[str, ...]
    health: dict[str, Health]
    temperature_c: dict[str, float]
    figures: tuple[tuple[str, str, float, float], ...]


_LAST_CHECK, _RECORD, _HEALTH = TypeAdapter(LastCheck), TypeAdapter(Record), TypeAdapter(dict[str, Health])


def begin(folder: Path, begun: LastCheck) -> None:
    """Make a check that has only begun the last one: whatever breaks it off, no earlier one is valid any more.

    Raises:
        SetupError: the disk is full or not writable.
    """
    _make_last(folder, begun)


def void(folder: Path, why: str) -> None:
    """Make the last check count as failed, with a sentence why, and remove its page; a malformed one allows nothing.

    Raises:
        SetupError: the disk is full or not writable.
    """
    try:
        last = last_check(folder)
    except SetupError:
        last = None
    if last is not None:
        _make_last(folder, replace(last, failures=(why,)))
    with writing(folder):
        (folder / PAGE).unlink(missing_ok=True)


def remember(
    folder: Path,
    begun: LastCheck,
    result: StepResult,
    health: Mapping[str, Health],
    temperature_c: Mapping[str, float],
) -> None:
    """Add a check to the history and make it the last one.

    Raises:
        SetupError: the disk is full or not writable.
    """
    figures = tuple((m.name, m.subject, m.value, m.limit) for m in result.measures if m.bound is not Bound.NONE)
    record = Record(
        begun.utc_ns,
        begun.rig,
        begun.recorded,
        result.ok,
        result.failures,
        dict(health),
        dict(temperature_c),
        figures,
    )
    with writing(folder):
        write_whole(folder / HISTORY, "\n".join([*_lines(folder), json.dumps(asdict(record))]) + "\n")
    _make_last(folder, replace(begun, failures=result.failures))


def _make_last(folder: Path, last: LastCheck) -> None:
    with writing(folder):
        write_whole(folder / LAST, json.dumps(asdict(last), indent=1) + "\n")


def history(folder: Path) -> list[Record]:
    """Return every check there was, oldest first, without those whose lines are malformed."""
    return [record for record in map(_record, _lines(folder)) if record is not None]


def _lines(folder: Path) -> list[str]:
    path = folder / HISTORY
    return path.read_text(errors="replace").splitlines() if path.is_file() else []


def _record(line: str) -> Record | None:
    """Return what a line of the history says, None where it is malformed."""
    try:
        return _RECORD.validate_json(line, strict=True)
    except ValueError:
        return None


def last_check(folder: Path) -> LastCheck | None:
    """Return how the last check went, None before the first.

    Raises:
        SetupError: its file is malformed.
    """
    return _kept(folder / LAST, _LAST_CHECK, "station setup check")


def unfit(folder: Path, rig_digest: str, max_age_h: float, utc_ns: int) -> str:
    """Return why the booth may not judge items by its daily check, empty when it may.

    Raises:
        RigError: the rig in force is malformed.
        SetupError: the last check's file is malformed.
    """
    last = last_check(folder)
    if last is None:
        return "the booth has never been checked. Run `station setup check`"
    versions = RigVersions(folder)
    if versions.of(rig_digest) is None:
        return never_made(folder, rig_digest)
    rig = versions.in_force()
    if rig is not None and rig.digest != rig_digest:
        return (
            f"the station's rig is {rig_digest}, in force is {rig.digest}. Restart the station, with source.rig "
            f"{versions.path}"
        )
    if last.rig != rig_digest:
        return f"the last daily check was of rig {last.rig}, the station's is {rig_digest}. Run `station setup check`"
    if last.failures:
        return last.failures[0]
    if last.recorded:
        return f"the last daily check was a rehearsal from {last.source}. Run `station setup check` with the cameras"
    if last.utc_ns > utc_ns + _CLOCK_SLACK_NS:
        return (
            f"the last daily check is of {minute(last.utc_ns)}, but the clock says {minute(utc_ns)}. Set the "
            "computer's clock right and run `station setup check`"
        )
    age_h = (utc_ns - last.utc_ns) / _NS_PER_H
    if age_h > max_age_h:
        return f"the last daily check is {age_h:.0f} hours old, the limit is {max_age_h:g}. Run `station setup check`"
    return ""


def never_made(folder: Path, rig_digest: str) -> str:
    """Return what is amiss with a rig that is none of a folder's versions."""
    return f"rig {rig_digest} is none that `station setup` made in {folder}. Run `station setup`"


def keep_baseline(folder: Path, rig_digest: str, health: Mapping[str, Health]) -> None:
    """Keep how the cameras were when a rig was set up, which its checks compare with, whatever becomes of its captures.

    Raises:
        SetupError: the disk is full or not writable.
    """
    data = {name: asdict(each) for name, each in health.items()}
    with writing(folder):
        write_whole(folder / _BASELINES / f"{rig_digest}.json", json.dumps(data, indent=1) + "\n")


def baseline(folder: Path, rig_digest: str) -> dict[str, Health] | None:
    """Return how the cameras were when a rig was set up, None where that was not kept.

    Raises:
        SetupError: its file is malformed.
    """
    return _kept(folder / _BASELINES / f"{rig_digest}.json", _HEALTH, "station setup")


def _kept(path: Path, adapter: TypeAdapter[_T], command: str) -> _T | None:
    """Return what a file holds, None where there is none; `command` makes it anew."""
    try:
        return adapter.validate_json(path.read_bytes(), strict=True)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise SetupError(f"{path} is malformed. Run `{command}` again") from error


def _of_the_booth(folder: Path, rig_digest: str) -> list[Record]:
    """Return the checks of a rig that the booth itself was before, oldest first."""
    return [record for record in history(folder) if record.rig == rig_digest and not record.recorded]


def write_page(folder: Path, begun: LastCheck, result: StepResult, settings: SetupSettings) -> Path:
    """Write `check.html`: the last check, until when it is valid, its rig's figures over time and over temperature.

    Raises:
        SetupError: the disk is full or not writable.
    """
    records = _of_the_booth(folder, begun.rig)
    word, kind = ("PASS", "ok") if result.ok else ("FAIL", "bad")
    until = f"until {minute(begun.utc_ns + round(settings.check_max_age_h * _NS_PER_H))}"
    facts = (
        ("date", minute(begun.utc_ns)),
        ("source", begun.source),
        (
            "golden target as measured",
            f"bars {settings.golden_bar_mm:g} mm, print {settings.board_thickness_mm:g} mm high",
        ),
        ("valid", "no" if not result.ok else "no, it is a rehearsal from a recording" if begun.recorded else until),
    )
    body = ["<h1>Daily check</h1>", f'<p class="banner {kind}">{word}</p>', facts_table(facts), section(result, folder)]
    body.append(f"<h2>History of rig {begun.rig}</h2>")
    if rehearsals := sum(record.recorded for record in history(folder)):
        body.append(f"<p>Checks of recordings, not drawn as they show no drift of the booth: {rehearsals}.</p>")
    if malformed := [str(number) for number, line in enumerate(_lines(folder), 1) if _record(line) is None]:
        body.append(
            f"<p>Left out, as malformed: {HISTORY}, line {', '.join(malformed)}. Remove what is not a check.</p>"
        )
    body += [_plot(name, records) for name in _PLOTTED]
    warmth = _against_temperature(records) or "<p>No camera has said as yet how warm it is.</p>"
    body += ["<h2>Depth against the cameras' ASIC temperature</h2>", warmth]
    path = folder / PAGE
    with writing(folder):
        write_whole(path, page("Daily check", body))
    return path


def _plot(name: str, records: Sequence[Record]) -> str:
    """Return one figure of every camera over time, as SVG."""
    series: dict[str, list[tuple[float, float]]] = {}
    limit, times = 0.0, 100 if name in _SHARES else 1
    for record in records:
        for figure, camera, value, bound in record.figures:
            if figure == name and math.isfinite(value):
                series.setdefault(camera, []).append((record.utc_ns / 1e9, times * value))
                limit = times * bound
    return lines(f"{name}, {_PLOTTED[name]} (limit {limit:g})", series, _moment, limit)


def _moment(utc_s: float) -> str:
    return datetime.fromtimestamp(utc_s, UTC).strftime("%d %b %H:%M:%S")


def _against_temperature(records: Sequence[Record]) -> str:
    series: dict[str, list[tuple[float, float]]] = {}
    for record in records:
        for camera, celsius in record.temperature_c.items():
            if camera in record.health:
                series.setdefault(camera, []).append((celsius, record.health[camera].depth_percent))
    return lines("depth error, % of the distance", series, lambda celsius: f"{celsius:.0f} C", trend=True)
