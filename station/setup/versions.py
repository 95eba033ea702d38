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

    def put_in_force(self, rig: Rig) -> Path:
        """Keep a rig as the newest version and put it in force; return its file. The rig in force stays as it is.

        Raises:
            SetupError: the disk is full or not writable; the earlier rig is then still in force.
        """
        current = self.in_force()
        if current is not None and current.digest == rig.digest:
            return next(path for path in reversed(self.all()) if rig.digest in path.name)
        number = int(self.all()[-1].name.partition("-")[0]) + 1 if self.all() else 1
        version = self._folder / "rigs" / f"{number:04d}-{rig.digest}.json"
        with writing(self._folder):
            write_whole(version, rig_json(rig))
            write_whole(self.path, rig_json(rig))
        return version

    def rollback(self) -> Path:
        """Put the version before the one in force back in force; return its file.

        Raises:
            SetupError: there is no earlier version.
        """
        current = self.in_force()
        versions = self.all()
        place = next((i for i in reversed(range(len(versions))) if current and current.digest in versions[i].name), 0)
        if place == 0:
            raise SetupError(f"{self._folder} holds no rig earlier than the one in force. Nothing was changed")
        earlier = versions[place - 1]
        with writing(self._folder):
            write_whole(self.path, earlier.read_text())
        return earlier
