"""The API as one application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from station.api.bell import Bell
from station.api.booth import booth_router
from station.api.door import Door
from station.api.gate import Gate
from station.api.items import items_router
from station.api.live import live_router
from station.api.openapi import build_openapi
from station.api.plc import plc_router
from station.api.problems import install_problem_handlers
from station.api.settings import ApiSettings
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
    routers = (plc_router(door, bell, clock), items_router(door, bell), booth_router(door), live_router(door, bell))
    for router in routers:
        app.include_router(router)
    app.state.routes = [route for router in routers for route in router.routes]
    document = build_openapi(app)
    app.openapi = lambda: document  # type: ignore[method-assign]
    return app
