"""The walk gives every item a verdict: whatever fails, however late, with the reason's own name."""

from concurrent.futures import Future
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import tiny_booth

from station.core.damage import DamageType, Decision, Reason, Severity
from station.core.errors import BundleError, GalleryError, StationError
from station.core.items import Announcement, ItemCapture, ItemView, Quality
from station.core.verdict import Finding, Identity, IdentitySource, Provenance
from station.daemon.clock import ManualClock
from station.gallery import Calibration, Gallery, Product, ViewCalibration
from station.identity import Codes, Identifier, Retriever
from station.inference import Compared, Described
from station.inspection import Inspector
from station.inspection.supervised import COMPARED, SOURCE, supervised_findings
from station.judge import Judge, Judgement
from station.judge.settings import JudgeSettings
from station.vision import ViewExtractor, VisionSettings, quality_reasons

PROVENANCE = Provenance("m", "g", "r", "c")
GOOD = Quality(sharpness=100.0, clipped_fraction=0.0, border_fraction=0.0, depth_fill=1.0)
CROP, MASK, HEIGHT = np.zeros((8, 8, 3), np.uint8), np.ones((8, 8), bool), np.zeros((8, 8), np.float32)
VIEW = ItemView("top", CROP, MASK, HEIGHT, 1.0, np.eye(2, 3), GOOD)
STAGES = ("views", "identity", "lookup", "features", "references", "judge")
TOLD = Announcement(7, 0, sku="BRICK")


class Walk:
    """Every room behind the inspector at once: `failing` says which raise what, `slow` which take how long."""

    def __init__(self, failing=None, slow=None, views=(VIEW,), identity="brick", references=True, described=None):
        self.described, self.judged = described or Described(np.zeros((1, 1, 4), np.float32)), ()
        self.clock = ManualClock()
        self._failing, self._slow = failing or {}, slow or {}
        self._views, self._identity, self._references = views, identity, references
        self.digest = "d"
        self.compares = False

    def inspector(self):
        return Inspector(self, self, self, _Shelf(self), self, self.clock, PROVENANCE, True)

    def enter(self, stage):
        self.clock.sleep(self._slow.get(stage, 0.0))
        if stage in self._failing:
            raise self._failing[stage]

    def extract(self, capture, on_crop):
        self.enter("views")
        for view in self._views:
            on_crop(view.crop)
            yield view

    def doubts(self, views):
        return quality_reasons(views, VisionSettings())

    def read(self, views, announcement):
        return Codes(self._identity, claimed=True, named={}, agreed=None)

    def identify(self, codes, views, describe):
        self.enter("identity")
        if self._identity is None:
            return Identity(None, IdentitySource.NONE), (Reason.UNKNOWN_PRODUCT,)
        return Identity(self._identity, IdentitySource.ANNOUNCED), ()

    def start(self, crop):
        described = Future()
        try:
            self.enter("features")
            described.set_result(self.described)
        except Exception as error:
            described.set_exception(error)
        return described

    def lookup(self):
        self.enter("lookup")
        return self if self._references else None

    def compare(self, view, features, describe):
        self.enter("references")
        return Finding("references", view.camera_id, 0.1, (), np.zeros((1, 1), np.float32))

    def differences(self, view, features):
        return np.zeros((1, 1, 8), np.float32)

    calibration = None
    product = Product("brick", "Red brick")

    def decide(self, findings, calibration, doubts, kind):
        self.enter("judge")
        self.judged = findings
        decision = Decision.SIDELINE if doubts or not findings else Decision.PASS
        compared = [finding for finding in findings if finding.source == "references"]
        reasons = tuple(doubts) or (() if compared else (Reason.NO_REFERENCES,))
        return Judgement(decision, 0.25, Severity.NONE, reasons, {}, ())


class _Shelf:
    def __init__(self, walk):
        self._walk = walk

    def references(self, product_id):
        return self._walk.lookup()


class EnrolledWithoutTop(Walk):
    """Its product was enrolled with other cameras than the view's."""

    calibration = Calibration({"left": ViewCalibration(0.1, 0.2)}, ())


def inspect(walk, deadline_ns=10**9, fault=None):
    capture = ItemCapture("b-000001", walk.clock.now_ns(), (), TOLD, fault)
    return walk.inspector().inspect(capture, deadline_ns)


