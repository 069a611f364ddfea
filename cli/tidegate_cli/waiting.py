"""Waits for the verdict on one exact object version.

Clean is only what the tag on that very version calls so. An infected version is deleted once it
is in quarantine, so a version that is gone is not clean, unless the ledger, where the caller may
read it, says of this very content that it was clean and that its proven copy is in the archive.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tidegate.errors import TidegateError
from tidegate.ledger import UNVERSIONED, Ledger
from tidegate.objectref import ObjectRef
from tidegate.verdicts import ScanStatus
from tidegate_cli.errors import (
    CliError,
    MissingError,
    NoVerdictError,
    ServiceError,
    aws_errors,
    error_code,
)
from tidegate_cli.transfer import document

DETAIL_TAG, RELEASE_TAG = "scan-detail", "scan-definitions"
_FIRST_PAUSE_SECONDS, _PAUSE_GROWTH, _LONGEST_PAUSE_SECONDS = 0.25, 1.5, 5.0
# Where clean content is: a log that compress_log has taken is in the archive.
KEPT = frozenset({"bucket", "archive"})
# compress_log deletes the original only after it wrote one of these down.
_PROVEN_COPY = frozenset({"COPIED", "ARCHIVED"})
_REPLACED = frozenset({"PreconditionFailed", "412"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the upload.

    `status` is None where the version is gone and nothing tells why. `place`: "bucket",
    "archive", "quarantine" or "gone".
    """

    status: str | None
    detail: str | None
    definitions: str | None
    place: str

    @property
    def clean(self) -> bool:
        """Whether the exact version was found clean, and it or its proven copy is there."""
        return self.status == ScanStatus.NO_THREATS_FOUND and self.place in KEPT


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as the waiting sees it."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class Desk:
    """Where verdicts are asked for. `ledger` is None where no stack is known."""

    s3: Any
    status_tag: str
    ledger: Ledger | None
    clock: Clock

    def wait(self, ref: ObjectRef, timeout_seconds: float) -> Verdict:
        """Return the verdict on the version; NoVerdictError where none comes in time.

        A service that fails meanwhile is asked again; refused access is not waited out. Whatever
        ends the waiting tells what was uploaded.
        """
        try:
            return self._wait(ref, timeout_seconds)
        except CliError as error:
            error.details.setdefault("object", document(ref))
            raise
        except KeyboardInterrupt as error:
            error.add_note(f"{ref} is uploaded, and its verdict is not known")
            raise

    def _wait(self, ref: ObjectRef, timeout_seconds: float) -> Verdict:
        deadline = self.clock.now() + timeout_seconds
        pause, trouble = _FIRST_PAUSE_SECONDS, ""
        while True:
            try:
                verdict = self._look(ref)
            except ServiceError as error:
                verdict, trouble = None, f"; the last answer: {error}"
            if verdict:
                return verdict
            left = deadline - self.clock.now()
            if left <= 0:
                raise NoVerdictError(
                    f"no verdict on {ref} within {timeout_seconds:g} seconds{trouble}. "
                    "It is uploaded, and nobody has called it clean"
                )
            self.clock.sleep(min(pause, left))
            pause = min(pause * _PAUSE_GROWTH, _LONGEST_PAUSE_SECONDS)

    def _look(self, ref: ObjectRef) -> Verdict | None:
        try:
            tags = self._tags(ref)
        except MissingError:
            return self._gone(ref)
        status = tags.get(self.status_tag)
        if status is None:
            return None
        if status == ScanStatus.NO_THREATS_FOUND and not self._is_on_our_content(ref):
            return Verdict(None, "replaced by another upload", None, "gone")
        return Verdict(status, tags.get(DETAIL_TAG), tags.get(RELEASE_TAG), "bucket")

    def _tags(self, ref: ObjectRef) -> dict[str, str]:
        selected = {"VersionId": ref.version_id} if ref.version_id else {}
        with aws_errors(f"read the tags of {ref}"):
            answer = self.s3.get_object_tagging(Bucket=ref.bucket, Key=ref.key, **selected)
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def _is_on_our_content(self, ref: ObjectRef) -> bool:
        """Whether the tag is on the content uploaded, which a version alone proves."""
        if ref.version_id not in (None, UNVERSIONED):
            return True
        with aws_errors(f"look up {ref}"):
            try:
                self.s3.head_object(Bucket=ref.bucket, Key=ref.key, IfMatch=ref.etag)
            except ClientError as error:
                if error_code(error) in _REPLACED:
                    return False
                raise
        return True

    def _gone(self, ref: ObjectRef) -> Verdict:
        row = self._row(ref)
        threats = ", ".join(map(str, row.get("threats", ())))
        archived = row.get("archive", {})
        if row.get("quarantine", {}).get("outcome") == "QUARANTINED":
            place = "quarantine"
        elif archived.get("etag") == ref.etag and archived.get("outcome") in _PROVEN_COPY:
            place = "archive"
        else:
            place = "gone"
        return Verdict(
            row.get("status"), threats or row.get("reason"), row.get("definitionsRelease"), place
        )

    def _row(self, ref: ObjectRef) -> dict[str, Any]:
        """Return the ledger's row; nothing where the caller may not read it, or it is not ours."""
        if self.ledger is None:
            return {}
        try:
            row = self.ledger.row(ref)
        except TidegateError:
            return {}
        return row if row and row.get("etag") == ref.etag else {}
