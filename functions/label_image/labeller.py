"""Labels one image and tells of it.

The steps, in this order: look at the exact version; read its first bytes; have Rekognition see it,
by reference or as a decoded copy; write the sidecar; tag the version; tell the bus. Each is safe
to repeat. A run that was stopped before the sidecar asks Rekognition again; one that was stopped
after it finds the sidecar, and does what was left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from functions.label_image import sidecar
from functions.label_image.errors import ImageRefusedError, VerdictPendingError
from functions.label_image.finding import Finding, ImageFacts, Outcome
from functions.label_image.formats import Header
from functions.label_image.labels import Recognition, tag_text
from functions.label_image.once import Done
from functions.label_image.reasons import Reason
from functions.label_image.report import Report, Tagging, from_detail, to_detail
from functions.label_image.viewing import facts_of
from tidegate.errors import (
    AccessDeniedError,
    CustomerKeyError,
    ObjectArchivedError,
    ObjectError,
    ObjectMissingError,
    ObjectReplacedError,
)
from tidegate.objectref import ObjectRef
from tidegate.objects import ObjectState

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

_REASONS: dict[type[ObjectError], Reason] = {
    AccessDeniedError: Reason.ACCESS_DENIED,
    ObjectArchivedError: Reason.ARCHIVED,
    CustomerKeyError: Reason.CUSTOMER_KEY,
}


class _Objects(Protocol):
    def head(self, ref: ObjectRef) -> ObjectState: ...


class _Viewer(Protocol):
    def header(self, state: ObjectState) -> Header | None: ...
    def see(self, state: ObjectState, header: Header) -> tuple[ImageFacts, Recognition]: ...


class _Sidecars(Protocol):
    def put(self, key: str, document: Mapping[str, Any]) -> None: ...
    def get(self, key: str) -> dict[str, Any] | None: ...


class _Tagger(Protocol):
    def write(self, ref: ObjectRef, text: str) -> Tagging: ...
    def settle_newcomer(self, ref: ObjectRef) -> None: ...


class _Once(Protocol):
    def do(self, identity: Mapping[str, Any], work: Callable[[], dict[str, Any]]) -> Done: ...


class _Bus(Protocol):
    def publish(self, detail_type: str, detail: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Labeller:
    """The labelling, with all that it works on. `request`: what answers depend on."""

    objects: _Objects
    viewer: _Viewer
    sidecars: _Sidecars
    tagger: _Tagger
    once: _Once
    bus: _Bus
    logger: Logger
    now: Callable[[], datetime]
    reports_bucket: str
    request: Mapping[str, Any]

    def run(self, ref: ObjectRef, *, is_last_try: bool = False) -> Report:
        """Label the object if it is an image, and return what it came to.

        What is wrong with the object is an outcome; TransientError, MisconfiguredError and other
        PermanentErrors are raised.
        """
        pinned = ref
        try:
            state = self.objects.head(ref)
            pinned = state.ref
            header = self.viewer.header(state)
            if header is None:
                return self._quiet(pinned, Outcome.NOT_AN_IMAGE)
            return self._label(state, header, is_last_try=is_last_try)
        except ObjectMissingError:
            return self._quiet(pinned, Outcome.GONE)
        except ObjectReplacedError:
            with suppress(ObjectError):
                self.tagger.settle_newcomer(pinned)
            return self._quiet(pinned, Outcome.GONE)
        except (AccessDeniedError, ObjectArchivedError, CustomerKeyError) as error:
            finding = Finding(
                Outcome.REFUSED,
                self.now(),
                reason=_REASONS[type(error)],
                explanation=str(error),
            )
            # What an earlier run found of the same content still holds, and may have been paid for.
            if self._earlier(pinned) is None:
                self._keep(pinned, finding)
            return self._tell(pinned, finding, Tagging.NOTHING_TO_WRITE, sidecar.key(pinned))

    def _quiet(self, ref: ObjectRef, outcome: Outcome) -> Report:
        return Report(ref, Finding(outcome, self.now()))

    def _label(self, state: ObjectState, header: Header, *, is_last_try: bool) -> Report:
        ref = state.ref
        identity = {
            "bucket": ref.bucket,
            "key": ref.key,
            "versionId": ref.version_id,
            "eTag": ref.etag,
            "request": dict(self.request),
        }

        def work() -> dict[str, Any]:
            finding = self._earlier(ref) or self._find(state, header)
            tagging = self._tag(ref, finding, is_last_try=is_last_try)
            return to_detail(
                self._tell(ref, finding, tagging, sidecar.key(ref)), self.reports_bucket
            )

        done = self.once.do(identity, work)
        report = from_detail(done.result)
        if not done.repeated:
            return replace(report, repeated=False)
        # A scan that wrote its tags at the same moment may have taken ours off.
        return replace(report, tagging=self._tag(ref, report.finding, is_last_try=is_last_try))

    def _earlier(self, ref: ObjectRef) -> Finding | None:
        document = self.sidecars.get(sidecar.key(ref))
        return sidecar.finding_in(document, ref, self.request) if document else None

    def _find(self, state: ObjectState, header: Header) -> Finding:
        """Have the image seen, keep the whole answer, and return the finding."""
        try:
            facts, seen = self.viewer.see(state, header)
        except ImageRefusedError as error:
            finding = Finding(
                outcome=Outcome.REFUSED,
                at=self.now(),
                image=facts_of(state, header),
                reason=error.reason,
                explanation=str(error),
            )
            self._keep(state.ref, finding)
            return finding
        finding = Finding(
            outcome=Outcome.LABELLED,
            at=self.now(),
            image=facts,
            labels=seen.labels,
            moderation=seen.moderation,
            model_version=seen.model_version,
            moderation_model_version=seen.moderation_model_version,
        )
        self._keep(state.ref, finding, seen.answer)
        return finding

    def _keep(
        self, ref: ObjectRef, finding: Finding, answer: Mapping[str, Any] | None = None
    ) -> None:
        document = sidecar.document(ref, finding, self.request, answer)
        self.sidecars.put(sidecar.key(ref), document)

    def _tag(self, ref: ObjectRef, finding: Finding, *, is_last_try: bool) -> Tagging:
        try:
            return self.tagger.write(ref, tag_text(finding.labels))
        except AccessDeniedError as error:
            self.logger.warning("labels not tagged", extra={"error_text": str(error)})
        except VerdictPendingError as error:
            if not is_last_try:
                raise
            self.logger.warning("labels not tagged", extra={"error_text": str(error)})
        return Tagging.NOT_WRITTEN

    def _tell(self, ref: ObjectRef, finding: Finding, tagging: Tagging, key: str) -> Report:
        report = Report(ref, finding, tagging, key)
        self.bus.publish(report.detail_type, to_detail(report, self.reports_bucket))
        return report
