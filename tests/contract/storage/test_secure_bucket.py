"""Secure bucket foundation: private, encrypted, versioned, kept; its name known beforehand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.cloudformation import Stack
from tests.contract.storage.estate import (
    ACCOUNT,
    ADMIN,
    CLEAN,
    DATA,
    DATA_BUCKET,
    LOGS,
    OFF,
    ON,
    OTHER_ACCOUNT,
    QUARANTINE,
    REPLICA_BUCKET,
    SCANNER,
    STRANGER,
    TENANTS,
    estate,
    replica,
)
from tests.contract.storage.iam import Evaluator, Request

BUCKETS: dict[str, Stack] = {
    "DataBucket": estate(),
    "DataLogBucket": estate(),
    "ReplicaBucket": replica(),
}
each_bucket = pytest.mark.parametrize("name", BUCKETS)


def test_every_bucket_is_tested_here() -> None:
    """The templates have these buckets and no others, each with a policy."""
    made = {
        name
        for stack in (estate(), replica())
        for name in stack.of_type("AWS::S3::Bucket")
        if f"{name}Policy" in stack.of_type("AWS::S3::BucketPolicy")
    }

    assert made == set(BUCKETS)


@each_bucket
def test_bucket_is_private_and_versioned(name: str) -> None:
    """Nothing is public, ACLs are off, and overwritten objects stay."""
    properties = BUCKETS[name].properties(name)

    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(properties["PublicAccessBlockConfiguration"]) == 4
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}


@each_bucket
def test_data_key_and_policy_outlive_the_stack(name: str) -> None:
    """Deleting or replacing deletes no data, opens nothing, and leaves what reads it."""
    resources = BUCKETS[name].template["Resources"]
    kept = [name, f"{name}Policy", *BUCKETS[name].of_type("AWS::KMS::Key")]

    for logical_id in set(kept) - {"DataNoticesKey"}:
        resource = resources[logical_id]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


@each_bucket
def test_customer_keys_are_refused(name: str) -> None:
    """What only its uploader could decrypt is not taken."""
    (rule,) = BUCKETS[name].properties(name)["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]

    assert rule["BlockedEncryptionTypes"] == {"EncryptionType": ["SSE-C"]}


@pytest.mark.parametrize(
    ("stack", "name", "key"),
    [(estate(), "DataBucket", "DataKey"), (replica(), "ReplicaBucket", "ReplicaKey")],
)
def test_objects_are_encrypted_with_the_stacks_own_key(stack: Stack, name: str, key: str) -> None:
    """With a bucket key, which saves KMS calls; the key is rotated."""
    (rule,) = stack.properties(name)["BucketEncryption"]["ServerSideEncryptionConfiguration"]

    assert rule["BucketKeyEnabled"] is True
    assert rule["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": stack.resolve({"Fn::GetAtt": [key, "Arn"]}),
    }
    assert stack.properties(key)["EnableKeyRotation"] is True


def test_key_is_left_out_where_it_is_not_wanted() -> None:
    """EncryptDataWithKms=false: S3's own keys, no key, no statement about one."""
    plain = estate(**OFF)
    (rule,) = plain.properties("DataBucket")["BucketEncryption"][
        "ServerSideEncryptionConfiguration"
    ]

    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert "BucketKeyEnabled" not in rule
    assert not plain.exists("Resources", "DataKey")
    assert "DataKey" not in str(plain.policy("DataBucketPolicy"))


@pytest.mark.parametrize(
    ("stack", "name", "expected"),
    [
        (estate(), "DataBucket", DATA_BUCKET),
        (estate(DataBucketCustomName="harbour-data"), "DataBucket", "harbour-data"),
        (replica(), "ReplicaBucket", REPLICA_BUCKET),
        (replica(ReplicaBucketCustomName="harbour-copy"), "ReplicaBucket", "harbour-copy"),
    ],
)
def test_name_is_the_stacks_own_or_the_given_one(stack: Stack, name: str, expected: str) -> None:
    """It has no dots, so that Transfer Acceleration takes it, and is another for each stack."""
    assert stack.properties(name)["BucketName"] == expected
    assert len(expected) <= 63


