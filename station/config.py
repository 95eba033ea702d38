"""The whole configuration: every room's own settings, read from one TOML file.

Every value has a default that works. Unknown keys and values out of bounds are refused, never ignored.
"""

import difflib
import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from annotated_doc import Doc
from annotated_types import Ge, Gt, Le
from pydantic import TypeAdapter, ValidationError

from station.api.settings import ApiSettings
from station.cameras.settings import CamerasSettings
from station.core.errors import ConfigError
from station.gallery.settings import GallerySettings
from station.inference.settings import InferenceSettings
from station.inspection.settings import InspectionSettings
from station.judge.settings import JudgeSettings
from station.scene.settings import SceneSettings
from station.setup.settings import SetupSettings
from station.simulation.settings import SimulationSettings
from station.store.settings import StoreSettings
from station.vision.settings import VisionSettings


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """Where frames come from."""

    kind: Annotated[
        Literal["live", "replay", "simulated"],
        Doc("`live` RealSense cameras, `replay` of a recording, or the `simulated` booth."),
    ] = "live"
    rig: Annotated[str, Doc("Rig file of the live cameras; a recording and the simulated booth bring their own.")] = ""
    recording: Annotated[str, Doc("Folder of the recording to replay; `demo` is the shipped one.")] = "demo"
    speed: Annotated[float, Gt(0), Le(100), Doc("Pace of a replay, 1 is real time.")] = 1.0
    seed: Annotated[int, Ge(0), Doc("Seed of the simulated booth's items.")] = 1
    items: Annotated[int, Ge(1), Le(100_000), Doc("How many items the simulated booth places.")] = 1000


@dataclass(frozen=True, slots=True)
class StationConfig:
    """One station's configuration; each section is one room's settings."""

    source: SourceSettings = field(default_factory=SourceSettings)
    gallery: GallerySettings = field(default_factory=GallerySettings)
    cameras: CamerasSettings = field(default_factory=CamerasSettings)
    scene: SceneSettings = field(default_factory=SceneSettings)
    vision: VisionSettings = field(default_factory=VisionSettings)
    inference: InferenceSettings = field(default_factory=InferenceSettings)
    judge: JudgeSettings = field(default_factory=JudgeSettings)
    inspection: InspectionSettings = field(default_factory=InspectionSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    setup: SetupSettings = field(default_factory=SetupSettings)
    simulation: SimulationSettings = field(default_factory=SimulationSettings)

    @property
    def digest(self) -> str:
        """The first 16 hex digits of the SHA-256 of all settings that are not the API's, the store's or the setup's.

        Tokens, ports, database addresses and a technician's limits change no judgement, so they do not change what it
        names.
        """
        judging = {name: getattr(self, name) for name in self.__slots__ if name not in ("api", "store", "setup")}
        return hashlib.sha256(repr(judging).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class SettingDoc:
    """One setting as people read it: `key` is its dotted name."""

    key: str
    type_text: str
    default: Any
    doc: str


def load_config(path: Path | None) -> StationConfig:
    """Read a configuration file; None gives the defaults.

    Raises:
        ConfigError: the file is missing, is not TOML, names an unknown key, or a value is out of bounds.
    """
    if path is None:
        return StationConfig()
    try:
        data = tomllib.loads(path.read_text())
    except FileNotFoundError as error:
        raise ConfigError(f"config file {path} does not exist. Name an existing file with --config") from error
    except OSError as error:
        raise ConfigError(f"config file {path} cannot be read: {error.strerror}. Name a readable file") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"config file {path} is not valid TOML: {error}. Correct that line") from error
    return parse_config(data, str(path))


def parse_config(data: Mapping[str, Any], name: str = "config") -> StationConfig:
    """Build a configuration from nested mappings.

    Raises:
        ConfigError: as for `load_config`.
    """
    _refuse_unknown(StationConfig, data, name)
    try:
        return TypeAdapter(StationConfig).validate_python(data)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"{name}: {key} = {first['input']!r}: {first['msg']}. Correct the value") from error


def describe_settings(kind: type = StationConfig, prefix: str = "") -> Iterator[SettingDoc]:
    """Yield every setting with its type, default and documentation, in file order."""
    hints = get_type_hints(kind, include_extras=True)
    for item in fields(kind):
        hint = hints[item.name]
        if is_dataclass(hint) and isinstance(hint, type):
            yield from describe_settings(hint, f"{prefix}{item.name}.")
            continue
        base, *extras = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        default = item.default_factory() if callable(item.default_factory) else item.default
        bounds = [_bound(extra) for extra in extras if not isinstance(extra, Doc)]
        doc = next((extra.documentation for extra in extras if isinstance(extra, Doc)), "")
        yield SettingDoc(f"{prefix}{item.name}", ", ".join([_type_text(base), *filter(None, bounds)]), default, doc)


def _bound(extra: Any) -> str:
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<", "min_length": "length >=", "max_length": "length <="}
    return " and ".join(f"{sign} {getattr(extra, name)}" for name, sign in signs.items() if hasattr(extra, name))


def _type_text(base: Any) -> str:
    if get_origin(base) is Literal:
        return " or ".join(map(json.dumps, get_args(base)))
    if get_origin(base) is dict:
        return "table"
    return str(getattr(base, "__name__", base)) if isinstance(base, type) and not get_args(base) else str(base)


def _refuse_unknown(kind: type, data: Mapping[str, Any], name: str, prefix: str = "") -> None:
    hints = get_type_hints(kind)
    known = {item.name: hints[item.name] for item in fields(kind)}
    for key, value in data.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {prefix}{near[0]}?" if near else f"known here: {', '.join(known)}"
            raise ConfigError(f"{name}: unknown setting {prefix}{key}; {hint}")
        if isinstance(value, Mapping) and is_dataclass(known[key]):
            _refuse_unknown(known[key], value, name, f"{prefix}{key}.")
