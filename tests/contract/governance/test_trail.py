"""The trail: which calls it records, that nobody else writes its files, and that they stay."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.cloudformation import Stack
from tests.contract.governance.nested import governance
from tests.contract.policies import Request, allowed_by, denied_by

CLOUDTRAIL = "cloudtrail.amazonaws.com"
ARN = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/tidegate-audit"
PLACE = "arn:aws:s3:::trailbucket/AWSLogs/111122223333"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1"
# What CloudTrail takes in a selector: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/filtering-data-events.html
OPERATORS = {
    "eventCategory": {"Equals"},
    "resources.type": {"Equals"},
    "readOnly": {"Equals"},
    "resources.ARN": {
        "Equals",
        "NotEquals",
        "StartsWith",
        "NotStartsWith",
        "EndsWith",
        "NotEndsWith",
    },
}


def recorded(stack: Stack, **event: str) -> list[str]:
    """Return the names of the trail's selectors that take an event."""
    return [
        selector["Name"]
        for selector in stack.properties("Trail")["AdvancedEventSelectors"]
        if all(_takes(field, event.get(field["Field"])) for field in selector["FieldSelectors"])
    ]


def _takes(field: dict[str, Any], actual: str | None) -> bool:
    (operator,) = set(field) - {"Field"}
    assert operator in OPERATORS[field["Field"]]
    if operator == "Equals":
        return actual in field["Equals"]
    assert operator == "NotStartsWith"
    return actual is not None and not actual.startswith(tuple(field["NotStartsWith"]))


def call(key: str = "mine/a.txt", *, read: bool = False) -> dict[str, str]:
    """Return a call on an object, as a selector sees it."""
    return {
        "eventCategory": "Data",
        "resources.type": "AWS::S3::Object",
        "resources.ARN": f"arn:aws:s3:::{key}",
        "readOnly": str(read).lower(),
    }


def change(*, read: bool = False) -> dict[str, str]:
    """Return a call on a bucket, or anything else in the account."""
    return {"eventCategory": "Management", "readOnly": str(read).lower()}


@pytest.mark.parametrize(
    ("switches", "made"),
    [
        ({}, False),
        ({"TrailDataEvents": "WRITE"}, True),
        ({"TrailDataEvents": "ALL"}, True),
        ({"TrailManagementEvents": "true"}, True),
        ({"TrailDataEvents": "ALL", "TrailManagementEvents": "true"}, True),
    ],
)
@pytest.mark.parametrize("logical_id", ["Trail", "TrailBucket", "TrailBucketPolicy"])
def test_trail_comes_with_what_it_is_to_record(
    logical_id: str, switches: dict[str, str], made: bool
) -> None:
    """Either kind of events makes the trail, with its bucket; without any there is none."""
    assert governance(**switches).exists("Resources", logical_id) == made


@pytest.mark.parametrize(
    ("wanted", "reads"), [("WRITE", []), ("ALL", ["Calls on objects"])], ids=["write", "all"]
)
def test_calls_on_objects_are_recorded_as_far_as_asked(wanted: str, reads: list[str]) -> None:
    """WRITE records what changes objects, ALL what reads them too, in each bucket there is."""
    stack = governance(TrailDataEvents=wanted)

    assert recorded(stack, **call()) == ["Calls on objects"]
    assert recorded(stack, **call(read=True)) == reads
    assert recorded(stack, **change()) == []


def test_own_bucket_is_left_out_and_no_other() -> None:
    """The trail's own deliveries are not recorded; those into a bucket named alike are."""
    stack = governance(TrailDataEvents="ALL")

    assert recorded(stack, **call("trailbucket/AWSLogs/x.json.gz")) == []
    assert recorded(stack, **call("trailbucket2/x")) == ["Calls on objects"]
    assert recorded(stack, **call("mine/trailbucket/x")) == ["Calls on objects"]


