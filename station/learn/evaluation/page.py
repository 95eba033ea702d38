"""The reports' pages: one HTML file each, nothing beside it."""

from pathlib import Path
from typing import Any

import jinja2

from station.core.errors import DatasetError
from station.learn.evaluation.charts import line_points

_HERE = Path(__file__).parent


def write_page(template: Path, file: Path, **values: Any) -> None:
    """Fill a template, which may include what lies beside this module, and write it.

    Raises:
        DatasetError: the file cannot be written.
    """
    loader = jinja2.FileSystemLoader([template.parent, _HERE])
    page = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    page.filters.update(percent=_percent, line=line_points)
    try:
        file.write_text(page.get_template(template.name).render(**values))
    except OSError as error:
        raise DatasetError(f"{file} cannot be written: {error.strerror}. Name another file, or free space") from error


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"
