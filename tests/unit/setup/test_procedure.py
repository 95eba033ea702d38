"""The rig that comes into force is of what its report says."""

import pytest
from support.setup_booth import RIG

from station.core.errors import SetupError
from station.setup.measure import StepResult
from station.setup.procedure import STEPS, finish, run_step
from station.setup.session import Session
from station.setup.settings import SetupSettings


@pytest.mark.parametrize(
    ("again", "built_on"),
    [("light", []), ("intrinsics", ["extrinsics", "tray", "sync"]), ("extrinsics", ["tray", "sync"])],
)
def test_rig_older_than_a_step_it_builds_on_does_not_come_into_force(tmp_path, monkeypatch, again, built_on):
    session = Session(tmp_path, SetupSettings())
    session.save_draft(RIG)
    for name in STEPS:
        monkeypatch.setitem(STEPS, name, lambda _session, name=name: StepResult(name))
        run_step(session, name)
    run_step(session, again)
    for name in built_on:
        with pytest.raises(SetupError, match=f"the step `station setup {name}` has not run since what it builds on"):
            finish(session, 1)
        run_step(session, name)
    assert all(session.result(name) for name in STEPS)