def test_own_bucket_is_recorded_where_the_rules_on_the_trail_must_pass() -> None:
    """AWS Config's rules ask for all buckets without exception."""
    stack = governance(TrailDataEvents="ALL", TrailExcludesOwnBucket="false")

    assert recorded(stack, **call("trailbucket/x")) == ["Calls on objects"]


def test_changes_in_the_account_are_recorded_where_asked() -> None:
    """EventBridge hears of changes only where a trail records them; reads would only cost."""
    stack = governance(TrailManagementEvents="true")

    assert recorded(stack, **change()) == ["Changes in the account"]
    assert recorded(stack, **change(read=True)) == []
    assert recorded(stack, **call()) == []
    assert len(stack.properties("Trail")["AdvancedEventSelectors"]) == 1


def test_trail_covers_all_regions_and_proves_its_files() -> None:
    """No Region's buckets are forgotten, and a file that was tampered with is found out."""
    trail = governance(TrailDataEvents="WRITE").properties("Trail")

    assert trail["IsLogging"] is True
    assert trail["IsMultiRegionTrail"] is True
    assert trail["IncludeGlobalServiceEvents"] is True
    assert trail["EnableLogFileValidation"] is True
    assert trail["TrailName"] == "tidegate-audit"
    assert trail["S3BucketName"] == "trailbucket"
    # AWS takes one kind of selectors.
    assert "EventSelectors" not in trail


def test_trail_waits_for_the_policy_that_lets_it_deliver() -> None:
    """CloudTrail refuses to make a trail that cannot write."""
    assert governance().template["Resources"]["Trail"]["DependsOn"] == "TrailBucketPolicy"


def test_key_is_used_where_one_is_given() -> None:
    """Without TrailKmsKeyArn S3 encrypts the files."""
    assert "KMSKeyId" not in governance(TrailDataEvents="ALL").properties("Trail")
    keyed = governance(TrailDataEvents="ALL", TrailKmsKeyArn=KEY)
    assert keyed.properties("Trail")["KMSKeyId"] == KEY


def delivery(
    place: str = f"{PLACE}/CloudTrail/eu-central-1/x.json.gz",
    action: str = "s3:PutObject",
    trail: str = ARN,
    acl: str = "bucket-owner-full-control",
) -> Request:
    """Return a request of CloudTrail."""
    context: dict[str, str | list[str]] = {
        "aws:SecureTransport": "true",
        "aws:SourceArn": trail,
        "s3:x-amz-acl": acl,
    }
    return Request(action, place, context)


CASES: dict[str, tuple[Request, str | None]] = {
    "it delivers": (delivery(), "TrailDelivers"),
    "it delivers digests": (delivery(f"{PLACE}/CloudTrail-Digest/x.json.gz"), "TrailDelivers"),
    "it looks at who owns the bucket": (
        delivery("arn:aws:s3:::trailbucket", "s3:GetBucketAcl"),
        "TrailLooksForItsBucket",
    ),
    "another trail of the account delivers": (delivery(trail=f"{ARN}2"), None),
    "another account's trail delivers": (
        delivery(trail=ARN.replace("111122223333", "444455556666")),
        None,
    ),
    "another Region's trail of the name delivers": (
        delivery(trail=ARN.replace("eu-central-1", "eu-west-1")),
        None,
    ),
    "it delivers for another account": (
        delivery("arn:aws:s3:::trailbucket/AWSLogs/444455556666/x"),
        None,
    ),
    "it keeps the object to itself": (delivery(acl="private"), None),
    "it reads": (delivery(action="s3:GetObject"), None),
}


@pytest.mark.parametrize("case", CASES)
def test_this_trail_may_deliver_and_no_more(case: str) -> None:
    """The one statement meant for a request allows it; any other request meets none."""
    request, statement = CASES[case]
    policy = governance(TrailDataEvents="WRITE").policy("TrailBucketPolicy")

    assert allowed_by(policy, CLOUDTRAIL, request) == ([statement] if statement else [])
    assert allowed_by(policy, "config.amazonaws.com", request) == []
    assert denied_by(policy, request) == []
