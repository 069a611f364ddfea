"""The verdict event carries a verdict whole, in GuardDuty's shape."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from tests.unit.tidegate.strategies import scan_results
from tidegate.errors import MalformedEventError
from tidegate.objectref import ObjectRef
from tidegate.verdicts import DETAIL_TYPE, Action, ScanResult, ScanStatus, from_event, to_detail


def event(result: ScanResult) -> dict[str, Any]:
    """The event as EventBridge delivers it."""
    told = {"detail-type": DETAIL_TYPE, "source": "tidegate", "detail": to_detail(result)}
    parsed: dict[str, Any] = json.loads(json.dumps(told))
    return parsed


@given(scan_results)
def test_verdict_survives_the_event(result: ScanResult) -> None:
    """What is told is what is heard, through JSON."""
    assert from_event(event(result)) == result


@given(scan_results)
def test_detail_has_guarddutys_fields(result: ScanResult) -> None:
    """Rules written for GuardDuty find their fields, and a scan that was none is not COMPLETED."""
    detail = to_detail(result)
    assert detail["resourceType"] == "S3_OBJECT"
    assert detail["s3ObjectDetails"].keys() == {
        "bucketName",
        "objectKey",
        "eTag",
        "versionId",
        "s3Throttled",
    }
    completed = result.status in {ScanStatus.NO_THREATS_FOUND, ScanStatus.THREATS_FOUND}
    assert (detail["scanStatus"] == "COMPLETED") is completed


@pytest.mark.parametrize(
    "path",
    [
        ("detail",),
        ("detail", "scanner"),
        ("detail", "scanner", "action"),
        ("detail", "scanner", "scannedAt"),
        ("detail", "s3ObjectDetails"),
        ("detail", "s3ObjectDetails", "objectKey"),
        ("detail", "scanResultDetails", "scanResultStatus"),
    ],
    ids=".".join,
)
@given(result=scan_results)
def test_event_without_a_needed_part_is_malformed(
    path: tuple[str, ...], result: ScanResult
) -> None:
    """A verdict that lacks what matters is no verdict."""
    told = event(result)
    part = told
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    with pytest.raises(MalformedEventError):
        from_event(told)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "text",
        {},
        {"detail-type": "Object Created", "detail": {}},
        {"detail-type": DETAIL_TYPE, "detail": None},
        {"detail-type": DETAIL_TYPE, "detail": {"scanner": 1}},
    ],
)
def test_anything_else_is_malformed(payload: object) -> None:
    """Neither crash nor verdict."""
    with pytest.raises(MalformedEventError):
        from_event(payload)


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("s3ObjectDetails", "objectKey", 7),
        ("s3ObjectDetails", "bucketName", "not a bucket!"),
        ("s3ObjectDetails", "versionId", 7),
        ("scanResultDetails", "scanResultStatus", "FINE"),
        ("scanner", "action", "DELETE"),
        ("scanner", "bytes", "68"),
        ("scanner", "sha256", 7),
        ("scanner", "scannedAt", "yesterday"),
    ],
)
def test_garbled_part_is_malformed(section: str, name: str, value: object) -> None:
    """A value of the wrong kind is refused here, not met later by a step that trusts it."""
    told = event(
        ScanResult(
            ref=ObjectRef("uploads", "key", "version-1", "etag-1"),
            status=ScanStatus.THREATS_FOUND,
            action=Action.QUARANTINE,
            scanned_at=datetime(2026, 11, 22, tzinfo=UTC),
        )
    )
    told["detail"][section][name] = value
    with pytest.raises(MalformedEventError):
        from_event(told)
