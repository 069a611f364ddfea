"""What keeps a change from being made: exemptions, owners, lockouts, and what cannot be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator  # type: ignore[import-untyped]

from functions.remediate_bucket import controls, exemptions, lockout, patches
from functions.remediate_bucket.bucket_state import Section, Unreadable
from functions.remediate_bucket.change import Outcome
from functions.remediate_bucket.control import Profile
from functions.remediate_bucket.exemptions import Exemption, InvalidExemption
from functions.remediate_bucket.lockout import Guardians
from functions.remediate_bucket.notes import from_rows
from functions.remediate_bucket.patches import Owner
from functions.remediate_bucket.trigger import RequestMode
from tests.unit.remediate_bucket.buckets import ALL_ON, ARN, NAME, policy
from tests.unit.remediate_bucket.world import KNOWN, NOW, ROLE, World, outcomes

BLOCK = "bucket-public-access-block"
WHO = Guardians(ROLE, "111122223333")
TAG = "tidegate-exempt"
ACCOUNT_SECTIONS = {Section.ACCOUNT_PUBLIC_ACCESS_BLOCK}


def told(value: str) -> exemptions.AnyExemption:
    """Return what a tag's value says."""
    return exemptions.from_tag(TAG, value, KNOWN)


# --- exemptions


@pytest.mark.parametrize(
    "value",
    [
        f"controls={BLOCK}:versioning until=2026-12-31 approver=jane@example.com reason=old fleet",
        f"reason=old fleet approver=jane@example.com until=2026-12-31 controls={BLOCK}:versioning",
    ],
)
def test_exemption_is_read_in_any_order(value: str) -> None:
    """Controls, end, approver and reason, whatever comes first."""
    assert told(value) == Exemption(
        frozenset({BLOCK, "versioning"}),
        datetime(2027, 1, 1, tzinfo=UTC),
        "jane@example.com",
        "old fleet",
        f"tag {TAG}",
    )


@pytest.mark.parametrize(
    "value",
    [
        "",
        "yes",
        f"controls={BLOCK}",
        f"controls={BLOCK} approver=jane reason=x",
        f"controls={BLOCK} until=2026-12-31 reason=x",
        f"controls={BLOCK} until=2026-12-31 approver=jane",
        "until=2026-12-31 approver=jane reason=x",
        f"controls={BLOCK} until=soon approver=jane reason=x",
        f"controls={BLOCK} until=2026-02-30 approver=jane reason=x",
        f"controls={BLOCK} until=9999-12-31 approver=jane reason=for ever",
        "controls=no-such until=2026-12-31 approver=jane reason=x",
        f"controls={BLOCK} until=2026-12-31 until=2030-12-31 approver=jane reason=x",
        f"please controls={BLOCK} until=2026-12-31 approver=jane reason=x",
    ],
)
def test_exemption_that_is_not_whole_is_told_as_such(value: str) -> None:
    """Nothing is guessed: what is missing, doubled or unknown makes it invalid."""
    assert isinstance(told(value), InvalidExemption)


@given(st.text(max_size=256))
def test_no_tag_breaks_the_reader(value: str) -> None:
    """Whatever a tag says, it is an exemption or an invalid one."""
    assert told(value).source == f"tag {TAG}"


def test_exemption_ends_with_its_last_day() -> None:
    """The day that it names counts whole, in UTC; the next does not."""
    made = told(f"controls={BLOCK} until=2026-11-22 approver=jane reason=x")
    assert isinstance(made, Exemption)

    assert made.covers(BLOCK, datetime(2026, 11, 22, 23, 59, tzinfo=UTC))
    assert not made.covers(BLOCK, datetime(2026, 11, 23, tzinfo=UTC))
    assert not made.covers("versioning", NOW)


