"""The rig in force and its earlier versions: every one is kept, the change from one to the next is a single rename."""

from pathlib import Path

from station.core.errors import SetupError
from station.rig import Rig, load_rig, rig_json
from station.setup.files import write_whole, writing

IN_FORCE = "rig.json"


class RigVersions:
    """The rigs of a setup folder: `rig.json` is in force, `rigs/NNNN-DIGEST.json` are all there ever were."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / IN_FORCE

    def all(self) -> list[Path]:
        """Return every version, oldest first."""
        return sorted(self._folder.glob("rigs/[0-9]*.json"))

    def in_force(self) -> Rig | None:
        """Return the rig in force, None before the first."""
        return load_rig(self.path) if self.path.is_file() else None

    @property
    def remains(self) -> str:
        """What is in force after a setup that did not pass, in words."""
        return "the earlier rig still is" if self.path.is_file() else "none is as yet"

    def of(self, rig: Rig) -> Path | None:
        """Return the version that a rig is kept as, None where it was never in force."""
        return next((path for path in self.all() if path.stem.endswith(f"-{rig.digest}")), None)

    def put_in_force(self, rig: Rig) -> Path:
        """Keep a rig as the newest version, unless it is one already, and put it in force; return its file.

        Raises:
            SetupError: the disk is full or not writable; the earlier rig is then still in force.
        """
        known = self.of(rig)
        number = int(self.all()[-1].name.partition("-")[0]) + 1 if self.all() else 1
        version = known or self._folder / "rigs" / f"{number:04d}-{rig.digest}.json"
        with writing(self._folder):
            try:
                write_whole(version, rig_json(rig))
                write_whole(self.path, rig_json(rig))
            except OSError:
                if known is None:
                    version.unlink(missing_ok=True)
                raise
        return version

    def rollback(self) -> Path:
        """Put the version before the one in force back in force; return its file.

        Raises:
            SetupError: there is no earlier version.
        """
        current = self.in_force()
        versions, version = self.all(), self.of(current) if current else None
        place = versions.index(version) if version else 0
        if place == 0:
            raise SetupError(f"{self._folder} holds no rig earlier than the one in force. Nothing was changed")
        earlier = versions[place - 1]
        with writing(self._folder):
            write_whole(self.path, earlier.read_text())
        return earlier
