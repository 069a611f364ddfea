"""Lifecycle: tiers, retention, old versions, unfinished uploads; no two rules about the same."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import pytest

from tests.contract.cloudformation import Stack
from tests.contract.storage.estate import estate, replica

SWITCHES = [
    dict(
        zip(
            (
                "ArchiveTiering",
                "DataIntelligentTiering",
                "DataLogsRetentionDays",
                "DataNoncurrentDays",
            ),
            values,
            strict=True,
        )
    )
    for values in product(
        ("OFF", "READABLE", "DEEP"), ("OFF", "AUTOMATIC", "ARCHIVE"), ("0", "90"), ("0", "365")
    )
]
STACKS: list[tuple[Stack, str]] = [
    *((estate(**switches), "DataBucket") for switches in SWITCHES),
    (estate(), "DataLogBucket"),
    (replica(), "ReplicaBucket"),
    (replica(ReplicaNoncurrentDays="0"), "ReplicaBucket"),
]


def rules(stack: Stack, bucket: str = "DataBucket") -> dict[str, dict[str, Any]]:
    """Return a bucket's lifecycle rules by id."""
    configured = stack.properties(bucket)["LifecycleConfiguration"]["Rules"]
    assert all(rule["Status"] == "Enabled" for rule in configured)
    return {rule["Id"]: rule for rule in configured}


def _kinds(rule: dict[str, Any]) -> set[str]:
    """Return what S3 calls the types of a rule's actions."""
    kinds = {
        "AbortIncompleteMultipartUpload": "abort",
        "ExpirationInDays": "expiration",
        "ExpiredObjectDeleteMarker": "expiration",
        "NoncurrentVersionExpiration": "noncurrent expiration",
        "Transitions": "transition",
    }
    others = {"Id", "Status", "Prefix", "ObjectSizeGreaterThan"}
    assert set(rule) <= set(kinds) | others
    return {kinds[name] for name in rule if name in kinds}


@pytest.mark.parametrize(("stack", "bucket"), STACKS)
def test_no_two_rules_do_the_same_to_the_same_objects(stack: Stack, bucket: str) -> None:
    """Where prefixes lie within each other, the rules' actions are of different kinds."""
    for one, other in combinations(rules(stack, bucket).values(), 2):
        prefixes = one.get("Prefix", ""), other.get("Prefix", "")
        if prefixes[0].startswith(prefixes[1]) or prefixes[1].startswith(prefixes[0]):
            assert _kinds(one).isdisjoint(_kinds(other)), (one["Id"], other["Id"])


@pytest.mark.parametrize(("stack", "bucket"), STACKS)
def test_interrupted_uploads_are_cleared_away_everywhere(stack: Stack, bucket: str) -> None:
    """Parts of uploads that nobody ended are billed until somebody removes them.

    S3 takes no size beside this action, so that the rule stands alone.
    """
    rule = rules(stack, bucket)["abort-incomplete-uploads"]

    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert "Prefix" not in rule
    assert "ObjectSizeGreaterThan" not in rule


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"ArchiveTiering": "OFF"}, None),
        ({}, [("STANDARD_IA", 30), ("GLACIER_IR", 90)]),
        (
            {"ArchiveTiering": "DEEP"},
            [("STANDARD_IA", 30), ("GLACIER_IR", 90), ("DEEP_ARCHIVE", 180)],
        ),
    ],
)
def test_archive_moves_down_in_order(
    parameters: dict[str, str], expected: list[tuple[str, int]] | None
) -> None:
    """At least thirty days in each class, which are billed anyway; nothing below 128 KiB."""
    rule = rules(estate(**parameters)).get("tier-archive")

    if expected is None:
        assert rule is None
        return
    assert rule is not None
    assert rule["Prefix"] == "archive/"
    assert rule["ObjectSizeGreaterThan"] == "131072"
    moves = [(move["StorageClass"], move["TransitionInDays"]) for move in rule["Transitions"]]
    assert moves == expected


def test_default_deletes_nothing_that_is_current() -> None:
    """The suite deletes nobody's objects unless it is told to."""
    assert all("ExpirationInDays" not in rule for rule in rules(estate()).values())
    assert all(
        "ExpirationInDays" not in rule for rule in rules(replica(), "ReplicaBucket").values()
    )


def test_logs_go_after_their_retention_and_their_versions_later() -> None:
    """In a versioned bucket the first only hides them; the rule for old versions removes them."""
    made = rules(estate(DataLogsRetentionDays="90"))

    assert made["expire-logs"]["Prefix"] == "logs/"
    assert made["expire-logs"]["ExpirationInDays"] == "90"
    assert "NoncurrentVersionExpiration" not in made["expire-logs"]
    assert "Prefix" not in made["expire-noncurrent"]
    # No version of a log is among so many newest ones that stay for ever.
    assert made["expire-noncurrent"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": "365"}


def test_logs_go_for_good_where_all_other_versions_are_kept() -> None:
    """DataNoncurrentDays=0 takes away the rule that would have removed them."""
    made = rules(estate(DataLogsRetentionDays="90", DataNoncurrentDays="0"))

    assert "expire-noncurrent" not in made
    assert made["expire-logs"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": "90"}


def test_old_versions_go_but_for_the_newest_three() -> None:
    """Overwritten by mistake, an object can be had back; for ever it would be billed."""
    made = rules(estate())["expire-noncurrent"]

    assert made["NoncurrentVersionExpiration"] == {
        "NoncurrentDays": "365",
        "NewerNoncurrentVersions": 3,
    }
    assert "expire-noncurrent" not in rules(estate(DataNoncurrentDays="0"))


@pytest.mark.parametrize(("days", "cleared"), [("0", True), ("90", False)])
def test_delete_markers_of_nothing_are_cleared_where_no_other_expiration_is(
    days: str, cleared: bool
) -> None:
    """S3 may refuse two expirations whose prefixes overlap, so that one of them gives way."""
    rule = rules(estate(DataLogsRetentionDays=days))["expire-noncurrent"]

    assert ("ExpiredObjectDeleteMarker" in rule) is cleared


def test_log_bucket_forgets_after_its_retention() -> None:
    """Expiration alone only adds delete markers in a versioned bucket."""
    rule = rules(estate(AccessLogRetentionDays="30"), "DataLogBucket")["expire"]

    assert rule["ExpirationInDays"] == "30"
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
