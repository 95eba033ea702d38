"""The OpenAPI document is complete, and its examples work."""

import json
from urllib.parse import quote

import pytest

from station.api.app import create_app
from station.core.damage import Reason


@pytest.fixture
def document(door):
    return create_app(door, door.clock).openapi()


@pytest.fixture
def example_station(door, serve):
    """A station in which the examples' item exists."""
    door.store.open_item("a1b2-000417", 417, "TEA-20", "4006381333931", door.clock.utc_ns())
    door.judge(417)
    return serve(door)


def operations(document):
    return [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_operation_is_described(document) -> None:
    names = set()
    for path, method, operation in operations(document):
        assert operation["summary"], (path, method)
        assert operation["description"], (path, method)
        assert operation["responses"], (path, method)
        names.add(operation["operationId"])
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (path, parameter["name"])
            assert parameter["schema"]["examples"], (path, parameter["name"])
    assert len(names) == len(operations(document))


def test_every_field_is_described(document) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert schema.get("description"), name
        for field, body in schema.get("properties", {}).items():
            assert body.get("description"), f"{name}.{field}"


def test_every_reason_is_in_the_table(document) -> None:
    for reason in Reason:
        assert f"| {reason.code} | {reason.word} | {reason.title} | {reason.fix} |" in document["info"]["description"]


def test_every_example_works(document, example_station) -> None:
    ran = 0
    for path, method, operation in operations(document):
        if path == "/v1/events":
            continue  # a stream has no end to wait for; its own test reads it
        answer = example_station.ask(*_request(document, path, method, operation))
        assert str(answer.status) in operation["responses"], (path, answer)
        assert 200 <= answer.status < 300, (path, answer)
        content = operation["responses"][str(answer.status)].get("content", {})
        if "application/json" in content:
            _assert_fits(document, content["application/json"]["schema"], answer.json)
        ran += 1
    assert ran == len(operations(document)) - 1


def _request(document, path, method, operation):
    """Build the example request of an operation: path, method, version, headers, body."""
    query = {}
    for parameter in operation.get("parameters", []):
        example = quote(str(parameter["schema"]["examples"][0]))
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", example)
        elif parameter["in"] == "query":
            query[parameter["name"]] = example
    told = "&".join(f"{name}={value}" for name, value in query.items())
    body = headers = ""
    if "requestBody" in operation:
        media = operation["requestBody"]["content"]["application/json"]
        example = media["example"] if "example" in media else _resolve(document, media["schema"])["examples"][0]
        body, headers = json.dumps(example), "Content-Type: application/json\r\n"
    return f"{path}?{told}", method.upper(), "1.1", headers, body


def _resolve(document, schema):
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _assert_fits(document, schema, value) -> None:
    schema = _resolve(document, schema)
    if schema.get("type") == "array":
        for each in value:
            _assert_fits(document, schema["items"], each)
    elif "properties" in schema:
        assert list(value) == list(schema["properties"])
        for name, body in schema["properties"].items():
            _assert_fits(document, body, value[name])
