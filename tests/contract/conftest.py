"""A running API over a real store and outbox, and a bare socket to speak to it."""

import json
import socket
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from station.api.app import create_app
from station.api.door import GallerySummary, ProductSummary
from station.api.server import make_listener, make_server
from station.api.settings import ApiSettings
from station.core.damage import DamageType, Decision, Reason, Severity
from station.core.errors import StoreFull
from station.core.status import CameraStatus, EvidencePicture, StationState, StationStatus
from station.core.verdict import Identity, IdentitySource, Provenance, Region, Verdict
from station.daemon.clock import ManualClock
from station.daemon.outbox import Outbox
from station.judge import Standing
from station.store import Store
from station.telemetry import Telemetry

NOW_NS = 1_790_000_000_000_000_000
PICTURE = EvidencePicture("top-overlay", "image/jpeg", b"\xff\xd8 picture")
VERDICT = Verdict(
    item_id="",
    plc_id=0,
    decision=Decision.SIDELINE,
    damage_confidence=0.987,
    severity=Severity.MAJOR,
    reasons=(Reason.DAMAGE,),
    type_scores={DamageType.DEFORMATION: 0.91},
    regions=(Region("top", (120, 88, 40, 32), 3.2),),
    identity=Identity("carton-tea", IdentitySource.BARCODE, "4006381333931"),
    stage_ms={"views": 21.5},
    provenance=Provenance("000c5be1d2f3a4b5", "9f86d081884c7d65", "2c26b46b68ffc68f", "bc557de0a1b2c3d4"),
    arrived_ns=0,
    decided_ns=212_000_000,
    utc_ns=NOW_NS,
    simulated=True,
)


class DoorOnStore:
    """The station without cameras: a real store, outbox and telemetry, and a state that tests set."""

    def __init__(self, path: Path) -> None:
        self._url = f"sqlite:///{path / 'station.db'}"
        self.clock = ManualClock(NOW_NS)
        self.state, self.fault, self.why, self.full = StationState.READY, Reason.NONE, "", False
        self.cameras = (CameraStatus("top", "912112073118", True, 31.0, 86231, 0, 0),)
        self.standing = Standing()
        self._lock = threading.Lock()
        self.restart()

    def restart(self) -> None:
        """Start anew on the same store, as after a crash."""
        if hasattr(self, "store"):
            self.store.close()
        self.store = Store.open(self._url, self.clock)
        self.boot_id = self.store.boot().boot_id
        newest = self.store.last_number()
        self.outbox = Outbox(self.store.after_number(max(0, newest - 2048), 2048))
        self.telemetry = Telemetry()
        self.telemetry.watch(self.status, "test")

    def judge(self, plc_id=0, decision=Decision.SIDELINE, **changes):
        """Record and publish a verdict for the item with this number."""
        with self._lock:
            count = self.store.last_number() + 1
            item = self.store.item_by_plc_id(plc_id)
            if decision is Decision.PASS:
                changes = {"reasons": (), "severity": Severity.NONE, "damage_confidence": 0.01, **changes}
            changes = {
                "item_id": item.item_id if item else f"seen-{count:06d}",
                "utc_ns": self.clock.utc_ns(),
                **changes,
            }
            verdict = replace(VERDICT, plc_id=plc_id, decision=decision, **changes)
            recorded = self.store.record(verdict, (PICTURE,))
            self.telemetry.count_verdict(recorded.verdict, recorded.verdict.decided_ns)
            self.outbox.publish(recorded)
            return recorded

    def status(self):
        newest = self.outbox.newest
        provenance = VERDICT.provenance
        return StationStatus(
            state=self.state,
            fault=self.fault,
            boot_id=self.boot_id,
            heartbeat=8123,
            last_seq=newest.seq if newest else 0,
            unread=self.outbox.unread,
            overrun=self.outbox.overrun,
            disk_ok=not self.full,
            cameras=self.cameras,
            model=provenance.model,
            gallery=provenance.gallery,
            rig=provenance.rig,
            config=provenance.config,
        )

    def ready(self):
        return not self.why, self.why

    def announce(self, plc_id, sku, barcode):
        self._refuse_when_full()
        with self._lock:
            return self.store.open_item(f"told-{plc_id}", plc_id, sku, barcode, self.clock.utc_ns())

    def item(self, item_id):
        return self.store.item(item_id)

    def item_by_plc_id(self, plc_id):
        self._refuse_when_full()
        return self.store.item_by_plc_id(plc_id)

    def verdicts(self, after_number, limit):
        return self.store.after_number(after_number, limit)

    def acknowledge(self, seq):
        self._refuse_when_full()
        with self._lock:
            marked = self.store.acknowledge(seq)
            self.outbox.acknowledge(seq)
            return marked

    def evidence_names(self, item_id):
        return self.store.evidence_names(item_id)

    def evidence(self, item_id, name):
        return self.store.evidence(item_id, name)

    def record_truth(self, item_id, truth):
        with self._lock:
            self.store.record_truth(item_id, truth)

    def gallery(self):
        return GallerySummary("9f86d081884c7d65", 8, 48, 149, 0.02, 0.0605)

    def certificate(self):
        return self.standing

    def products(self):
        return (ProductSummary("carton-tea", "Tea, 20 bags", "carton", ("4006381333931",), ("TEA-20",), 24),)

    def product_picture(self, product_id):
        return PICTURE if product_id == "carton-tea" else None

    def camera_picture(self, camera_id):
        return PICTURE if camera_id == "top" else None

    def metrics_text(self):
        return self.telemetry.text()

    def _refuse_when_full(self):
        if self.full:
            raise StoreFull("the disk is full; free some space")


