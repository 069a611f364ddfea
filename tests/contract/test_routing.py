"""Which events reach which function."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.contract.cloudformation import Stack
from tests.contract.patterns import matches
from tidegate.objectref import ObjectRef
from tidegate.verdicts import DETAIL_TYPE, SOURCE, Action, ScanResult, ScanStatus, to_detail

EVENTS = Path(__file__).parents[2] / "events"


def created(bucket: str = "uploadsbucket", **changes: str) -> dict[str, Any]:
    """Return an "Object Created" event of AWS's shape."""
    text = (EVENTS / "scan_object" / "eventbridge_direct.json").read_text()
    event: dict[str, Any] = json.loads(text.replace("tidegate-uploads", bucket))
    return {**event, **changes}


def verdict(action: Action, **changes: str) -> dict[str, Any]:
    """Return the event that scan_object publishes."""
    result = ScanResult(
        ref=ObjectRef("uploadsbucket", "key", "1", "etag"),
        status=ScanStatus.THREATS_FOUND,
        action=action,
        scanned_at=datetime(2026, 11, 12, tzinfo=UTC),
    )
    event = {"source": SOURCE, "detail-type": DETAIL_TYPE, "detail": to_detail(result)}
    return {**event, **changes}


def test_upload_into_the_own_bucket_is_scanned(stack: Stack) -> None:
    """The rule on the default bus takes each new object of the uploads bucket, no other event."""
    rule = stack.properties("ObjectCreatedRule")

    assert "EventBusName" not in rule
    assert matches(rule["EventPattern"], created())
    assert not matches(rule["EventPattern"], created("quarantinebucket"))
    assert not matches(rule["EventPattern"], created(**{"detail-type": "Object Deleted"}))
    assert not matches(rule["EventPattern"], created(source="aws.not-s3"))


def test_upload_into_each_protected_bucket_is_scanned() -> None:
    """With ProtectedBuckets the rule takes theirs, and the stack makes no bucket of its own."""
    stack = Stack(parameters={"ProtectedBuckets": "one,two"})
    pattern = stack.properties("ObjectCreatedRule")["EventPattern"]

    assert matches(pattern, created("one"))
    assert matches(pattern, created("two"))
    assert not matches(pattern, created("three"))
    assert not stack.exists("Resources", "UploadsBucket")
    assert not stack.exists("Outputs", "UploadsBucketName")


def test_uploads_bucket_tells_eventbridge(stack: Stack) -> None:
    """Without this property S3 sends EventBridge nothing, and nothing would be scanned."""
    configuration = stack.properties("UploadsBucket")["NotificationConfiguration"]

    assert configuration == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


@pytest.mark.parametrize("action", Action)
def test_only_verdicts_that_ask_for_it_are_quarantined(stack: Stack, action: Action) -> None:
    """The rule on the suite's own bus goes by the verdict's action, which has the policy in it."""
    rule = stack.properties("QuarantineRule")

    assert rule["EventBusName"] == "EventBus"
    assert matches(rule["EventPattern"], verdict(action)) == (action is Action.QUARANTINE)
    for other in ({"detail-type": "Object Quarantined"}, {"source": "somebody.else"}):
        assert not matches(rule["EventPattern"], verdict(action, **other))


def test_schedule_asks_for_an_update(stack: Stack) -> None:
    """update_definitions gets its own direct form from the schedule, not the scheduler's event."""
    rule = stack.properties("DefinitionsScheduleRule")

    assert rule["ScheduleExpression"] == "rate(3 hours)"
    assert json.loads(rule["Targets"][0]["Input"]) == {"action": "update"}
    assert rule["Targets"][0]["Arn"].endswith(":UpdateDefinitionsQueue")


@pytest.mark.parametrize(
    ("schedule", "state", "expression"),
    [
        ("cron(0 6 ? * MON *)", "ENABLED", "cron(0 6 ? * MON *)"),
        ("rate(1 day)", "ENABLED", "rate(1 day)"),
        ("OFF", "DISABLED", "rate(7 days)"),
    ],
)
def test_storage_report_is_scheduled_or_off(schedule: str, state: str, expression: str) -> None:
    """The schedule asks for a report on all buckets; OFF leaves the rule there, and silent."""
    rule = Stack(parameters={"StorageReportSchedule": schedule}).properties("ReportStorageRule")

    assert (rule["State"], rule["ScheduleExpression"]) == (state, expression)
    assert json.loads(rule["Targets"][0]["Input"]) == {"action": "report"}
    assert rule["Targets"][0]["Arn"].endswith(":ReportStorageQueue")


@pytest.mark.parametrize(
    "rule",
    ["ObjectCreatedRule", "QuarantineRule", "DefinitionsScheduleRule", "ReportStorageRule"],
)
def test_undeliverable_events_are_kept(stack: Stack, rule: str) -> None:
    """What EventBridge cannot deliver goes to the function's dead letters, which alarm."""
    for target in stack.properties(rule)["Targets"]:
        assert target["DeadLetterConfig"]["Arn"] == target["Arn"].replace(
            "Queue", "DeadLetterQueue"
        )


def test_every_sample_event_belongs_to_a_function() -> None:
    """Each folder of events/ is that of a function, and each file in it is JSON."""
    functions = {path.name for path in (EVENTS.parent / "functions").iterdir()}
    for path in EVENTS.rglob("*.json"):
        assert path.parent.name in functions
        assert json.loads(path.read_text()) is not None