@pytest.mark.parametrize(
    ("controls_told", "refused"),
    [
        (BLOCK, {BLOCK}),
        ("all", {BLOCK, "tls-only", "acls-disabled"}),
        ("public", {BLOCK, "acls-disabled"}),
        ("versioning", set()),
    ],
)
def test_exemption_covers_its_controls_alone(controls_told: str, refused: set[str]) -> None:
    """By id, all, or what blocks public access of a bucket that is public on purpose."""
    world = World()
    row = {"until": "2026-12-31", "approver": "jane", "reason": "x"}
    world.changes.put(NAME, f"exemption#{controls_told}", **row)

    result = world.apply(BLOCK, "tls-only", "acls-disabled", force=True)

    assert {name for name, made in outcomes(result).items() if made is Outcome.REFUSED} == refused


def test_expired_exemption_no_longer_counts() -> None:
    """After its last day the bucket is put right like any other."""
    world = World()
    value = f"controls={BLOCK} until=2026-11-21 approver=jane reason=x"
    world.account.set(NAME, Section.TAGS, {"Tags": {TAG: value}})

    assert outcomes(world.apply(BLOCK)) == {BLOCK: Outcome.APPLIED}


def test_exemption_that_cannot_be_understood_stops_everything_and_is_told() -> None:
    """Somebody meant something: nothing is changed, and people hear of it."""
    world = World()
    world.account.set(NAME, Section.TAGS, {"Tags": {TAG: "keep out"}})

    result = world.run(RequestMode.APPLY, BLOCK, "tls-only")

    assert set(outcomes(result).values()) == {Outcome.REFUSED}
    assert {change.control for change in result.worth_telling} == {BLOCK, "tls-only"}


@pytest.mark.parametrize(
    "row",
    [{"apply": ["no-such"]}, {"apply": None}, {"apply": 1}, {"lockDays": 0}, {"colour": "red"}],
)
def test_profile_that_cannot_be_understood_stops_everything(row: dict[str, Any]) -> None:
    """An operator's row with a fault is not passed over."""
    world = World()
    world.changes.put(NAME, "profile", **row)

    assert outcomes(world.apply(BLOCK)) == {BLOCK: Outcome.REFUSED}


def test_profile_row_narrows_the_stacks_profile() -> None:
    """A bucket's own values stand in place of the stack's; all others stay."""
    row = {"entry": "profile", "bucket": NAME, "noncurrentDays": 10, "kmsKeyArn": ""}

    narrowed = from_rows([row], KNOWN).narrowed(Profile(kms_key_arn="arn", lock_days=7))

    assert (narrowed.noncurrent_days, narrowed.kms_key_arn, narrowed.lock_days) == (10, None, 7)


def test_notes_that_cannot_be_read_mean_no_change() -> None:
    """Without knowing the exemptions nothing is changed, even when forced."""
    world = World()
    world.changes.unreadable = "AccessDenied"

    result = world.apply(BLOCK, force=True)

    assert outcomes(result) == {BLOCK: Outcome.REFUSED}
    assert result.worth_telling


def test_tags_that_cannot_be_read_mean_no_change() -> None:
    """An exemption could stand in them, or an owner."""
    world = World()
    world.account.set(NAME, Section.TAGS, Unreadable("AccessDenied"))

    assert outcomes(world.apply(BLOCK, force=True)) == {BLOCK: Outcome.REFUSED}


# --- owners


@pytest.mark.parametrize(
    ("tags", "owner"),
    [
        ({"aws:cloudformation:stack-name": "harbour"}, Owner("CloudFormation stack", "harbour")),
        ({"ManagedBy": "Terraform"}, Owner("Terraform", "")),
        ({"managed-by": "opentofu"}, Owner("opentofu", "")),
        ({"terraform": "true"}, Owner("Terraform", "")),
        ({"managed-by": "jane"}, None),
        ({"team": "terraform"}, None),
        ({}, None),
    ],
)
def test_owner_is_told_by_tags(tags: dict[str, str], owner: Owner | None) -> None:
    """CloudFormation tags by itself, Terraform's users by custom."""
    assert patches.owner_of(tags) == owner


