"""`station config`: every setting, documented, as a configuration file."""

import json

from rich.console import Console

from station.config import describe_settings


def config() -> None:
    """Print a configuration file with every setting, its meaning and its default.

    Save it as `station.toml`, remove the `#` from what you change, and start with
    `station run --config station.toml`.
    """
    Console(soft_wrap=True, highlight=False, markup=False).print(config_text(), end="")


def config_text() -> str:
    """Return a TOML file in which every setting stands as a comment with its documentation and default."""
    lines = [
        "# Every setting of the station. A line starting with `#key` shows the default; remove the # to change it."
    ]
    section = ""
    for setting in describe_settings():
        name, _, key = setting.key.rpartition(".")
        if name != section:
            section = name
            lines += ["", f"[{section}]"]
        lines += [f"# {setting.doc} ({setting.type_text})", f"#{key} = {_toml(setting.default)}"]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    """Write a setting's default in TOML: strings, numbers, booleans and lists agree with JSON."""
    return json.dumps(value if not isinstance(value, tuple) else list(value))
