"""The tuning report: one HTML file with the reliability diagram, the sources set side by side, and the weights."""

from pathlib import Path

import jinja2

from station.core.errors import DatasetError
from station.learn.evaluation.report import line_points
from station.learn.tuning.tune import Tuned

_TICKS = tuple((share, f"{share:.0%}") for share in (0.0, 0.25, 0.5, 0.75, 1.0))


def write_report(tuned: Tuned, file: Path) -> None:
    """Write the report.

    Raises:
        DatasetError: the file cannot be written.
    """
    folders = [Path(__file__).parent, Path(__file__).parents[1] / "evaluation"]
    page = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    page.filters["line"] = line_points
    bins = tuned.figures["reliability"]
    diagram = {
        "title": "Reliability",
        "x": "confidence",
        "y": "damaged",
        "x_ticks": _TICKS,
        "y_ticks": _TICKS,
        "bars": [],
        "lines": [
            {"name": "ideal", "colour": "#888", "points": [(0.0, 0.0), (1.0, 1.0)]},
            {"name": "judged", "colour": "#b3261e", "points": [(one["confidence"], one["damaged"]) for one in bins]},
        ],
    }
    html = page.get_template("tuning.html.j2").render(figures=tuned.figures, diagram=diagram)
    try:
        file.write_text(html)
    except OSError as error:
        raise DatasetError(f"{file} cannot be written: {error.strerror}. Name another file, or free space") from error
