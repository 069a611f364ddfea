"""Buckets, ledger and topic: encrypted, private, versioned, and kept when the stack goes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.cloudformation import Stack

BUCKETS = [
    f"{name}Bucket"
    for name in ("Uploads", "Quarantine", "Definitions", "Archive", "Reports", "Snapshots")
]
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1"

each_bucket = pytest.mark.parametrize("name", BUCKETS)


def rules(stack: Stack, bucket: str) -> dict[str, dict[str, Any]]:
    """Return a bucket's lifecycle rules by id."""
    configured = stack.properties(bucket)["LifecycleConfiguration"]["Rules"]
    return {rule["Id"]: rule for rule in configured if rule["Status"] == "Enabled"}


def test_every_bucket_is_tested_here(stack: Stack) -> None:
    """The template has these buckets and no others, each with a policy."""
    assert set(stack.of_type("AWS::S3::Bucket")) == set(BUCKETS)
    assert set(stack.of_type("AWS::S3::BucketPolicy")) == {f"{name}Policy" for name in BUCKETS}


@each_bucket
def test_bucket_is_private_and_versioned(stack: Stack, name: str) -> None:
    """Nothing is public, ACLs are off, and overwritten objects stay."""
    properties = stack.properties(name)

    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert "BucketName" not in properties


@each_bucket
@pytest.mark.parametrize(
    ("parameters", "default"),
    [
        ({}, {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}),
        (
            {"KmsKeyArn": KEY},
            {
                "BucketKeyEnabled": True,
                "ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY},
            },
        ),
    ],
)
def test_bucket_is_encrypted(
    name: str, parameters: dict[str, str], default: dict[str, Any]
) -> None:
    """By S3's own keys, or by the given key with a bucket key, which saves KMS calls."""
    encryption = Stack(parameters=parameters).properties(name)["BucketEncryption"]

    assert encryption == {"ServerSideEncryptionConfiguration": [default]}


@pytest.mark.parametrize("name", [*BUCKETS, "LedgerTable", "ChangesTable"])
def test_data_outlives_the_stack(stack: Stack, name: str) -> None:
    """Deleting or replacing deletes no data."""
    resource = stack.template["Resources"][name]

    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


@each_bucket
def test_policy_outlives_the_stack(stack: Stack, name: str) -> None:
    """What nobody could read is not opened by deleting the stack: the policy stays, as the data."""
    policy = stack.template["Resources"][f"{name}Policy"]

    assert policy["DeletionPolicy"] == policy["UpdateReplacePolicy"] == "Retain"


@each_bucket
def test_interrupted_uploads_are_cleared_away(stack: Stack, name: str) -> None:
    """Parts of uploads that nobody ended are billed until somebody removes them."""
    rule = rules(stack, name)["abort-incomplete-uploads"]

    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert "Prefix" not in rule


def test_quarantine_forgets_after_its_retention(stack: Stack) -> None:
    """Expiration alone only adds delete markers in a versioned bucket."""
    rule = rules(stack, "QuarantineBucket")["expire"]

    assert rule["ExpirationInDays"] == "365"
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


@pytest.mark.parametrize(
    "name", ["UploadsBucket", "ArchiveBucket", "ReportsBucket", "SnapshotsBucket"]
)
def test_peoples_objects_never_expire(stack: Stack, name: str) -> None:
    """The suite deletes nobody's objects by lifecycle; what a query found can be asked again."""
    others = set(rules(stack, name)) - {"abort-incomplete-uploads"}

    assert others == ({"expire-query-results"} if name == "ReportsBucket" else set())
    assert all(rules(stack, name)[rule]["Prefix"] == "athena/" for rule in others)


@each_bucket
def test_access_logs_go_where_they_are_wanted(stack: Stack, name: str) -> None:
    """With AccessLogBucket each bucket logs there under a prefix of its own."""
    logged = Stack(parameters={"AccessLogBucket": "logs"}).properties(name)

    assert logged["LoggingConfiguration"] == {
        "DestinationBucketName": "logs",
        "LogFilePrefix": f"tidegate/{name.removesuffix('Bucket').lower()}/",
    }
    assert "LoggingConfiguration" not in stack.properties(name)


def test_ledger_has_the_keys_that_the_code_uses(stack: Stack) -> None:
    """One row for each object version, found by status as well, recoverable to any second."""
    table = stack.properties("LedgerTable")

    assert [key["AttributeName"] for key in table["KeySchema"]] == ["object", "version"]
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "by-status"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["status", "scannedAt"]
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert table["BillingMode"] == "PAY_PER_REQUEST"


def test_changes_have_the_keys_that_the_code_uses(stack: Stack) -> None:
    """All rows of a bucket lie together; only those that say so expire, records never do."""
    table = stack.properties("ChangesTable")

    assert [key["AttributeName"] for key in table["KeySchema"]] == ["bucket", "entry"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expiresAt", "Enabled": True}
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}


def test_alarms_can_publish_on_the_encrypted_topic(stack: Stack) -> None:
    """CloudWatch needs the topic's and the key's leave; with AWS's own SNS key it has none."""
    assert stack.properties("AlertsTopic")["KmsMasterKeyId"] == "AlertsKey"
    publish = stack.policy("AlertsTopicPolicy")["Statement"][0]
    use = stack.properties("AlertsKey")["KeyPolicy"]["Statement"][1]

    for statement in (publish, use):
        assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}
    assert publish["Action"] == "sns:Publish"
    assert use["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]


def test_mail_is_subscribed_only_where_an_address_is_given(stack: Stack) -> None:
    """Without AlertEmail there is a topic and nobody on it."""
    subscribed = Stack(parameters={"AlertEmail": "security@example.com"})

    assert not stack.exists("Resources", "AlertEmailSubscription")
    assert subscribed.exists("Resources", "AlertEmailSubscription")
    assert subscribed.properties("AlertEmailSubscription")["Endpoint"] == "security@example.com"
