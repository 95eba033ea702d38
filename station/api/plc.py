"""The controller's API: `/v1/plc/*`."""

import asyncio
import json
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl

from fastapi import APIRouter, Path, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from station.api.bell import Bell
from station.api.door import Door
from station.api.plc_schemas import (
    AckFields,
    PlcAck,
    PlcError,
    PlcItem,
    PlcResult,
    PlcStatus,
    TriggerFields,
    plc_ack,
    plc_item,
    plc_no_result,
    plc_result,
    plc_status,
)
from station.api.problems import PLC_PREFIX
from station.api.schemas import PLC_ID_MAX, Number
from station.core.damage import Reason
from station.core.errors import StoreError
from station.core.ports import Clock
from station.core.status import StationState
from station.core.verdict import SEQ_MAX, RecordedVerdict

_Fields = TypeVar("_Fields", bound=BaseModel)

WAIT_MAX_MS = 2000
"""The longest a controller's poll is held."""

After = Annotated[
    Number,
    Query(
        ge=0,
        le=SEQ_MAX,
        description="The sequence last taken. 0, or one the station no longer has, asks for the oldest unread verdict.",
        examples=[0],
    ),
]
Wait = Annotated[
    Number,
    Query(
        ge=0, description=f"How long to wait for a verdict, ms; more than {WAIT_MAX_MS} counts as that.", examples=[0]
    ),
]
PlcId = Annotated[Number, Path(ge=1, le=PLC_ID_MAX, description="The controller's number for the item.", examples=[1])]


def plc_router(door: Door, bell: Bell, clock: Clock) -> APIRouter:
    """Build the controller's routes."""
    router = APIRouter(prefix=PLC_PREFIX, tags=["controller"])
    _add_next(router, door, bell, clock)
    _add_answers(router, door, clock)
    _add_trigger(router, door)
    _add_ack(router, door)
    return router


def _add_next(router: APIRouter, door: Door, bell: Bell, clock: Clock) -> None:
    @router.get(
        "/next", summary="The next verdict", response_model=PlcResult, operation_id="plc_next", responses=_errors(400)
    )
    async def next_verdict(after: After = 0, wait: Wait = 0) -> Response:
        """Give the first verdict after `after`, at once or within `wait`.

        Without one `verdict` is 0, or 3 with the fault's `code` while the station is in fault, and `seq` is `after`
        as asked. Asking again with the same `after` gives the same verdict again.
        """
        recorded = await _await_next(door, bell, after, min(wait, WAIT_MAX_MS) / 1e3)
        status = door.status()
        if recorded is None:
            return _flat(plc_no_result(status, seq=after))
        return _flat(plc_result(recorded, status, clock.utc_ns()))


def _add_answers(router: APIRouter, door: Door, clock: Clock) -> None:
    @router.get(
        "/verdict/{id}",
        summary="One item's verdict",
        response_model=PlcResult,
        operation_id="plc_verdict",
        responses=_errors(400),
    )
    def verdict(id: PlcId) -> Response:
        """Give the verdict of the newest item with this number, `verdict` 0 while it has none or is unknown."""
        status = door.status()
        try:
            record = door.item_by_plc_id(id)
        except StoreError:
            return _flat(plc_no_result(status, plc_id=id, fault=Reason.STORE_FAULT))
        if record is None or record.verdict is None:
            return _flat(plc_no_result(status, plc_id=id))
        return _flat(plc_result(record.verdict, status, clock.utc_ns()))

    @router.get("/status", summary="The station's state", response_model=PlcStatus, operation_id="plc_status")
    def state() -> Response:
        """Give the station's state, fault, boot, newest sequence, heartbeat, cameras and disk."""
        return _flat(plc_status(door.status()))


