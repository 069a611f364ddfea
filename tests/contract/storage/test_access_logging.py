"""Access logging: delivered by S3 alone, partitioned by day, and turned on when it may be."""

from __future__ import annotations

import pytest

from tests.contract.storage.estate import (
    ACCOUNT,
    DATA,
    DATA_BUCKET,
    LOGS,
    ON,
    OTHER_ACCOUNT,
    estate,
    replica,
)
from tests.contract.storage.iam import Evaluator, Request

OWNED = {"aws:SourceArn": DATA, "aws:SourceAccount": ACCOUNT}


def test_data_bucket_logs_by_the_day_of_the_event() -> None:
    """Keys are access/ACCOUNT/REGION/BUCKET/YYYY/MM/DD/…, which Athena can prune."""
    logging = estate().properties("DataBucket")["LoggingConfiguration"]

    assert logging == {
        "DestinationBucketName": "datalogbucket",
        "LogFilePrefix": "access/",
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
    }


def test_logging_is_turned_on_after_its_permission() -> None:
    """S3 refuses a target to which it may not write."""
    assert estate().template["Resources"]["DataBucket"]["DependsOn"] == "DataLogBucketPolicy"


def test_log_bucket_is_one_to_which_s3_delivers() -> None:
    """No KMS key, no Object Lock, and no logging to itself."""
    properties = estate(**ON).properties("DataLogBucket")
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert "ObjectLockEnabled" not in properties
    assert "LoggingConfiguration" not in properties
    assert "ReplicationConfiguration" not in properties


@pytest.mark.parametrize(
    ("principal", "key", "context", "allowed"),
    [
        ("logging.s3.amazonaws.com", f"access/{ACCOUNT}/eu-central-1/{DATA_BUCKET}/x", OWNED, True),
        ("logging.s3.amazonaws.com", "inventory/x", OWNED, False),
        (
            "logging.s3.amazonaws.com",
            "access/x",
            {**OWNED, "aws:SourceArn": f"{DATA}-of-somebody"},
            False,
        ),
        (
            "logging.s3.amazonaws.com",
            "access/x",
            {**OWNED, "aws:SourceAccount": OTHER_ACCOUNT},
            False,
        ),
        ("logging.s3.amazonaws.com", "access/x", {}, False),
        ("delivery.logs.amazonaws.com", "access/x", OWNED, False),
        (f"arn:aws:iam::{OTHER_ACCOUNT}:root", "access/x", OWNED, False),
    ],
)
def test_s3_delivers_logs_of_this_bucket_alone(
    iam: Evaluator, principal: str, key: str, context: dict[str, str], allowed: bool
) -> None:
    """For this bucket of this account, under the logs' prefix; and nothing denies it."""
    policy = estate().policy("DataLogBucketPolicy")
    request = Request(principal, "s3:PutObject", f"{LOGS}/{key}", context)

    assert iam.allowed_by(policy, request) == (["S3DeliversAccessLogs"] if allowed else [])
    assert iam.denied_by(policy, request) == []


def test_no_denial_of_the_log_bucket_asks_for_more_than_tls() -> None:
    """A denial without MFA, or of requests without a header, would stop the delivery."""
    denials = {
        statement["Sid"]
        for statement in estate(**ON).policy("DataLogBucketPolicy")["Statement"]
        if statement["Effect"] == "Deny"
    }

    assert denials == {"TlsOnly", "ModernTlsOnly"}


def test_replica_logs_where_a_bucket_of_its_region_is_given() -> None:
    """S3 delivers within a Region alone."""
    logged = replica(AccessLogBucket="logs").properties("ReplicaBucket")

    assert logged["LoggingConfiguration"]["DestinationBucketName"] == "logs"
    assert "LoggingConfiguration" not in replica().properties("ReplicaBucket")
