"""Events, lists, counts and tags are added beside what others set up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.remediate_bucket.bucket_state import BucketState
from functions.remediate_bucket.control import Compliance, Control, Profile
from functions.remediate_bucket.controls import (
    eventbridge_events_on,
    intelligent_tiering,
    inventory,
    request_metrics,
    required_tags,
)
from tests.unit.remediate_bucket.buckets import PROFILE, bucket
from tests.unit.remediate_bucket.judging import (
    COMPLIANT,
    NON_COMPLIANT,
    NOT_APPLICABLE,
    advised,
    judged,
    planned,
)

EVENTS = eventbridge_events_on.CONTROL
TIERING = intelligent_tiering.CONTROL
INVENTORY = inventory.CONTROL
METRICS = request_metrics.CONTROL
TAGS = required_tags.CONTROL

TOLD = {
    "TopicConfigurations": [{"Id": "a", "TopicArn": "t", "Events": ["s3:ObjectCreated:*"]}],
    "QueueConfigurations": [{"Id": "b", "QueueArn": "q", "Events": ["s3:ObjectRemoved:*"]}],
    "LambdaFunctionConfigurations": [
        {"Id": "c", "LambdaFunctionArn": "f", "Events": ["s3:ObjectRestore:*"]}
    ],
}


def configurations(*found: dict[str, Any]) -> dict[str, Any]:
    """Return configurations that have an Id."""
    return {"Configurations": list(found)}


@pytest.mark.parametrize(
    ("control", "state", "expected"),
    [
        (EVENTS, bucket(notification={**TOLD, "EventBridgeConfiguration": {}}), COMPLIANT),
        (EVENTS, bucket(notification=TOLD), NON_COMPLIANT),
        (
            TIERING,
            bucket(intelligent_tiering=configurations({"Id": "x", "Status": "Enabled"})),
            COMPLIANT,
        ),
        (
            TIERING,
            bucket(intelligent_tiering=configurations({"Id": "x", "Status": "Disabled"})),
            NON_COMPLIANT,
        ),
        (INVENTORY, bucket(inventory=configurations({"Id": "x", "IsEnabled": True})), COMPLIANT),
        (
            INVENTORY,
            bucket(inventory=configurations({"Id": "x", "IsEnabled": False})),
            NON_COMPLIANT,
        ),
        (INVENTORY, bucket("lists"), NOT_APPLICABLE),
        (METRICS, bucket(metrics=configurations({"Id": "EntireBucket"})), COMPLIANT),
        (
            METRICS,
            bucket(metrics=configurations({"Id": "x", "Filter": {"Prefix": "in/"}})),
            NON_COMPLIANT,
        ),
        (TAGS, bucket(tags={"Tags": {"owner": "", "cost-center": "7"}}), COMPLIANT),
        (TAGS, bucket(tags={"Tags": {"Owner": "me", "cost-center": "7"}}), NON_COMPLIANT),
        (TAGS, bucket(tags=None), NON_COMPLIANT),
    ],
)
def test_what_somebody_set_up_is_right(
    control: Control, state: BucketState, expected: Compliance
) -> None:
    """Anybody's will do, if it is in force and for the whole bucket."""
    assert judged(control, state) is expected


def test_eventbridge_is_turned_on_beside_all_other_kinds() -> None:
    """A PUT replaces all four kinds; nobody's target is tested again."""
    assert planned(EVENTS, bucket(notification=TOLD)) == {
        "NotificationConfiguration": {**TOLD, "EventBridgeConfiguration": {}},
        "SkipDestinationValidation": True,
    }


def test_only_objects_with_the_tag_of_consent_are_archived() -> None:
    """Whoever reads an archived object has to restore it first."""
    arguments = planned(TIERING, bucket(), replace(PROFILE, archive_after_days=120))
    assert arguments == {
        "Id": "tidegate",
        "IntelligentTieringConfiguration": {
            "Id": "tidegate",
            "Status": "Enabled",
            "Filter": {"Tag": {"Key": "tidegate-archive", "Value": "allowed"}},
            "Tierings": [{"Days": 120, "AccessTier": "ARCHIVE_ACCESS"}],
        },
    }


