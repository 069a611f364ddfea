"""Which events reach which function."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from functions.remediate_bucket import trigger
from tests.contract.cloudformation import Stack, load
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


def test_labels_are_off_unless_asked_for(stack: Stack) -> None:
    """Each image costs money and goes to a further service: the rule is there, and sleeps."""
    assert stack.properties("LabelImageRule")["State"] == "DISABLED"


@pytest.mark.parametrize("status", ScanStatus)
def test_after_scan_images_come_with_their_clean_verdict(status: ScanStatus) -> None:
    """The rule on the suite's bus goes by the verdict alone, never by name or content type."""
    rule = Stack(parameters={"LabelImages": "AFTER_SCAN"}).properties("LabelImageRule")
    event = verdict(Action.NONE)
    event["detail"]["scanResultDetails"]["scanResultStatus"] = status.value

    assert (rule["State"], rule["EventBusName"]) == ("ENABLED", "EventBus")
    assert matches(rule["EventPattern"], event) == (status is ScanStatus.NO_THREATS_FOUND)
    assert not matches(rule["EventPattern"], created())


def test_on_upload_images_come_straight_from_s3() -> None:
    """Who does not wait for verdicts has the rule on the default bus, for the same buckets."""
    stack = Stack(parameters={"LabelImages": "ON_UPLOAD", "ProtectedBuckets": "one,two"})
    rule = stack.properties("LabelImageRule")

    assert rule["State"] == "ENABLED"
    assert "EventBusName" not in rule
    assert matches(rule["EventPattern"], created("two"))
    assert not matches(rule["EventPattern"], created("reportsbucket"))
    assert not matches(rule["EventPattern"], verdict(Action.NONE))


def test_unscanned_images_need_a_bucket_that_can_be_read() -> None:
    """ON_UPLOAD beside RequireCleanStatus would be refused by the stack's bucket at each image."""
    rule = load()["Rules"]["UnscannedImagesMustBeReadable"]

    assert rule["RuleCondition"]["Fn::And"] == [
        {"Fn::Equals": [{"Ref": "LabelImages"}, "ON_UPLOAD"]},
        {"Fn::Equals": [{"Ref": "ProtectedBuckets"}, ""]},
    ]
    (assertion,) = rule["Assertions"]
    assert assertion["Assert"] == {"Fn::Equals": [{"Ref": "RequireCleanStatus"}, "false"]}


def test_sidecars_trigger_nothing(stack: Stack) -> None:
    """The bucket that they are written to tells nobody of its objects."""
    assert "NotificationConfiguration" not in stack.properties("ReportsBucket")


def test_schedule_asks_for_an_update(stack: Stack) -> None:
    """update_definitions gets its own direct form from the schedule, not the scheduler's event."""
    rule = stack.properties("DefinitionsScheduleRule")

    assert rule["ScheduleExpression"] == "rate(3 hours)"
    assert json.loads(rule["Targets"][0]["Input"]) == {"action": "update"}
    assert rule["Targets"][0]["Arn"].endswith(":UpdateDefinitionsQueue")


# As CloudTrail names them: not all as the API does.
CONFIGURING = [
    "CreateBucket",
    "DeleteBucketEncryption",
    "DeleteBucketLifecycle",
    "DeleteBucketOwnershipControls",
    "DeleteBucketPolicy",
    "DeleteBucketPublicAccessBlock",
    "DeleteAccountPublicAccessBlock",
    "PutAccountPublicAccessBlock",
    "PutBucketAcl",
    "PutBucketEncryption",
    "PutBucketLifecycle",
    "PutBucketLogging",
    "PutBucketNotification",
    "PutBucketObjectLockConfiguration",
    "PutBucketOwnershipControls",
    "PutBucketPolicy",
    "PutBucketPublicAccessBlock",
    "PutBucketTagging",
    "PutBucketVersioning",
    "PutBucketWebsite",
]


@pytest.mark.parametrize("name", CONFIGURING)
def test_each_call_that_configures_a_bucket_is_looked_at(stack: Stack, name: str) -> None:
    """The rule on the default bus takes CloudTrail's records of what can make a bucket drift."""
    rule = stack.properties("BucketCallsRule")
    text = (EVENTS / "remediate_bucket" / "cloudtrail_direct.json").read_text()
    event = json.loads(text.replace('"CreateBucket"', f'"{name}"'))

    assert "EventBusName" not in rule
    assert matches(rule["EventPattern"], event)
    parsed = trigger.parse(event, trigger.Identity("111122223333", "arn:aws:iam::1:role/x"))
    assert isinstance(parsed, trigger.BucketRequest)


@pytest.mark.parametrize("name", ["PutObject", "GetBucketPolicy", "ListBuckets", "DeleteObject"])
def test_other_calls_do_not_wake_the_remediation(stack: Stack, name: str) -> None:
    """Neither reads nor calls on objects are of interest."""
    pattern = stack.properties("BucketCallsRule")["EventPattern"]
    text = (EVENTS / "remediate_bucket" / "cloudtrail_direct.json").read_text()

    assert not matches(pattern, json.loads(text.replace('"CreateBucket"', f'"{name}"')))


def test_schedule_asks_for_a_sweep(stack: Stack) -> None:
    """remediate_bucket gets its own direct form from the schedule."""
    rule = stack.properties("RemediationScheduleRule")

    assert rule["ScheduleExpression"] == "rate(1 day)"
    asked = trigger.parse_body(rule["Targets"][0]["Input"], trigger.Identity("1", "x"))
    assert isinstance(asked, trigger.RunRequest)
    assert asked.mode is trigger.RequestMode.SWEEP
    assert rule["Targets"][0]["Arn"].endswith(":RemediateBucketQueue")


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
    [
        "ObjectCreatedRule",
        "QuarantineRule",
        "LabelImageRule",
        "DefinitionsScheduleRule",
        "BucketCallsRule",
        "RemediationScheduleRule",
        "CleanLogRule",
        "UploadedLogRule",
        "ReportStorageRule",
    ],
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
