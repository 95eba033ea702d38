"""The OpenAPI document is complete, and its examples work."""

import json
from urllib.parse import quote, urlencode

import pytest
from pydantic import TypeAdapter

from station.api import booth_schemas, item_schemas, plc_schemas, schemas
from station.api.app import create_app
from station.core.damage import Decision, Reason


@pytest.fixture
def document(door):
    return create_app(door, door.clock).openapi()


@pytest.fixture
def example_station(door, serve):
    """A station that has judged its first item, as `station demo` soon has."""
    door.store.open_item("000001-a000001", 1, "TEA-20", "4006381333931", door.clock.utc_ns())
    door.judge(1)
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
        if operation["operationId"] in ("plc_next", "plc_verdict"):
            assert answer.json["verdict"] == Decision.SIDELINE
        content = operation["responses"][str(answer.status)].get("content", {})
        if "application/json" in content:
            _assert_fits(document, content["application/json"]["schema"], answer.json)
        ran += 1
    assert ran == len(operations(document)) - 1


def test_every_body_has_an_example_that_fits(document) -> None:
    bodies = 0
    for path, method, operation in operations(document):
        answers = operation["responses"].items()
        contents = [(status, answer.get("content", {})) for status, answer in answers]
        if method == "post":
            contents.append(("request", operation["requestBody"]["content"]))
        for status, content in contents:
            for kind, media in content.items():
                if kind == "image/*":
                    continue
                assert "example" in media, (path, method, status, kind)
                if kind == "text/event-stream":
                    item_schemas.VerdictBody.model_validate_json(media["example"].partition("data: ")[2])
                elif media["schema"].get("type") != "string":
                    _assert_valid(media["schema"], media["example"])
                bodies += 1
            if "application/json" in content and status != "request":
                _assert_fits(document, content["application/json"]["schema"], content["application/json"]["example"])
    assert bodies >= 60


def test_every_posted_example_is_taken_in_each_form(document, example_station) -> None:
    posted = 0
    for path, method, operation in operations(document):
        for kind, media in operation.get("requestBody", {}).get("content", {}).items():
            is_form = kind == "application/x-www-form-urlencoded"
            body = urlencode(media["example"]) if is_form else json.dumps(media["example"])
            target = _request(document, path, method, operation)[0].partition("?")[0]
            answer = example_station.ask(target, method.upper(), "1.1", f"Content-Type: {kind}\r\n", body)
            assert answer.status in (200, 201), (path, kind, answer)
            posted += 1
    assert posted == 6


def test_the_refusals_shown_are_those_given(document, door, serve) -> None:
    """401, 404 and a missing body, word for word, from a station that knows nothing."""
    door.product_picture = door.camera_picture = lambda _: None
    open_station, locked_station = serve(door), serve(door, token="s3cret")
    told = {"401": 0, "404": 0, "422": 0}
    for path, method, operation in operations(document):
        request = _request(document, path, method, operation)
        asked = {"401": (locked_station, request), "404": (open_station, request)}
        if "requestBody" in operation:
            asked["422"] = open_station, (request[0], "POST", "1.1", "", "")
        for status in asked.keys() & operation["responses"].keys():
            station, request = asked[status]
            [media] = operation["responses"][status]["content"].values()
            answer = station.ask(*request)
            assert (str(answer.status), answer.json) == (status, media["example"]), (path, method)
            told[status] += 1
    assert told == {"401": 22, "404": 6, "422": 2}


def _assert_valid(schema, value) -> None:
    """Hold a value against the model that its schema names; the request bodies of controllers name none."""
    if "items" in schema:
        assert value
        for each in value:
            _assert_valid(schema["items"], each)
        return
    name = schema["$ref"].rpartition("/")[2] if "$ref" in schema else schema["title"]
    rooms = (schemas, item_schemas, booth_schemas, plc_schemas)
    model = next(getattr(room, name) for room in rooms if hasattr(room, name))
    TypeAdapter(model).validate_python(value)
    assert value.keys() <= model.model_fields.keys()


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
        example = operation["requestBody"]["content"]["application/json"]["example"]
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
