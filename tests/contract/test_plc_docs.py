"""What people are told about connecting a controller is true, and the samples run."""

import json
import re
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from station.api.app import create_app
from station.api.problems import PlcErr
from station.core.damage import Decision, Reason
from station.inference.shipped import shipped_models_dir

DEPLOY = Path(__file__).parents[2] / "deploy"
TEXTS = [DEPLOY / "controller.md", DEPLOY / "controller" / "walk.sh", DEPLOY / "controller" / "station_gate.st"]

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.mark.parametrize("text", TEXTS, ids=lambda path: path.name)
def test_every_path_named_exists(text, door) -> None:
    known = {path.replace("{id}", "") for path in create_app(door, door.clock).openapi()["paths"]}
    named = set(re.findall(r"/v1/[a-z]+(?:/[a-z]+/?)?", text.read_text()))
    assert named
    assert named <= known


def test_every_reason_and_refusal_is_explained() -> None:
    text = TEXTS[0].read_text()
    for reason in Reason:
        assert f"| {reason.code} | {reason.word} | {reason.title} | {reason.fix} |" in text
    assert set(re.findall(r"[\s(](\d) [a-z ]+[^()]*\((?:4|5)\d\d", text)) == {str(int(err)) for err in PlcErr}


def test_the_bodies_shown_are_those_of_the_schemas(door) -> None:
    text = TEXTS[0].read_text()
    schemas = create_app(door, door.clock).openapi()["components"]["schemas"]
    for name in ("PlcResult", "PlcItem", "PlcAck", "PlcStatus"):
        example = str(schemas[name]["examples"][0]).replace("'", '"').replace(" ", "")
        assert f"`{example}`" in text, name


def test_the_samples_sku_is_one_of_the_demo() -> None:
    sku = re.search(r'sku="\$\{3:-(.+)\}"', TEXTS[1].read_text()).group(1)
    gallery = json.loads((shipped_models_dir() / "demo-gallery" / "gallery.json").read_text())
    assert sku in {code for product in gallery["products"] for code in product["skus"]}


@needs_curl
def test_the_walk_says_when_there_is_no_station() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    walk = subprocess.run(["sh", TEXTS[1], url], capture_output=True, text=True, timeout=30, check=False)
    assert (walk.returncode, walk.stdout) == (1, "")
    assert "curl" in walk.stderr


@needs_curl
@pytest.mark.parametrize(("decision", "gate"), [(Decision.PASS, "gate opens"), (Decision.SIDELINE, "gate stays shut")])
def test_the_walk_with_curl(door, serve, decision, gate) -> None:
    door.judge(0)
    announce = door.announce

    def announce_and_judge(plc_id, sku, barcode):
        record = announce(plc_id, sku, barcode)
        if record.verdict is None:
            door.judge(plc_id, decision)
        return record

    door.announce = announce_and_judge
    url = f"{serve(door, token='s3cret').url}/t/s3cret"
    assert _walk(url) == gate
    assert door.outbox.unread == 0
    assert _walk(url) == "gate stays shut", "the number was used before"


def _walk(url):
    walk = subprocess.run(["sh", TEXTS[1], url, "417"], capture_output=True, text=True, timeout=30, check=False)
    assert walk.returncode == 0, walk.stderr
    return walk.stdout.strip()
