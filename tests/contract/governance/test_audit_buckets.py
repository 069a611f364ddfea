"""The two buckets of the governance stack: private, versioned, kept, and emptied in time."""

from __future__ import annotations

import pytest

from tests.contract.governance.nested import ON, governance
from tests.contract.policies import Request, denied_by

each_bucket = pytest.mark.parametrize("name", ["ConfigBucket", "TrailBucket"])


def test_every_bucket_is_tested_here() -> None:
    """The template has these buckets and no others, each with a policy."""
    stack = governance()

    assert set(stack.of_type("AWS::S3::Bucket")) == {"ConfigBucket", "TrailBucket"}
    assert set(stack.of_type("AWS::S3::BucketPolicy")) == {
        "ConfigBucketPolicy",
        "TrailBucketPolicy",
    }


@each_bucket
def test_bucket_is_private_encrypted_and_versioned(name: str) -> None:
    """Nothing is public, ACLs are off, S3 encrypts, and overwritten files stay."""
    properties = governance(**ON).properties(name)

    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"] == [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    ]
    assert "BucketName" not in properties


@each_bucket
def test_evidence_outlives_the_stack(name: str) -> None:
    """Whoever deletes the stack leaves its logs, and the policy that guards them."""
    for logical_id in (name, f"{name}Policy"):
        resource = governance().template["Resources"][logical_id]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


@each_bucket
def test_files_are_kept_as_long_as_asked(name: str) -> None:
    """Then they expire, their old versions a month later, and parts of broken uploads in a week."""
    configured = governance(**ON, AuditLogRetentionDays="90").properties(name)
    rules = {rule["Id"]: rule for rule in configured["LifecycleConfiguration"]["Rules"]}

    assert set(rules) == {"expire", "abort-incomplete-uploads"}
    assert rules["expire"]["ExpirationInDays"] == "90"
    assert rules["expire"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rules["abort-incomplete-uploads"]["AbortIncompleteMultipartUpload"] == {
        "DaysAfterInitiation": 7
    }


@each_bucket
def test_access_logs_go_where_they_are_wanted(name: str) -> None:
    """Never into the bucket itself."""
    logged = governance(**ON, AccessLogBucket="logs").properties(name)

    assert logged["LoggingConfiguration"] == {
        "DestinationBucketName": "logs",
        "LogFilePrefix": f"tidegate/{name.removesuffix('Bucket').lower()}/",
    }
    assert "LoggingConfiguration" not in governance(**ON).properties(name)


@each_bucket
@pytest.mark.parametrize("place", ["", "/AWSLogs/x"])
def test_requests_without_tls_are_refused(name: str, place: str) -> None:
    """Whoever asks, and whatever for."""
    policy = governance(**ON).policy(f"{name}Policy")
    arn = f"arn:aws:s3:::{name.lower()}{place}"

    for secure, denials in (("false", ["TlsOnly"]), ("true", [])):
        request = Request("s3:GetObject", arn, {"aws:SecureTransport": secure})
        assert denied_by(policy, request) == denials