@pytest.mark.parametrize("days", [89, 731])
def test_archiving_out_of_s3s_bounds_is_left_to_a_person(days: int) -> None:
    """S3 takes 90 to 730 days."""
    profile = replace(PROFILE, archive_after_days=days)
    assert "730" in advised(TIERING, bucket(), profile)


@pytest.mark.parametrize("days", [90, 730])
def test_archiving_within_s3s_bounds_is_planned(days: int) -> None:
    """Both bounds are S3's own to take."""
    arguments = planned(TIERING, bucket(), replace(PROFILE, archive_after_days=days))
    assert arguments["IntelligentTieringConfiguration"]["Tierings"][0]["Days"] == days


def test_inventory_is_made_in_the_profiles_target() -> None:
    """As Parquet, of all versions, once a week."""
    arguments = planned(INVENTORY, bucket())["InventoryConfiguration"]
    assert arguments["Destination"] == {
        "S3BucketDestination": {
            "AccountId": "111122223333",
            "Bucket": "arn:aws:s3:::lists",
            "Format": "Parquet",
        }
    }
    assert arguments["Schedule"] == {"Frequency": "Weekly"}
    assert arguments["IncludedObjectVersions"] == "All"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inventory_target_bucket": None}, "profile"),
        ({"inventory_target_region": "us-east-1"}, "us-east-1"),
        ({"inventory_target_region": None}, "unknown"),
    ],
)
def test_inventory_without_a_fitting_target_is_left_to_a_person(
    changes: dict[str, Any], words: str
) -> None:
    """S3 delivers within a Region."""
    assert words in advised(INVENTORY, bucket(), replace(PROFILE, **changes))


def test_requests_of_the_whole_bucket_are_counted() -> None:
    """Without a filter."""
    arguments = planned(METRICS, bucket())
    assert arguments == {"Id": "tidegate", "MetricsConfiguration": {"Id": "tidegate"}}


@pytest.mark.parametrize(
    ("control", "section", "other"),
    [
        (TIERING, "intelligent_tiering", {"Status": "Disabled"}),
        (INVENTORY, "inventory", {"IsEnabled": False}),
        (METRICS, "metrics", {"Filter": {"Prefix": "in/"}}),
    ],
)
def test_thousand_configurations_are_left_to_a_person(
    control: Control, section: str, other: dict[str, Any]
) -> None:
    """S3 takes no more, unless one of them is ours and only altered."""
    others = [{"Id": str(number), **other} for number in range(1000)]
    full: dict[str, Any] = {section: configurations(*others)}
    assert "1000" in advised(control, bucket(**full))
    with_ours: dict[str, Any] = {section: configurations(*others[1:], {"Id": "tidegate", **other})}
    assert planned(control, bucket(**with_ours))


def test_missing_tags_are_added_to_all_others() -> None:
    """What somebody wrote stays, and so do the tags of AWS's own services, as S3 demands."""
    tags = {"owner": "me", "aws:cloudformation:stack-name": "s"}
    sent = planned(TAGS, bucket(tags={"Tags": tags}))["Tagging"]["TagSet"]
    assert sent == [
        {"Key": "owner", "Value": "me"},
        {"Key": "aws:cloudformation:stack-name", "Value": "s"},
        {"Key": "cost-center", "Value": "unknown"},
    ]


@pytest.mark.parametrize(
    ("required", "present", "words"),
    [
        ({"AWS:mine": "x"}, {}, "AWS:mine"),
        ({"owner": "x"}, {str(number): "" for number in range(50)}, "50"),
    ],
)
def test_tags_that_s3_would_refuse_are_left_to_a_person(
    required: dict[str, str], present: dict[str, str], words: str
) -> None:
    """Reserved keys, and a fifty-first tag."""
    profile = Profile(required_tags=required)
    assert words in advised(TAGS, bucket(tags={"Tags": present}), profile)


def test_tags_of_services_do_not_count_against_the_limit() -> None:
    """The fifty are the user's own."""
    present = {**{str(number): "" for number in range(49)}, "aws:cloudformation:stack-name": "s"}
    assert planned(TAGS, bucket(tags={"Tags": present}), Profile(required_tags={"owner": "x"}))


def test_no_tags_are_asked_where_none_are_required() -> None:
    """An empty profile asks nothing."""
    assert judged(TAGS, bucket(), Profile()) is NOT_APPLICABLE
