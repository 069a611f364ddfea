"""Statements are merged by our own Sid, and anybody's statement counts that does the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from functions.remediate_bucket.bucket_state import Section
from functions.remediate_bucket.control import Compliance, Control, Profile
from functions.remediate_bucket.controls import (
    no_risky_cross_account_actions,
    tls_1_2_or_later,
    tls_only,
    wrong_encryption_denied,
)
from tests.unit.remediate_bucket.buckets import (
    ACCOUNT,
    ALL_ON,
    ARN,
    OTHER_ACCOUNT,
    WEBSITE,
    bucket,
    policy,
    with_section,
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

TLS = tls_only.CONTROL
TLS12 = tls_1_2_or_later.CONTROL
RISKY = no_risky_cross_account_actions.CONTROL
WRONG = wrong_encryption_denied.CONTROL
MERGING = [TLS, TLS12, RISKY]

SSE = "s3:x-amz-server-side-encryption"
ALL = [ARN, f"{ARN}/*"]
PLAIN: dict[str, Any] = {"Bool": {"aws:SecureTransport": "false"}}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ALL}
NO_HTTP = {**DENY, "Condition": PLAIN}
READERS = {
    "Sid": "Readers",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"},
    "Action": "s3:GetObject",
    "Resource": f"{ARN}/*",
}
GIVEN_AWAY = {**READERS, "Sid": "Given", "Action": "s3:Put*", "Resource": ALL}
KMS = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
DSSE = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms:dsse"}}]}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([NO_HTTP], COMPLIANT),
        ([{**NO_HTTP, "Principal": {"AWS": ["*"]}}], COMPLIANT),
        ([{**NO_HTTP, "Action": ["s3:GetObject", "S3:*"]}], COMPLIANT),
        ([{**NO_HTTP, "Action": "*", "Resource": "*"}], COMPLIANT),
        ([{**NO_HTTP, "Condition": {"Bool": {"AWS:securetransport": [False]}}}], COMPLIANT),
        ([{**NO_HTTP, "Condition": {"BoolIfExists": {"aws:SecureTransport": False}}}], COMPLIANT),
        ([{**NO_HTTP, "Resource": f"{ARN}*"}], COMPLIANT),
        ([{**NO_HTTP, "Resource": ARN}, {**NO_HTTP, "Resource": f"{ARN}/*"}], COMPLIANT),
        ([DENY], COMPLIANT),
        ([{**NO_HTTP, "Resource": f"{ARN}/*"}], NON_COMPLIANT),
        ([{**NO_HTTP, "Resource": [ARN, f"{ARN}/in/*"]}], NON_COMPLIANT),
        ([{**NO_HTTP, "Resource": [ARN, f"{ARN}/?"]}], NON_COMPLIANT),
        ([{**NO_HTTP, "Action": ["s3:Get*", "s3:Put*"]}], NON_COMPLIANT),
        ([{**NO_HTTP, "Action": "s3:?"}], NON_COMPLIANT),
        ([{**NO_HTTP, "Effect": "Allow"}], NON_COMPLIANT),
        ([{**NO_HTTP, "Principal": {"AWS": OTHER_ACCOUNT}}], NON_COMPLIANT),
        ([{**NO_HTTP, "Condition": {"Bool": {"aws:SecureTransport": "true"}}}], NON_COMPLIANT),
        # A further condition lets some plain HTTP through.
        (
            [{**NO_HTTP, "Condition": {**PLAIN, "StringEquals": {"aws:SourceVpc": "vpc-1"}}}],
            NON_COMPLIANT,
        ),
        (
            [
                {
                    "Effect": "Deny",
                    "NotPrincipal": {"AWS": ACCOUNT},
                    "Action": "s3:*",
                    "Resource": ALL,
                    "Condition": PLAIN,
                }
            ],
            NON_COMPLIANT,
        ),
        (
            [{"Effect": "Deny", "Principal": "*", "NotAction": "s3:GetObject", "Resource": ALL}],
            NON_COMPLIANT,
        ),
        ([], NON_COMPLIANT),
    ],
)
def test_plain_http_is_denied_by_whatever_means_it(
    statements: list[dict[str, Any]], expected: Compliance
) -> None:
    """The meaning counts and not the wording, nor who wrote it; a narrower one does not count."""
    assert judged(TLS, bucket(policy=policy(*statements) if statements else None)) is expected


def test_website_keeps_plain_http() -> None:
    """S3 serves websites over plain HTTP only."""
    assert judged(TLS, bucket(website=WEBSITE)) is NOT_APPLICABLE


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"NumericLessThan": {"s3:TlsVersion": "1.2"}}, COMPLIANT),
        ({"NumericLessThan": {"s3:tlsversion": [1.3]}}, COMPLIANT),
        ({"NumericLessThanIfExists": {"s3:TlsVersion": 1.2}}, COMPLIANT),
        ({"NumericLessThan": {"s3:TlsVersion": "1.1"}}, NON_COMPLIANT),
        ({"NumericLessThan": {"s3:TlsVersion": "new"}}, NON_COMPLIANT),
        ({"NumericGreaterThan": {"s3:TlsVersion": "1.2"}}, NON_COMPLIANT),
        ({"NumericLessThan": {"s3:TlsVersion": ["1.1", "1.2"]}}, COMPLIANT),
        (
            {
                "NumericLessThan": {"s3:TlsVersion": "1.2"},
                "StringEquals": {"aws:SourceVpc": "vpc-1"},
            },
            NON_COMPLIANT,
        ),
        (PLAIN, NON_COMPLIANT),
    ],
)
def test_old_tls_is_denied_by_version(condition: dict[str, Any], expected: Compliance) -> None:
    """1.2 is the least that may be let through."""
    assert judged(TLS12, bucket(policy=policy({**DENY, "Condition": condition}))) is expected


@pytest.mark.parametrize("control", [TLS, TLS12])
def test_first_statement_makes_a_policy(control: Control) -> None:
    """A bucket without a policy gets one of the current version."""
    document = json.loads(planned(control, bucket())["Policy"])
    assert document["Version"] == "2012-10-17"
    assert len(document["Statement"]) == 1


@pytest.mark.parametrize("control", MERGING)
def test_statement_is_added_after_all_others(control: Control) -> None:
    """Version, Id and every other statement are sent again as they are."""
    theirs = {"Version": "2008-10-17", "Id": "theirs", "Statement": [READERS, GIVEN_AWAY]}
    document = json.loads(planned(control, bucket(policy=theirs))["Policy"])
    assert {**document, "Statement": document["Statement"][:2]} == theirs
    assert document["Statement"][2]["Sid"].startswith("Tidegate")


@pytest.mark.parametrize("control", MERGING)
def test_altered_statement_of_ours_is_replaced_in_its_place(control: Control) -> None:
    """The Sid is ours, whatever somebody made of the rest."""
    state = bucket(policy=policy(GIVEN_AWAY))
    ours = json.loads(planned(control, state)["Policy"])["Statement"][1]
    altered = {**ours, "Resource": f"{ARN}/nothing"}
    state = bucket(policy=policy(altered, GIVEN_AWAY, READERS))
    assert json.loads(planned(control, state)["Policy"])["Statement"] == [ours, GIVEN_AWAY, READERS]


@pytest.mark.parametrize("control", MERGING)
def test_policy_that_would_be_too_long_is_left_to_a_person(control: Control) -> None:
    """S3 takes 20 KB: nothing is sent, and the finding says why."""
    sids = [f"Reader{number:06}" for number in range(150)]
    long = policy(GIVEN_AWAY, *({**READERS, "Sid": sid} for sid in sids))
    assert "20480" in advised(control, bucket(policy=long))


def test_policy_may_fill_the_20_kb() -> None:
    """One byte more is too long."""
    sent = planned(TLS, bucket(policy=policy({**READERS, "Sid": ""})))["Policy"]
    room = 20480 - len(sent)
    full = bucket(policy=policy({**READERS, "Sid": "x" * room}))
    assert len(planned(TLS, full)["Policy"]) == 20480
    over = policy({**READERS, "Sid": "x" * (room + 1)})
    assert "20481" in advised(TLS, bucket(policy=over))


@pytest.mark.parametrize("control", MERGING)
@pytest.mark.parametrize(
    "section", [Section.PUBLIC_ACCESS_BLOCK, Section.ACCOUNT_PUBLIC_ACCESS_BLOCK]
)
def test_public_policy_behind_the_block_is_left_to_a_person(
    control: Control, section: Section
) -> None:
    """S3 refuses every PUT of a public policy there, even one that only adds a Deny."""
    public = policy(GIVEN_AWAY, {**READERS, "Principal": "*"})
    state = bucket(policy=public, policy_status={"IsPublic": True})
    assert "private" in advised(control, with_section(state, section, ALL_ON))
    # Without the block S3 takes it, and with the block it takes any policy that is not public.
    assert planned(control, state)
    private = bucket(policy=policy(GIVEN_AWAY), policy_status={"IsPublic": False})
    assert planned(control, with_section(private, section, ALL_ON))


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (GIVEN_AWAY, NON_COMPLIANT),
        (READERS, COMPLIANT),
        ({**GIVEN_AWAY, "Action": ["s3:deletebucketpolicy"]}, NON_COMPLIANT),
        ({**GIVEN_AWAY, "Principal": "*"}, NON_COMPLIANT),
        ({**GIVEN_AWAY, "Principal": {"AWS": [ACCOUNT, OTHER_ACCOUNT]}}, NON_COMPLIANT),
        ({**GIVEN_AWAY, "Principal": {"CanonicalUser": "d" * 64}}, NON_COMPLIANT),
        ({**GIVEN_AWAY, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/own"}}, COMPLIANT),
        ({**GIVEN_AWAY, "Principal": {"AWS": ACCOUNT}}, COMPLIANT),
        ({**GIVEN_AWAY, "Principal": {"Service": "config.amazonaws.com"}}, COMPLIANT),
        (
            {
                **GIVEN_AWAY,
                "Principal": "*",
                "Condition": {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}},
            },
            COMPLIANT,
        ),
        (
            {
                **GIVEN_AWAY,
                "Principal": "*",
                "Condition": {"StringEquals": {"aws:PrincipalAccount": OTHER_ACCOUNT}},
            },
            NON_COMPLIANT,
        ),
        (
            {
                **GIVEN_AWAY,
                "Principal": "*",
                "Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}},
            },
            NON_COMPLIANT,
        ),
        # Everybody in the organization is more than the account.
        (
            {
                **GIVEN_AWAY,
                "Principal": "*",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
            },
            NON_COMPLIANT,
        ),
        (
            {
                "Effect": "Allow",
                "NotPrincipal": {"AWS": ACCOUNT},
                "NotAction": "s3:GetObject",
                "Resource": ALL,
            },
            NON_COMPLIANT,
        ),
        (
            {
                "Effect": "Allow",
                "Principal": "*",
                "NotAction": ["s3:Put*", "s3:Delete*"],
                "Resource": ALL,
            },
            COMPLIANT,
        ),
    ],
)
def test_risky_action_given_to_others_is_found(
    statement: dict[str, Any], expected: Compliance
) -> None:
    """By name, pattern or omission; own people, services and mere readers are nobody's risk."""
    assert judged(RISKY, bucket(policy=policy(statement))) is expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, COMPLIANT),
        ({"Condition": {"StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}}, COMPLIANT),
        ({"Action": ["s3:PutBucket*", "s3:PutE*", "s3:PutObjectAcl"]}, COMPLIANT),
        ({"Action": ["s3:PutBucketPolicy"]}, NON_COMPLIANT),
        ({"Resource": ARN}, NON_COMPLIANT),
        ({"Resource": f"{ARN}/*"}, NON_COMPLIANT),
        # Strangers who sign nothing lack the key, so that this spares them.
        (
            {
                "Condition": {
                    "StringNotEquals": {"aws:PrincipalAccount": ACCOUNT},
                    "Bool": {"aws:PrincipalIsAWSService": "false"},
                }
            },
            NON_COMPLIANT,
        ),
        (
            {"Condition": {"StringNotEquals": {"aws:PrincipalAccount": OTHER_ACCOUNT}}},
            NON_COMPLIANT,
        ),
    ],
)
def test_denial_of_risky_actions_counts_where_it_spares_no_foreigner(
    change: dict[str, Any], expected: Compliance
) -> None:
    """Somebody else's Deny does as well as ours, if it is as wide."""
    assert judged(RISKY, bucket(policy=policy(GIVEN_AWAY, {**DENY, **change}))) is expected


def test_denials_of_risky_actions_add_up() -> None:
    """One may be for the bucket and another for its objects."""
    on_bucket = {**DENY, "Action": ["s3:PutB*", "s3:PutE*"], "Resource": ARN}
    on_objects = {**DENY, "Action": "s3:PutObjectAcl", "Resource": f"{ARN}/*"}
    wide = {**DENY, "Resource": f"{ARN}/*"}
    assert judged(RISKY, bucket(policy=policy(GIVEN_AWAY, on_bucket, on_objects))) is COMPLIANT
    assert (
        judged(RISKY, bucket(policy=policy(GIVEN_AWAY, on_objects, on_bucket, wide))) is COMPLIANT
    )
    assert judged(RISKY, bucket(policy=policy(GIVEN_AWAY, on_bucket))) is NON_COMPLIANT
    assert judged(RISKY, bucket(policy=policy(GIVEN_AWAY, on_objects))) is NON_COMPLIANT


def test_allowed_external_action_is_spared() -> None:
    """The profile's exceptions are neither found nor denied."""
    spared = frozenset({"s3:PutObjectACL"})
    profile = Profile(allowed_external_actions=spared)
    only = bucket(policy=policy({**GIVEN_AWAY, "Action": "s3:PutObjectAcl"}))
    assert judged(RISKY, only, profile) is COMPLIANT
    more = bucket(policy=policy(GIVEN_AWAY))
    document = json.loads(planned(RISKY, more, profile)["Policy"])
    assert "s3:PutObjectAcl" not in document["Statement"][1]["Action"]


@pytest.mark.parametrize(
    ("encryption", "condition", "expected"),
    [
        (KMS, {"StringNotEquals": {SSE: "aws:kms"}, "Null": {SSE: "false"}}, COMPLIANT),
        (
            KMS,
            {"StringNotEquals": {SSE: ["aws:kms:dsse", "aws:kms"]}, "Null": {SSE: False}},
            COMPLIANT,
        ),
        # Stricter than ours, at the cost of clients that name nothing: theirs to decide.
        (KMS, {"StringNotEquals": {SSE: "aws:kms"}}, COMPLIANT),
        (KMS, {"Null": {SSE: "false"}}, COMPLIANT),
        (KMS, {"StringNotEquals": {SSE: ["aws:kms", "AES256"]}}, NON_COMPLIANT),
        (KMS, {"StringEquals": {SSE: "AES256"}}, NON_COMPLIANT),
        (KMS, {"Null": {SSE: "true"}}, NON_COMPLIANT),
        (
            KMS,
            {"StringNotEquals": {SSE: "aws:kms"}, "StringEquals": {"aws:SourceVpc": "vpc-1"}},
            NON_COMPLIANT,
        ),
        (DSSE, {"StringNotEquals": {SSE: "aws:kms:dsse"}}, COMPLIANT),
        (DSSE, {"StringNotEquals": {SSE: "aws:kms"}}, NON_COMPLIANT),
    ],
)
def test_wrong_encryption_is_denied_by_what_names_no_weaker_one(
    encryption: dict[str, Any], condition: dict[str, Any], expected: Compliance
) -> None:
    """What the bucket's default allows is right, and nothing weaker."""
    statement = {**DENY, "Action": "s3:PutObject", "Condition": condition}
    state = bucket(policy=policy(statement), encryption=encryption)
    assert judged(WRONG, state) is expected


def test_only_a_named_and_weaker_encryption_is_denied() -> None:
    """Clients that leave the choice to the bucket, and S3's own deliveries, name none."""
    document = json.loads(planned(WRONG, bucket(encryption=KMS))["Policy"])
    assert document["Statement"][0]["Condition"] == {
        "StringNotEquals": {SSE: ["aws:kms", "aws:kms:dsse"]},
        "Null": {SSE: "false"},
    }


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (bucket(), NOT_APPLICABLE),
        (
            bucket(
                encryption={
                    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                }
            ),
            NOT_APPLICABLE,
        ),
        (bucket(encryption=KMS, is_log_target=True), NOT_APPLICABLE),
        (bucket(encryption=KMS, is_log_target=None), UNKNOWN),
    ],
)
def test_wrong_encryption_is_asked_where_there_is_a_weaker_one(
    state: Any, expected: Compliance
) -> None:
    """Nothing is weaker than SSE-S3, and log targets are left to their services."""
    assert judged(WRONG, state) is expected
