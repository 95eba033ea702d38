"""Datasets made of what others wrote: one module per layout, each telling what it found; `source` writes it."""
