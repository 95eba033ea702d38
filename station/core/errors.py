"""The error tree.

Every error the station raises on purpose is a `StationError`. A message names the thing, the
value found and what to do about it; it is shown as it stands, so it must read as a sentence.
"""


class StationError(Exception):
    """Anything the station itself refuses or cannot do."""


class ConfigError(StationError):
    """A setting is unknown, out of its bounds, or contradicts another."""


class RigError(StationError):
    """A rig file is missing, malformed, or does not describe the cameras at hand."""


class RecordingError(StationError):
    """A recording cannot be read or written."""


class RecordingTruncated(RecordingError):
    """A recording delivered fewer frames than its own file counts."""


class CameraError(StationError):
    """A camera cannot be found, opened, configured or read."""


class CameraNotFound(CameraError):
    """No camera with the serial number asked for is connected."""


class CameraStalled(CameraError):
    """A camera stopped delivering fresh frames and its recovery stages are used up."""


class PoolExhausted(CameraError):
    """Every slot of a frame pool is leased; frames are being held too long."""


class BundleError(StationError):
    """A model bundle cannot be used."""


class BundleHashMismatch(BundleError):
    """A file of a bundle is not the one its manifest names."""


class ProviderMissing(BundleError):
    """The execution provider asked for is not active."""


class ParityFailed(BundleError):
    """A bundle's outputs differ from its stored golden outputs."""


class GalleryError(StationError):
    """A gallery is missing, malformed, or was built with another model."""


class StoreError(StationError):
    """The store refused or could not complete an operation."""


class StoreFull(StoreError):
    """The disk that holds the store is full or not writable."""


class SetupError(StationError):
    """A step of the technician's procedure could not be done; the rig in force stays as it was."""


class SimulationError(StationError):
    """The simulated booth cannot be built or rendered."""


class DatasetError(StationError):
    """A dataset cannot be read or written, or one of its rows does not hold together."""


class TuningError(StationError):
    """Fusion weights or a certificate cannot be made, read or used."""


def pip_install(extra: str) -> str:
    """Return the command that installs an extra: for a station installed from a wheel, and in a clone."""
    return f"pip install 'damage-station[{extra}]', in a clone pip install '.[{extra}]'"
