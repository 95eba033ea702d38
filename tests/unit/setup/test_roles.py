"""Roles are given by what each camera sees; a name given twice, or none, is asked for again."""

from dataclasses import dataclass

import numpy as np
import pytest
import typer
from rich.console import Console
from support.setup_booth import LENS

from station.cli.setup_roles import ask_roles
from station.core.errors import SetupError
from station.core.frames import Frame, TimeDomain
from station.core.ports import CameraInfo
from station.setup.roles import contact_sheet, look
from station.setup.session import Session
from station.setup.settings import SetupSettings


@dataclass
class Still:
    """A camera that always sees the same, or nothing."""

    camera_id: str
    level: int | None
    opened: bool = False

    def open(self):
        self.opened = True
        return CameraInfo(self.camera_id, self.camera_id, "D435", "", "", 15, LENS)

    def read(self, timeout_ms):
        if self.level is None:
            return None
        colour = np.full((48, 64, 3), self.level, np.uint8)
        return Frame(self.camera_id, 1, 1, 1, TimeDomain.GLOBAL, colour, np.zeros((48, 64), np.uint16), 0.1)

    def close(self):
        self.opened = False


CAMERAS = {serial: Still(serial, 60 * number) for number, serial in enumerate(("A1", "B2", "C3", "D4"))}


def test_technician_is_shown_every_camera_and_asked_for_its_role(tmp_path, monkeypatch):
    answers = iter(["right", "right", "to p", "top", "", "lamp"])
    monkeypatch.setattr(typer, "prompt", lambda *_, **__: next(answers))
    session = Session(tmp_path, SetupSettings())
    console = Console(record=True, width=200)
    roles = ask_roles(console, session, CAMERAS)
    assert list(roles.items()) == [("top", "B2"), ("right", "A1"), ("lamp", "D4")]
    said = console.export_text()
    assert "Roles in the booth's plan: top, left, right" in said
    assert said.count("Name another") == 2
    assert (session.pictures / "cameras.jpg").is_file()
    assert not any(camera.opened for camera in CAMERAS.values())


def test_contact_sheet_has_every_picture_three_a_row():
    sheet = contact_sheet({name: look(camera) for name, camera in CAMERAS.items()})
    assert sheet.shape == (2 * 336, 3 * 412, 3)
    assert (sheet[336 + 100, 100] == 180).all()
    assert (sheet[336 + 100, 600] == 255).all()


def test_camera_without_a_picture_is_named_and_closed():
    dark = Still("E5", None)
    with pytest.raises(SetupError, match=r"camera E5 delivers no picture\. Check its cable"):
        look(dark)
    assert not dark.opened
