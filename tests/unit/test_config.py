"""The configuration: every setting has a meaning, a default that works and bounds; nothing unknown is let by."""

import re
import tomllib
from dataclasses import fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.cli.config import config_text
from station.config import StationConfig, describe_settings, load_config, parse_config
from station.core.errors import ConfigError

SETTINGS = {setting.key: setting for setting in describe_settings()}


def test_every_setting_says_what_it_means():
    assert len(SETTINGS) > 40
    for setting in SETTINGS.values():
        assert setting.doc.endswith("."), setting.key
        assert setting.type_text, setting.key


def test_every_section_is_a_rooms_settings():
    sections = {field.name for field in fields(StationConfig)}
    assert {key.partition(".")[0] for key in SETTINGS} == sections


def test_the_defaults_keep_their_own_bounds():
    assert load_config(None) == StationConfig() == parse_config({})
    sections = {}
    for setting in SETTINGS.values():
        section, _, name = setting.key.partition(".")
        sections.setdefault(section, {})[name] = setting.default
    assert parse_config(sections) == StationConfig()


def test_the_file_that_config_prints_is_read_as_the_defaults(tmp_path):
    path = tmp_path / "station.toml"
    path.write_text(config_text())
    assert load_config(path) == StationConfig()
    path.write_text(re.sub(r"^#(?! )", "", config_text(), flags=re.MULTILINE))
    assert load_config(path) == StationConfig()
    assert set(tomllib.loads(path.read_text())) == {field.name for field in fields(StationConfig)}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"scenes": {}}, "unknown setting scenes; did you mean scene?"),
        ({"scene": {"triger": "tray"}}, "unknown setting scene.triger; did you mean scene.trigger?"),
        ({"inspection": {"zzz": 1}}, "unknown setting inspection.zzz; known here: deadline_ms, queue_items"),
        ({"inspection": {"deadline_ms": 0}}, "inspection.deadline_ms = 0: .*greater than or equal to 50"),
        ({"inspection": {"deadline_ms": "soon"}}, "inspection.deadline_ms = 'soon'"),
        ({"inspection": 5}, "inspection = 5"),
        ({"source": {"kind": "film"}}, "source.kind = 'film'"),
        ({"source": {"speed": float("nan")}}, "source.speed = nan"),
        ({"api": {"port": 70000}}, "api.port = 70000"),
        ({"inference": {"bundle": ""}}, "inference.bundle = ''"),
    ],
)
def test_what_is_wrong_is_named(data, words):
    with pytest.raises(ConfigError, match=words):
        parse_config(data)


@pytest.mark.parametrize(
    ("text", "words"),
    [("[scene", "is not valid TOML"), ("scene = 1", "scene = 1"), ("[scene]\nx = 1", "unknown setting scene.x")],
)
def test_a_wrong_file_is_named(tmp_path, text, words):
    path = tmp_path / "station.toml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=words) as error:
        load_config(path)
    assert str(path) in str(error.value)


def test_files_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(ConfigError, match="does not exist"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b'# \xe9\n[api]\nhost = "x"\n')
    with pytest.raises(ConfigError, match="is not valid TOML"):
        load_config(tmp_path / "latin.toml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | KEYS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(key=st.sampled_from(sorted(SETTINGS)), value=VALUES)
def test_any_value_is_taken_or_refused_by_name(key, value):
    section, _, name = key.partition(".")
    config, refusal = StationConfig(), name
    try:
        config = parse_config({section: {name: value}})
    except ConfigError as error:
        refusal = str(error)
    assert name in refusal
    assert replace(config, **{section: getattr(StationConfig(), section)}) == StationConfig()


@given(st.dictionaries(KEYS.filter(lambda key: key not in {f.name for f in fields(StationConfig)}), VALUES, min_size=1))
def test_an_unknown_section_is_never_ignored(data):
    with pytest.raises(ConfigError, match="unknown setting"):
        parse_config(data)


def test_the_digest_is_of_what_judges():
    plain = StationConfig()
    elsewhere = parse_config({"api": {"port": 1234, "token": "t"}, "store": {"url": "sqlite:///x.db"}})
    assert elsewhere.digest == plain.digest
    assert len(plain.digest) == 16
    stricter = parse_config({"judge": {"max_false_alarm_rate": 0.5}})
    assert stricter.digest != plain.digest
