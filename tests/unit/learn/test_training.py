"""station train: heads on any backbone, the graph proved, stopped and gone on with; and what evaluation makes of it."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra [train]")
pytest.importorskip("onnx", reason="training needs the extra [train]")

import torch
from support.command import station
from support.tiny_bundles import SIDE_PX, convolutions, transformer

from station.core.damage import DamageType, Severity
from station.core.errors import ParityFailed
from station.inference import load_bundle
from station.inference.manifest import LABELS, sha256_of, write_manifest
from station.judge import any_of
from station.learn.dataset import DamageMask, Item, Split, View
from station.learn.evaluation.views import Defect
from station.learn.importing.folders import read_folders
from station.learn.importing.source import Source, write_dataset
from station.learn.training import fit
from station.learn.training import train as training
from station.learn.training.augment import augment, paint_damage
from station.learn.training.fit import patch_loss
from station.learn.training.truth import UNKNOWN, WHOLE, item_truth, patch_truth

pytestmark = pytest.mark.filterwarnings("default")  # torch and onnx warn of their own affairs


def draw(file, seed, hole, bands=0):
    """A grey card with noise and dark bands; a black hole where it is damaged."""
    rng = np.random.default_rng(seed)
    picture = 150 + rng.normal(0, 6, (120, 120, 3))
    for band in range(bands):
        picture[20 + 30 * band : 32 + 30 * band] -= 90
    if hole:
        cv2.circle(picture, tuple(int(at) for at in rng.integers(30, 90, 2)), 16, (10, 10, 10), -1)
    file.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(file), np.clip(picture, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Cards as `station dataset import folders` reads them: some train, some are judged."""
    src = tmp_path_factory.mktemp("cards") / "cards"
    for number in range(16):
        draw(src / f"train/good/{number}.png", number, False)
        draw(src / f"train/hole/{number}.png", 100 + number, True)
    for number in range(8):
        draw(src / f"test/good/{number}.png", 200 + number, False)
        draw(src / f"test/hole/{number}.png", 300 + number, True)
    return write_dataset(read_folders(src), src.parent / "set", "tests", "pytest", lambda _: None)


@pytest.fixture(scope="module")
def marked(tmp_path_factory):
    """Cards of three designs, each with references: bands that a hole takes a piece out of."""
    src = tmp_path_factory.mktemp("designs") / "cards"

    def items(out):
        for number in range(48):
            design, hole, reference = number % 3, number >= 12 and number % 2 == 1, number < 12
            split = Split.TRAIN if number < 30 or reference else Split.VAL if number < 39 else Split.TEST
            file = f"pictures/{number}.png"
            draw(out / file, number, hole, bands=design + 1)
            types, severity = ((DamageType.PENETRATION,), Severity.MAJOR) if hole else ((), Severity.NONE)
            name = f"design-{design}"
            yield Item(str(number), name, name, "carton", split, types, severity, (View("top", file),), reference)

    return write_dataset(
        Source("designs", "none", 48, items, []), src.parent / "set", "tests", "pytest", lambda _: None
    )


@pytest.mark.parametrize("few_items", [0, 1000], ids=["network", "probe"])
@pytest.mark.parametrize("backbone", [convolutions, transformer])
def test_heads_on_either_backbone_find_holes(backbone, few_items, dataset, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(training, "FEW_ITEMS", few_items)
    source, out, figures = backbone(tmp_path / "backbone"), tmp_path / "heads", tmp_path / "figures.json"
    assert station(monkeypatch, "train", dataset.path, out, "--bundle", source, "--epochs", "20") == 0
    bundle = load_bundle(out)  # proved against the outputs of PyTorch
    assert bundle.manifest.labels == LABELS
    (described,) = bundle.describe([np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)])
    assert (described.scores.shape, described.maps.shape) == ((9,), (9, 4, 4))
    assert load_bundle(tmp_path / "heads-int8").manifest.input == bundle.manifest.input
    page = (out / "training/report.html").read_text()
    assert page.count("<svg") == (2 if few_items else 4)
    assert page.count("data:image/jpeg") > 0
    assert "nan" not in page.lower().split("data:image")[0]
    report = tmp_path / "report.html"
    arguments = ("--bundle", out, "--references", "4", "--json", figures, "--report", report)
    assert station(monkeypatch, "evaluate", dataset.path, *arguments) == 0
    assert "shown at most 12 undamaged items of each product" in report.read_text()
    found = json.loads(figures.read_text())
    assert found["item"]["auroc"]["value"] > 0.9
    assert "damage heads" in found["scorer"]
    assert [other["references"] for other in found["others"]] == [4]
    printed = capsys.readouterr().out
    assert "held-out items: AUROC" in printed
    assert "…" not in printed


