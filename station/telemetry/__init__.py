"""Counters, latency histograms, health."""
