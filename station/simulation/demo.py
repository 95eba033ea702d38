"""The demo: which items the demo recording shows."""

from station.core.damage import DamageType, Severity
from station.simulation.booth import Booth, Damage
from station.simulation.settings import SimulationSettings

DEMO_SEED = 20260
"""Seed of the demo's items; galleries and thresholds are made from other seeds."""

_DENT, _HOLE, _OPEN = DamageType.DEFORMATION, DamageType.PENETRATION, DamageType.ACTUATION
_GOOD: Damage = ()


def _bad(kind: DamageType, severity: Severity) -> Damage:
    return ((kind, severity),)


_PLAN: tuple[tuple[str, Damage], ...] = (
    ("tea-carton", _GOOD),
    ("bean-can", _GOOD),
    ("phone-carton", _GOOD),
    ("soap-carton", _bad(_DENT, Severity.MAJOR)),
    ("book-mailer", _GOOD),
    ("lamp-carton", _GOOD),
    ("paint-can", _bad(_DENT, Severity.MAJOR)),
    ("shirt-mailer", _GOOD),
    ("tea-carton", _bad(_HOLE, Severity.MAJOR)),
    ("soap-carton", _GOOD),
    ("phone-carton", _GOOD),
    ("lamp-carton", _bad(_OPEN, Severity.MAJOR)),
    ("bean-can", _GOOD),
    ("paint-can", _GOOD),
    ("shirt-mailer", _bad(_HOLE, Severity.MAJOR)),
    ("book-mailer", _GOOD),
    ("tea-carton", _GOOD),
    ("phone-carton", _bad(_DENT, Severity.MINOR)),
    ("lamp-carton", _GOOD),
    ("soap-carton", _GOOD),
    ("bean-can", _bad(_DENT, Severity.MINOR)),
    ("shirt-mailer", _GOOD),
    ("book-mailer", _bad(_OPEN, Severity.MAJOR)),
    ("paint-can", _GOOD),
)


def demo_booth() -> Booth:
    """Return the booth of the demo recording: 24 items, 8 of them damaged, 6 of those badly."""
    return Booth(DEMO_SEED, len(_PLAN), SimulationSettings(), plan=_PLAN)
