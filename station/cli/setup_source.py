"""What `--from` and `--out` of `station setup` name: its cameras and its folder."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from station.config import StationConfig
from station.core.errors import SetupError
from station.daemon.clock import ManualClock, SystemClock
from station.setup.board import golden_target
from station.setup.roles import has_roles
from station.setup.session import Session
from station.setup.sources import SetupSource, board_booth, golden_booth, live_setup, recorded_setup, simulated_source
from station.setup.versions import RigVersions
from station.simulation.board import nudged

SIMULATED, LIVE = "simulated", "live"
_KNOCKED_MM = 3.0


def setup_folder(station: StationConfig, out: Path | None) -> Path:
    """Return the setup folder: what `--out` says, else the configuration."""
    return out or Path(station.setup.folder)


def setup_session(station: StationConfig, out: Path | None, source: str) -> Session:
    """Return the setup folder's session; of the simulated booth, with that booth's plan."""
    session = Session(setup_folder(station, out), station.setup)
    if source == SIMULATED or session.truth() is not None:
        return Session(session.folder, replace(station.setup, booth=station.simulation.booth))
    return session


def board_source(name: str, station: StationConfig, session: Session, seed: int) -> SetupSource:
    """Return the cameras that a `--from` names; in the simulated booth a person shows them the board.

    Raises:
        RecordingError: the folder is no recording.
        SetupError: no live camera has a role yet, or the simulated booth's rig would replace one of real cameras.
    """
    if name == SIMULATED:
        if session.truth() is None and RigVersions(session.folder).in_force() is not None:
            raise SetupError(
                f"the rig in force in {session.folder} is of real cameras: the simulated booth's must not replace it. "
                "Name another folder with --out"
            )
        booth = board_booth(session.board, session.settings, station.simulation, seed)
        return simulated_source(booth, ManualClock())
    if name != LIVE:
        return recorded_setup(Path(name), ManualClock())
    if session.truth() is not None and not has_roles(session.folder):
        raise SetupError(
            f"{session.folder} was set up on the simulated booth: add --from simulated, or give live cameras their "
            "roles with `station setup discover`"
        )
    return live_setup(session.folder, station.cameras, SystemClock())


def golden_source(name: str, station: StationConfig, session: Session, seed: int, knocked: str) -> SetupSource:
    """Return the cameras that a `--from` names; in the simulated booth a person shows them the golden target.

    `knocked` names a camera of the simulated booth that is out of its place, empty for none.

    Raises:
        RecordingError: the folder is no recording.
        RigError: the simulated booth has no camera of that name to knock.
        SetupError: no live camera has a role yet, or the folder is not of the simulated booth.
    """
    if name != SIMULATED:
        if knocked:
            raise SetupError("--knocked is for the simulated booth: add --from simulated, or knock the camera yourself")
        return board_source(name, station, session, seed)
    truth = session.truth()
    if truth is None:
        raise SetupError(
            f"{session.folder} was not set up on the simulated booth. Run `station setup --from simulated`"
        )
    if knocked:
        truth = nudged(truth, truth.camera(knocked).camera_id, np.random.default_rng(seed), by_mm=_KNOCKED_MM)
    booth = golden_booth(
        golden_target(session.settings.golden_bar_mm), truth, session.settings, station.simulation, seed
    )
    return simulated_source(booth, ManualClock())
