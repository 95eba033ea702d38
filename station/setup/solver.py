"""SciPy, which only setting up needs: the station runs without it, and imports it when it is first used."""

from importlib import import_module
from typing import Any

from station.core.errors import SetupError, pip_install


def need_scipy() -> None:
    """See, before people are asked to show anything, that what was shown can be computed with.

    Raises:
        SetupError: SciPy is not installed.
    """
    _scipy("scipy.optimize")


def least_squares(*args: Any, **options: Any) -> Any:
    """Call `scipy.optimize.least_squares`.

    Raises:
        SetupError: SciPy is not installed.
    """
    return _scipy("scipy.optimize").least_squares(*args, **options)


def csr_matrix(*args: Any, **options: Any) -> Any:
    """Make a `scipy.sparse.csr_matrix`.

    Raises:
        SetupError: SciPy is not installed.
    """
    return _scipy("scipy.sparse").csr_matrix(*args, **options)


def _scipy(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise SetupError(
            f"`station setup` cannot compute without SciPy ({error}). Install it: {pip_install('setup')}"
        ) from error
