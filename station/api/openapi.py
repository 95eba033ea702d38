"""The OpenAPI document: what FastAPI derives, made true where the station differs."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from station.api.examples import add_examples
from station.api.gate import OPEN_PATHS
from station.api.problems import PLC_PREFIX, problem_responses
from station.api.schemas import Problem
from station.core.damage import Reason

_INVENTED = ("HTTPValidationError", "ValidationError")


def build_openapi(app: FastAPI) -> dict[str, Any]:
    """Return the app's OpenAPI document, with the table of reasons, problem documents and tokens in it."""
    document = get_openapi(title=app.title, version=app.version, description=_description(), routes=app.routes)
    components = document["components"]
    for name in _INVENTED:  # FastAPI's own error bodies never leave this app
        del components["schemas"][name]
    components["schemas"]["Problem"] = Problem.model_json_schema()
    for schema in components["schemas"].values():
        if "examples" in schema:  # pydantic sorts their keys, and a controller's body has an order
            schema["examples"] = [_in_order(example, schema["properties"]) for example in schema["examples"]]
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "The station's token, where it has one."},
        "header": {
            "type": "apiKey",
            "in": "header",
            "name": "X-Station-Token",
            "description": "The same token, for clients that cannot send Authorization.",
        },
    }
    document["security"] = [{}, {"bearer": []}, {"header": []}]
    for path, operations in document["paths"].items():
        for operation in operations.values():
            _correct(path, operation)
            add_examples(path, operation, components["schemas"])
    return document


def _in_order(example: dict[str, Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {name: example[name] for name in properties if name in example}


def _correct(path: str, operation: dict[str, Any]) -> None:
    """Take out the 422 that FastAPI adds where parameters are, and add the 401 of the gate."""
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    if path in OPEN_PATHS:
        return
    responses["401"] = problem_responses(401)[401]
    if path.startswith(PLC_PREFIX):
        schema = {"$ref": "#/components/schemas/PlcError"}
        responses["401"] = {"description": "Token missing.", "content": {"application/json": {"schema": schema}}}


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
