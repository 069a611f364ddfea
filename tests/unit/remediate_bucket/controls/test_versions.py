"""Versions are kept, retained and, where somebody asked for it, deleted in time."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.remediate_bucket.bucket_state import BucketState
from functions.remediate_bucket.control import Compliance, Control
from functions.remediate_bucket.controls import (
    incomplete_uploads_aborted,
    mfa_delete,
    noncurrent_versions_expire,
    object_lock_default,
    versioning,
)
from tests.unit.remediate_bucket.buckets import PROFILE, bucket
from tests.unit.remediate_bucket.judging import (
    COMPLIANT,
    NON_COMPLIANT,
    NOT_APPLICABLE,
    UNKNOWN,
    advised,
    judged,
    planned,
)

VERSIONING = versioning.CONTROL
MFA = mfa_delete.CONTROL
EXPIRE = noncurrent_versions_expire.CONTROL
ABORT = incomplete_uploads_aborted.CONTROL
LOCK = object_lock_default.CONTROL

ON = {"Status": "Enabled"}
MFA_ON = {"Status": "Enabled", "MFADelete": "Enabled"}
ABORT_RULE = {
    "ID": "theirs",
    "Status": "Enabled",
    "Filter": {},
    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
}
EXPIRE_RULE = {
    "ID": "theirs",
    "Status": "Enabled",
    "Filter": {"Prefix": ""},
    "NoncurrentVersionExpiration": {"NoncurrentDays": 365},
}
FOR_LOGS = {"Prefix": "logs/"}


def lifecycle(*rules: dict[str, Any], minimum: str | None = None) -> dict[str, Any]:
    """Return a lifecycle of these rules."""
    size = {"TransitionDefaultMinimumObjectSize": minimum} if minimum else {}
    return {"Rules": list(rules), **size}


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (ON, COMPLIANT),
        (MFA_ON, COMPLIANT),
        ({"Status": "Suspended"}, NON_COMPLIANT),
        ({}, NON_COMPLIANT),
    ],
)
def test_versioning_is_on_or_not(setting: dict[str, str], expected: Compliance) -> None:
    """Suspended keeps no new versions."""
    assert judged(VERSIONING, bucket(versioning=setting)) is expected


def test_suspended_versioning_is_told_from_none() -> None:
    """A suspended bucket still has the versions of before."""
    suspended = VERSIONING.evaluate(bucket(versioning={"Status": "Suspended"}), PROFILE)
    assert suspended.reason == "versioning is suspended"
    assert VERSIONING.evaluate(bucket(), PROFILE).reason == "versioning was never on"


@pytest.mark.parametrize("setting", [{}, {"Status": "Suspended", "MFADelete": "Disabled"}])
def test_versioning_is_turned_on_without_a_word_on_mfa_delete(setting: dict[str, str]) -> None:
    """To name MFA delete, even as it is, takes the root user."""
    arguments = planned(VERSIONING, bucket(versioning=setting))
    assert arguments == {"VersioningConfiguration": {"Status": "Enabled"}}


@pytest.mark.parametrize(
    ("control", "setting"),
    [(MFA, ON), (VERSIONING, {"Status": "Suspended", "MFADelete": "Enabled"})],
)
def test_root_users_command_is_printed(control: Control, setting: dict[str, str]) -> None:
    """What only the root user can do is said in full, with the bucket's name."""
    assert (
        "aws s3api put-bucket-versioning --bucket papers "
        "--versioning-configuration Status=Enabled,MFADelete=Enabled "
        '--mfa "arn:aws:iam::111122223333:mfa/DEVICE CODE"'
    ) in advised(control, bucket(versioning=setting))


