"""How often a certificate says too much: `python tests/bench/certificates.py`.

Scores of good items are drawn, a threshold is certified on them, and the share of all good items above it is known
exactly: with scores uniform in 0..1 it is one minus the threshold. The method sees nothing but the order of scores, so
the distribution does not matter.
"""

import numpy as np
from rich.console import Console
from rich.table import Table

from station.judge import certify
from station.learn.evaluation.intervals import share

CERTIFICATIONS, RATE, CONFIDENCE, SEED = 10_000, 0.005, 0.95, 20
GOOD_ITEMS = (598, 947, 1258, 3000)


def main() -> None:
    table = Table(title=f"{CERTIFICATIONS} certifications of {RATE:.1%} at {CONFIDENCE:.0%} confidence")
    for name in ("good items", "false alarms allowed", "true rate exceeds it", "95 % interval", "mean true rate"):
        table.add_column(name, justify="right")
    rng = np.random.default_rng(SEED)
    for count in GOOD_ITEMS:
        certified = [certify(np.sort(rng.random(count)).tolist(), RATE, CONFIDENCE) for _ in range(CERTIFICATIONS)]
        rates = np.array([1.0 - threshold.score for threshold in certified])
        exceeded = share(int(np.count_nonzero(rates > RATE)), CERTIFICATIONS)
        interval = f"{exceeded.low:.2%} to {exceeded.high:.2%}"
        allowed = str(certified[0].false_alarms)
        table.add_row(str(count), allowed, f"{exceeded.value:.2%}", interval, f"{rates.mean():.3%}")
    Console().print(table)


if __name__ == "__main__":
    main()
