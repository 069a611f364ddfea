"""Replication: rules that S3 accepts, a role that suffices and no more, an alarm that can ring."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.cloudformation import Stack
from tests.contract.storage.estate import (
    ACCOUNT,
    ADMIN,
    DATA,
    DATA_BUCKET,
    OTHER_ACCOUNT,
    REPLICA_BUCKET,
    REPLICA_KEY,
    REPLICATING,
    STRANGER,
    TOPIC,
    estate,
    replica,
)
from tests.contract.storage.iam import Evaluator, Request

REPLICA = f"arn:aws:s3:::{REPLICA_BUCKET}"
KEY = "arn:aws:service:eu-central-1:111122223333:DataKey"
ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/data-ReplicationRole-1"


def rule(stack: Stack) -> dict[str, Any]:
    """Return the one replication rule."""
    (only,) = stack.properties("DataBucket")["ReplicationConfiguration"]["Rules"]
    assert isinstance(only, dict)
    return only


def test_nothing_is_replicated_unless_asked_for() -> None:
    """Off by default: no configuration, no role, no alarm."""
    plain = estate(AlertsTopicArn=TOPIC)

    assert "ReplicationConfiguration" not in plain.properties("DataBucket")
    for name in ("ReplicationRole", "ReplicationPolicy", "ReplicationFailedAlarm"):
        assert not plain.exists("Resources", name)


def test_both_buckets_keep_versions() -> None:
    """Else S3 refuses the configuration."""
    for stack, name in ((estate(**REPLICATING), "DataBucket"), (replica(), "ReplicaBucket")):
        assert stack.properties(name)["VersioningConfiguration"] == {"Status": "Enabled"}


def test_rule_has_what_a_rule_of_the_current_form_needs() -> None:
    """Filter, priority and the word on delete markers go together."""
    made = rule(estate(**REPLICATING))

    assert made["Status"] == "Enabled"
    assert made["Priority"] == 1
    assert made["Filter"] == {"Prefix": ""}
    assert made["DeleteMarkerReplication"] == {"Status": "Enabled"}
    assert made["Destination"]["Bucket"] == REPLICA


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({}, "Enabled"),
        ({"ReplicateDeleteMarkers": "false"}, "Disabled"),
        ({"ReplicationTag": "replicate=yes"}, "Disabled"),
        ({"ReplicationTag": "replicate=yes", "ReplicateDeleteMarkers": "true"}, "Disabled"),
    ],
)
def test_delete_markers_are_never_replicated_by_tag(
    parameters: dict[str, str], status: str
) -> None:
    """S3 rejects a rule that filters by tag and replicates delete markers."""
    made = rule(estate(**REPLICATING, **parameters))

    assert made["DeleteMarkerReplication"] == {"Status": status}
    if "ReplicationTag" in parameters:
        assert made["Filter"] == {"TagFilter": {"Key": "replicate", "Value": "yes"}}


def test_encrypted_objects_are_selected_and_encrypted_anew() -> None:
    """Without the selection S3 leaves objects under KMS out; it needs a key over there."""
    made = rule(estate(**REPLICATING))
    plain = rule(estate(ReplicaBucketArn=REPLICA, EncryptDataWithKms="false"))

    assert made["SourceSelectionCriteria"] == {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    assert made["Destination"]["EncryptionConfiguration"] == {"ReplicaKmsKeyID": REPLICA_KEY}
    assert "SourceSelectionCriteria" not in plain
    assert "EncryptionConfiguration" not in plain["Destination"]


def test_key_of_replicas_comes_with_the_selection_even_where_the_data_has_none() -> None:
    """S3 refuses a rule with one and without the other."""
    made = rule(estate(**REPLICATING, EncryptDataWithKms="false"))

    assert made["Destination"]["EncryptionConfiguration"] == {"ReplicaKmsKeyID": REPLICA_KEY}
    assert made["SourceSelectionCriteria"] == {"SseKmsEncryptedObjects": {"Status": "Enabled"}}


def test_time_control_comes_with_metrics_and_its_threshold() -> None:
    """Both times must be 15; without time control there are the metrics, for the alarm's sake."""
    timed = rule(estate(**REPLICATING, ReplicationTimeControl="true"))["Destination"]
    plain = rule(estate(**REPLICATING))["Destination"]

    assert timed["ReplicationTime"] == {"Status": "Enabled", "Time": {"Minutes": 15}}
    assert timed["Metrics"] == {"Status": "Enabled", "EventThreshold": {"Minutes": 15}}
    assert plain["Metrics"] == {"Status": "Enabled"}
    assert "ReplicationTime" not in plain