def test_nothing_costs_where_nothing_is_asked_for() -> None:
    """With the defaults there are two buckets with their policies and one key; off, no key."""
    made = {name for name in estate().template["Resources"] if estate().exists("Resources", name)}
    least = {
        name for name in estate().template["Resources"] if estate(**OFF).exists("Resources", name)
    }

    assert least == {"DataBucket", "DataBucketPolicy", "DataLogBucket", "DataLogBucketPolicy"}
    assert made == {*least, "DataKey"}


def test_policies_fit() -> None:
    """S3 takes 20,480 bytes, KMS 32,768; with everything on there is room."""
    everything = estate(**ON)

    assert len(str(everything.policy("DataBucketPolicy"))) < 12_000
    assert len(str(everything.properties("DataKey")["KeyPolicy"])) < 8_000


KEY_CASES: dict[str, tuple[Request, list[str]]] = {
    "the account's role reads through S3": (
        Request(
            ADMIN,
            "kms:Decrypt",
            "*",
            {
                "kms:ViaService": "s3.eu-central-1.amazonaws.com",
                "kms:CallerAccount": ACCOUNT,
                "kms:EncryptionContext:aws:s3:arn": DATA,
            },
        ),
        ["AccountUsesThroughS3"],
    ),
    "an object that was written without a bucket key": (
        Request(
            ADMIN,
            "kms:Decrypt",
            "*",
            {
                "kms:ViaService": "s3.eu-central-1.amazonaws.com",
                "kms:CallerAccount": ACCOUNT,
                "kms:EncryptionContext:aws:s3:arn": f"{DATA}/a/b",
            },
        ),
        ["AccountUsesThroughS3"],
    ),
    "another bucket's data": (
        Request(
            ADMIN,
            "kms:GenerateDataKey",
            "*",
            {
                "kms:ViaService": "s3.eu-central-1.amazonaws.com",
                "kms:CallerAccount": ACCOUNT,
                "kms:EncryptionContext:aws:s3:arn": f"{DATA}-2",
            },
        ),
        [],
    ),
    "another service": (
        Request(
            ADMIN,
            "kms:Decrypt",
            "*",
            {
                "kms:ViaService": "dynamodb.eu-central-1.amazonaws.com",
                "kms:CallerAccount": ACCOUNT,
                "kms:EncryptionContext:aws:s3:arn": DATA,
            },
        ),
        [],
    ),
    "nobody decrypts by hand": (
        Request(ADMIN, "kms:Decrypt", "*", {"kms:CallerAccount": ACCOUNT}),
        [],
    ),
    "the account's role manages": (Request(ADMIN, "kms:PutKeyPolicy", "*"), ["AccountManages"]),
    "the account's role grants nothing away": (Request(ADMIN, "kms:CreateGrant", "*"), []),
    "a stranger reads through S3": (
        Request(
            STRANGER,
            "kms:Decrypt",
            "*",
            {
                "kms:ViaService": "s3.eu-central-1.amazonaws.com",
                "kms:CallerAccount": OTHER_ACCOUNT,
                "kms:EncryptionContext:aws:s3:arn": DATA,
            },
        ),
        [],
    ),
    "a stranger manages": (Request(STRANGER, "kms:PutKeyPolicy", "*"), []),
}


@pytest.mark.parametrize("case", KEY_CASES)
def test_key_serves_the_data_bucket_through_s3_and_nothing_else(iam: Evaluator, case: str) -> None:
    """The key's policy; a role needs IAM's leave as well, for it names the account alone."""
    request, expected = KEY_CASES[case]

    assert iam.allowed_by(estate().properties("DataKey")["KeyPolicy"], request) == expected


