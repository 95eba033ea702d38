"""The daily check's memory: every run in `history.jsonl`, the last one in `check.json`, and a page that plots them."""

import html
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from station.core.errors import SetupError
from station.setup.check import Health
from station.setup.files import write_whole, writing
from station.setup.measure import Bound, StepResult
from station.setup.report import page, section

LAST = "check.json"
_PLOTTED = {
    "moved": "mm",
    "turned": "degrees",
    "depth drifted": "%",
    "light changed": "share",
    "edges grown by": "times",
}
_NS_PER_H = 3_600_000_000_000
_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 620, 170, 56, 22
_INKS = ("#1f5fa8", "#b3541e", "#14713a", "#7a3e9d", "#9a7a00", "#3c4654")


@dataclass(frozen=True, slots=True)
class LastCheck:
    """How the last daily check went. `failures` are sentences; none means that it passed."""

    utc_ns: int
    rig: str
    failures: tuple[str, ...]


def remember(
    folder: Path,
    rig_digest: str,
    result: StepResult,
    health: Mapping[str, Health],
    temperature_c: Mapping[str, float],
    utc_ns: int,
) -> None:
    """Add a check to the history and make it the last one.

    Raises:
        SetupError: the disk is full or not writable.
    """
    record = {
        "utc_ns": utc_ns,
        "rig": rig_digest,
        "ok": result.ok,
        "failures": result.failures,
        "health": {name: asdict(found) for name, found in health.items()},
        "temperature_c": dict(temperature_c),
        "figures": [[m.name, m.subject, m.value, m.limit] for m in result.measures if m.bound is not Bound.NONE],
    }
    with writing(folder):
        lines = [*map(json.dumps, history(folder)), json.dumps(record)]
        write_whole(folder / "history.jsonl", "\n".join(lines) + "\n")
        last = {"utc_ns": utc_ns, "rig": rig_digest, "failures": result.failures}
        write_whole(folder / LAST, json.dumps(last, indent=1) + "\n")


def history(folder: Path) -> list[dict[str, Any]]:
    """Return every check there was, oldest first."""
    path = folder / "history.jsonl"
    if not path.is_file():
        return []
    return [json.loads(line) for line in path.read_text().splitlines() if line]


def last_check(folder: Path) -> LastCheck | None:
    """Return how the last check went, None before the first.

    Raises:
        SetupError: its file is malformed.
    """
    path = folder / LAST
    try:
        data = json.loads(path.read_text())
        return LastCheck(int(data["utc_ns"]), str(data["rig"]), tuple(data["failures"]))
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError) as error:
        raise SetupError(f"{path} is malformed ({error!r}). Run `station setup check` again") from error


def unfit(folder: Path, rig_digest: str, max_age_h: float, utc_ns: int) -> str:
    """Return why the booth may not judge items by its daily check, empty when it may."""
    last = last_check(folder)
    if last is None:
        return "the booth has never been checked. Run `station setup check`"
    if last.rig != rig_digest:
        return f"the last daily check was of rig {last.rig}, in force is {rig_digest}. Run `station setup check`"
    if last.failures:
        return last.failures[0]
    age_h = (utc_ns - last.utc_ns) / _NS_PER_H
    if age_h > max_age_h:
        return f"the last daily check is {age_h:.0f} hours old, the limit is {max_age_h:g}. Run `station setup check`"
    return ""


def baseline(folder: Path, rig_digest: str) -> dict[str, Health] | None:
    """Return how the cameras were at the first check of a rig that moved nothing, None before that."""
    for record in history(folder):
        if record["rig"] == rig_digest and record["ok"]:
            return {name: Health(**found) for name, found in record["health"].items()}
    return None


