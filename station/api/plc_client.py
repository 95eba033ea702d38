"""A controller's side of the wire: one socket, one request at a time, as simple as a PLC library has it."""

import json
import socket
from urllib.parse import urlencode, urlsplit

from station.core.errors import StationError

_LONGEST_ANSWER_BYTES = 4096


class PlcClient:
    """Speaks `/v1/plc` over a plain socket, so that what a controller meets is what is tested.

    It knows nothing of the server's own code. Every request may be repeated, so one on a connection
    that the station has meanwhile closed is sent once more on a new one.
    """

    def __init__(self, base_url: str, token: str = "", http10: bool = False, timeout_s: float = 5.0) -> None:
        """Remember where the station is; nothing is sent yet.

        Args:
            base_url: such as `http://127.0.0.1:8377`.
            token: the station's token, empty for none.
            http10: speak HTTP/1.0, with a connection for each request.
            timeout_s: how long the station may take for an answer.
        """
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._version = "HTTP/1.0" if http10 else "HTTP/1.1"
        self._headers = f"Host: {self._host}:{self._port}\r\n" + (f"X-Station-Token: {token}\r\n" if token else "")
        self._timeout_s = timeout_s
        self._socket: socket.socket | None = None

    def trigger(self, plc_id: int, sku: str | None = None, barcode: str | None = None) -> dict[str, int]:
        """Announce an item."""
        fields = {"id": plc_id, "sku": sku, "barcode": barcode}
        query = urlencode({name: value for name, value in fields.items() if value is not None})
        return self._ask("POST", f"/v1/plc/trigger?{query}")

    def next(self, after: int, wait_ms: int = 0) -> dict[str, int]:
        """Ask for the first verdict after the sequence `after`."""
        return self._ask("GET", _next_path(after, wait_ms))

    def lose_next(self, after: int, wait_ms: int = 0) -> None:
        """Ask for the next verdict and hang up without reading the answer, as a broken line would."""
        self._send("GET", _next_path(after, wait_ms))
        self.close()

    def acknowledge(self, seq: int) -> dict[str, int]:
        """Say that the verdict with this sequence, and all older ones, have been taken."""
        return self._ask("POST", f"/v1/plc/ack?seq={seq}")

    def verdict(self, plc_id: int) -> dict[str, int]:
        """Ask for one item's verdict."""
        return self._ask("GET", f"/v1/plc/verdict/{plc_id}")

    def status(self) -> dict[str, int]:
        """Ask for the station's state."""
        return self._ask("GET", "/v1/plc/status")

    def close(self) -> None:
        """Hang up; the next request connects anew."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _ask(self, method: str, path: str) -> dict[str, int]:
        """Return the flat object the station answers.

        Raises:
            StationError: the station cannot be reached, does not answer, or refuses the request.
        """
        had_connection = self._socket is not None
        try:
            try:
                status, body = self._exchange(method, path)
            except ConnectionError:
                if not had_connection:
                    raise
                self.close()
                status, body = self._exchange(method, path)
        except (OSError, ValueError) as error:
            self.close()
            where = f"{self._host}:{self._port}"
            raise StationError(f"the station at {where} gave no answer to {path}: {error}. Is it running?") from error
        if status != 200:
            raise StationError(f"the station refused {path} with status {status}: {body.decode(errors='replace')}")
        answer: dict[str, int] = json.loads(body)
        return answer

    def _exchange(self, method: str, path: str) -> tuple[int, bytes]:
        connection = self._send(method, path)
        data = b""
        while b"\r\n\r\n" not in data:
            data += _receive(connection)
        head, _, body = data.partition(b"\r\n\r\n")
        status_line, *lines = head.decode("ascii").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers["content-length"]) if "content-length" in headers else -1
        if not 0 <= length <= _LONGEST_ANSWER_BYTES:
            raise ValueError(f"content length {headers.get('content-length', 'missing')}")
        while len(body) < length:
            body += _receive(connection)
        if headers.get("connection", "").lower() == "close" or self._version == "HTTP/1.0":
            self.close()
        return int(status_line.split()[1]), body

    def _send(self, method: str, path: str) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection((self._host, self._port), self._timeout_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        length = "Content-Length: 0\r\n" if method == "POST" else ""
        self._socket.sendall(f"{method} {path} {self._version}\r\n{self._headers}{length}\r\n".encode("ascii"))
        return self._socket


def _receive(connection: socket.socket) -> bytes:
    data = connection.recv(4096)
    if not data:
        raise ConnectionResetError("the connection was closed")
    return data


def _next_path(after: int, wait_ms: int) -> str:
    return f"/v1/plc/next?after={after}&wait={wait_ms}"
