"""Settings of the API."""

import ipaddress
from dataclasses import dataclass
from typing import Annotated

from annotated_doc import Doc
from annotated_types import Ge, Le, Len


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Where the station listens, and who may speak to it."""

    host: Annotated[
        str, Len(1, 255), Doc("Address to listen on; anything but loopback should have a token as well.")
    ] = "127.0.0.1"
    port: Annotated[int, Ge(0), Le(65535), Doc("TCP port to listen on; 0 takes any free one.")] = 8377
    token: Annotated[
        str, Len(0, 128), Doc("Secret that every request must carry in a header or the path; empty asks for none.")
    ] = ""


def exposure_warning(settings: ApiSettings) -> str | None:
    """Return a warning when the API can be reached from other machines without a token, else None."""
    if settings.token or _is_loopback(settings.host):
        return None
    return (
        f"The API listens on {settings.host}:{settings.port} without a token: anyone on this network can announce "
        "items, read pictures and acknowledge verdicts. Set api.token, or api.host to 127.0.0.1."
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