def write_page(folder: Path, result: StepResult) -> Path:
    """Write `check.html`: the last check's figures, and every figure over time and over temperature.

    Raises:
        SetupError: the disk is full or not writable.
    """
    records = history(folder)
    word, kind = ("PASS", "ok") if result.ok else ("FAIL", "bad")
    body = ["<h1>Daily check</h1>", f'<p class="banner {kind}">{word}</p>', section(result, folder), "<h2>History</h2>"]
    body += [_plot(name, records) for name in _PLOTTED]
    if any(record["temperature_c"] for record in records):
        body += ["<h2>Depth against temperature</h2>", _against_temperature(records)]
    path = folder / "check.html"
    with writing(folder):
        write_whole(path, page("Daily check", body))
    return path


def _plot(name: str, records: Sequence[Mapping[str, Any]]) -> str:
    """Return one figure of every camera over time, as SVG."""
    series: dict[str, list[tuple[float, float]]] = {}
    limit = 0.0
    for record in records:
        for figure, camera, value, bound in record["figures"]:
            if figure == name and value is not None and math.isfinite(value):
                series.setdefault(camera, []).append((record["utc_ns"] / 1e9, value))
                limit = bound
    return _chart(
        f"{name}, {_PLOTTED[name]} (limit {limit:g})",
        series,
        limit,
        lambda x: datetime.fromtimestamp(x, UTC).strftime("%d %b %H:%M"),
    )


def _against_temperature(records: Sequence[Mapping[str, Any]]) -> str:
    series: dict[str, list[tuple[float, float]]] = {}
    for record in records:
        for camera, celsius in record["temperature_c"].items():
            if camera in record["health"]:
                series.setdefault(camera, []).append((celsius, record["health"][camera]["depth_percent"]))
    return _chart(
        "depth error, percent", {name: sorted(points) for name, points in series.items()}, None, lambda x: f"{x:.0f} C"
    )


def _chart(title: str, series: Mapping[str, Sequence[tuple[float, float]]], limit: float | None, label: Any) -> str:
    points = [point for line in series.values() for point in line]
    if not points:
        return ""
    xs, ys = [x for x, _ in points], [y for _, y in points] + ([0.0, limit] if limit is not None else [])
    low_x, high_x, low_y, high_y = min(xs), max(xs), min(ys), max(ys)
    span_x, span_y = (high_x - low_x) or 1.0, (high_y - low_y) * 1.1 or 1.0

    def at(x: float, y: float) -> tuple[float, float]:
        return _LEFT + (x - low_x) / span_x * (_WIDTH - _LEFT - 90), _HEIGHT - _BOTTOM - (y - low_y) / span_y * (
            _HEIGHT - _BOTTOM - 24
        )

    parts = [f'<text x="{_LEFT}" y="14" font-weight="600">{html.escape(title)}</text>']
    if limit is not None:
        y = at(low_x, limit)[1]
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - 90}" y1="{y:.1f}" y2="{y:.1f}" stroke="#b3201f" stroke-dasharray="5 4"/>'
        )
    for number, (name, line) in enumerate(series.items()):
        ink = _INKS[number % len(_INKS)]
        places = [at(x, y) for x, y in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{ink}" stroke-width="1.6"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="{ink}"/>' for x, y in places]
        parts.append(f'<text x="{_WIDTH - 80}" y="{34 + 16 * number}" fill="{ink}">{html.escape(name)}</text>')
    base = _HEIGHT - _BOTTOM
    parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - 90}" y1="{base}" y2="{base}" stroke="#99a"/>')
    parts += [
        f'<text x="{_LEFT - 6}" y="{at(low_x, y)[1] + 4:.1f}" text-anchor="end">{y:.3g}</text>'
        for y in {low_y, max(ys)}
    ]
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 5}">{label(low_x)}</text>')
    parts.append(f'<text x="{_WIDTH - 90}" y="{_HEIGHT - 5}" text-anchor="end">{label(high_x)}</text>')
    head = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" font-size="12" font-family="system-ui,sans-serif">'
    return head + "".join(parts) + "</svg>"
