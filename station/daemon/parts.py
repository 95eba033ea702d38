"""Building a station's parts from its configuration: the only place that knows them all."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from station.cameras import Devices, PipelineCamera, RealSenseCamera, ReplayCamera, SimulatedCamera, track_file
from station.config import StationConfig
from station.core.errors import CameraNotFound, ConfigError
from station.core.items import Announcement
from station.core.ports import Clock
from station.core.verdict import Provenance
from station.gallery import METHOD, Gallery
from station.identity import Identifier, Retriever
from station.inference import find_bundle, load_bundle, shipped_models_dir
from station.inspection import Inspector
from station.judge import Judge, read_fusion, standing
from station.recording import ItemTruth, Recording, open_recording
from station.rig import Rig, load_rig
from station.simulation.layout import booth_rig
from station.vision import ViewExtractor

START_DELAY_NS = 1_000_000_000
"""A paced replay or simulation starts this long after it was built, so that all its cameras are open by then."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where frames come from: the cameras, the rig they belong to, and what is to be announced to them when.

    `start_ns` is the station time at which a recording's or simulation's own time, that of its `events`, is 0;
    `speed` is how fast that time runs. Live cameras have neither events nor a start. `truth` returns what is known of
    the items that lay on the tray wholly between two moments of that time, once these are recorded; see `build_source`.
    """

    cameras: tuple[PipelineCamera, ...]
    rig: Rig
    simulated: bool
    start_ns: int = 0
    speed: float = 1.0
    events: tuple[Announcement, ...] = ()
    truth: Callable[[int, int], Sequence[ItemTruth]] = lambda _begin_ns, _end_ns: ()


def build_inspector(config: StationConfig, rig: Rig, clock: Clock, simulated: bool) -> Inspector:
    """Load the model and the gallery and put the walk together.

    Raises:
        BundleError: the model bundle cannot be used.
        GalleryError: the gallery cannot be used with this model.
        RigError: the rig's cameras cannot see its tray.
        TuningError: the fusion weights are malformed, or fitted to another model.
    """
    bundle = load_bundle(find_bundle(config.inference.bundle), config.inference)
    gallery = Gallery.open(find_gallery(config.gallery.path), bundle.digest)
    provenance = Provenance(bundle.digest, gallery.digest, rig.digest, config.digest)
    fusion = read_fusion(Path(config.judge.folder), bundle.digest, METHOD)
    certified = standing(config.judge, provenance, fusion.digest if fusion else "")
    return Inspector(
        extractor=ViewExtractor(rig, config.vision),
        identifier=Identifier(gallery.products, Retriever(gallery.embeddings, gallery.looks)),
        bundle=bundle,
        gallery=gallery,
        judge=Judge(config.judge, fusion, certified),
        clock=clock,
        provenance=provenance,
        simulated=simulated,
        rig=rig,
    )


def source_rig(config: StationConfig) -> Rig:
    """Return the rig of the cameras that the configuration names, without opening them.

    Raises:
        ConfigError: the source is live and no rig is named.
        RigError: the rig cannot be read.
        RecordingError: the recording cannot be read.
    """
    if config.source.kind == "simulated":
        return booth_rig(config.simulation)
    if config.source.kind == "replay":
        return load_rig(open_recording(Path(config.source.recording)).rig_path)
    if not config.source.rig:
        raise ConfigError("source.rig is empty; live cameras need a rig file. Name it in the [source] section")
    return load_rig(Path(config.source.rig))


def find_gallery(name_or_path: str) -> Path:
    """Return the folder of a gallery given by path, or by name among the shipped ones."""
    path = Path(name_or_path)
    return path if path.is_dir() else shipped_models_dir() / name_or_path


def build_source(config: StationConfig, clock: Clock, record_to: Path | None = None) -> Source:
    """Build the cameras that the configuration names; with `record_to` they write that recording's tracks.

    A simulated source then knows the truth of its items, and writes their masks into the recording.

    Raises:
        CameraNotFound: the source is live and no camera is plugged in.
        ConfigError: the source is live and no rig is named.
        RecordingError: the recording cannot be read.
    """
    if config.source.kind == "live":
        return _live(config, clock, record_to)
    if config.source.kind == "simulated":
        return _simulated(config, clock, record_to)
    if record_to is not None:
        raise ConfigError("source.kind is replay; only live and simulated cameras are recorded. Correct it, or copy it")
    return replay_source(config, open_recording(Path(config.source.recording)), clock, config.source.speed)


def replay_source(config: StationConfig, recording: Recording, clock: Clock, speed: float | None) -> Source:
    """Build the cameras of a recording; without a speed they run in lock-step, from time 0."""
    start_ns = 0 if speed is None else clock.now_ns() + START_DELAY_NS
    cameras = tuple(ReplayCamera(track, clock, speed, start_ns, config.cameras.slots) for track in recording.tracks)
    return Source(cameras, load_rig(recording.rig_path), True, start_ns, speed or 1.0, recording.events)


def _simulated(config: StationConfig, clock: Clock, record_to: Path | None) -> Source:
    # Rendering needs the extra `sim`, which a live station has not.
    from station.simulation.ahead import AheadBooth
    from station.simulation.booth import Booth
    from station.simulation.record import save_truth

    booth = Booth(config.source.seed, config.source.items, config.simulation)
    frames = AheadBooth(booth)
    start_ns = clock.now_ns() + START_DELAY_NS
    cameras = tuple(
        SimulatedCamera(
            frames,
            camera.camera_id,
            clock,
            config.simulation.fps,
            config.source.speed,
            start_ns,
            config.cameras,
            track_file(record_to, camera.camera_id) if record_to else None,
        )
        for camera in booth.rig.cameras
    )
    source = Source(cameras, booth.rig, True, start_ns, config.source.speed, booth.announcements)
    return replace(source, truth=partial(save_truth, booth, record_to)) if record_to else source


def _live(config: StationConfig, clock: Clock, record_to: Path | None) -> Source:
    devices = Devices()
    if not devices.discover():
        raise CameraNotFound(
            "no RealSense camera is plugged in. Plug one in, see the station at work with `station demo`, "
            "or check this machine with `station doctor`"
        )
    rig = source_rig(config)
    cameras = tuple(
        RealSenseCamera(
            camera.camera_id,
            camera.serial,
            config.cameras,
            clock,
            devices,
            track_file(record_to, camera.camera_id) if record_to else None,
        )
        for camera in rig.cameras
    )
    return Source(cameras, rig, simulated=False)