def test_a_sound_walk_passes_and_says_all_that_is_known():
    walk = Walk(slow={"views": 0.02, "references": 0.08})
    verdict = inspect(walk)
    assert (verdict.decision, verdict.reasons, verdict.detail) == (Decision.PASS, (), "")
    assert (verdict.item_id, verdict.plc_id, verdict.identity.product_id) == ("b-000001", 7, "brick")
    assert (verdict.arrived_ns, verdict.decided_ns, verdict.provenance) == (0, 100_000_000, PROVENANCE)
    assert verdict.views == (VIEW,)
    assert verdict.stage_ms == {
        "wait": 0.0,
        "views": 20.0,
        "codes": 0.0,
        "references": 80.0,
        "looks": 0.0,
        "judge": 0.0,
    }


def test_a_view_of_a_camera_that_the_product_was_not_enrolled_with_is_a_doubt():
    verdict = inspect(EnrolledWithoutTop())
    assert (verdict.decision, verdict.reasons) == (Decision.SIDELINE, (Reason.NO_REFERENCES,))


@pytest.mark.parametrize("fault", [Reason.NO_ITEM, Reason.STALE_FRAME, Reason.CAMERA_LOST, Reason.SHUTDOWN])
def test_what_the_scene_already_knows_is_the_reason(fault):
    verdict = inspect(Walk(failing=dict.fromkeys(STAGES, RuntimeError())), fault=fault)
    assert (verdict.decision, verdict.reasons) == (Decision.SIDELINE, (fault,))


@pytest.mark.parametrize(
    ("walk", "reason", "detail"),
    [
        (Walk(identity=None), Reason.UNKNOWN_PRODUCT, ""),
        (Walk(references=False), Reason.NO_REFERENCES, ""),
        (Walk(views=()), Reason.NO_ITEM, ""),
        (Walk(views=(replace(VIEW, quality=replace(GOOD, border_fraction=0.5)),)), Reason.CLIPPED, ""),
        (Walk(failing={"features": BundleError("the model broke")}), Reason.MODEL_FAULT, "the model broke"),
        (Walk(failing={"views": ValueError("odd")}), Reason.INTERNAL_FAULT, "ValueError: odd"),
        (Walk(failing={"lookup": GalleryError("bank gone")}), Reason.INTERNAL_FAULT, "GalleryError: bank gone"),
        (Walk(slow={"features": 1.001}), Reason.TIMEOUT, ""),
    ],
    ids=lambda value: getattr(value, "word", None),
)
def test_each_failure_has_its_own_name(walk, reason, detail):
    verdict = inspect(walk)
    assert (verdict.decision, verdict.reason, verdict.detail) == (Decision.SIDELINE, reason, detail)


ERRORS = st.sampled_from(
    [BundleError("b"), StationError("s"), RuntimeError("r"), KeyError("k"), ValueError(), MemoryError(), OSError(5)]
)


@given(
    failing=st.dictionaries(st.sampled_from(STAGES), ERRORS, max_size=3),
    slow=st.dictionaries(st.sampled_from(STAGES), st.floats(0, 1), max_size=4),
    deadline_ns=st.integers(0, 2 * 10**9),
    views=st.sampled_from([(), (VIEW,), (VIEW, replace(VIEW, camera_id="left"))]),
    identity=st.sampled_from([None, "brick"]),
    references=st.booleans(),
)
def test_there_is_always_a_verdict_and_only_a_sound_walk_in_time_passes(failing, slow, deadline_ns, **rest):
    walk = Walk(failing, slow, **rest)
    verdict = inspect(walk, deadline_ns)
    sound = rest["views"] and rest["identity"] and rest["references"] and not failing
    in_time = walk.clock.now_ns() <= deadline_ns
    assert verdict.decision is (Decision.PASS if sound and in_time else Decision.SIDELINE)
    assert bool(verdict.reasons) == (verdict.decision is Decision.SIDELINE)
    assert (verdict.item_id, verdict.plc_id, verdict.decided_ns) == ("b-000001", 7, walk.clock.now_ns())


class BrokenModel:
    """A model that answers with what is no number."""

    def __init__(self, bundle, value):
        self._bundle, self._value = bundle, value

    def start(self, crop):
        described = self._bundle.start(crop).result()
        described.features[5, 5, 0] = self._value
        broken = Future()
        broken.set_result(described)
        return broken