@dataclass
class Answer:
    """What came back over a bare socket."""

    status: int
    headers: dict[str, str]
    body: bytes
    names: list[str] = field(default_factory=list)

    @property
    def json(self):
        return json.loads(self.body)


class Line:
    """A bare TCP connection, one request after another."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = socket.create_connection(("127.0.0.1", port), 10.0)
        self._rest = b""

    def send(self, text: str, piece: int = 0) -> None:
        data = text.encode("latin-1")
        for start in range(0, len(data), piece or len(data)):
            self.socket.sendall(data[start : start + (piece or len(data))])

    def read(self, method: str = "GET") -> Answer:
        """Read one answer, by its Content-Length and nothing else."""
        while b"\r\n\r\n" not in self._rest:
            self._rest += self._receive()
        head, _, self._rest = self._rest.partition(b"\r\n\r\n")
        status, *lines = head.decode("ascii").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines]
        headers = {name.lower(): value for name, value in pairs}
        length = 0 if method == "HEAD" else int(headers["content-length"])
        while len(self._rest) < length:
            self._rest += self._receive()
        body, self._rest = self._rest[:length], self._rest[length:]
        return Answer(int(status.split()[1]), headers, body, [name.lower() for name, _ in pairs])

    def read_to_end(self) -> bytes:
        """Read what is left until the station hangs up."""
        data, self._rest = self._rest, b""
        while piece := self.socket.recv(65536):
            data += piece
        return data

    def ask(self, path: str, method: str = "GET", version: str = "1.1", headers: str = "", body: str = "") -> Answer:
        self.send(request(path, method, version, headers, body))
        return self.read(method)

    def close(self) -> None:
        self.socket.close()

    def _receive(self) -> bytes:
        data = self.socket.recv(65536)
        assert data, "the station hung up"
        return data


def request(path, method="GET", version="1.1", headers="", body=""):
    length = f"Content-Length: {len(body)}\r\n" if body or method == "POST" else ""
    return f"{method} {path} HTTP/{version}\r\nHost: station\r\n{length}{headers}\r\n{body}"


class Running:
    """A server in a thread, ready when it accepts a connection: its socket listens before the thread starts."""

    def __init__(self, door: DoorOnStore, token: str = "", port: int = 0) -> None:
        self.door = door
        settings = ApiSettings(port=port, token=token)
        self.server = make_server(create_app(door, door.clock, settings), make_listener(settings))
        self.port = self.server.port
        self._thread = threading.Thread(target=self.server.run, name="server")
        self._thread.start()
        self._lines: list[Line] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def line(self) -> Line:
        self._lines.append(Line(self.port))
        return self._lines[-1]

    def ask(self, path, method="GET", version="1.1", headers="", body=""):
        """Ask once on a connection of its own."""
        line = self.line()
        answer = line.ask(path, method, version, headers, body)
        line.close()
        return answer

    def stop(self) -> None:
        for line in self._lines:
            line.close()
        self.server.should_exit = True
        self._thread.join(10.0)
        assert not self._thread.is_alive(), "the server did not stop"


@pytest.fixture
def door(tmp_path):
    door = DoorOnStore(tmp_path)
    yield door
    door.store.close()


@pytest.fixture
def serve():
    """Serves a door; called again, it serves another one."""
    running = []

    def start(door, **settings):
        running.append(Running(door, **settings))
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture
def station(door, serve):
    return serve(door)


@pytest.fixture(scope="module")
def long_station(tmp_path_factory):
    """One station for a whole module, for tests that ask it many things and leave it as it was."""
    running = Running(DoorOnStore(tmp_path_factory.mktemp("station")))
    running.ask("/v1/plc/status")  # starts the server's worker thread, which stays as long as the server
    yield running
    running.stop()
    running.door.store.close()