def test_mfa_delete_and_lifecycle_rules_rule_each_other_out() -> None:
    """S3 takes the one or the other, so that neither is asked where the other is."""
    assert judged(MFA, bucket(versioning=MFA_ON)) is COMPLIANT
    assert judged(MFA, bucket(versioning=ON, lifecycle=lifecycle(ABORT_RULE))) is NOT_APPLICABLE
    assert judged(ABORT, bucket(versioning=MFA_ON)) is NOT_APPLICABLE
    assert judged(EXPIRE, bucket(versioning=MFA_ON)) is NOT_APPLICABLE


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (ABORT_RULE, COMPLIANT),
        ({**ABORT_RULE, "Filter": {"Prefix": ""}}, COMPLIANT),
        ({**{k: v for k, v in ABORT_RULE.items() if k != "Filter"}, "Prefix": ""}, COMPLIANT),
        ({**ABORT_RULE, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1}}, COMPLIANT),
        (
            {**ABORT_RULE, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 8}},
            NON_COMPLIANT,
        ),
        ({**ABORT_RULE, "Status": "Disabled"}, NON_COMPLIANT),
        ({**ABORT_RULE, "Filter": FOR_LOGS}, NON_COMPLIANT),
        (EXPIRE_RULE, NON_COMPLIANT),
    ],
)
def test_uploads_are_aborted_by_any_rule_for_the_whole_bucket(
    rule: dict[str, Any], expected: Compliance
) -> None:
    """In force, soon enough and for every key, however S3 writes that down."""
    assert judged(ABORT, bucket(lifecycle=lifecycle(rule))) is expected


def test_rule_is_added_after_all_others() -> None:
    """Their rules and the minimum size, which S3 would else set anew, are sent again."""
    theirs = {**EXPIRE_RULE, "Filter": FOR_LOGS}
    state = bucket(lifecycle=lifecycle(theirs, minimum="varies_by_storage_class"))
    assert planned(ABORT, state) == {
        "LifecycleConfiguration": {
            "Rules": [
                theirs,
                {
                    "ID": "tidegate-abort-incomplete-uploads",
                    "Status": "Enabled",
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    "Filter": {"Prefix": ""},
                },
            ]
        },
        "TransitionDefaultMinimumObjectSize": "varies_by_storage_class",
    }


def test_first_rule_leaves_the_minimum_size_to_s3() -> None:
    """Nobody chose one; the rule has the newer form."""
    arguments = planned(ABORT, bucket())
    assert arguments.keys() == {"LifecycleConfiguration"}
    assert arguments["LifecycleConfiguration"]["Rules"][0]["Filter"] == {"Prefix": ""}


def test_rule_takes_the_older_form_beside_rules_of_that_form() -> None:
    """S3 refuses to mix rules with and without a Filter."""
    older = {"ID": "old", "Status": "Enabled", "Prefix": "tmp/", "Expiration": {"Days": 1}}
    sent = planned(ABORT, bucket(lifecycle=lifecycle(older)))["LifecycleConfiguration"]["Rules"]
    assert sent[0] == older
    assert sent[1]["Prefix"] == ""
    assert "Filter" not in sent[1]


def test_altered_rule_of_ours_is_replaced_in_its_place() -> None:
    """The ID is ours, whatever somebody made of the rest."""
    altered = {**ABORT_RULE, "ID": "tidegate-abort-incomplete-uploads", "Status": "Disabled"}
    state = bucket(lifecycle=lifecycle(altered, {**EXPIRE_RULE, "Filter": FOR_LOGS}))
    sent = planned(ABORT, state)["LifecycleConfiguration"]["Rules"]
    assert [rule["ID"] for rule in sent] == ["tidegate-abort-incomplete-uploads", "theirs"]
    assert sent[0]["Status"] == "Enabled"


@pytest.mark.parametrize("control", [ABORT, EXPIRE])
def test_full_lifecycle_is_left_to_a_person(control: Control) -> None:
    """S3 takes 1,000 rules."""
    rule = {"Status": "Enabled", "Filter": FOR_LOGS, "Expiration": {"Days": 1}}
    rules = [{**rule, "ID": str(number)} for number in range(1000)]
    state = bucket(versioning=ON, lifecycle=lifecycle(*rules))
    assert "1000" in advised(control, state)
    assert planned(control, bucket(versioning=ON, lifecycle=lifecycle(*rules[1:])))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (bucket(versioning=ON, lifecycle=lifecycle(EXPIRE_RULE)), COMPLIANT),
        (
            bucket(
                versioning={"Status": "Suspended"},
                lifecycle=lifecycle(
                    {
                        **EXPIRE_RULE,
                        "NoncurrentVersionExpiration": {
                            "NoncurrentDays": 1,
                            "NewerNoncurrentVersions": 3,
                        },
                    }
                ),
            ),
            COMPLIANT,
        ),
        (bucket(versioning=ON), NON_COMPLIANT),
        (bucket(versioning={"Status": "Suspended"}), NON_COMPLIANT),
        (
            bucket(versioning=ON, lifecycle=lifecycle({**EXPIRE_RULE, "Status": "Disabled"})),
            NON_COMPLIANT,
        ),
        # Expiration adds a delete marker and deletes no version.
        (
            bucket(
                versioning=ON,
                lifecycle=lifecycle(
                    {"ID": "e", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 30}}
                ),
            ),
            NON_COMPLIANT,
        ),
        (bucket(versioning={}), NOT_APPLICABLE),
    ],
)
def test_noncurrent_versions_expire_by_any_rule_for_the_whole_bucket(
    state: BucketState, expected: Compliance
) -> None:
    """After whatever time others chose; only versioned buckets have such versions."""
    assert judged(EXPIRE, state) is expected


