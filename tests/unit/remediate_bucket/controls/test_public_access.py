"""Everybody is kept out by the block, never by taking away what somebody wrote."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions.remediate_bucket.bucket_state import BucketState
from functions.remediate_bucket.control import Compliance, Control
from functions.remediate_bucket.controls import (
    account_public_access_block,
    bucket_public_access_block,
    no_public_read,
    no_public_write,
)
from tests.unit.remediate_bucket.buckets import (
    ALL_ON,
    ALL_USERS,
    ARN,
    LOG_DELIVERY,
    WEBSITE,
    acl,
    bucket,
    grant,
    policy,
)
from tests.unit.remediate_bucket.judging import (
    COMPLIANT,
    NON_COMPLIANT,
    NOT_APPLICABLE,
    advised,
    judged,
    planned,
)

ACCOUNT = account_public_access_block.CONTROL
BLOCK = bucket_public_access_block.CONTROL
READ = no_public_read.CONTROL
WRITE = no_public_write.CONTROL

READ_FOR_ALL = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": f"{ARN}/*",
}
WRITE_FOR_ALL = {**READ_FOR_ALL, "Principal": {"AWS": "*"}, "Action": ["s3:PutObject"]}
WRITE_FROM_OFFICE = {
    **WRITE_FOR_ALL,
    "Condition": {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
}
PUBLIC = {"IsPublic": True}
ENFORCED = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}


@pytest.mark.parametrize(
    ("control", "state", "expected"),
    [
        (ACCOUNT, bucket(), NON_COMPLIANT),
        (
            ACCOUNT,
            bucket(account_public_access_block={**ALL_ON, "BlockPublicAcls": False}),
            NON_COMPLIANT,
        ),
        (ACCOUNT, bucket(account_public_access_block=ALL_ON), COMPLIANT),
        (BLOCK, bucket(), NON_COMPLIANT),
        (
            BLOCK,
            bucket(public_access_block={**ALL_ON, "RestrictPublicBuckets": False}),
            NON_COMPLIANT,
        ),
        (BLOCK, bucket(public_access_block=ALL_ON), COMPLIANT),
        (BLOCK, bucket(account_public_access_block=ALL_ON), NON_COMPLIANT),
        (BLOCK, bucket(website=WEBSITE), NOT_APPLICABLE),
    ],
)
def test_block_has_all_four_settings_on(
    control: Control, state: BucketState, expected: Compliance
) -> None:
    """One that is off is enough to miss it, and the bucket's own block is the bucket's own."""
    assert judged(control, state) is expected


@pytest.mark.parametrize("control", [ACCOUNT, BLOCK])
def test_block_is_turned_on_as_a_whole(control: Control) -> None:
    """S3 turns off what a PUT leaves out, so all four are named."""
    arguments = planned(control, bucket(public_access_block={"BlockPublicAcls": True}))
    assert arguments == {"PublicAccessBlockConfiguration": ALL_ON}


@pytest.mark.parametrize(
    ("state", "read", "write"),
    [
        (bucket(), COMPLIANT, COMPLIANT),
        (bucket(policy=policy(READ_FOR_ALL), policy_status=PUBLIC), NON_COMPLIANT, COMPLIANT),
        (bucket(policy=policy(WRITE_FOR_ALL), policy_status=PUBLIC), COMPLIANT, NON_COMPLIANT),
        # S3 honours conditions: the policy is not public, whatever its principal is.
        (
            bucket(policy=policy(WRITE_FROM_OFFICE), policy_status={"IsPublic": False}),
            COMPLIANT,
            COMPLIANT,
        ),
        # Public for the one statement says nothing about the other.
        (
            bucket(policy=policy(READ_FOR_ALL, WRITE_FROM_OFFICE), policy_status=PUBLIC),
            NON_COMPLIANT,
            COMPLIANT,
        ),
        # S3 sees what no statement shows: everything is suspected.
        (
            bucket(policy=policy(WRITE_FROM_OFFICE), policy_status=PUBLIC),
            NON_COMPLIANT,
            NON_COMPLIANT,
        ),
        (
            bucket(
                policy=policy({**READ_FOR_ALL, "Action": "s3:*"}),
                policy_status=PUBLIC,
                public_access_block={"RestrictPublicBuckets": True},
            ),
            COMPLIANT,
            COMPLIANT,
        ),
        # Refusing new policies does not restrict the one that is there.
        (
            bucket(
                policy=policy(READ_FOR_ALL),
                policy_status=PUBLIC,
                public_access_block={"BlockPublicPolicy": True},
            ),
            NON_COMPLIANT,
            COMPLIANT,
        ),
        (bucket(acl=acl(grant(ALL_USERS, "READ"))), NON_COMPLIANT, COMPLIANT),
        (bucket(acl=acl(grant(ALL_USERS, "WRITE_ACP"))), COMPLIANT, NON_COMPLIANT),
        (bucket(acl=acl(grant(ALL_USERS, "FULL_CONTROL"))), NON_COMPLIANT, NON_COMPLIANT),
        (bucket(acl=acl(grant(LOG_DELIVERY, "WRITE"))), COMPLIANT, COMPLIANT),
        (
            bucket(
                acl=acl(grant(ALL_USERS, "FULL_CONTROL")),
                account_public_access_block={"IgnorePublicAcls": True},
            ),
            COMPLIANT,
            COMPLIANT,
        ),
        (
            bucket(acl=acl(grant(ALL_USERS, "FULL_CONTROL")), ownership=ENFORCED),
            COMPLIANT,
            COMPLIANT,
        ),
        (
            bucket(
                policy=policy({**READ_FOR_ALL, "Action": "s3:*"}),
                policy_status=PUBLIC,
                website=WEBSITE,
            ),
            NOT_APPLICABLE,
            NON_COMPLIANT,
        ),
    ],
)
def test_public_access_is_judged_as_s3_applies_it(
    state: BucketState, read: Compliance, write: Compliance
) -> None:
    """Conditions, both blocks and disabled ACLs count; reading and writing are told apart."""
    assert (judged(READ, state), judged(WRITE, state)) == (read, write)


@pytest.mark.parametrize("control", [READ, WRITE])
def test_public_access_ends_with_the_block(control: Control) -> None:
    """The policy and the ACL stay as they are."""
    state = bucket(
        policy=policy(READ_FOR_ALL, WRITE_FOR_ALL),
        policy_status=PUBLIC,
        acl=acl(grant(ALL_USERS, "FULL_CONTROL")),
    )
    assert planned(control, state) == {"PublicAccessBlockConfiguration": ALL_ON}


def test_website_that_everybody_writes_is_left_to_a_person() -> None:
    """The block would end the website; what is wrong is named instead."""
    state = bucket(acl=acl(grant(ALL_USERS, "WRITE")), website=WEBSITE)
    assert "the ACL" in advised(WRITE, state)
    assert judged(WRITE, replace(state, settings=bucket(website=WEBSITE).settings)) is COMPLIANT
