"""Counters, latency histograms, health."""

from station.telemetry.telemetry import METRICS_MEDIA_TYPE, Telemetry

__all__ = ["METRICS_MEDIA_TYPE", "Telemetry"]