@pytest.fixture(scope="module")
def real_walk(tiny_gallery, shipped_bundle):
    gallery = Gallery.open(tiny_gallery, shipped_bundle.digest)
    return Inspector(
        extractor=ViewExtractor(tiny_booth.RIG, VisionSettings(min_sharpness=1.0)),
        identifier=Identifier(gallery.products, Retriever(gallery.embeddings, gallery.looks)),
        bundle=shipped_bundle,
        gallery=gallery,
        judge=Judge(JudgeSettings()),
        clock=ManualClock(),
        provenance=PROVENANCE,
        simulated=True,
    )


def good_capture():
    return tiny_booth.capture_of(tiny_booth.boxes("brick", (5, -8), 3), 50, TOLD)


def test_the_real_rooms_pass_a_good_item_and_not_a_holed_one(real_walk):
    assert real_walk.inspect(good_capture(), 10).decision is Decision.PASS
    # Turned, the hole leaves so little of its print that it is told as the wrong item.
    holed = tiny_booth.capture_of(tiny_booth.boxes("brick", (5, -8), 0, damaged=True), 50, TOLD)
    verdict = real_walk.inspect(holed, 10)
    assert (verdict.decision, verdict.reason) == (Decision.SIDELINE, Reason.DAMAGE)
    assert verdict.regions


@pytest.mark.parametrize("told", [TOLD, None])
def test_an_empty_tray_is_no_item(real_walk, told):
    verdict = real_walk.inspect(tiny_booth.capture_of((), 50, told), 10)
    assert (verdict.decision, verdict.reason, verdict.detail) == (Decision.SIDELINE, Reason.NO_ITEM, "")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_model_that_answers_no_number_never_passes(real_walk, value):
    walk = replace(real_walk, bundle=BrokenModel(real_walk.bundle, value))
    verdict = walk.inspect(good_capture(), 10)
    assert (verdict.decision, verdict.reason) == (Decision.SIDELINE, Reason.MODEL_FAULT)


def test_heads_find_damage_by_type_and_place_and_none_without_them():
    view = replace(VIEW, crop=np.zeros((64, 64, 3), np.uint8))
    features = np.zeros((4, 4, 8), np.float32)
    assert supervised_findings(view, Described(features)) == ()
    scores, maps = np.full(9, -3, np.float32), np.full((9, 4, 4), -3, np.float32)
    (good,) = supervised_findings(view, Described(features, scores, maps))
    assert (good.source, good.score, good.damage_type, good.severity) == (SOURCE, -3, None, Severity.NONE)
    assert good.regions == ()
    hole = 2 + list(DamageType).index(DamageType.PENETRATION)
    scores[[0, 1, hole]], maps[[0, hole], 1:3, 2] = (4, 1, 2), 5
    damaged, typed = supervised_findings(view, Described(features, scores, maps))
    assert (damaged.score, typed.score, typed.damage_type) == (4, 2, DamageType.PENETRATION)
    assert damaged.severity is typed.severity is Severity.MAJOR
    assert [region.box_px for region in typed.regions] == [(32, 16, 16, 32)]


def test_a_view_that_the_heads_suspect_leaves_the_decision_to_the_judge():
    walk = Walk(described=Described(np.zeros((1, 1, 4), np.float32), np.ones(9, np.float32), np.ones((9, 1, 1))))
    assert inspect(walk).decision is Decision.PASS
    assert {finding.source for finding in walk.judged} == {SOURCE, "references"}
    assert inspect(Walk(described=walk.described, references=False)).reason is Reason.NO_REFERENCES


class WithComparison(Walk):
    """Its bundle has a comparison, which is sure of a major hole; differences stand for what it is shown."""

    def __init__(self, **rest):
        super().__init__(**rest)
        self.compares = True

    def compare(self, *given):
        if len(given) > 1:
            return super().compare(*given)
        scores = np.full(9, -3, np.float32)
        scores[[0, 1, 2 + list(DamageType).index(DamageType.PENETRATION)]] = 3
        assert given[0].shape == (1, 1, 8)
        return Compared(scores, scores.reshape(9, 1, 1))


def test_what_a_learned_comparison_finds_goes_to_the_judge_where_there_are_references():
    walk = WithComparison()
    assert inspect(walk).decision is Decision.PASS
    compared, hole = [finding for finding in walk.judged if finding.source == COMPARED]
    assert (compared.score, compared.damage_type, compared.severity) == (3, None, Severity.MAJOR)
    assert (hole.damage_type, [region.box_px for region in hole.regions]) == (DamageType.PENETRATION, [(0, 0, 8, 8)])
    unknown = WithComparison(references=False)
    assert inspect(unknown).reason is Reason.NO_REFERENCES
    assert unknown.judged == []
