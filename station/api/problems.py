"""What a refused request is told: RFC 9457 problem documents for people, a flat number for controllers."""

from enum import IntEnum
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from station.api.plc_schemas import PlcError
from station.api.schemas import Problem
from station.core.errors import StationError

PLC_PREFIX = "/v1/plc"
PROBLEM_MEDIA_TYPE = "application/problem+json"


class PlcErr(IntEnum):
    """Why a controller's request was refused."""

    PARAMETER = 1
    PATH = 2
    METHOD = 3
    TOKEN = 4
    STORE = 5
    INTERNAL = 6
    MALFORMED = 7


_ERR_FROM_STATUS = {401: PlcErr.TOKEN, 404: PlcErr.PATH, 405: PlcErr.METHOD, 500: PlcErr.INTERNAL, 503: PlcErr.STORE}


def refusal(path: str, status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Build the answer to a refused request, in the form its path asks for."""
    if path == PLC_PREFIX or path.startswith(f"{PLC_PREFIX}/"):
        error = PlcError(err=_ERR_FROM_STATUS.get(status, PlcErr.PARAMETER))
        return Response(error.model_dump_json(), status, headers, "application/json")
    problem = Problem(title=HTTPStatus(status).phrase, status=status, detail=detail, instance=path)
    return Response(problem.model_dump_json(), status, headers, PROBLEM_MEDIA_TYPE)


def install_problem_handlers(app: FastAPI) -> None:
    """Let every error of the app leave as a refusal; `app.state.routes` are all its routes."""
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(StationError, _station_error)
    app.add_exception_handler(Exception, _internal_error)


def problem_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe problem documents for OpenAPI."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {PROBLEM_MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def picture_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Describe a picture, and problem documents, for OpenAPI."""
    return {200: {"description": "The picture.", "content": {"image/*": {}}}, **problem_responses(*statuses)}


def _path(request: Request) -> str:
    return str(request.scope["path"])


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = error.detail
    if error.status_code == 404 and detail == "Not Found":
        detail = "there is nothing here; see /openapi.json for every path (none ends in a slash)"
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request))
    return refusal(_path(request), error.status_code, detail, headers)


def _methods(request: Request) -> list[str]:
    """Every method of the request's path; the framework names those of the first route alone."""
    matching = (one for one in request.app.state.routes if one.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in matching for method in route.methods})


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    told = "; ".join(f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in error.errors())
    is_plc = _path(request).startswith(PLC_PREFIX)
    return refusal(_path(request), 400 if is_plc else 422, told)


async def _station_error(request: Request, error: Exception) -> Response:
    return refusal(_path(request), 503, str(error), {"Retry-After": "1"})


async def _internal_error(request: Request, error: Exception) -> Response:
    return refusal(_path(request), 500, "the station failed on this request; its log says why")
