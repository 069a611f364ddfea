"""What became of a log that was to be compressed, as value, event and ledger entry."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from functions.compress_log.log import Log
from tidegate.errors import PermanentError
from tidegate.objectref import ObjectRef

COMPRESSED = "Log Compressed"
NOT_COMPRESSED = "Log Not Compressed"


class Outcome(StrEnum):
    """Where the log is now.

    In the archive alone: ARCHIVED. In both places: COPIED is the moment before the original is
    deleted, ORIGINAL_KEPT says that S3 does not let us delete it (Object Lock, legal hold, no
    permission). As it was, where it was: ALREADY_COMPRESSED, EMPTY, WOULD_GROW, TOO_LARGE,
    OUT_OF_TIME (more than one invocation can do), NOT_CLEAN (no verdict vouches for it any more),
    UNREADABLE, and UNFINISHED (given up after the last try). Nowhere: GONE, for somebody deleted
    or replaced it before there was a copy.
    """

    ARCHIVED = "ARCHIVED"
    COPIED = "COPIED"
    ORIGINAL_KEPT = "ORIGINAL_KEPT"
    ALREADY_COMPRESSED = "ALREADY_COMPRESSED"
    EMPTY = "EMPTY"
    WOULD_GROW = "WOULD_GROW"
    TOO_LARGE = "TOO_LARGE"
    OUT_OF_TIME = "OUT_OF_TIME"
    NOT_CLEAN = "NOT_CLEAN"
    UNREADABLE = "UNREADABLE"
    UNFINISHED = "UNFINISHED"
    GONE = "GONE"


_IN_THE_ARCHIVE = frozenset({Outcome.ARCHIVED, Outcome.COPIED, Outcome.ORIGINAL_KEPT})


class LogLeftError(PermanentError):
    """The log stays as it is, for the reason that the text gives. Reported, never retried."""

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class ArchivedLog:
    """The proven copy of a log. `lost` names what S3's metadata had no room for."""

    ref: ObjectRef
    plain_bytes: int
    packed_bytes: int
    sha256: str
    compression: str
    storage_class: str
    lost: tuple[str, ...] = ()

    @property
    def partition(self) -> str:
        """The Hive partition in which it lies."""
        folders = self.ref.key.split("/")
        return "/".join(folder for folder in folders if "=" in folder)

    @property
    def ratio(self) -> float:
        """How many bytes of log lie in one byte of the archive."""
        return round(self.plain_bytes / self.packed_bytes, 2)


@dataclass(frozen=True, slots=True)
class Report:
    """What was done with one log. `reason` says why no more was done, or is None.

    `original` are the facts of the original that its copy cannot carry all of.
    """

    log: Log
    outcome: Outcome
    at: datetime
    copy: ArchivedLog | None = None
    reason: str | None = None
    original: dict[str, Any] = field(default_factory=dict)

    @property
    def detail_type(self) -> str:
        """The type of the event that tells it."""
        return COMPRESSED if self.outcome in _IN_THE_ARCHIVE else NOT_COMPRESSED


def to_event_detail(report: Report) -> dict[str, Any]:
    """Return the event's detail."""
    ref = report.log.ref
    return {
        "schemaVersion": "1.0",
        "s3ObjectDetails": {
            "bucketName": ref.bucket,
            "objectKey": ref.key,
            "eTag": ref.etag,
            "versionId": ref.version_id,
        },
        "archive": {
            "outcome": report.outcome.value,
            "reason": report.reason,
            "at": report.at.isoformat(),
            "copy": {**_copy_facts(report.copy), "ratio": report.copy.ratio}
            if report.copy
            else None,
        },
        "correlationId": report.log.correlation_id,
    }


def to_ledger(report: Report) -> dict[str, Any]:
    """Return the entry for the object's row; the ETag tells of which content it speaks."""
    facts: dict[str, Any] = {
        "outcome": report.outcome.value,
        "etag": report.log.ref.etag or "",
        "at": report.at.isoformat(),
    }
    if report.reason:
        facts["reason"] = report.reason
    if report.copy:
        facts["copy"] = _copy_facts(report.copy)
    if report.original:
        facts["original"] = report.original
    return facts


def copy_of_ledger(facts: dict[str, Any]) -> ArchivedLog:
    """Return the copy that an entry of the ledger tells of; it is the inverse of `to_ledger`."""
    return ArchivedLog(
        ref=ObjectRef(facts["bucket"], facts["key"], facts["versionId"], facts["eTag"]),
        plain_bytes=int(facts["bytes"]),
        packed_bytes=int(facts["compressedBytes"]),
        sha256=facts["sha256"],
        compression=facts["compression"],
        storage_class=facts["storageClass"],
        lost=tuple(facts["notCarriedOver"]),
    )


def _copy_facts(copy: ArchivedLog) -> dict[str, Any]:
    return {
        "bucket": copy.ref.bucket,
        "key": copy.ref.key,
        "versionId": copy.ref.version_id,
        "eTag": copy.ref.etag,
        "partition": copy.partition,
        "bytes": copy.plain_bytes,
        "compressedBytes": copy.packed_bytes,
        "sha256": copy.sha256,
        "compression": copy.compression,
        "storageClass": copy.storage_class,
        "notCarriedOver": list(copy.lost),
    }