def test_other_account_owns_its_replicas() -> None:
    """Account and owner go together, and only across accounts."""
    across = rule(estate(**REPLICATING, ReplicaAccountId=OTHER_ACCOUNT))["Destination"]
    within = rule(estate(**REPLICATING))["Destination"]

    assert across["Account"] == OTHER_ACCOUNT
    assert across["AccessControlTranslation"] == {"Owner": "Destination"}
    assert {"Account", "AccessControlTranslation"}.isdisjoint(within)


S3_HERE = "s3.eu-central-1.amazonaws.com"
S3_THERE = "s3.eu-west-1.amazonaws.com"
CONTEXT = "kms:EncryptionContext:aws:s3:arn"
ROLE_CASES: list[tuple[str, str, dict[str, str], str | None]] = [
    ("s3:GetReplicationConfiguration", DATA, {}, "ReadConfiguration"),
    ("s3:ListBucket", DATA, {}, "ReadConfiguration"),
    ("s3:GetObjectVersionForReplication", f"{DATA}/a", {}, "ReadVersions"),
    ("s3:GetObjectVersionAcl", f"{DATA}/a", {}, "ReadVersions"),
    ("s3:GetObjectVersionTagging", f"{DATA}/a", {}, "ReadVersions"),
    ("s3:GetObjectRetention", f"{DATA}/a", {}, "ReadVersions"),
    ("s3:GetObjectLegalHold", f"{DATA}/a", {}, "ReadVersions"),
    ("s3:GetObject", f"{DATA}/a", {}, None),
    ("s3:ReplicateObject", f"{REPLICA}/a", {}, "WriteReplicas"),
    ("s3:ReplicateDelete", f"{REPLICA}/a", {}, "WriteReplicas"),
    ("s3:ReplicateTags", f"{REPLICA}/a", {}, "WriteReplicas"),
    ("s3:ReplicateObject", f"{DATA}/a", {}, None),
    ("s3:ReplicateObject", f"{REPLICA}2/a", {}, None),
    ("s3:ObjectOwnerOverrideToBucketOwner", f"{REPLICA}/a", {}, None),
    ("s3:DeleteObject", f"{REPLICA}/a", {}, None),
    ("kms:Decrypt", KEY, {"kms:ViaService": S3_HERE, CONTEXT: DATA}, "DecryptSource"),
    ("kms:Decrypt", KEY, {"kms:ViaService": S3_HERE, CONTEXT: f"{DATA}/a"}, "DecryptSource"),
    ("kms:Decrypt", KEY, {"kms:ViaService": S3_THERE, CONTEXT: DATA}, None),
    ("kms:Encrypt", KEY, {"kms:ViaService": S3_HERE, CONTEXT: DATA}, None),
    ("kms:Encrypt", REPLICA_KEY, {"kms:ViaService": S3_THERE, CONTEXT: REPLICA}, "EncryptReplicas"),
    (
        "kms:GenerateDataKey",
        REPLICA_KEY,
        {"kms:ViaService": S3_THERE, CONTEXT: f"{REPLICA}/a"},
        "EncryptReplicas",
    ),
    ("kms:Decrypt", REPLICA_KEY, {"kms:ViaService": S3_THERE, CONTEXT: REPLICA}, None),
    ("kms:Encrypt", REPLICA_KEY, {"kms:ViaService": S3_HERE, CONTEXT: REPLICA}, None),
]


@pytest.mark.parametrize(("action", "resource", "context", "expected"), ROLE_CASES)
def test_role_may_do_what_replication_takes(
    iam: Evaluator, action: str, resource: str, context: dict[str, str], expected: str | None
) -> None:
    """Reads versions here, writes replicas there, each key through S3 of its own Region."""
    policy = estate(**REPLICATING).policy("ReplicationPolicy")
    request = Request("arn:aws:iam::111122223333:role/ReplicationRole", action, resource, context)

    assert iam.allowed_by(policy, request) == ([expected] if expected else [])


def test_owner_is_overridden_across_accounts_alone(iam: Evaluator) -> None:
    """The permission comes with the account."""
    policy = estate(**REPLICATING, ReplicaAccountId=OTHER_ACCOUNT).policy("ReplicationPolicy")
    request = Request(ROLE, "s3:ObjectOwnerOverrideToBucketOwner", f"{REPLICA}/a")

    assert iam.allowed_by(policy, request) == ["WriteReplicas"]


