"""The verdict on one object version, and the event that tells the rest of the suite.

The event's detail has the shape of GuardDuty's "GuardDuty Malware Protection Object Scan Result",
so that rules written for it match here with only the source changed; `scanner` is our own part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from tidegate.errors import MalformedEventError
from tidegate.events import Uploader
from tidegate.objectref import ObjectRef

SOURCE = "tidegate"
DETAIL_TYPE = "Object Scan Result"


class ScanStatus(StrEnum):
    """What the scan came to. Only NO_THREATS_FOUND vouches for the content."""

    NO_THREATS_FOUND = "NO_THREATS_FOUND"
    THREATS_FOUND = "THREATS_FOUND"
    UNSUPPORTED = "UNSUPPORTED"
    ACCESS_DENIED = "ACCESS_DENIED"
    FAILED = "FAILED"


class Action(StrEnum):
    """What the suite does with the object after its verdict."""

    NONE = "NONE"
    BLOCK = "BLOCK"
    ALLOW = "ALLOW"
    QUARANTINE = "QUARANTINE"


class Tagging(StrEnum):
    """How much of the verdict the object's tags could take."""

    COMPLETE = "COMPLETE"
    STATUS_ONLY = "STATUS_ONLY"
    NO_ROOM = "NO_ROOM"
    NOT_WRITTEN = "NOT_WRITTEN"


_GUARDDUTY_SCAN_STATUS = {
    ScanStatus.NO_THREATS_FOUND: "COMPLETED",
    ScanStatus.THREATS_FOUND: "COMPLETED",
    ScanStatus.UNSUPPORTED: "SKIPPED",
    ScanStatus.ACCESS_DENIED: "SKIPPED",
    ScanStatus.FAILED: "FAILED",
}


@dataclass(frozen=True, slots=True)
class ScanResult:
    """One verdict. `ref` is pinned: version where there is one, and ETag.

    `reason` says why there is no full scan, or is None. `sha256`, `size_bytes` and `content_type`
    are of the content read, None where none was. `scanned_at` is aware, in UTC.
    """

    ref: ObjectRef
    status: ScanStatus
    action: Action
    scanned_at: datetime
    threats: tuple[str, ...] = ()
    reason: str | None = None
    sha256: str | None = None
    size_bytes: int | None = None
    content_type: str | None = None
    engine: str | None = None
    definitions_release: str | None = None
    duration_ms: int = 0
    sequencer: str | None = None
    uploader: Uploader = field(default_factory=Uploader)
    correlation_id: str | None = None
    tagging: Tagging = Tagging.NOT_WRITTEN

    @property
    def detail_text(self) -> str:
        """What goes beside the status where there is room for one text: signature or reason."""
        return ", ".join(self.threats) or self.reason or ""


def to_detail(result: ScanResult) -> dict[str, Any]:
    """Return the detail of the "Object Scan Result" event."""
    return {
        "schemaVersion": "1.0",
        "scanStatus": _GUARDDUTY_SCAN_STATUS[result.status],
        "resourceType": "S3_OBJECT",
        "s3ObjectDetails": {
            "bucketName": result.ref.bucket,
            "objectKey": result.ref.key,
            "eTag": result.ref.etag,
            "versionId": result.ref.version_id,
            "s3Throttled": False,
        },
        "scanResultDetails": {
            "scanResultStatus": result.status.value,
            "threats": [{"name": name} for name in result.threats] or None,
        },
        "scanner": {
            "action": result.action.value,
            "reason": result.reason,
            "engine": result.engine,
            "definitionsRelease": result.definitions_release,
            "sha256": result.sha256,
            "bytes": result.size_bytes,
            "contentType": result.content_type,
            "durationMs": result.duration_ms,
            "scannedAt": result.scanned_at.isoformat(),
            "sequencer": result.sequencer,
            "uploader": {
                "requester": result.uploader.requester,
                "sourceIp": result.uploader.source_ip,
            },
            "correlationId": result.correlation_id,
            "tagging": result.tagging.value,
        },
    }


def from_event(event: object) -> ScanResult:
    """Return the verdict that an "Object Scan Result" event tells.

    Raises MalformedEventError (not retried) where the event is another or garbled.
    """
    if not isinstance(event, dict) or event.get("detail-type") != DETAIL_TYPE:
        raise MalformedEventError(f'expected an EventBridge event with detail-type "{DETAIL_TYPE}"')
    try:
        return _from_detail(event["detail"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedEventError(f'the "{DETAIL_TYPE}" event lacks or garbles {error}') from error


def _from_detail(detail: Mapping[str, Any]) -> ScanResult:
    item, outcome = detail["s3ObjectDetails"], detail["scanResultDetails"]
    scanner = detail["scanner"]
    uploader = scanner.get("uploader") or {}
    scanned_at = datetime.fromisoformat(scanner["scannedAt"])
    if scanned_at.tzinfo is None:
        raise ValueError(f"the time zone in {scanner['scannedAt']!r}")
    return ScanResult(
        ref=ObjectRef(
            bucket=_needed(str, item["bucketName"]),
            key=_needed(str, item["objectKey"]),
            version_id=_known(str, item["versionId"]),
            etag=_known(str, item["eTag"]),
        ),
        status=ScanStatus(outcome["scanResultStatus"]),
        action=Action(scanner["action"]),
        scanned_at=scanned_at,
        threats=tuple(_needed(str, threat["name"]) for threat in outcome["threats"] or ()),
        reason=_known(str, scanner.get("reason")),
        sha256=_known(str, scanner.get("sha256")),
        size_bytes=_known(int, scanner.get("bytes")),
        content_type=_known(str, scanner.get("contentType")),
        engine=_known(str, scanner.get("engine")),
        definitions_release=_known(str, scanner.get("definitionsRelease")),
        duration_ms=_needed(int, scanner.get("durationMs", 0)),
        sequencer=_known(str, scanner.get("sequencer")),
        uploader=Uploader(
            _known(str, uploader.get("requester")), _known(str, uploader.get("sourceIp"))
        ),
        correlation_id=_known(str, scanner.get("correlationId")),
        tagging=Tagging(scanner.get("tagging", Tagging.NOT_WRITTEN)),
    )


def _needed[T](kind: type[T], value: object) -> T:
    if not isinstance(value, kind):
        raise TypeError(f"the {kind.__name__} in {value!r}")
    return value


def _known[T](kind: type[T], value: object) -> T | None:
    return None if value is None else _needed(kind, value)
