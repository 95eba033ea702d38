"""What a step found: figures with their limits, sentences for people, and pictures."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

SHARE = "share"
"""The unit of a share of 1; people read it in percent."""
_TINY = 0.001
_DECIMALS = 3


class Bound(StrEnum):
    """How a figure is held against its limit."""

    NONE = "none"
    AT_MOST = "at_most"
    AT_LEAST = "at_least"


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: `subject` is what it is of, a camera or a pair of them; `unit` is empty for counts."""

    name: str
    subject: str
    value: float
    unit: str
    bound: Bound = Bound.NONE
    limit: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the figure keeps its limit; one that is no number does not."""
        if self.bound is Bound.NONE:
            return True
        if not math.isfinite(self.value):
            return False
        return self.value <= self.limit if self.bound is Bound.AT_MOST else self.value >= self.limit


def at_most(name: str, subject: str, value: float, unit: str, limit: float) -> Measure:
    """Return a figure that must not exceed its limit."""
    return Measure(name, subject, float(value), unit, Bound.AT_MOST, float(limit))


def at_least(name: str, subject: str, value: float, unit: str, limit: float) -> Measure:
    """Return a figure that must reach its limit."""
    return Measure(name, subject, float(value), unit, Bound.AT_LEAST, float(limit))


def plain(name: str, subject: str, value: float, unit: str) -> Measure:
    """Return a figure without a limit."""
    return Measure(name, subject, float(value), unit)


def figure_text(measure: Measure) -> str:
    """Return a figure as people read it."""
    return _amount(measure.value, measure.unit)


def limit_text(measure: Measure) -> str:
    """Return a figure's limit as people read it, or that it has none."""
    if measure.bound is Bound.NONE:
        return "for information"
    sign = {Bound.AT_MOST: "at most", Bound.AT_LEAST: "at least"}[measure.bound]
    return f"{sign} {_amount(measure.limit, measure.unit)}"


@dataclass(frozen=True, slots=True)
class Rows:
    """Figures as a table: one row a name, one column a subject; all measures of a row have one limit."""

    subjects: tuple[str, ...]
    rows: list[tuple[str, list[Measure]]]


def tabulated(measures: Sequence[Measure], most_columns: int) -> list[Rows]:
    """Return figures as tables, those of the same subjects together; more subjects than columns stand below."""
    named: dict[str, list[Measure]] = {}
    for measure in measures:
        named.setdefault(measure.name, []).append(measure)
    tables: dict[tuple[str, ...], Rows] = {}
    for name, whole in named.items():
        for row in (whole[first : first + most_columns] for first in range(0, len(whole), most_columns)):
            subjects = tuple(measure.subject for measure in row)
            tables.setdefault(subjects, Rows(subjects, [])).rows.append((name, row))
    return list(tables.values())


def _amount(value: float, unit: str) -> str:
    if unit == SHARE:
        value, unit = 100 * value, "%"
    if 0 < abs(value) < _TINY:
        return f"under {_TINY} {unit}".strip()
    return (f"{value:.0f} {unit}" if abs(value) >= 1000 else f"{round(value, _DECIMALS):.3g} {unit}").strip()


@dataclass(frozen=True, slots=True)
class StepResult:
    """What one step found. `advice` are sentences for the technician; `pictures` names files beside the report.

    `facts` are words for the report's table: serials, firmware, dates; `basis` tells what the step was computed from.
    """

    step: str
    measures: tuple[Measure, ...] = ()
    advice: tuple[str, ...] = ()
    pictures: tuple[tuple[str, str], ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    failures: tuple[str, ...] = field(default=())
    basis: str = ""

    @property
    def ok(self) -> bool:
        """Whether every figure keeps its limit and nothing else failed."""
        return not self.failures and all(measure.ok for measure in self.measures)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a JSON file."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Return the result that `to_json` gave."""
        measures = tuple(Measure(**{**measure, "bound": Bound(measure["bound"])}) for measure in data["measures"])
        pairs = {name: tuple((a, b) for a, b in data[name]) for name in ("pictures", "facts")}
        advice, failures = (tuple(data[name]) for name in ("advice", "failures"))
        return cls(data["step"], measures, advice, failures=failures, basis=data.get("basis", ""), **pairs)