def test_role_is_for_s3_alone(iam: Evaluator) -> None:
    """Nobody else assumes it."""
    trust = estate(**REPLICATING).properties("ReplicationRole")["AssumeRolePolicyDocument"]

    assert iam.allowed_by(trust, Request("s3.amazonaws.com", "sts:AssumeRole", "*")) == [""]
    assert iam.allowed_by(trust, Request(ADMIN, "sts:AssumeRole", "*")) == []


def test_alarm_watches_the_very_rule() -> None:
    """All three dimensions, as S3 reports them; silence is no failure."""
    stack = estate(**REPLICATING, AlertsTopicArn=TOPIC)
    alarm = stack.properties("ReplicationFailedAlarm")

    assert alarm["MetricName"] == "OperationsFailedReplication"
    assert {pair["Name"]: pair["Value"] for pair in alarm["Dimensions"]} == {
        "SourceBucket": DATA_BUCKET,
        "DestinationBucket": REPLICA_BUCKET,
        "RuleId": rule(stack)["Id"],
    }
    assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 0)
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmActions"] == [TOPIC]


def test_lateness_is_watched_where_it_is_reported() -> None:
    """S3 reports the latency in the Region of the replica, so that its alarm stands there."""
    stack = replica(SourceBucketName=DATA_BUCKET, AlertsTopicArn=TOPIC)
    alarm = stack.properties("ReplicationLateAlarm")

    assert not replica().exists("Resources", "ReplicationLateAlarm")
    assert stack.exists("Resources", "ReplicationLateAlarm")
    assert alarm["MetricName"] == "ReplicationLatency"
    assert {pair["Name"]: pair["Value"] for pair in alarm["Dimensions"]} == {
        "SourceBucket": DATA_BUCKET,
        "DestinationBucket": REPLICA_BUCKET,
        "RuleId": rule(estate(**REPLICATING))["Id"],
    }
    assert alarm["AlarmActions"] == [TOPIC]


@pytest.mark.parametrize(
    ("role", "principal", "allowed"),
    [
        ("", ROLE, True),
        ("", STRANGER, True),
        (ROLE, ROLE, True),
        (ROLE, STRANGER, False),
        (ROLE, "arn:aws:iam::777788889999:role/X", False),
    ],
)
def test_replica_takes_replicas_of_the_source_account(
    iam: Evaluator, role: str, principal: str, allowed: bool
) -> None:
    """Of any role there until the role is known, then of that role alone; bucket and key alike."""
    stack = replica(SourceAccountId=OTHER_ACCOUNT, SourceReplicationRoleArn=role)
    facts = {"kms:ViaService": S3_HERE, CONTEXT: REPLICA}

    write = Request(principal, "s3:ReplicateObject", f"{REPLICA}/a")
    encrypt = Request(principal, "kms:GenerateDataKey", "*", facts)
    policy, key = stack.policy("ReplicaBucketPolicy"), stack.properties("ReplicaKey")["KeyPolicy"]

    assert iam.allowed_by(policy, write) == (["OtherAccountReplicates"] if allowed else [])
    assert iam.allowed_by(key, encrypt) == (["OtherAccountEncrypts"] if allowed else [])


@pytest.mark.parametrize("action", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"])
def test_replica_gives_the_source_account_nothing_else(iam: Evaluator, action: str) -> None:
    """Whoever owns the source cannot read, forge or remove the replicas."""
    policy = replica(SourceAccountId=OTHER_ACCOUNT).policy("ReplicaBucketPolicy")

    assert iam.allowed_by(policy, Request(ROLE, action, f"{REPLICA}/a")) == []


def test_replica_is_shut_to_other_accounts_where_none_is_named(iam: Evaluator) -> None:
    """Within an account the role's own policy suffices."""
    request = Request(ROLE, "s3:ReplicateObject", f"{REPLICA}/a")

    assert iam.allowed_by(replica().policy("ReplicaBucketPolicy"), request) == []


def test_replicas_key_serves_its_bucket_through_s3(iam: Evaluator) -> None:
    """As the data bucket's key does."""
    policy = replica().properties("ReplicaKey")["KeyPolicy"]
    facts = {"kms:ViaService": S3_HERE, "kms:CallerAccount": ACCOUNT, CONTEXT: REPLICA}

    assert iam.allowed_by(policy, Request(ADMIN, "kms:Encrypt", "*", facts)) == [
        "AccountUsesThroughS3"
    ]
    assert (
        iam.allowed_by(policy, Request(ADMIN, "kms:Encrypt", "*", {**facts, CONTEXT: DATA})) == []
    )
