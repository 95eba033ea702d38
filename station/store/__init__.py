"""Verdicts, evidence and open items, in one schema."""
