"""`station bench`."""


def bench() -> None:
    """Measure."""
