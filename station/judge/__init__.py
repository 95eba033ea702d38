"""Findings to confidence to decision."""
