"""The rig in force and its earlier versions: every one is kept, the change from one to the next is a single rename."""

from pathlib import Path

from station.core.errors import SetupError
from station.rig import Rig, load_rig, rig_json
from station.setup.files import write_whole, writing

IN_FORCE = "rig.json"


class RigVersions:
    """The rigs of a setup folder: `rig.json` is in force, `rigs/NNNN-DIGEST.json` are all there ever were.

    `rigs/order.txt` names them as they came into force, without those that were rolled back.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._order = folder / "rigs" / "order.txt"
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

    def of(self, rig_digest: str) -> Path | None:
        """Return the version that the rig of a digest is kept as, None where it was never in force."""
        return next((path for path in self.all() if path.stem.endswith(f"-{rig_digest}")), None)

    def put_in_force(self, rig: Rig) -> Path:
        """Keep a rig as the newest version, unless it is one already, and put it in force; return its file.

        Raises:
            SetupError: the disk is full or not writable; the earlier rig is then still in force.
        """
        known = self.of(rig.digest)
        number = int(self.all()[-1].name.partition("-")[0]) + 1 if self.all() else 1
        version = known or self._folder / "rigs" / f"{number:04d}-{rig.digest}.json"
        order = [*(path for path in self._until_now() if path != version), version]
        with writing(self._folder):
            try:
                write_whole(version, rig_json(rig))
                write_whole(self._order, "".join(f"{path.name}\n" for path in order))
                write_whole(self.path, rig_json(rig))
            except OSError:
                if known is None:
                    version.unlink(missing_ok=True)
                raise
        return version

    def before(self) -> Path:
        """Return the version that was in force before the one that is.

        Raises:
            SetupError: there is none.
        """
        order = self._until_now()
        if len(order) < 2:
            raise SetupError(f"{self._folder} holds no rig earlier than the one in force. Nothing was changed")
        return order[-2]

    def rollback(self) -> Path:
        """Put the version before the one in force back in force; return its file.

        Raises:
            SetupError: there is no earlier version, or the disk is full.
        """
        earlier = self.before()
        with writing(self._folder):
            write_whole(self.path, earlier.read_text())
        return earlier

    def _until_now(self) -> list[Path]:
        """Return the versions as they came into force, the one in force last."""
        rig = self.in_force()
        current = self.of(rig.digest) if rig else None
        if current is None:
            return []
        names = self._order.read_text(errors="replace").splitlines() if self._order.is_file() else []
        known = {path.name: path for path in self.all()}
        order = [known[name] for name in names if name in known]
        return order[: order.index(current) + 1] if current in order else [current]
