"""The API as one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from station.api.bell import Bell
from station.api.booth import booth_router
from station.api.door import Door
from station.api.gate import Gate
from station.api.items import items_router
from station.api.live import live_router
from station.api.plc import plc_router
from station.api.problems import install_problem_handlers
from station.api.schemas import Problem
from station.api.settings import ApiSettings
from station.core.damage import Reason
from station.core.ports import Clock

API_VERSION = "1"


def create_app(door: Door, clock: Clock, settings: ApiSettings | None = None) -> FastAPI:
    """Build the API over a station's door. `clock` tells the age of verdicts."""
    bell = Bell()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        bell.attach()
        door.outbox.subscribe(bell.ring)
        yield
        door.outbox.unsubscribe(bell.ring)

    app = FastAPI(
        title="Damage station",
        version=API_VERSION,
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    app.state.bell = bell
    app.add_middleware(Gate, token=(settings or ApiSettings()).token)
    install_problem_handlers(app)
    for router in (
        plc_router(door, bell, clock),
        items_router(door, bell),
        booth_router(door),
        live_router(door, bell),
    ):
        app.include_router(router)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


def _openapi(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document, with the table of reasons and the problem document in it."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, description=_description(), routes=app.routes)
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        app.openapi_schema = document
    return app.openapi_schema


def _description() -> str:
    table = "\n".join(f"| {reason.code} | {reason.word} | {reason.title} | {reason.fix} |" for reason in Reason)
    return (
        "A camera station that tells a packing line which items may pass.\n\n"
        "`/v1/plc` is for controllers: flat objects of integers, at most 240 bytes. The rest is for people and "
        "programs; its errors are RFC 9457 problem documents. Where the station has a token, send it as "
        "`Authorization: Bearer TOKEN`, as `X-Station-Token: TOKEN`, or in a controller's path: "
        "`/t/TOKEN/v1/plc/next`.\n\n"
        f"| code | reason | meaning | what to do |\n|---|---|---|---|\n{table}\n"
    )
