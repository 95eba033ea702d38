"""The HTTP server around the app, shaped for controllers and for a thread that the daemon owns."""

import socket
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from station.api.bell import Bell
from station.api.plc_schemas import PlcError
from station.api.problems import PlcErr
from station.api.settings import ApiSettings
from station.core.errors import StationError

_KEEP_ALIVE_S = 75
_GRACE_S = 1
_BACKLOG = 128


class StationServer(uvicorn.Server):
    """A uvicorn server on a socket that is bound already. `run()` serves until `should_exit` is set."""

    def __init__(self, config: uvicorn.Config, listener: socket.socket, bell: Bell) -> None:
        super().__init__(config)
        self._listener = listener
        self._bell = bell

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._listener.getsockname()[1])

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on the bound socket until `should_exit` is set; from any thread."""
        super().run(sockets if sockets is not None else [self._listener])

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let every waiting request answer now, then stop."""
        self._bell.close()
        await super().shutdown(sockets)


def make_server(app: FastAPI, listener: socket.socket) -> StationServer:
    """Build the API's server on a bound socket, see `make_listener`; it closes the socket when it stops."""
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )
    return StationServer(config, listener, app.state.bell)


def make_listener(settings: ApiSettings) -> socket.socket:
    """Bind the API's port.

    Raises:
        StationError: the address cannot be bound.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise StationError(f"the API cannot listen on {settings.host}: {error.strerror}. Correct api.host") from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise StationError(
            f"the API cannot listen on {settings.host}:{settings.port}: {error.strerror}. "
            "Stop the program that uses the port, or choose another with --port"
        ) from error
    return listener


class _Protocol(H11Protocol):
    """HTTP/1.x for simple clients: even what is not HTTP gets a short body with its length, never a chunked one."""

    def send_400_response(self, msg: str) -> None:
        body = PlcError(err=PlcErr.MALFORMED).model_dump_json().encode()
        headers: list[tuple[str, Any]] = [
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("connection", "close"),
        ]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