def _add_trigger(router: APIRouter, door: Door) -> None:
    def announce(fields: TriggerFields) -> Response:
        record = door.announce(fields.id, fields.sku, fields.barcode)
        return _flat(plc_item(record, fields.id, door.status()))

    docs: dict[str, Any] = {"summary": "Announce an item", "response_model": PlcItem, "responses": _errors(400, 503)}

    @router.get("/trigger", operation_id="plc_trigger_get", **docs)
    def trigger_get(fields: Annotated[TriggerFields, Query()]) -> Response:
        """Announce the item about to be presented; it is on disk when this answers. Asking twice changes nothing."""
        return announce(fields)

    @router.post("/trigger", operation_id="plc_trigger", openapi_extra=_posted(TriggerFields), **docs)
    async def trigger(request: Request) -> Response:
        """Announce the item about to be presented; it is on disk when this answers. Asking twice changes nothing.

        The fields come in the query, in a form or in a JSON object.
        """
        return await run_in_threadpool(announce, await _fields(request, TriggerFields))


def _add_ack(router: APIRouter, door: Door) -> None:
    def acknowledge(fields: AckFields) -> Response:
        door.acknowledge(fields.seq)
        return _flat(plc_ack(fields.seq, door.status(), door.outbox))

    docs: dict[str, Any] = {"summary": "Take a verdict", "response_model": PlcAck, "responses": _errors(400, 503)}

    @router.get("/ack", operation_id="plc_ack_get", **docs)
    def ack_get(fields: Annotated[AckFields, Query()]) -> Response:
        """Acknowledge the verdict with this sequence and all older ones (OPC AcknowledgeResults). Twice is harmless."""
        return acknowledge(fields)

    @router.post("/ack", operation_id="plc_ack", openapi_extra=_posted(AckFields), **docs)
    async def ack(request: Request) -> Response:
        """Acknowledge the verdict with this sequence and all older ones (OPC AcknowledgeResults). Twice is harmless.

        The field comes in the query, in a form or in a JSON object.
        """
        return await run_in_threadpool(acknowledge, await _fields(request, AckFields))


async def _await_next(door: Door, bell: Bell, after: int, wait_s: float) -> RecordedVerdict | None:
    """Return the first verdict after `after`; None after `wait_s`, and at once when the station is in fault."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + wait_s
    with bell.listen() as rung:
        while True:
            rung.clear()
            recorded = door.outbox.next_after(after)
            left_s = deadline_s - loop.time()
            if recorded is not None or left_s <= 0 or bell.closed or door.status().state is StationState.FAULT:
                return recorded
            await bell.wait(rung, left_s)


async def _fields(request: Request, model: type[_Fields]) -> _Fields:
    """Read a model's fields from the query and the body, form or JSON; the body wins.

    Raises:
        RequestValidationError: the body is not understood, or a field is missing or out of range.
    """
    body = await request.body()
    try:
        text = body.decode()
        if text.lstrip().startswith("{"):
            posted = json.loads(text, parse_constant=str)
        else:
            posted = dict(parse_qsl(text, max_num_fields=16))
        return model.model_validate({**request.query_params, **posted})
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from error
    except (ValueError, RecursionError) as error:
        raise RequestValidationError([{"loc": ("body",), "msg": "neither a form nor a JSON object"}]) from error


def _flat(body: BaseModel) -> Response:
    return Response(body.model_dump_json(), media_type="application/json", headers={"Cache-Control": "no-store"})


def _errors(*statuses: int) -> dict[int | str, dict[str, Any]]:
    words = {400: "A parameter is missing or out of range.", 503: "Not stored; ask again."}
    return {status: {"model": PlcError, "description": words[status]} for status in statuses}


def _posted(model: type[BaseModel]) -> dict[str, Any]:
    """Describe a model's fields for OpenAPI, once in the query and once in a body."""
    schema = model.model_json_schema()
    properties = schema["properties"]
    example = {name: field["examples"][0] for name, field in properties.items()}
    return {
        "parameters": [
            {"name": name, "in": "query", "required": False, "description": field["description"], "schema": field}
            for name, field in properties.items()
        ],
        "requestBody": {
            "required": False,
            "content": {
                kind: {"schema": schema, "example": example}
                for kind in ("application/json", "application/x-www-form-urlencoded")
            },
        },
    }
