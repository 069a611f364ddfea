"""From one created object to one verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from functions.scan_object.assessment import Assessment, action_for, assess
from functions.scan_object.content import Content, ObjectTooLargeError, fetched
from functions.scan_object.deadline import Deadline
from functions.scan_object.download import StorageFullError
from functions.scan_object.inspection import inspect
from functions.scan_object.reasons import Reason
from tidegate.errors import (
    AccessDeniedError,
    CustomerKeyError,
    ObjectArchivedError,
    ObjectMissingError,
    ObjectReplacedError,
)
from tidegate.verdicts import Action, ScanResult, ScanStatus

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger

    from clamav_layer.replies import Outcome
    from functions.scan_object.recorder import Recorder
    from tidegate.events import ObjectCreated
    from tidegate.objectref import ObjectRef
    from tidegate.objects import Objects


@dataclass(frozen=True, slots=True)
class EngineReply:
    """What a proven engine said, and which engine, with which definitions, said it."""

    outcome: Outcome
    engine: str
    definitions_release: str


class ScanEngine(Protocol):
    """An engine that answers only while it is proven to detect."""

    def scan(self, fd: int, deadline: Deadline) -> EngineReply:
        """Scan what the descriptor holds. Raises TransientError where no answer can be trusted."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """Scans created objects and writes the verdicts down."""

    objects: Objects
    engine: ScanEngine
    recorder: Recorder
    logger: Logger
    max_object_bytes: int
    unsupported_action: Action
    failed_action: Action
    work_directory: Path
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def scan(
        self, created: ObjectCreated, deadline: Deadline, *, is_last_try: bool = False
    ) -> ScanResult | None:
        """Return the recorded verdict; None where the object was deleted or overwritten meanwhile.

        On the last try the object is marked FAILED before the work begins, so that it has a
        final status even if this process is killed; a better one replaces it. Not so where the
        operator lets FAILED objects be read: the mark would open it before this scan has ended.
        Raises TransientError and MisconfiguredError when there is no verdict.
        """
        try:
            if is_last_try and self.failed_action is not Action.ALLOW:
                self.recorder.mark(self._failed(created))
            result = self._verdict(created, deadline)
        except (ObjectMissingError, ObjectReplacedError) as error:
            self.logger.info("nothing to scan", extra={"error_text": str(error)})
            return None
        return self.recorder.record(result)

    def fail(self, created: ObjectCreated) -> ScanResult | None:
        """Record and tell that no verdict could be had: the last try has failed."""
        try:
            return self.recorder.record(self._failed(created))
        except (ObjectMissingError, ObjectReplacedError):
            return None

    def _verdict(self, created: ObjectCreated, deadline: Deadline) -> ScanResult:
        started = time.monotonic()
        try:
            with self._fetched(created.ref, deadline) as content:
                return self._scanned(created, content, deadline, started)
        except ObjectTooLargeError as error:
            result = self._unscanned(created, ScanStatus.UNSUPPORTED, Reason.TOO_LARGE)
            return replace(
                result,
                ref=error.state.ref,
                size_bytes=error.state.size_bytes,
                content_type=error.state.content_type,
            )
        except ObjectArchivedError:
            reason = Reason.ARCHIVED_STORAGE_CLASS
            return self._unscanned(self._pinned(created), ScanStatus.UNSUPPORTED, reason)
        except CustomerKeyError:
            reason = Reason.CUSTOMER_PROVIDED_KEY
            return self._unscanned(created, ScanStatus.UNSUPPORTED, reason)
        except AccessDeniedError as error:
            self.logger.exception("access denied", extra={"error_text": str(error)})
            return self._unscanned(created, ScanStatus.ACCESS_DENIED, Reason.ACCESS_DENIED)

    def _fetched(self, ref: ObjectRef, deadline: Deadline) -> AbstractContextManager[Content]:
        return fetched(
            self.objects,
            ref,
            max_bytes=self.max_object_bytes,
            directory=self.work_directory,
            deadline=deadline,
        )

    def _scanned(
        self, created: ObjectCreated, content: Content, deadline: Deadline, started: float
    ) -> ScanResult:
        state = content.state
        try:
            refusal = inspect(content.file, state.size_bytes, deadline=deadline.at)
        except OSError as error:
            raise StorageFullError(f"could not look into the archive: {error.strerror}") from error
        # Scanned even when refused: a threat found is worth more than a reason for not looking.
        reply = self.engine.scan(content.file.fileno(), deadline)
        assessment = assess(reply.outcome, refusal)
        result = self._result(created, assessment)
        return replace(
            result,
            ref=state.ref,
            sha256=content.sha256,
            size_bytes=state.size_bytes,
            content_type=state.content_type,
            engine=reply.engine,
            definitions_release=reply.definitions_release,
            duration_ms=round((time.monotonic() - started) * 1000),
        )

    def _failed(self, created: ObjectCreated) -> ScanResult:
        return self._unscanned(self._pinned(created), ScanStatus.FAILED, Reason.SCAN_DID_NOT_FINISH)

    def _pinned(self, created: ObjectCreated) -> ObjectCreated:
        """Return the object with version and ETag, where it can be looked up."""
        try:
            return replace(created, ref=self.objects.head(created.ref).ref)
        except (AccessDeniedError, CustomerKeyError):
            return created

    def _unscanned(self, created: ObjectCreated, status: ScanStatus, reason: Reason) -> ScanResult:
        return self._result(created, Assessment(status, reason=reason))

    def _result(self, created: ObjectCreated, assessment: Assessment) -> ScanResult:
        return ScanResult(
            ref=created.ref,
            status=assessment.status,
            action=action_for(
                assessment.status,
                unsupported=self.unsupported_action,
                failed=self.failed_action,
            ),
            scanned_at=self.now(),
            threats=assessment.threats,
            reason=assessment.reason,
            sequencer=created.sequencer,
            uploader=created.uploader,
            correlation_id=created.correlation_id,
        )
