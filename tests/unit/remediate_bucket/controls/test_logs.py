"""Access logs arrive, and no bucket logs to itself."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from functions.remediate_bucket.bucket_state import BucketState
from functions.remediate_bucket.control import Compliance
from functions.remediate_bucket.controls import access_logging, acls_disabled, log_target_healthy
from tests.unit.remediate_bucket.buckets import (
    ACCOUNT,
    ALL_USERS,
    ARN,
    LOG_DELIVERY,
    OTHER_ACCOUNT,
    PROFILE,
    acl,
    bucket,
    grant,
    policy,
)
from tests.unit.remediate_bucket.judging import (
    COMPLIANT,
    NON_COMPLIANT,
    NOT_APPLICABLE,
    UNKNOWN,
    advised,
    judged,
    planned,
)

LOGGING = access_logging.CONTROL
HEALTHY = log_target_healthy.CONTROL
ACLS = acls_disabled.CONTROL

SOURCES = {"source": "src/"}
ALLOW = {
    "Sid": "Logs",
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": "s3:PutObject",
    "Resource": f"{ARN}/*",
}
DENY = {
    "Sid": "Strict",
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": [ARN, f"{ARN}/*"],
}
ENFORCED = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


def log_target(*statements: dict[str, Any], **settings: Any) -> BucketState:
    """Return a bucket to which another one logs."""
    return bucket(
        is_log_target=True,
        access_log_sources=SOURCES,
        policy=policy(*statements) if statements else None,
        **settings,
    )


def when(**conditions: dict[str, Any]) -> dict[str, Any]:
    """Return a condition element."""
    return {"Condition": conditions}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (bucket(logging={"TargetBucket": "elsewhere", "TargetPrefix": ""}), COMPLIANT),
        (bucket(), NON_COMPLIANT),
        (bucket(logging={"TargetBucket": "papers", "TargetPrefix": "x/"}), NON_COMPLIANT),
        (bucket(is_log_target=True), NOT_APPLICABLE),
        (bucket("logs"), NOT_APPLICABLE),
        (bucket(access_log_sources=SOURCES), NOT_APPLICABLE),
        (bucket(is_log_target=None), UNKNOWN),
    ],
)
def test_logging_is_asked_of_buckets_that_take_no_logs(
    state: BucketState, expected: Compliance
) -> None:
    """Log targets are not flagged, and what may be one is not made to log."""
    assert judged(LOGGING, state) is expected


def test_logs_go_to_the_profiles_target() -> None:
    """Under its prefix, in keys that tell account, Region, bucket and day apart."""
    assert planned(LOGGING, bucket()) == {
        "BucketLoggingStatus": {
            "LoggingEnabled": {
                "TargetBucket": "logs",
                "TargetPrefix": "access/",
                "TargetObjectKeyFormat": {
                    "PartitionedPrefix": {"PartitionDateSource": "EventTime"}
                },
            }
        }
    }


@pytest.mark.parametrize(
    ("state", "changes", "words"),
    [
        (bucket(), {"log_target_bucket": None}, "profile"),
        (bucket(), {"log_target_region": "us-east-1"}, "us-east-1"),
        (bucket(), {"log_target_region": None}, "unknown"),
        (bucket(logging={"TargetBucket": "papers", "TargetPrefix": ""}), {}, "another bucket"),
    ],
)
def test_logging_that_cannot_be_turned_on_is_left_to_a_person(
    state: BucketState, changes: dict[str, Any], words: str
) -> None:
    """No target, one of another Region, or logging to itself that somebody set up."""
    assert words in advised(LOGGING, state, replace(PROFILE, **changes))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (bucket(), NOT_APPLICABLE),
        # CloudTrail's bucket takes logs, but none of S3's.
        (bucket(is_log_target=True, access_log_sources={}), NOT_APPLICABLE),
        (bucket(is_log_target=None), UNKNOWN),
        (bucket(is_log_target=True), UNKNOWN),
        (bucket("logs"), NON_COMPLIANT),
        (log_target(), NON_COMPLIANT),
        (log_target(ALLOW), COMPLIANT),
        (log_target({**ALLOW, "Action": "s3:*"}), COMPLIANT),
        (log_target({**ALLOW, "Resource": f"{ARN}/src/*"}), COMPLIANT),
        (log_target({**ALLOW, "Resource": f"{ARN}/other/*"}), NON_COMPLIANT),
        (log_target({**ALLOW, "Resource": ARN}), NON_COMPLIANT),
        (log_target({**ALLOW, "Action": "s3:GetObject"}), NON_COMPLIANT),
        (log_target({**ALLOW, "Principal": {"AWS": ACCOUNT}}), NON_COMPLIANT),
        (
            log_target({**ALLOW, **when(ArnLike={"aws:SourceArn": "arn:aws:s3:::sour*"})}),
            COMPLIANT,
        ),
        (
            log_target({**ALLOW, **when(ArnLike={"aws:SourceArn": "arn:aws:s3:::other"})}),
            NON_COMPLIANT,
        ),
        (
            log_target({**ALLOW, **when(StringEquals={"aws:SourceAccount": [ACCOUNT]})}),
            COMPLIANT,
        ),
        (
            log_target({**ALLOW, **when(StringEquals={"aws:SourceAccount": OTHER_ACCOUNT})}),
            NON_COMPLIANT,
        ),
        # A condition that nobody can foresee allows nothing for sure.
        (
            log_target({**ALLOW, **when(StringEquals={"aws:SourceOrgID": "o-1"})}),
            NON_COMPLIANT,
        ),
        (log_target(acl=acl(grant(LOG_DELIVERY, "WRITE"))), COMPLIANT),
        (log_target(acl=acl(grant(LOG_DELIVERY, "READ_ACP"))), NON_COMPLIANT),
        (log_target(acl=acl(grant(LOG_DELIVERY, "WRITE")), ownership=ENFORCED), NON_COMPLIANT),
    ],
)
def test_log_target_lets_each_of_its_sources_in(state: BucketState, expected: Compliance) -> None:
    """By a policy that fits source and prefix, or by the ACL where ACLs count."""
    assert judged(HEALTHY, state) is expected


def test_log_delivery_of_the_accounts_own_buckets_is_allowed() -> None:
    """Not of anybody's: the source's account is part of the statement."""
    theirs = {**ALLOW, "Sid": "Theirs", "Resource": f"{ARN}/other/*"}
    document = json.loads(planned(HEALTHY, log_target(theirs))["Policy"])
    assert document["Statement"] == [
        theirs,
        {
            "Sid": "TidegateAllowAccessLogDelivery",
            "Effect": "Allow",
            "Principal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": f"{ARN}/*",
            "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
        },
    ]


def test_sources_that_are_kept_out_are_named() -> None:
    """By their names, or as all of the account where the profile sends its logs here."""
    assert "logs of source" in HEALTHY.evaluate(log_target(), PROFILE).reason
    assert f"any bucket of {ACCOUNT}" in HEALTHY.evaluate(bucket("logs"), PROFILE).reason


@pytest.mark.parametrize(
    "condition",
    [
        {},
        when(Null={"s3:x-amz-server-side-encryption": "true"}),
        when(StringNotEquals={"s3:x-amz-server-side-encryption": "AES256"}),
        when(StringNotEquals={"aws:PrincipalOrgID": "o-1"}),
        when(StringNotEquals={"aws:SourceVpce": "vpce-1"}),
        when(NotIpAddress={"aws:SourceIp": "203.0.113.0/24"}),
        when(ArnNotLike={"aws:SourceArn": "arn:aws:s3:::other"}),
        when(StringNotEquals={"aws:SourceOrgID": "o-1"}),
    ],
)
def test_deny_that_keeps_log_delivery_out_is_named(condition: dict[str, Any]) -> None:
    """Somebody else's Deny is theirs to change, and our Allow would not help."""
    assert "Strict" in advised(HEALTHY, log_target(ALLOW, {**DENY, **condition}))


