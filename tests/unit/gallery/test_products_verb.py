"""station products: a product's life from pictures, as people do it."""

import re

import cv2
import numpy as np
import pytest
from support.command import station


def draw(file, seed):
    rng = np.random.default_rng(7)
    picture = np.full((200, 320, 3), 210, np.uint8)
    for _ in range(40):
        place = int(rng.integers(0, 280)), int(rng.integers(20, 190))
        cv2.putText(picture, str(rng.integers(10, 99)), place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (40, 60, 160), 1)
    noise = np.random.default_rng(seed).normal(0, 3, picture.shape)
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), np.clip(picture + noise, 0, 255).astype(np.uint8))


def test_a_product_comes_is_shown_and_goes(tmp_path, monkeypatch, capsys):
    for seed in range(4):
        draw(tmp_path / "units" / f"{seed}" / "top.png", seed)
    monkeypatch.setenv("COLUMNS", "200")
    at = ("--gallery", tmp_path / "gallery")
    assert station(monkeypatch, "products", "add", "tea", tmp_path / "units", *at, "--lot", "L7", "--name", "Tea") == 0
    assert "added 4 of 4 to tea: version 1" in capsys.readouterr().out
    assert station(monkeypatch, "products", "show", "tea", *at) == 0
    shown = capsys.readouterr().out
    assert shown.count("L7") == 4
    assert station(monkeypatch, "products", "retire", "tea", *at) == 0
    assert station(monkeypatch, "products", "list", *at) == 0
    assert "Tea" not in capsys.readouterr().out
    assert station(monkeypatch, "products", "undo", *at) == 0
    assert "undid: retired tea" in capsys.readouterr().out
    assert station(monkeypatch, "products", "list", *at) == 0
    assert re.search(r"tea\W+Tea", capsys.readouterr().out)


def test_one_picture_is_enough(tmp_path, monkeypatch, capsys):
    draw(tmp_path / "one.png", 1)
    assert station(monkeypatch, "products", "add", "tea", tmp_path / "one.png", "--gallery", tmp_path / "new") == 0
    assert "added 1 of 1" in capsys.readouterr().out
    assert station(monkeypatch, "products", "add", "tea", tmp_path / "none", "--gallery", tmp_path / "new") == 1
    assert "holds no pictures" in capsys.readouterr().err


def test_what_a_recording_knows_as_damaged_is_no_reference(tmp_path, monkeypatch, capsys, tiny_recording):
    add = ("products", "add", "BRICK", tiny_recording.path, "--gallery", tmp_path / "new")
    assert station(monkeypatch, *add, "--barcode", "4006381333931") == 0
    told = capsys.readouterr().out
    assert "added 1 of 1 to BRICK" in told
    assert "damaged" in told


def test_nothing_good_is_no_product(tmp_path, monkeypatch, capsys, tiny_recording):
    assert station(monkeypatch, "products", "add", "BRICK", tiny_recording.path, "--gallery", tmp_path / "new") == 1
    assert "no reference of BRICK" in capsys.readouterr().err


@pytest.mark.parametrize("verb", [("add", "tea", "one.png"), ("retire", "can-tomato"), ("undo",)])
@pytest.mark.parametrize("gallery", [(), ("--gallery", "demo-gallery")])
def test_a_shipped_gallery_stays_as_it_is(monkeypatch, capsys, verb, gallery):
    assert station(monkeypatch, "products", *verb, *gallery) == 1
    assert "shipped gallery" in capsys.readouterr().err


@pytest.mark.parametrize("place", ["file/new", "/proc/new"])
def test_where_no_gallery_can_be_is_said(tmp_path, monkeypatch, capsys, place):
    draw(tmp_path / "one.png", 1)
    (tmp_path / "file").touch()
    assert station(monkeypatch, "products", "add", "tea", tmp_path / "one.png", "--gallery", tmp_path / place) == 1
    assert "cannot write" in capsys.readouterr().err
