"""A worked example on every body of the OpenAPI document, made from the examples of its fields."""

import json
from collections.abc import Mapping
from typing import Any

from station.api.problems import PROBLEM_MEDIA_TYPE, refusal

_JSON = ("application/json", PROBLEM_MEDIA_TYPE)
_OWN: dict[str, Any] = {
    "announce": {
        "item_id": "000001-a000002",
        "plc_id": 2,
        "sku": None,
        "barcode": "4006381333931",
        "opened_time": "2025-01-31T09:26:54Z",
        "state": "announced",
        "verdict": None,
        "truth": None,
    },
}
"""Good answers, by operation, that differ from what their schema's fields show."""

_TOKEN = "this station asks for its token: send Authorization: Bearer TOKEN, or X-Station-Token: TOKEN"
_STORE = "the store at station.db cannot be written: disk is full. Free disk space or make it writable"
_NO_ITEM = "there is no item {item_id}; GET /v1/verdicts lists those judged"
_MISSING = {
    "evidence_picture": "item {item_id} has no picture {name}; GET /v1/items/{item_id}/evidence lists them",
    "product_picture": "there is no picture of a product {product_id}; GET /v1/products lists the products",
    "camera_picture": "there is no picture of a camera {camera_id}; GET /v1/cameras lists the cameras",
}


def add_examples(path: str, operation: dict[str, Any], schemas: Mapping[str, Any]) -> None:
    """Put an example on every body of an operation that is JSON or holds JSON.

    Args:
        path: the operation's path.
        operation: its part of the document, changed in place.
        schemas: the document's component schemas.
    """
    for media in operation.get("requestBody", {}).get("content", {}).values():
        media.setdefault("example", _example(media["schema"], schemas))
    for status, response in operation["responses"].items():
        if stream := response.get("content", {}).get("text/event-stream"):
            verdict = json.dumps(_example(schemas["VerdictBody"], schemas), separators=(",", ":"))
            stream["example"] = f"event: verdict\nid: 1\ndata: {verdict}\n\n"
        for kind in _JSON:
            if media := response.get("content", {}).get(kind):
                is_good = int(status) < 400
                media["example"] = (
                    _OWN.get(operation["operationId"]) or _example(media["schema"], schemas)
                    if is_good
                    else _refusal(path, int(status), operation)
                )


def _example(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """Return the schema's own example, or one made of its parts."""
    if "examples" in schema:
        return schema["examples"][0]
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "properties" in schema:
        return {name: _example(field, schemas) for name, field in schema["properties"].items()}
    if "anyOf" in schema:
        return _example(schema["anyOf"][0], schemas)
    return [_example(schema["items"], schemas)]


def _refusal(path: str, status: int, operation: Mapping[str, Any]) -> Any:
    """Build what the station answers when it refuses the operation's example request."""
    named = {
        parameter["name"]: parameter["schema"]["examples"][0]
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "path"
    }
    details = {
        401: _TOKEN,
        404: _MISSING.get(operation["operationId"], _NO_ITEM),
        422: _invalid(operation),
        503: "waiting for camera top" if operation["operationId"] == "readyz" else _STORE,
    }
    answer = refusal(path.format_map(named), status, details.get(status, "").format_map(named))
    return json.loads(bytes(answer.body))


def _invalid(operation: Mapping[str, Any]) -> str:
    """Return what is said of a missing body, or else of an unfit last parameter."""
    if "requestBody" in operation or "parameters" not in operation:
        return "body: Field required"
    parameter = operation["parameters"][-1]
    is_text = parameter["schema"].get("type") == "string"
    no_number = "Value error, write a whole number in the digits 0 to 9"
    fault = "String should have at most 128 characters" if is_text else no_number
    return f"{parameter['in']}.{parameter['name']}: {fault}"