@pytest.mark.parametrize(
    "deny",
    [
        {**DENY, **when(Bool={"aws:SecureTransport": "false"})},
        {**DENY, **when(NumericLessThan={"s3:TlsVersion": "1.2"})},
        {
            **DENY,
            **when(
                StringNotEquals={"aws:PrincipalOrgID": "o-1"},
                Bool={"aws:PrincipalIsAWSService": "false"},
            ),
        },
        {
            **DENY,
            **when(
                StringNotEquals={"s3:x-amz-server-side-encryption": "AES256"},
                Null={"s3:x-amz-server-side-encryption": "false"},
            ),
        },
        {**DENY, "Action": "s3:DeleteObject"},
        {**DENY, "Resource": f"{ARN}/other/*"},
        {**DENY, "Resource": ARN},
        {**DENY, "Principal": {"AWS": OTHER_ACCOUNT}},
        {
            "Effect": "Deny",
            "NotPrincipal": {"Service": "logging.s3.amazonaws.com"},
            "Action": "s3:*",
            "Resource": f"{ARN}/*",
        },
        {"Effect": "Deny", "Principal": "*", "NotAction": "s3:Put*", "Resource": f"{ARN}/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "NotResource": f"{ARN}/src/*"},
    ],
)
def test_deny_that_spares_log_delivery_is_no_hindrance(deny: dict[str, Any]) -> None:
    """Conditions, actions and resources are honoured."""
    assert judged(HEALTHY, log_target(ALLOW, deny)) is COMPLIANT


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (
            {
                "encryption": {
                    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
                }
            },
            "SSE-S3",
        ),
        (
            {
                "object_lock": {
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}},
                }
            },
            "retention",
        ),
    ],
)
def test_kms_and_retention_on_a_log_target_are_left_to_a_person(
    settings: dict[str, Any], words: str
) -> None:
    """S3 delivers no access logs under either, whatever the policy says."""
    assert words in advised(HEALTHY, log_target(ALLOW, **settings))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (bucket(ownership=ENFORCED), COMPLIANT),
        (bucket(), NON_COMPLIANT),
        (bucket(ownership={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}), NON_COMPLIANT),
    ],
)
def test_acls_are_disabled_by_ownership(state: BucketState, expected: Compliance) -> None:
    """Only where the bucket's owner owns every object do ACLs count for nothing."""
    assert judged(ACLS, state) is expected


def test_acls_that_grant_nothing_to_others_are_disabled() -> None:
    """By object ownership; no ACL is ever written."""
    assert planned(ACLS, bucket()) == {
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    }


@pytest.mark.parametrize(
    ("grants", "words"),
    [
        ([grant(LOG_DELIVERY, "WRITE")], "logging.s3.amazonaws.com"),
        ([grant(ALL_USERS, "READ")], "AllUsers"),
        ([{"Grantee": {"Type": "CanonicalUser", "ID": "e" * 64}, "Permission": "READ"}], "e" * 64),
        ([grant(ALL_USERS, "READ"), grant(LOG_DELIVERY, "WRITE")], "logging.s3.amazonaws.com"),
        ([{"Permission": "READ"}], "somebody unnamed"),
    ],
)
def test_grants_to_others_are_left_to_a_person(grants: list[dict[str, Any]], words: str) -> None:
    """S3 refuses to disable ACLs there, and whoever has a grant needs a policy first."""
    assert words in advised(ACLS, bucket(acl=acl(*grants)))
