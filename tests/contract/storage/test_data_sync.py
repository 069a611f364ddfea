"""DataSync: copies without removing, logs where it may, and deletes only when it is told to."""

from __future__ import annotations

import json

import pytest

from tests.contract.storage.estate import (
    ACCOUNT,
    ADMIN,
    CLEAN,
    DATA,
    OTHER_ACCOUNT,
    SYNCING,
    estate,
)
from tests.contract.storage.iam import Evaluator, Request

SOURCE = SYNCING["DataSyncSourceBucketArn"]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/DataSyncRole"
TASK = f"arn:aws:datasync:eu-central-1:{ACCOUNT}:task/task-1"
RESOURCES = [
    "DataSyncRole",
    "DataSyncLogGroup",
    "DataSyncLogPolicy",
    "DataSyncSource",
    "DataSyncDestination",
    "DataSyncTask",
]


@pytest.mark.parametrize("name", RESOURCES)
def test_nothing_is_synced_unless_asked_for(name: str) -> None:
    """Off by default; a source turns it on."""
    assert not estate().exists("Resources", name)
    assert estate(**SYNCING).exists("Resources", name)


def test_task_keeps_what_the_source_lost() -> None:
    """REMOVE would delete at the destination: it has to be asked for."""
    kept = estate(**SYNCING).properties("DataSyncTask")["Options"]
    removed = estate(**SYNCING, DataSyncDeletedFiles="REMOVE").properties("DataSyncTask")["Options"]

    assert kept["PreserveDeletedFiles"] == "PRESERVE"
    assert removed["PreserveDeletedFiles"] == "REMOVE"


@pytest.mark.parametrize(
    ("choice", "allowed"), [("PRESERVE", []), ("REMOVE", ["RemoveWhatTheSourceLost"])]
)
def test_role_deletes_only_where_that_was_asked_for(
    iam: Evaluator, choice: str, allowed: list[str]
) -> None:
    """Whoever changes the task by hand still lacks the permission; versions are never deleted."""
    (policy,) = estate(**SYNCING, DataSyncDeletedFiles=choice).properties("DataSyncRole")[
        "Policies"
    ]

    def may(action: str, resource: str) -> list[str]:
        return iam.allowed_by(policy["PolicyDocument"], Request(ROLE, action, resource))

    assert may("s3:DeleteObject", f"{DATA}/datasync/a") == allowed
    assert may("s3:DeleteObject", f"{DATA}/archive/a") == []
    assert may("s3:DeleteObject", f"{SOURCE}/a") == []
    assert may("s3:DeleteObjectVersion", f"{DATA}/datasync/a") == []


@pytest.mark.parametrize(
    ("action", "resource", "allowed"),
    [
        ("s3:ListBucket", SOURCE, True),
        ("s3:ListBucket", DATA, True),
        ("s3:GetObject", f"{SOURCE}/a", True),
        ("s3:GetObjectTagging", f"{SOURCE}/a", True),
        # Among what AWS's documentation requires of a source
        ("s3:ListMultipartUploadParts", f"{SOURCE}/a", True),
        ("s3:PutObject", f"{SOURCE}/a", False),
        ("s3:PutObject", f"{DATA}/datasync/a", True),
        ("s3:PutObject", f"{DATA}/other/a", False),
        ("s3:GetObject", f"{DATA}/other/a", False),
        ("s3:PutBucketPolicy", DATA, False),
    ],
)
def test_role_reads_the_source_and_writes_below_its_prefix(
    iam: Evaluator, action: str, resource: str, allowed: bool
) -> None:
    """The source is never written, and of the data bucket only datasync/."""
    (policy,) = estate(**SYNCING).properties("DataSyncRole")["Policies"]

    assert (
        bool(iam.allowed_by(policy["PolicyDocument"], Request(ROLE, action, resource))) is allowed
    )


@pytest.mark.parametrize(
    ("principal", "context", "allowed"),
    [
        ("datasync.amazonaws.com", {"aws:SourceArn": TASK, "aws:SourceAccount": ACCOUNT}, True),
        (
            "datasync.amazonaws.com",
            {"aws:SourceArn": TASK, "aws:SourceAccount": OTHER_ACCOUNT},
            False,
        ),
        ("datasync.amazonaws.com", {}, False),
        (ADMIN, {"aws:SourceArn": TASK, "aws:SourceAccount": ACCOUNT}, False),
    ],
)
def test_datasync_of_this_account_alone_takes_the_role_and_writes_the_log(
    iam: Evaluator, principal: str, context: dict[str, str], allowed: bool
) -> None:
    """The service cannot be made to act for somebody else."""
    stack = estate(**SYNCING)
    trust = stack.properties("DataSyncRole")["AssumeRolePolicyDocument"]
    logs = json.loads(stack.properties("DataSyncLogPolicy")["PolicyDocument"])
    group = stack.properties("DataSyncTask")["CloudWatchLogGroupArn"]

    assert (
        bool(iam.allowed_by(trust, Request(principal, "sts:AssumeRole", "*", context))) is allowed
    )
    assert (
        bool(iam.allowed_by(logs, Request(principal, "logs:PutLogEvents", group, context)))
        is allowed
    )


def test_each_transfer_is_logged_in_a_group_that_is_there() -> None:
    """LogLevel TRANSFER without a group, or without its policy, logs nothing."""
    stack = estate(**SYNCING)
    task = stack.properties("DataSyncTask")

    assert task["Options"]["LogLevel"] == "TRANSFER"
    assert task["CloudWatchLogGroupArn"] == stack.resolve(
        {"Fn::GetAtt": ["DataSyncLogGroup", "Arn"]}
    )
    assert stack.template["Resources"]["DataSyncTask"]["DependsOn"] == "DataSyncLogPolicy"
    assert stack.properties("DataSyncLogGroup")["RetentionInDays"] == 90


def test_tags_come_along_but_no_verdict_of_elsewhere() -> None:
    """Where reads need a verdict, the scanner alone writes the tags that tell it."""
    assert estate(**SYNCING).properties("DataSyncTask")["Options"]["ObjectTags"] == "PRESERVE"
    guarded = estate(**SYNCING, **CLEAN).properties("DataSyncTask")

    assert guarded["Options"]["ObjectTags"] == "NONE"


def test_task_runs_by_schedule_where_one_is_given() -> None:
    """Else when somebody starts it."""
    scheduled = estate(**SYNCING, DataSyncSchedule="rate(1 day)").properties("DataSyncTask")

    assert scheduled["Schedule"] == {"ScheduleExpression": "rate(1 day)"}
    assert "Schedule" not in estate(**SYNCING).properties("DataSyncTask")


def test_keys_are_used_only_where_there_are_any_and_through_s3() -> None:
    """Of the source when it is named, of the data bucket while it has one."""
    key = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/3"
    with_both = estate(**SYNCING, DataSyncSourceKmsKeyArn=key).statements("DataSyncRole")
    with_none = estate(**SYNCING, EncryptDataWithKms="false").statements("DataSyncRole")
    used = [item for item in with_both if "kms:" in str(item["Action"])]

    assert [item["Sid"] for item in used] == ["DecryptSource", "EncryptDestination"]
    for item in used:
        via = item["Condition"]["StringEquals"]["kms:ViaService"]
        assert via == "s3.eu-central-1.amazonaws.com"
    assert "kms:" not in str(with_none)