@pytest.mark.parametrize("name", ["bucket-public-access-block", "versioning", "default-encryption"])
def test_owned_bucket_gets_the_patch(name: str) -> None:
    """The refusal names the property and holds the setting, as CloudFormation spells it."""
    world = World()
    tags = {"aws:cloudformation:stack-name": "harbour"}
    world.account.set(NAME, Section.TAGS, {"Tags": tags})

    (change,) = world.apply(name).changes

    assert change.outcome is Outcome.REFUSED
    assert "CloudFormation stack harbour" in str(change.reason)
    assert "AWS::S3::Bucket" in str(change.patch)
    assert "ApplyServerSideEncryptionByDefault" not in str(change.patch)
    assert not change.alert
    assert world.account.written == []


def test_patch_has_a_home_for_every_section_that_controls_write() -> None:
    """No control of a bucket leaves its owner without a place for the patch."""
    every = [each.id for each in controls.ALL if each.sections != ACCOUNT_SECTIONS]
    written = {change.section for change in World().run(RequestMode.PLAN, *every).changes}

    for section in written:
        assert "aws_s3" in patches.patch(Owner("Terraform", ""), section, {"x": 1})


# In every form that S3's API knows and CloudFormation spells otherwise.
RULES = [
    {
        "ID": "tidy",
        "Status": "Enabled",
        "Filter": {
            "And": {
                "Prefix": "in/",
                "Tags": [{"Key": "a", "Value": "b"}],
                "ObjectSizeGreaterThan": 1,
            }
        },
        "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
        "NoncurrentVersionTransitions": [{"NoncurrentDays": 31, "StorageClass": "GLACIER"}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 2},
    },
    {
        "ID": "end",
        "Status": "Disabled",
        "Filter": {"Tag": {"Key": "c", "Value": "d"}},
        "Expiration": {"Date": datetime(2027, 1, 1, tzinfo=UTC)},
    },
]


