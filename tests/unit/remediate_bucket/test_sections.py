"""Settings: compared by what they mean, projected, put back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.remediate_bucket import change as changes
from functions.remediate_bucket import sections
from functions.remediate_bucket.bucket_state import Section
from functions.remediate_bucket.change import Change, Outcome
from functions.remediate_bucket.control import Call
from functions.remediate_bucket.sections import fingerprint
from functions.remediate_bucket.trigger import Trigger
from tests.unit.remediate_bucket import fake_s3
from tests.unit.remediate_bucket.buckets import ALL_ON, NAME, bucket, policy
from tests.unit.remediate_bucket.world import NOW

SCALARS = st.booleans() | st.integers() | st.text(max_size=5)
SETTINGS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=10,
)


def shuffled(value: Any) -> Any:
    """Return the same setting with lists and keys in the opposite order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return [shuffled(item) for item in reversed(value)] if isinstance(value, list) else value


@given(st.dictionaries(st.text(max_size=3), SETTINGS))
def test_order_does_not_make_a_setting_another(setting: dict[str, Any]) -> None:
    """S3 gives lists back in an order of its own: that is no change."""
    assert fingerprint(setting) == fingerprint(shuffled(setting))


def test_single_entry_is_the_same_with_and_without_its_list() -> None:
    """IAM writes one action as text, whatever it was given."""
    one = policy({"Effect": "Deny", "Action": ["s3:*"], "Principal": "*"})
    same = policy({"Effect": "Deny", "Action": "s3:*", "Principal": "*"})

    assert fingerprint(one) == fingerprint(same)


@pytest.mark.parametrize(
    "other", [None, {}, {"Status": "Suspended"}, {"Status": ["Enabled", "Suspended"]}]
)
def test_other_settings_have_other_fingerprints(other: Any) -> None:
    """None, empty and different are three things."""
    assert fingerprint(other) != fingerprint({"Status": "Enabled"})


LIFECYCLE = {
    "Rules": [
        {
            "ID": "theirs",
            "Status": "Enabled",
            "Filter": {"Prefix": "x/"},
            "Expiration": {"Days": 1},
        }
    ],
    "TransitionDefaultMinimumObjectSize": "all_storage_classes_128K",
}
METRIC = {"Id": "all"}
RESTORABLE: list[tuple[Section, Any, str | None]] = [
    (Section.PUBLIC_ACCESS_BLOCK, ALL_ON, None),
    (Section.POLICY, policy({"Sid": "S", "Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "x"}), None),  # noqa: E501
    (Section.OWNERSHIP, {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}, None),
    (Section.ENCRYPTION, {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False}]}, None),  # noqa: E501
    (Section.VERSIONING, {"Status": "Suspended"}, None),
    (Section.LIFECYCLE, LIFECYCLE, None),
    (Section.LOGGING, {"TargetBucket": "logs", "TargetPrefix": "x/"}, None),
    (Section.LOGGING, None, None),
    (Section.NOTIFICATION, {"EventBridgeConfiguration": {}}, None),
    (Section.TAGS, {"Tags": {"team": "harbour"}}, None),
    (Section.METRICS, METRIC, "all"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "before", "identifier"), RESTORABLE)
def test_restoration_puts_back_what_was_there(
    section: Section, before: Any, identifier: str | None
) -> None:
    """The call for a former setting, given to S3, leaves exactly that setting."""
    call = sections.restoration(section, before, identifier)

    state = fake_s3.apply(bucket(), call)

    shown = sections.affected(section, state.setting(section), identifier)
    assert fingerprint(shown) == fingerprint(before)


@pytest.mark.parametrize(
    ("section", "operation"),
    [
        (Section.PUBLIC_ACCESS_BLOCK, "delete_public_access_block"),
        (Section.ACCOUNT_PUBLIC_ACCESS_BLOCK, "delete_public_access_block"),
        (Section.POLICY, "delete_bucket_policy"),
        (Section.OWNERSHIP, "delete_bucket_ownership_controls"),
        (Section.ENCRYPTION, "delete_bucket_encryption"),
        (Section.LIFECYCLE, "delete_bucket_lifecycle"),
        (Section.TAGS, "delete_bucket_tagging"),
        (Section.METRICS, "delete_bucket_metrics_configuration"),
        (Section.INVENTORY, "delete_bucket_inventory_configuration"),
        (Section.INTELLIGENT_TIERING, "delete_bucket_intelligent_tiering_configuration"),
    ],
)
def test_setting_that_was_not_there_is_deleted(section: Section, operation: str) -> None:
    """An undo leaves nothing where nothing was; a listed configuration goes alone, by its Id."""
    identifier = "all" if section in sections.LISTED else None

    call = sections.restoration(section, None, identifier)

    assert call.operation == operation
    assert call.arguments == ({"Id": "all"} if identifier else {})


def test_one_configuration_of_many_is_changed_alone() -> None:
    """Others' configurations are neither compared nor replaced."""
    theirs = {"Id": "theirs"}
    before = {"Configurations": [theirs]}
    call = Call(
        Section.METRICS,
        "put_bucket_metrics_configuration",
        {"Id": "all", "MetricsConfiguration": METRIC},
    )

    after = sections.projected(before, call)

    assert after == {"Configurations": [theirs, METRIC]}
    assert sections.affected(Section.METRICS, before, "all") is None
    assert sections.affected(Section.METRICS, after, "all") == METRIC


def change(**more: Any) -> Change:
    """Return a change."""
    given: dict[str, Any] = {
        "id": f"{NAME}:1",
        "bucket": NAME,
        "region": "eu-central-1",
        "control": "tls-only",
        "section": Section.POLICY,
        "operation": "put_bucket_policy",
        "outcome": Outcome.APPLIED,
        "at": NOW,
        "trigger": Trigger("direct", "mode apply", automatic=False),
        "before": None,
        "after": policy({"Sid": "S"}),
        "before_sha256": fingerprint(None),
        "after_sha256": fingerprint(policy({"Sid": "S"})),
        "snapshot": "changes/x.json",
    }
    return Change(**{**given, **more})


def test_record_is_read_as_it_was_written() -> None:
    """The row has all that an undo needs."""
    for made in (change(), change(identifier="all", reason="because", trigger=Trigger("a", "b"))):
        assert changes.from_row(changes.to_row(made)) == made


def test_setting_too_long_for_an_event_is_in_the_snapshot_alone() -> None:
    """Events and rows have limits; the hashes still tell."""
    long = {"Rules": ["x" * 100_000]}
    made = change(before=long, after=long)

    assert len(json.dumps(changes.to_event_detail(made))) < 10_000
    assert len(json.dumps(changes.to_row(made))) < 10_000


def test_change_id_finds_its_bucket() -> None:
    """An undo names the change alone: the id begins with the bucket."""
    made = changes.new_id("my.old-bucket", NOW, "0123abcd")

    assert changes.bucket_of(made) == "my.old-bucket"
    assert changes.new_id("(account)", NOW, "x").startswith("(account):")
