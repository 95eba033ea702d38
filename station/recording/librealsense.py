"""The one place that imports librealsense, and finds the libusb it needs."""

import ctypes
import importlib.util


def _preload_libusb() -> None:
    """Load the libusb of the `libusb-package` distribution where the system has none of its own.

    pyrealsense2 links against `libusb-1.0.so.0` by name; a library of that name that is already loaded with
    global symbols satisfies the loader.
    """
    try:
        ctypes.CDLL("libusb-1.0.so.0", ctypes.RTLD_GLOBAL)
    except OSError:
        if importlib.util.find_spec("libusb_package"):
            import libusb_package

            ctypes.CDLL(str(libusb_package.get_library_path()), ctypes.RTLD_GLOBAL)


_preload_libusb()

import pyrealsense2 as rs  # noqa: E402 - libusb must be loaded first

__all__ = ["rs"]
