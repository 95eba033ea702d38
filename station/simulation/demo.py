"""The demo: one fixed booth that shows every product, and every simulated damage, minor and major."""

from station.core.damage import DamageType, Severity
from station.simulation.booth import Booth
from station.simulation.catalogue import PRINTED_CRACK
from station.simulation.plan import Damage, Script
from station.simulation.settings import SimulationSettings

DEMO_SEED = 7713
"""The first seed from 7700 on under which the printed crack first comes face up; nothing else chose it.

References and calibration must come from other seeds.
"""
DEMO_SETTINGS = SimulationSettings(
    width_px=640,
    height_px=480,
    fps=6,
    lead_ms=2500,
    move_ms=250,
    rest_ms=850,
    gap_ms=450,
    announce_ms=600,
    hand_ms=0,  # the first start renders the demo, and hands cost it a third more
)

_GOOD: Damage = ()
_DENTED, _CRUSHED = (((DamageType.DEFORMATION, severity),) for severity in (Severity.MINOR, Severity.MAJOR))
_TORN: Damage = ((DamageType.PENETRATION, Severity.MAJOR),)
_AJAR, _OPEN = (((DamageType.ACTUATION, severity),) for severity in (Severity.MINOR, Severity.MAJOR))

DEMO_SCRIPT: Script = (
    ("carton-tea", _GOOD),
    ("mailer-white", _GOOD),
    ("carton-lamp", _CRUSHED),
    ("can-coffee", _GOOD),
    (PRINTED_CRACK, _GOOD),
    ("mailer-kraft", _GOOD),
    ("carton-shipper", _OPEN),
    ("can-tomato", _GOOD),
    ("carton-lamp", _GOOD),
    ("mailer-white", _TORN),
    ("carton-tea", _GOOD),
    ("carton-shipper", _GOOD),
    (PRINTED_CRACK, _GOOD),
    ("can-tomato", _CRUSHED),
    ("can-coffee", _GOOD),
    ("carton-lamp", _GOOD),
    ("mailer-kraft", _AJAR),
    ("carton-tea", _TORN),
    ("mailer-white", _GOOD),
    ("can-coffee", _OPEN),
    ("can-tomato", _GOOD),
    (PRINTED_CRACK, _DENTED),
    ("carton-shipper", _GOOD),
    ("mailer-kraft", _GOOD),
)


def demo_booth() -> Booth:
    """Return the demo's booth: 24 items, 8 of them damaged, 6 of these badly; the printed crack comes undamaged twice.

    Raises:
        SimulationError: the renderer is not installed.
    """
    return Booth(DEMO_SEED, len(DEMO_SCRIPT), DEMO_SETTINGS, DEMO_SCRIPT)
