"""The walk itself: an item's capture goes in, its verdict comes out, always."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from station.core.damage import Decision, Reason, Severity
from station.core.errors import BundleError
from station.core.items import ItemCapture, ItemView
from station.core.ports import Clock
from station.core.verdict import Finding, Identity, IdentitySource, Provenance, Verdict
from station.gallery import Gallery, ProductReferences, embed
from station.identity import Identifier
from station.inference import Bundle, Described
from station.inspection.shape import shape_findings
from station.inspection.stages import StageTimes
from station.inspection.supervised import compared_findings, supervised_findings
from station.judge import Judge, Judgement
from station.rig import Rig
from station.vision import ViewExtractor

_UNKNOWN = Identity(product_id=None, source=IdentitySource.NONE)


@dataclass(frozen=True, slots=True)
class Inspector:
    """Judges one item at a time. Owned by one thread; knows nothing of cameras, replay or storage."""

    extractor: ViewExtractor
    identifier: Identifier
    bundle: Bundle
    gallery: Gallery
    judge: Judge
    clock: Clock
    provenance: Provenance
    simulated: bool
    rig: Rig | None = None
    """The cameras; without them shapes are not compared."""

    def inspect(self, capture: ItemCapture, deadline_ns: int) -> Verdict:
        """Return the item's verdict; doubt, fault or lateness is a sideline with its reason.

        `deadline_ns` is station clock. The capture's frames are read, not kept: release it afterwards.
        """
        if capture.fault is not None:
            return self.sideline(capture, capture.fault)
        stage = StageTimes(self.clock)
        stage.ms["wait"] = (self.clock.now_ns() - capture.arrived_ns) / 1e6
        try:
            with stage("views"):
                described: list[Future[Described]] = []  # the model runs while the next view is cut
                views = list(self.extractor.extract(capture, lambda crop: described.append(self.bundle.start(crop))))
                view_doubts = self.extractor.doubts(views)
            with stage("codes"):
                codes = self.identifier.read(views, capture.announcement)
            with stage("references"):  # a view is compared while the model is at the next
                references = self._references(codes.product_id)
                findings, embeddings = self._compare(references, views, described)
            with stage("looks"):
                identity, identity_doubts = self.identifier.identify(codes, views, embeddings)
                if identity.product_id != codes.product_id:
                    references = self._references(identity.product_id)
                    findings, _ = self._compare(references, views, described)
            with stage("judge"):
                calibration = references.calibration if references else None
                kind = references.product.kind if references else ""
                unknown = calibration and not {view.camera_id for view in views} <= calibration.views.keys()
                doubts = (
                    *view_doubts,
                    *(identity_doubts if views else ()),
                    *((Reason.NO_REFERENCES,) if unknown else ()),
                )
                judgement = self.judge.decide(findings, calibration, doubts, kind)
        except BundleError as error:
            return self.sideline(capture, Reason.MODEL_FAULT, str(error))
        except Exception as error:  # whatever it is, the item must get a verdict and people the reason
            return self.sideline(capture, Reason.INTERNAL_FAULT, f"{type(error).__name__}: {error}")
        if self.clock.now_ns() > deadline_ns:
            return self.sideline(capture, Reason.TIMEOUT)
        return self._verdict(capture, judgement, identity, stage.ms, views=tuple(views))

    def _references(self, product_id: str | None) -> ProductReferences | None:
        return self.gallery.references(product_id) if product_id else None

    def _compare(
        self, references: ProductReferences | None, views: Sequence[ItemView], started: Sequence[Future[Described]]
    ) -> tuple[list[Finding], list[NDArray[np.float32]]]:
        """What model, references and shapes find, and each view's embedding."""
        findings: list[Finding] = []
        embeddings: list[NDArray[np.float32]] = []
        for view, described in zip(views, map(_finite_result, started), strict=True):
            embeddings.append(embed(described.features, view.mask))
            findings += supervised_findings(view, described)
            finding = references.compare(view, described.features, self._describe) if references else None
            findings += [finding] if finding else []
            findings += compared_findings(view, described, self.bundle, references) if references else ()
        if self.rig is not None and references is not None and references.shapes is not None:
            findings += shape_findings(self.rig, views, references.shapes)
        return findings, embeddings

    def _describe(self, pictures: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        started = [self.bundle.start(picture) for picture in pictures]
        return np.stack([_finite_result(described).features for described in started])

    def sideline(self, capture: ItemCapture, reason: Reason, detail: str = "") -> Verdict:
        """Return the sideline verdict of an item that was not judged."""
        judgement = Judgement(Decision.SIDELINE, 0.0, Severity.NONE, (reason,), {}, ())
        return self._verdict(capture, judgement, _UNKNOWN, {}, detail)

    def _verdict(
        self,
        capture: ItemCapture,
        judgement: Judgement,
        identity: Identity,
        stage_ms: Mapping[str, float],
        detail: str = "",
        views: tuple[ItemView, ...] = (),
    ) -> Verdict:
        return Verdict(
            item_id=capture.item_id,
            plc_id=capture.plc_id,
            decision=judgement.decision,
            damage_confidence=judgement.damage_confidence,
            severity=judgement.severity,
            reasons=judgement.reasons,
            type_scores=judgement.type_scores,
            regions=judgement.regions,
            identity=identity,
            stage_ms=stage_ms,
            provenance=self.provenance,
            arrived_ns=capture.arrived_ns,
            decided_ns=self.clock.now_ns(),
            utc_ns=self.clock.utc_ns(),
            simulated=self.simulated,
            detail=detail,
            views=views,
        )


def _finite_result(started: Future[Described]) -> Described:
    described = started.result()
    if not described.is_finite:  # no distance to it exceeds any limit: it would pass everything
        raise BundleError("the model's outputs are not all finite numbers. Run `station doctor`")
    return described
