"""What the station counts and measures, in a Prometheus registry of its own."""

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from station.core.status import StationStatus
from station.core.verdict import Verdict
from station.telemetry.status_collector import StatusCollector

METRICS_MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4
"""The media type of `Telemetry.text`."""

_VERDICT_BUCKETS_S = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
_STAGE_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Telemetry:
    """One station's metrics; every method may be called from any thread."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        self._verdicts = Counter(
            "station_verdicts",
            "Verdicts recorded, by decision and first reason.",
            ("decision", "reason"),
            registry=self._registry,
        )
        self._late = Counter(
            "station_late_verdicts", "Verdicts that came after their item was sidelined.", registry=self._registry
        )
        self._verdict_seconds = Histogram(
            "station_verdict_seconds",
            "From the settled item to its verdict, stored and told.",
            buckets=_VERDICT_BUCKETS_S,
            registry=self._registry,
        )
        self._stage_seconds = Histogram(
            "station_stage_seconds",
            "Time of one stage of the walk for one item.",
            ("stage",),
            buckets=_STAGE_BUCKETS_S,
            registry=self._registry,
        )

    def watch(self, status: Callable[[], StationStatus], version: str) -> None:
        """Show the status, asked for at each scrape, and the product version with the metrics. Call once."""
        self._registry.register(StatusCollector(status, version))

    def count_verdict(self, verdict: Verdict, told_ns: int) -> None:
        """Count a recorded verdict, told at `told_ns` of the station clock, and its times."""
        self._verdicts.labels(verdict.decision.name.lower(), verdict.reason.word).inc()
        self._verdict_seconds.observe((told_ns - verdict.arrived_ns) / 1e9)
        for stage, duration_ms in verdict.stage_ms.items():
            self._stage_seconds.labels(stage).observe(duration_ms / 1e3)

    def count_late_verdict(self) -> None:
        """Count a verdict that came after its item had been sidelined for lateness."""
        self._late.inc()

    def text(self) -> bytes:
        """Return all metrics in Prometheus text form."""
        return generate_latest(self._registry)
