"""Items, their verdicts, evidence and truth, for people and programs."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from station.api.bell import Bell
from station.api.door import Door
from station.api.item_schemas import ItemBody, NewItem, PictureLink, TruthBody, VerdictPage, item_body, verdict_body
from station.api.problems import picture_responses, problem_responses
from station.api.schemas import Number
from station.core.status import ItemRecord, ItemState

_WAIT_MAX_MS = 30_000
_PAGE_MAX = 500

ItemId = Annotated[
    str, Path(description="The station's name for the item.", examples=["000001-a000001"], max_length=128)
]
PictureName = Annotated[str, Path(description="The picture's name.", examples=["top-overlay"], max_length=128)]
Wait = Annotated[
    Number, Query(ge=0, le=_WAIT_MAX_MS, description="How long to wait for the verdict, ms.", examples=[0])
]
After = Annotated[Number, Query(ge=0, le=2**63 - 1, description="Give verdicts numbered above this.", examples=[0])]
Limit = Annotated[Number, Query(ge=1, le=_PAGE_MAX, description="How many verdicts at most.", examples=[20])]


def items_router(door: Door, bell: Bell) -> APIRouter:
    """Build the routes of items."""
    router = APIRouter(prefix="/v1", tags=["items"])
    _add_items(router, door, bell)
    _add_findings(router, door)
    return router


def _add_items(router: APIRouter, door: Door, bell: Bell) -> None:
    @router.post(
        "/items",
        status_code=201,
        summary="Announce an item",
        responses=problem_responses(422, 503),
        operation_id="announce",
    )
    def announce(new: NewItem, response: Response) -> ItemBody:
        """Announce an item about to be presented; it is on disk when this answers."""
        record = door.announce(new.plc_id, new.sku, new.barcode)
        response.headers["Location"] = f"/v1/items/{record.item_id}"
        return item_body(record)

    @router.get("/items/{item_id}", summary="One item", responses=problem_responses(404, 422, 503), operation_id="item")
    async def item(item_id: ItemId, wait: Wait = 0) -> ItemBody:
        """Give an item with its verdict and truth; with `wait`, as soon as it is judged."""
        record = await _await_judged(door, bell, item_id, wait / 1e3)
        return item_body(_known(record, item_id))

    @router.get(
        "/verdicts", summary="Verdicts in order", responses=problem_responses(422, 503), operation_id="verdicts"
    )
    def verdicts(after: After = 0, limit: Limit = 100) -> VerdictPage:
        """Give verdicts by number, oldest first; an empty page means there are no newer ones yet."""
        page = door.verdicts(after, limit)
        return VerdictPage(
            verdicts=[verdict_body(recorded) for recorded in page], next_after=page[-1].number if page else after
        )


def _add_findings(router: APIRouter, door: Door) -> None:
    """Add what the station saw and what a person found."""

    @router.get(
        "/items/{item_id}/evidence",
        summary="An item's evidence",
        responses=problem_responses(404, 422, 503),
        operation_id="evidence",
    )
    def evidence(item_id: ItemId) -> list[PictureLink]:
        """List the pictures kept with an item's verdict."""
        _known(door.item(item_id), item_id)
        names = door.evidence_names(item_id)
        return [PictureLink(name=name, href=f"/v1/items/{item_id}/evidence/{name}") for name in names]

    @router.get(
        "/items/{item_id}/evidence/{name}",
        summary="One evidence picture",
        response_class=Response,
        responses=picture_responses(404, 422, 503),
        operation_id="evidence_picture",
    )
    def evidence_picture(item_id: ItemId, name: PictureName) -> Response:
        """Give one picture: what the station saw, or what it found amiss."""
        picture = door.evidence(item_id, name)
        if picture is None:
            raise HTTPException(
                404, f"item {item_id} has no picture {name}; GET /v1/items/{item_id}/evidence lists them"
            )
        return Response(picture.data, media_type=picture.media_type)

    @router.post(
        "/items/{item_id}/truth",
        summary="Say what a person found",
        responses=problem_responses(404, 422, 503),
        operation_id="record_truth",
    )
    def record_truth(item_id: ItemId, truth: TruthBody) -> ItemBody:
        """Keep what a person found on the item; a later finding replaces an earlier one."""
        _known(door.item(item_id), item_id)
        door.record_truth(item_id, truth.to_truth())
        return item_body(_known(door.item(item_id), item_id))


async def _await_judged(door: Door, bell: Bell, item_id: str, wait_s: float) -> ItemRecord | None:
    """Return the item as soon as it is judged, or as it is after `wait_s`."""
    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + wait_s
    with bell.listen() as rung:
        while True:
            rung.clear()
            record = await run_in_threadpool(door.item, item_id)
            left_s = deadline_s - loop.time()
            if record is None or record.state is ItemState.JUDGED or left_s <= 0 or bell.closed:
                return record
            await bell.wait(rung, left_s)


def _known(record: ItemRecord | None, item_id: str) -> ItemRecord:
    if record is None:
        raise HTTPException(404, f"there is no item {item_id}; GET /v1/verdicts lists those judged")
    return record
