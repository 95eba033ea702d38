"""The station as it lives: verdicts as they come, health, metrics."""

from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from station.api.bell import Bell
from station.api.door import Door
from station.api.item_schemas import verdict_body
from station.api.problems import problem_responses, refusal
from station.api.schemas import HealthBody, Number, ReadyBody
from station.core.errors import StationError

_STILL_HERE_S = 15.0
_BATCH = 100
_METRICS_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_METRIC = 'station_verdicts_total{decision="sideline",reason="damage"} 8.0\n'

LastEventId = Annotated[
    Number | None,
    Header(ge=0, le=2**63 - 1, description="Number of the last verdict seen; those after it come first.", examples=[0]),
]


def live_router(door: Door, bell: Bell) -> APIRouter:
    """Build the routes of events, health and metrics."""
    router = APIRouter(tags=["live"])
    _add_events(router, door, bell)
    _add_health(router, door)
    return router


def _add_events(router: APIRouter, door: Door, bell: Bell) -> None:
    @router.get(
        "/v1/events",
        summary="Verdicts as they come",
        response_class=StreamingResponse,
        responses={
            200: {
                "description": "Server-sent events: `event: verdict`, `id` its number, `data` as in /v1/verdicts.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            },
            **problem_responses(422),
        },
        operation_id="events",
    )
    async def events(last_event_id: LastEventId = None) -> StreamingResponse:
        """Stream each verdict when it is recorded; a browser that reconnects misses none."""
        newest = door.outbox.newest
        after = last_event_id if last_event_id is not None else (newest.number if newest else 0)
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(_stream(door, bell, after), media_type="text/event-stream", headers=headers)


def _add_health(router: APIRouter, door: Door) -> None:
    @router.get("/healthz", summary="Is the process alive?", operation_id="healthz")
    async def healthz() -> HealthBody:
        """Say that the process answers, whatever the station's state."""
        return HealthBody(status="alive", alarm=door.status().alarm)

    @router.get(
        "/readyz",
        summary="Can the station judge items?",
        response_model=ReadyBody,
        responses=problem_responses(503),
        operation_id="readyz",
    )
    async def readyz() -> ReadyBody | Response:
        """Say whether the station can judge items now, and if not why."""
        is_ready, why = door.ready()
        if not is_ready:
            return refusal("/readyz", 503, why)
        return ReadyBody(status="ready", alarm=door.status().alarm)

    @router.get(
        "/metrics",
        summary="Metrics for Prometheus",
        response_class=Response,
        responses={
            200: {
                "description": "Metrics.",
                "content": {"text/plain": {"schema": {"type": "string"}, "example": _METRIC}},
            }
        },
        operation_id="metrics",
    )
    def metrics() -> Response:
        """Give counters, latency histograms and the station's state in Prometheus text form."""
        return Response(door.metrics_text(), headers={"Content-Type": _METRICS_MEDIA_TYPE})


async def _stream(door: Door, bell: Bell, after: int) -> AsyncIterator[str]:
    """Yield the verdicts after number `after` as server-sent events, until the server stops."""
    with bell.listen() as rung:
        while not bell.closed:
            rung.clear()
            try:
                batch = await run_in_threadpool(door.verdicts, after, _BATCH)
            except StationError as error:
                yield f"event: problem\ndata: {' '.join(str(error).split())}\n\n"
                return
            for recorded in batch:
                after = recorded.number
                yield f"event: verdict\nid: {after}\ndata: {verdict_body(recorded).model_dump_json()}\n\n"
            if not batch and not await bell.wait(rung, _STILL_HERE_S):
                yield ": still here\n\n"