def test_noncurrent_versions_expire_after_the_profiles_days() -> None:
    """Our own rule follows the profile, also when that changes."""
    state = bucket(versioning=ON)
    rules = planned(EXPIRE, state)["LifecycleConfiguration"]["Rules"]
    assert rules[0]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
    shorter = replace(PROFILE, noncurrent_days=30)
    state = bucket(versioning=ON, lifecycle=lifecycle(*rules))
    changed = planned(EXPIRE, state, shorter)["LifecycleConfiguration"]["Rules"]
    assert changed == [{**rules[0], "NoncurrentVersionExpiration": {"NoncurrentDays": 30}}]


@pytest.mark.parametrize(
    "action",
    [
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 91}},
        {"NoncurrentVersionExpiration": {"NoncurrentDays": 1, "NewerNoncurrentVersions": 5}},
        {"NoncurrentVersionTransitions": [{"NoncurrentDays": 30, "StorageClass": "GLACIER"}]},
    ],
)
def test_versions_that_others_keep_longer_are_not_deleted(action: dict[str, Any]) -> None:
    """Where rules overlap S3 deletes by the earlier one, so that ours would undo theirs."""
    rule = {"ID": "keep", "Status": "Enabled", "Filter": FOR_LOGS, **action}
    assert "keep" in advised(EXPIRE, bucket(versioning=ON, lifecycle=lifecycle(rule)))
    off = {**rule, "Status": "Disabled"}
    assert planned(EXPIRE, bucket(versioning=ON, lifecycle=lifecycle(off)))


def test_versions_that_others_keep_as_long_are_no_obstacle() -> None:
    """A rule for part of the bucket that deletes no later than ours loses nothing by it."""
    rule = {**EXPIRE_RULE, "Filter": FOR_LOGS}
    as_long = {**rule, "NoncurrentVersionExpiration": {"NoncurrentDays": 90}}
    assert planned(EXPIRE, bucket(versioning=ON, lifecycle=lifecycle(as_long)))


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (
            bucket(
                versioning=ON,
                object_lock={
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 7}},
                },
            ),
            COMPLIANT,
        ),
        (bucket(versioning=ON, object_lock={"ObjectLockEnabled": "Enabled"}), NON_COMPLIANT),
        (bucket(versioning=ON), NON_COMPLIANT),
        (bucket(is_log_target=True), NOT_APPLICABLE),
        (bucket(is_log_target=None), UNKNOWN),
    ],
)
def test_retention_of_any_mode_is_left_alone(state: BucketState, expected: Compliance) -> None:
    """Log targets are spared: S3 delivers no access logs under a default retention."""
    assert judged(LOCK, state) is expected


def test_retention_is_set_in_governance_mode() -> None:
    """Those with the permission can lift it, unlike COMPLIANCE."""
    state = bucket(versioning=ON, object_lock={"ObjectLockEnabled": "Enabled"})
    assert planned(LOCK, state, replace(PROFILE, lock_days=30)) == {
        "ObjectLockConfiguration": {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}},
        }
    }


@pytest.mark.parametrize("setting", [{}, {"Status": "Suspended"}])
def test_retention_without_versioning_is_left_to_a_person(setting: dict[str, str]) -> None:
    """Object Lock turns versioning on for good, which is another control's choice."""
    assert "versioning" in advised(LOCK, bucket(versioning=setting))
