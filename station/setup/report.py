"""The report: one HTML file that needs nothing else, with every figure, limit and picture; a PDF where Chromium is."""

import base64
import html
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from station.rig import Rig
from station.setup.files import write_whole, writing
from station.setup.measure import Bound, Measure, StepResult, figure_text, limit_text, tabulated
from station.setup.session import Session
from station.setup.versions import RigVersions

REPORT = "report.html"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
_PDF_TIMEOUT_S = 60
_MOST_CAMERAS = 6
_MIME = {".jpg": "image/jpeg", ".svg": "image/svg+xml"}
_TITLES = {
    "discover": "Cameras",
    "light": "Light",
    "depth": "Depth",
    "depth-calibration": "Depth calibration",
    "intrinsics": "Intrinsics",
    "extrinsics": "Extrinsics",
    "tray": "Tray and working volume",
    "sync": "Synchronisation",
    "truth": "Against the simulated booth's truth",
    "check": "Daily check",
}
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;color:#1c2330;max-width:62rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.7rem;margin-bottom:.2rem}h2{font-size:1.2rem;margin:2rem 0 .5rem;border-bottom:1px solid #ccd3dd}
table{border-collapse:collapse;width:100%}td,th{padding:.28rem .6rem;text-align:left;border-bottom:1px solid #e6eaf0}
.figures :is(td,th){white-space:nowrap}.figures td:first-child{width:30%}
.figures :is(td,th):nth-child(n+2){text-align:right;font-variant-numeric:tabular-nums}
.figures th{padding-top:.6rem;color:#566}.ok{color:#14713a}.bad{color:#b3201f;font-weight:600}
.banner{display:inline-block;padding:.3rem .8rem;border-radius:.4rem;color:#fff;font-weight:600}
.banner.ok{background:#14713a}.banner.bad{background:#b3201f}
figure{display:inline-block;vertical-align:top;margin:.6rem 1rem .6rem 0;max-width:100%}
img{max-width:100%}img[src^="data:image/jpeg"]{border:1px solid #ccd3dd}
figcaption{font-size:.85rem;color:#566}li{margin:.2rem 0}
@page{size:A4;margin:14mm}
@media print{body{font-size:9.5pt;margin:0;padding:0}h2,tr:has(th){break-after:avoid}
section,tr,figure{break-inside:avoid}td,th{padding:.2rem .4rem}figure{display:block;margin:.4rem 0}img{max-height:8cm}}
"""


def report_text(session: Session, results: Sequence[StepResult], rig: Rig, utc_ns: int, passed: bool) -> str:
    """Return the report as HTML, of a rig that comes into force if it passed."""
    settings = session.settings
    facts = [
        ("date", minute(utc_ns)),
        ("technician", settings.technician or "not named (setup.technician)"),
        ("rig", rig.digest),
        ("source", session.origin().source),
        ("board", f"{session.board.name}, squares of {session.board.square_mm:g} mm"),
        ("board as measured", f"bars {settings.board_bar_mm:g} mm, print {settings.board_thickness_mm:g} mm high"),
    ]
    body = [
        "<h1>Booth setup</h1>",
        _banner(rig, passed, RigVersions(session.folder).remains),
        facts_table([*facts, *(fact for result in results for fact in result.facts)]),
        *(section(result, session.pictures) for result in results),
    ]
    return page("Booth setup", body)


def minute(utc_ns: int) -> str:
    """Return a moment to the minute, as people read it."""
    return datetime.fromtimestamp(utc_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M UTC")


def stage(folder: Path, text: str) -> Path:
    """Write a report under another name than its own; return that file.

    Raises:
        SetupError: the disk is full or not writable.
    """
    staged = folder / ".report.html.staged"
    with writing(folder):
        write_whole(staged, text)
    return staged


def publish(folder: Path, staged: Path) -> Path:
    """Make a staged report `report.html`, and print `report.pdf` where a Chromium is installed; return the HTML."""
    path = folder / REPORT
    path.with_suffix(".pdf").unlink(missing_ok=True)
    staged.replace(path)
    _print_pdf(path)
    return path


def keep(report: Path, version: Path) -> None:
    """Keep a report beside its rig's version, for a rollback to it; a disk too full for that takes nothing away."""
    with suppress(OSError):
        write_whole(version.with_suffix(".html"), report.read_text())


def recall(folder: Path, version: Path) -> None:
    """Make the report kept beside a rig's version `report.html` again, unless the disk is too full for that.

    None stays that is of another rig.
    """
    kept = version.with_suffix(".html")
    with suppress(OSError):
        for name in (REPORT, Path(REPORT).with_suffix(".pdf").name):
            (folder / name).unlink(missing_ok=True)
        if kept.is_file():
            write_whole(folder / REPORT, kept.read_text())
            _print_pdf(folder / REPORT)


def page(title: str, body: Sequence[str]) -> str:
    """Return an HTML page with all it needs inside."""
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def facts_table(facts: Sequence[tuple[str, str]]) -> str:
    """Return facts, each a name and words, as a part of a page."""
    rows = (f"<tr><th>{html.escape(name)}</th><td>{html.escape(words)}</td></tr>" for name, words in facts)
    return f"<table>{''.join(rows)}</table>"


def section(result: StepResult, pictures: Path) -> str:
    """Return a step's part of a page: its figures with their limits, its advice and its pictures."""
    word = '<span class="ok">passed</span>' if result.ok else '<span class="bad">failed</span>'
    parts = [f"<section><h2>{_TITLES.get(result.step, result.step)}: {word}</h2>"]
    if result.measures:
        parts.append(_table(result.measures))
    words = [*result.failures, *result.advice]
    if words:
        parts.append(f"<ul>{''.join(f'<li>{html.escape(word)}</li>' for word in words)}</ul>")
    for caption, name in result.pictures:
        file = pictures / name
        if file.is_file():
            data = base64.b64encode(file.read_bytes()).decode()
            parts.append(
                f'<figure><img alt="{html.escape(caption)}" src="data:{_MIME[file.suffix]};base64,{data}">'
                f"<figcaption>{html.escape(caption)}</figcaption></figure>"
            )
    return "\n".join([*parts, "</section>"])


def pdf_path(report: Path) -> Path | None:
    """Return the PDF beside a report, None where no Chromium could print it."""
    path = report.with_suffix(".pdf")
    return path if path.is_file() else None


def _table(measures: Sequence[Measure]) -> str:
    """Return figures as a table, its columns the cameras or pairs of them."""
    tables = tabulated(measures, _MOST_CAMERAS)
    columns = max(len(table.subjects) for table in tables)
    lines: list[str] = []
    for table in tables:
        rest = columns - len(table.subjects)
        lines.append(_line("th", ["", *table.subjects, *[""] * rest, "" if lines else "limit", ""], {}))
        for name, row in table.rows:
            word = "" if row[0].bound is Bound.NONE else ("pass" if all(measure.ok for measure in row) else "FAIL")
            bad = {place for place, measure in enumerate(row, 1) if not measure.ok}
            kinds = {columns + 2: "ok" if word == "pass" else "bad"} | dict.fromkeys(bad, "bad")
            cells = [name, *map(figure_text, row), *[""] * rest, limit_text(row[0]), word]
            lines.append(_line("td", cells, kinds))
    return f'<table class="figures">{"".join(lines)}</table>'


def _line(tag: str, cells: Sequence[str], kinds: Mapping[int, str]) -> str:
    """Return a row of a table; `kinds` are the classes of some of its cells."""
    marked = (
        f'<{tag} class="{kinds[place]}">{html.escape(cell)}</{tag}>'
        if place in kinds
        else f"<{tag}>{html.escape(cell)}</{tag}>"
        for place, cell in enumerate(cells)
    )
    return f"<tr>{''.join(marked)}</tr>"


def _banner(rig: Rig, passed: bool, remains: str) -> str:
    if passed:
        return f'<p class="banner ok">PASS: rig {rig.digest} was put in force</p>'
    return f'<p class="banner bad">FAIL: rig {rig.digest} is not in force; {remains}</p>'


def _print_pdf(report: Path) -> None:
    browser = next(filter(None, map(shutil.which, _BROWSERS)), None)
    target = report.with_suffix(".pdf")
    target.unlink(missing_ok=True)
    if browser is None:
        return
    unfinished = target.with_name(f".{target.name}.unfinished")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    try:
        subprocess.run(
            [*command, f"--print-to-pdf={unfinished}", report.resolve().as_uri()],
            capture_output=True,
            timeout=_PDF_TIMEOUT_S,
            check=True,
        )
        if unfinished.read_bytes().rstrip().endswith(b"%%EOF"):  # a full disk cuts it short
            unfinished.replace(target)
    except (OSError, subprocess.SubprocessError):
        return
    finally:
        unfinished.unlink(missing_ok=True)