SUITE_CASES: list[tuple[str, str, dict[str, str], list[str]]] = [
    (SCANNER, "kms:Decrypt", {}, ["SuiteReadsThroughS3"]),
    (QUARANTINE, "kms:Decrypt", {}, ["SuiteReadsThroughS3"]),
    (f"{SCANNER}2", "kms:Decrypt", {}, []),
    (SCANNER, "kms:GenerateDataKey", {}, []),
    (SCANNER, "kms:Decrypt", {"kms:ViaService": "sqs.eu-central-1.amazonaws.com"}, []),
    (SCANNER, "kms:Decrypt", {"kms:EncryptionContext:aws:s3:arn": f"{DATA}-2"}, []),
]


@pytest.mark.parametrize(("principal", "action", "changed", "expected"), SUITE_CASES)
def test_suite_reads_what_it_scans_by_the_keys_own_leave(
    iam: Evaluator, principal: str, action: str, changed: dict[str, str], expected: list[str]
) -> None:
    """ProtectedKmsKeyArns cannot name a key that the same deployment makes."""
    policy = estate(**CLEAN).properties("DataKey")["KeyPolicy"]
    context = {
        "kms:CallerAccount": ACCOUNT,
        "kms:ViaService": "s3.eu-central-1.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": DATA,
        **changed,
    }

    allowed = iam.allowed_by(policy, Request(principal, action, "*", context))
    # For what the account's statement allows, IAM would have to give leave as well.
    assert [sid for sid in allowed if sid != "AccountUsesThroughS3"] == expected


def test_key_names_no_role_of_a_suite_that_is_not_there() -> None:
    """Alone, the template has neither scanner nor quarantine."""
    sids = [item["Sid"] for item in estate().properties("DataKey")["KeyPolicy"]["Statement"]]

    assert sids == ["AccountManages", "AccountUsesThroughS3"]


def test_tenant_of_another_account_may_use_the_key_and_its_neighbours_not(iam: Evaluator) -> None:
    """An access point across accounts is of no use without the key."""
    policy = estate(**TENANTS).properties("DataKey")["KeyPolicy"]
    context = {
        "kms:ViaService": "s3.eu-central-1.amazonaws.com",
        "kms:CallerAccount": OTHER_ACCOUNT,
        "kms:EncryptionContext:aws:s3:arn": DATA,
    }
    dockyard = f"arn:aws:iam::{OTHER_ACCOUNT}:role/Dockyard"

    assert iam.allowed_by(policy, Request(dockyard, "kms:Decrypt", "*", context)) == [
        "TenantsUseThroughS3"
    ]
    assert iam.allowed_by(policy, Request(STRANGER, "kms:Decrypt", "*", context)) == []


@pytest.mark.parametrize(
    ("stack", "name", "arn"),
    [
        (estate(**ON), "DataBucketPolicy", DATA),
        (estate(**OFF), "DataBucketPolicy", DATA),
        (estate(), "DataLogBucketPolicy", LOGS),
        (replica(), "ReplicaBucketPolicy", f"arn:aws:s3:::{REPLICA_BUCKET}"),
    ],
)
@pytest.mark.parametrize(
    "action", ["s3:PutBucketPolicy", "s3:DeleteBucketPolicy", "s3:GetBucketPolicy"]
)
@pytest.mark.parametrize("principal", [ADMIN, f"arn:aws:iam::{ACCOUNT}:root"])
def test_nobody_is_locked_out_of_mending_the_policy(
    iam: Evaluator, stack: Stack, name: str, arn: str, action: str, principal: str
) -> None:
    """From any network and organization; CloudFormation and the root user alike."""
    anywhere: dict[str, Any] = {
        "aws:SourceIp": "192.0.2.1",
        "aws:PrincipalIsAWSService": "false",
        "aws:ViaAWSService": "false",
        "s3:TlsVersion": "1.3",
    }

    assert iam.denied_by(stack.policy(name), Request(principal, action, arn, anywhere)) == []
