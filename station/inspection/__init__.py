"""The walk: capture in, verdict out."""