def test_patch_keeps_everybodys_lifecycle_rules_in_cloudformations_words() -> None:
    """The template's rules are replaced by the patch: each of them has to be in it, unchanged."""
    told = patches.patch(
        Owner("CloudFormation stack", "harbour"), Section.LIFECYCLE, {"Rules": RULES}
    )

    assert json.loads(told.partition("\n")[2])["LifecycleConfiguration"]["Rules"] == [
        {
            "Id": "tidy",
            "Status": "Enabled",
            "Prefix": "in/",
            "TagFilters": [{"Key": "a", "Value": "b"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 90, "NewerNoncurrentVersions": 2},
            "NoncurrentVersionTransitions": [{"StorageClass": "GLACIER", "TransitionInDays": 31}],
            "Transitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 30}],
            "ObjectSizeGreaterThan": "1",
        },
        {
            "Id": "end",
            "Status": "Disabled",
            "TagFilters": [{"Key": "c", "Value": "d"}],
            "ExpirationDate": "2027-01-01T00:00:00Z",
        },
    ]


def test_patch_is_what_cloudformation_takes() -> None:
    """Each control's patch for an owned bucket holds to CloudFormation's schema of a bucket."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::S3::Bucket").schema
    validator = Draft7Validator(schema)
    world = World()
    tags = {"aws:cloudformation:stack-name": "harbour", "team": "harbour"}
    world.account.set(NAME, Section.TAGS, {"Tags": tags})
    world.account.set(NAME, Section.LIFECYCLE, {"Rules": RULES})
    every = [each.id for each in controls.ALL if each.sections != ACCOUNT_SECTIONS]

    patches_told = [change.patch for change in world.apply(*every).changes if change.patch]

    bodies = [json.loads(text.partition("\n")[2]) for text in patches_told]
    of_bucket = [body for body in bodies if not any("::" in name for name in body)]
    assert len(of_bucket) > 8
    for body in of_bucket:
        assert list(validator.iter_errors(body)) == []


# --- lockouts

DENY_ALL = {"Sid": "S", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ARN}
TLS = {"Bool": {"aws:SecureTransport": "false"}}
NOT_US = {"ArnNotLike": {"aws:PrincipalArn": [ROLE, "arn:aws:iam::111122223333:root"]}}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"Action": "*"},
        {"Action": "s3:PutBucketPolicy"},
        {"Action": ["s3:GetObject", "s3:GetBucketPol*"]},
        {"Action": "S3:PUTBUCKETPOLICY"},
        {"Resource": "*"},
        {"Resource": f"{ARN[:-2]}*"},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": ROLE}},
        {"Principal": {"AWS": "111122223333"}},
        {"Principal": {"AWS": "AROAEXAMPLE"}},
        {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
        {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}},
        {"Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}},
        {"Condition": {"ArnNotLike": {"aws:PrincipalArn": ["arn:aws:iam::111122223333:root"]}}},
        {"Condition": {"NumericLessThan": {"s3:TlsVersion": "1.3"}}},
    ],
)
def test_denial_that_could_lock_out_is_found(change: dict[str, Any]) -> None:
    """Where it is not certain that a denial spares both guardians, it counts."""
    assert lockout.locking_statements(None, policy({**DENY_ALL, **change}), ARN, WHO) == ("S",)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Allow"},
        {"Action": "s3:GetObject"},
        {"Action": None, "NotAction": "s3:*BucketPolicy"},
        {"Resource": f"{ARN}/*"},
        {"Resource": None, "NotResource": ARN},
        {"Principal": {"AWS": "arn:aws:iam::111122223333:role/other"}},
        {"Principal": {"Service": "logging.s3.amazonaws.com"}},
        {"Condition": TLS},
        {"Condition": NOT_US},
        {"Condition": {**TLS, "StringEquals": {"aws:PrincipalTag/team": "x"}}},
        {"Condition": {"NumericLessThan": {"s3:TlsVersion": ["1.2"]}}},
        {"Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}}},
    ],
)
def test_denial_that_spares_the_guardians_is_none(change: dict[str, Any]) -> None:
    """TLS, another's principal, objects alone, or a condition that names both."""
    merged = {**DENY_ALL, **change}
    statement = {key: value for key, value in merged.items() if value is not None}

    assert lockout.locking_statements(None, policy(statement), ARN, WHO) == ()


def test_denial_that_was_there_before_is_not_ours_to_judge() -> None:
    """Only what the change adds counts; in another order it is the same statement."""
    before = policy(DENY_ALL)
    same = {**DENY_ALL, "Action": ["s3:*"]}

    assert lockout.locking_statements(before, policy(same), ARN, WHO) == ()


def test_policy_of_every_control_spares_the_guardians() -> None:
    """No control is refused by the lockout check on a bucket without a policy."""
    world = World()
    every = [each.id for each in controls.ALL if each.sections != ACCOUNT_SECTIONS]

    result = world.apply(*every)

    of_policy = [change for change in result.changes if change.section is Section.POLICY]
    assert of_policy
    assert {change.outcome for change in of_policy} == {Outcome.APPLIED}


def test_control_that_locks_out_is_refused_and_told() -> None:
    """A plan is not trusted: what it makes of the policy is judged before it is written."""
    world = World()
    world.account.set(NAME, Section.PUBLIC_ACCESS_BLOCK, ALL_ON)
    (tls,) = [each for each in controls.ALL if each.id == "tls-only"]
    from dataclasses import replace
    from json import dumps

    from functions.remediate_bucket.control import Call

    bad = replace(
        tls,
        plan=lambda _state, _profile: (
            Call(Section.POLICY, "put_bucket_policy", {"Policy": dumps(policy(DENY_ALL))}),
        ),
    )
    made = World(controls=(bad,))

    result = made.apply("tls-only", force=True)

    assert outcomes(result) == {"tls-only": Outcome.REFUSED}
    assert result.worth_telling
    assert made.account.written == []


def test_hold_row_is_read_with_its_end() -> None:
    """A hold counts until its end, which DynamoDB's expiry may be late to act on."""
    end = NOW + timedelta(days=1)
    row = {
        "bucket": NAME,
        "entry": f"hold#{BLOCK}",
        "change": "papers:1",
        "expiresAt": int(end.timestamp()),
    }

    (hold,) = from_rows([row], KNOWN).holds

    assert (hold.control, hold.until) == (BLOCK, end)
