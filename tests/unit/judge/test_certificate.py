"""A certificate holds for what it was issued for, and for nothing else."""

import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from station.core.damage import Decision, Reason
from station.core.errors import TuningError
from station.core.verdict import Provenance
from station.judge import Certificate, Judge, JudgeSettings, certify, standing, write_certificate
from station.judge.certificate import KEY, NAME

PROVENANCE = Provenance("m", "g", "r", "c")
CERTIFICATE = Certificate(
    certify([float(number) for number in range(299)], 0.01, 0.95), 3, "gallery tea", "f", PROVENANCE, 17
)


def test_scores_that_are_all_the_same_certify_nothing() -> None:
    with pytest.raises(TuningError, match=r"all 299 good items score -0\.5"):
        certify([-0.5] * 299, 0.01, 0.95)


@pytest.fixture
def policy(tmp_path: Path) -> JudgeSettings:
    write_certificate(tmp_path, CERTIFICATE)
    return JudgeSettings(folder=str(tmp_path))


def test_it_holds_while_nothing_changes(policy: JudgeSettings) -> None:
    found = standing(policy, PROVENANCE, "f")
    assert (found.in_force, found.alarm, found.refusal) == (CERTIFICATE, "", "")


@pytest.mark.parametrize("part", [field.name for field in fields(Provenance)])
def test_it_is_void_when_a_part_changes_and_says_which(policy: JudgeSettings, part: str) -> None:
    found = standing(policy, replace(PROVENANCE, **{part: "new"}), "f")
    assert found.in_force is None
    assert f"{part} was {getattr(PROVENANCE, part)}, is new" in found.alarm
    assert found.refusal == ""
    assert standing(replace(policy, certificate_required=True), PROVENANCE, "").refusal.startswith("the certificate")


def test_it_is_void_when_other_weights_make_the_scores(policy: JudgeSettings) -> None:
    assert "fusion was f, is none" in standing(policy, PROVENANCE, "").alarm


def test_a_changed_figure_is_seen(policy: JudgeSettings) -> None:
    path = Path(policy.folder) / NAME
    data = json.loads(path.read_text())
    data["certificate"]["threshold"]["score"] = 1e9
    path.write_text(json.dumps(data))
    found = standing(policy, PROVENANCE, "f")
    assert found.in_force is None
    assert "was changed" in found.alarm


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 1, "certificate": {}, "signature": ""}'])
def test_what_is_no_certificate_is_none_in_force(policy: JudgeSettings, text: str) -> None:
    (Path(policy.folder) / NAME).write_text(text)
    found = standing(policy, PROVENANCE, "f")
    assert found.in_force is None
    assert NAME in found.alarm


def test_another_station_s_key_signs_nothing_here(policy: JudgeSettings) -> None:
    key = Path(policy.folder) / KEY
    assert key.stat().st_mode & 0o077 == 0
    key.write_bytes(bytes(32))
    assert "signature" in standing(policy, PROVENANCE, "f").alarm
    key.unlink()
    assert "is missing" in standing(policy, PROVENANCE, "f").alarm


def test_none_was_issued(tmp_path: Path) -> None:
    policy = JudgeSettings(folder=str(tmp_path / "none"))
    assert standing(policy, PROVENANCE, "").alarm == ""
    required = replace(policy, certificate_required=True)
    found = standing(required, PROVENANCE, "")
    assert "no certificate" in found.refusal
    assert Judge(required, None, found).decide((), None, ()).reasons == (Reason.NO_REFERENCES, Reason.UNCERTIFIED)
    assert Judge(required, None, found).decide((), None, ()).decision is Decision.SIDELINE
