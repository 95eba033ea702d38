"""Frames to items: synchroniser, trigger and item tracker, all pure state machines."""