def test_a_comparison_with_references_is_learned_along_proved_and_judged_by(marked, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(training, "FEW_ITEMS", 0)
    source, out, figures = convolutions(tmp_path / "backbone"), tmp_path / "heads", tmp_path / "figures.json"
    assert station(monkeypatch, "train", marked.path, out, "--bundle", source, "--epochs", "20") == 0
    assert "by comparison: AUROC" in capsys.readouterr().out
    assert "Comparison" in (out / "CARD.md").read_text()
    for bundle in (load_bundle(out), load_bundle(tmp_path / "heads-int8")):  # proved against the outputs of PyTorch
        compared = bundle.compare(np.zeros((4, 4, 24 + 4), np.float32))
        assert (compared.scores.shape, compared.maps.shape) == ((9,), (9, 4, 4))
    with np.load(out / "golden.npz") as golden:
        broken = dict(golden) | {"compared_scores": golden["compared_scores"] + 1}
    arguments = ("--bundle", out, "--references", "4", "--json", figures)
    assert station(monkeypatch, "evaluate", marked.path, *arguments) == 0
    _, learned = json.loads(figures.read_text())["others"]
    assert "learned comparison" in learned["scorer"]
    assert learned["item"]["auroc"]["value"] > 0.9
    manifest = load_bundle(out).manifest
    np.savez(out / "golden.npz", **broken)
    digest = sha256_of(out / "golden.npz")
    write_manifest(replace(manifest, files=manifest.files | {"golden.npz": digest}), out)
    with pytest.raises(ParityFailed, match="compared_scores"):
        load_bundle(out)


def test_a_backbone_trained_along_is_proved_or_refused_by_name(dataset, tmp_path, monkeypatch, capsys):
    source, out = convolutions(tmp_path / "backbone"), tmp_path / "heads"
    options = ("--epochs", "2", "--finetune", "--finetune-epochs", "2")
    assert station(monkeypatch, "train", dataset.path, out, "--bundle", source, *options) == 0
    crop = np.random.default_rng(1).integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8)
    assert np.abs(load_bundle(out).features([crop]) - load_bundle(source).features([crop])).max() > 1e-4
    other = transformer(tmp_path / "transformer")
    assert station(monkeypatch, "train", dataset.path, tmp_path / "not", "--bundle", other, *options) != 0
    assert "Transpose cannot be trained here" in capsys.readouterr().err


def test_training_goes_on_where_it_stopped(dataset, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "FEW_ITEMS", 0)
    source = convolutions(tmp_path / "backbone")

    def trained(name):
        arguments = ("train", dataset.path, tmp_path / name, "--bundle", source, "--epochs", "4")
        assert station(monkeypatch, *arguments) == 0
        return load_bundle(tmp_path / name)

    whole = trained("whole")
    save, calls = fit.save, []

    def stopping(state, file):
        save(state, file)
        calls.append(file)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(fit, "save", stopping)
        arguments = ("train", dataset.path, tmp_path / "twice", "--bundle", source, "--epochs", "4")
        assert station(patched, *arguments) != 0
    again = trained("twice")
    crop = np.random.default_rng(1).integers(0, 256, (SIDE_PX, SIDE_PX, 3), np.uint8)
    np.testing.assert_allclose(again.describe([crop])[0].scores, whole.describe([crop])[0].scores, atol=1e-4)


def test_a_training_goes_on_with_its_own_settings_alone(dataset, tmp_path, monkeypatch, capsys, caplog):
    source, out = convolutions(tmp_path / "backbone"), tmp_path / "heads"

    def trained(finetune_epochs, bundle=source):
        options = ("--epochs", "2", "--finetune", "--finetune-epochs", finetune_epochs)
        return station(monkeypatch, "train", dataset.path, out, "--bundle", bundle, *options)

    assert trained(5) == 0  # ten steps
    assert not [record for record in caplog.records if "pre-processing" in record.message]
    card = (out / "CARD.md").read_text()
    assert trained(6) != 0
    assert "holds the training with finetune_epochs 5, not 6" in " ".join(capsys.readouterr().err.split())
    assert trained(5, transformer(tmp_path / "other")) != 0
    assert trained(5) == 0
    assert (out / "CARD.md").read_text() == card


