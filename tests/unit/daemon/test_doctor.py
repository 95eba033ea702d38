"""What `station doctor` says of the store's folder, and of a gallery's false alarms, on the gallery that ships."""

from dataclasses import replace
from pathlib import Path

import pytest

from station.config import StationConfig
from station.daemon.doctor import Check, Health, examine
from station.daemon.parts import find_gallery
from station.gallery import Gallery
from station.inference import find_bundle, load_bundle


def false_alarms(rate: float) -> Check:
    config = StationConfig()
    config = replace(config, judge=replace(config.judge, max_false_alarm_rate=rate), api=replace(config.api, port=0))
    [check] = [check for check in examine(config) if check.name == "false alarms"]
    return check


@pytest.fixture(scope="module")
def good_items() -> int:
    config = StationConfig()
    model = load_bundle(find_bundle(config.inference.bundle), config.inference)
    return len(Gallery.open(find_gallery(config.gallery.path), model.digest).good_scores)


def test_a_rate_that_the_gallery_upholds_is_well(good_items: int) -> None:
    check = false_alarms(0.02)
    assert (check.health, check.fix) == (Health.OK, "")
    assert check.found == f"{good_items} undamaged items uphold 2.00%, 2.00% asked for"


def test_a_rate_it_cannot_uphold_is_a_warning_that_says_how_many_items_are_missing(good_items: int) -> None:
    check = false_alarms(0.0001)
    assert check.health is Health.WARNING
    assert check.found.endswith(", 0.01% asked for")
    assert check.found != false_alarms(0.02).found
    assert check.fix.startswith(f"Enrol {2 * (29956 - good_items)} more undamaged items")


def test_the_folder_of_the_store_must_be_there(tmp_path: Path) -> None:
    config = StationConfig()
    store = replace(config.store, url=f"sqlite:///{tmp_path}/new/station.db")
    config = replace(config, store=store, api=replace(config.api, port=0))
    [check] = [check for check in examine(config) if check.name == "disk"]
    assert (check.health, check.found) == (Health.FAILED, f"{tmp_path}/new is no folder")