def item(severity, types=(), masks=()):
    view = View("top", "top.png", damage_masks=masks)
    return Item("a", "p", "P", "carton", Split.TRAIN, types, severity, (view,)), view


def test_what_nobody_stated_is_unknown():
    good, _ = item(Severity.NONE)
    assert not item_truth(good).any()
    some, view = item(None)
    assert np.isnan(item_truth(some)[1:]).all()
    full = np.ones((32, 32), bool)
    unknown = patch_truth(some, view, (), full, (2, 2))
    assert (unknown[:-1] == UNKNOWN).all()
    assert (unknown[-1] == WHOLE).all()
    hole = DamageType.PENETRATION
    mask = np.zeros((32, 32), bool)
    mask[:16, :16] = True
    major, view = item(Severity.MAJOR, (hole,), (DamageMask(hole, "m.png"),))
    maps = patch_truth(major, view, (Defect(mask, None),), ~full, (2, 2))
    shown = [0, 1, LABELS.index("penetration")]
    assert maps[shown, 0, 0].tolist() == [WHOLE] * 3
    assert maps.sum() == 3 * WHOLE


def test_training_pools_views_as_the_judge_does():
    views = np.random.default_rng(5).normal(-1, 3, (7, 9)).astype(np.float32)
    owner = np.array([0, 0, 0, 1, 2, 2, 2])
    pooled = fit.pooled(torch.from_numpy(views), torch.from_numpy(owner), 3)
    np.testing.assert_allclose(pooled, [any_of(views[owner == item]) for item in range(3)], atol=1e-4)


def test_painted_damage_lies_where_the_truth_says():
    rng = np.random.default_rng(2)
    crop, mask = np.full((128, 128, 3), 140, np.uint8), np.zeros((128, 128), bool)
    mask[32:96, 32:96] = True
    patches = np.zeros((len(LABELS) + 1, 8, 8), np.uint8)
    for _ in range(20):
        painted, truth = paint_damage(crop, mask, patches, rng)
        assert truth[0].max() > 0 or (painted == crop).all()
        assert not truth[0][[0, 1, 6, 7]].any()
        assert (truth[1] == UNKNOWN).all()
        changed = np.abs(painted.astype(int) - crop).max(axis=2).reshape(8, 16, 8, 16).max(axis=(1, 3))
        assert (changed[truth[0] > 50] > 0).all()


def test_a_posed_view_keeps_its_truth_in_place():
    rng = np.random.default_rng(3)
    crop = np.full((128, 128, 3), 200, np.uint8)
    crop[32:64, 64:96] = 10
    patches = np.zeros((len(LABELS) + 1, 8, 8), np.uint8)
    patches[0, 2:4, 4:6] = WHOLE
    for _ in range(20):
        posed, truth = augment(crop, np.zeros((128, 128), bool), patches, rng)
        dark = (posed.max(axis=2) < 60).reshape(8, 16, 8, 16).mean(axis=(1, 3))
        assert np.abs(dark - truth[0] / WHOLE).max() < 0.45


def test_unknown_patches_teach_nothing():
    import torch

    maps = torch.zeros((1, len(LABELS), 2, 2), requires_grad=True)
    patch_loss(maps, np.full((1, len(LABELS), 2, 2), UNKNOWN, np.uint8)).backward()
    assert not maps.grad.any()


def test_damage_beside_the_item_teaches_a_comparison_nothing():
    import torch

    from station.learn.training.comparison import Comparison

    comparison = Comparison(8)
    _, maps = comparison(torch.zeros((2, 8, 4, 4)))
    patch_loss(maps, np.full((2, len(LABELS), 4, 4), WHOLE, np.uint8)).backward()
    assert not any(weights.grad is not None and weights.grad.any() for weights in comparison.parameters())


def test_a_patch_weighs_the_same_whatever_else_is_damaged():
    import torch

    slopes = []
    for damaged in (1, 4):
        maps = torch.zeros((1, len(LABELS), 4, 4), requires_grad=True)
        shares = np.zeros((1, len(LABELS), 4, 4), np.uint8)
        shares[0, 0, 0, :damaged] = WHOLE
        patch_loss(maps, shares).backward()
        slopes.append(maps.grad[0, 0, 0, 0])
    assert slopes[0] == slopes[1]
