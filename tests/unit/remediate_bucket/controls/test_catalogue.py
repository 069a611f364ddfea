"""The controls as a whole: all of the table, each in its file, with what it needs and no more."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

import pytest
from hypothesis import given, settings

from functions.remediate_bucket import controls
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import (
    Call,
    Compliance,
    Control,
    Mode,
    Profile,
    References,
    no_plan,
)
from tests.unit.remediate_bucket import strategies

A, O, R = Mode.AUTOMATIC, Mode.OPT_IN, Mode.REPORT_ONLY  # noqa: E741 (the table's own letters)

# In the order of reporting and applying: what FSBP, CIS 5.0 and AWS Config call it, and the mode.
TABLE: Mapping[str, tuple[str | None, str | None, str | None, Mode]] = {
    "account-public-access-block": (
        "S3.1",
        "2.1.4",
        "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC",
        O,
    ),
    "bucket-public-access-block": (
        "S3.8",
        "2.1.4",
        "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED",
        A,
    ),
    "no-public-read": ("S3.2", None, "S3_BUCKET_PUBLIC_READ_PROHIBITED", A),
    "no-public-write": ("S3.3", None, "S3_BUCKET_PUBLIC_WRITE_PROHIBITED", A),
    "tls-only": ("S3.5", "2.1.1", "S3_BUCKET_SSL_REQUESTS_ONLY", A),
    "tls-1-2-or-later": (None, None, None, O),
    "no-risky-cross-account-actions": (
        "S3.6",
        None,
        "S3_BUCKET_BLACKLISTED_ACTIONS_PROHIBITED",
        O,
    ),
    "acls-disabled": ("S3.12", None, "S3_BUCKET_ACL_PROHIBITED", O),
    "default-encryption": (None, None, "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", A),
    "kms-with-bucket-key": ("S3.17", None, "S3_DEFAULT_ENCRYPTION_KMS", O),
    "sse-c-blocked": (None, None, None, O),
    "wrong-encryption-denied": (None, None, None, O),
    "versioning": ("S3.14", None, "S3_BUCKET_VERSIONING_ENABLED", O),
    "mfa-delete": ("S3.20", "2.1.2", "S3_BUCKET_MFA_DELETE_ENABLED", R),
    "noncurrent-versions-expire": ("S3.10", None, "S3_VERSION_LIFECYCLE_POLICY_CHECK", O),
    "incomplete-uploads-aborted": ("S3.13", None, "S3_LIFECYCLE_POLICY_CHECK", A),
    "access-logging": ("S3.9", "3.4", "S3_BUCKET_LOGGING_ENABLED", A),
    "log-target-healthy": (None, None, None, A),
    "eventbridge-events-on": ("S3.11", None, "S3_EVENT_NOTIFICATIONS_ENABLED", O),
    "object-lock-default": ("S3.15", None, "S3_BUCKET_DEFAULT_LOCK_ENABLED", O),
    "replication": ("S3.7", None, "S3_BUCKET_CROSS_REGION_REPLICATION_ENABLED", R),
    "intelligent-tiering": (None, None, None, O),
    "inventory": (None, None, None, O),
    "request-metrics": (None, None, None, O),
    "access-point-public-access": ("S3.19", None, "S3_ACCESS_POINT_PUBLIC_ACCESS_BLOCKS", R),
    "object-level-trail": (
        "S3.22, S3.23",
        "3.8, 3.9",
        "CLOUDTRAIL_ALL_WRITE/READ_S3_DATA_EVENT_CHECK",
        R,
    ),
    "required-tags": (None, None, "S3_BUCKET_TAGGED", O),
}

# Which permission AWS asks for, where it is not named like the operation:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
ACTIONS: Mapping[tuple[str, bool], str] = {
    ("put_public_access_block", True): "s3:PutAccountPublicAccessBlock",
    ("put_public_access_block", False): "s3:PutBucketPublicAccessBlock",
    ("put_bucket_policy", False): "s3:PutBucketPolicy",
    ("put_bucket_ownership_controls", False): "s3:PutBucketOwnershipControls",
    ("put_bucket_encryption", False): "s3:PutEncryptionConfiguration",
    ("put_bucket_versioning", False): "s3:PutBucketVersioning",
    ("put_bucket_lifecycle_configuration", False): "s3:PutLifecycleConfiguration",
    ("put_bucket_logging", False): "s3:PutBucketLogging",
    ("put_bucket_notification_configuration", False): "s3:PutBucketNotification",
    ("put_object_lock_configuration", False): "s3:PutBucketObjectLockConfiguration",
    ("put_bucket_intelligent_tiering_configuration", False): (
        "s3:PutIntelligentTieringConfiguration"
    ),
    ("put_bucket_inventory_configuration", False): "s3:PutInventoryConfiguration",
    ("put_bucket_metrics_configuration", False): "s3:PutMetricsConfiguration",
    ("put_bucket_tagging", False): "s3:PutBucketTagging",
}


def action(call: Call) -> str:
    """Return the permission that a call needs."""
    return ACTIONS[call.operation, call.section is Section.ACCOUNT_PUBLIC_ACCESS_BLOCK]


def test_every_module_holds_the_control_of_its_name() -> None:
    """One file per control: its id is the file's name, and `ALL` leaves none out."""
    names = [module.name for module in pkgutil.iter_modules(controls.__path__)]
    found = {name: importlib.import_module(f"{controls.__name__}.{name}").CONTROL for name in names}
    assert {name.replace("_", "-"): control.id for name, control in found.items()} == {
        control.id: control.id for control in controls.ALL
    }
    assert all(control in controls.ALL for control in found.values())


def test_all_of_the_table_is_there_in_its_order() -> None:
    """Ids, references and modes are those that were agreed."""
    assert {
        control.id: (
            control.references.fsbp,
            control.references.cis,
            control.references.config_rule,
            control.mode,
        )
        for control in controls.ALL
    } == TABLE
    assert [control.id for control in controls.ALL] == list(TABLE)


@pytest.mark.parametrize("control", controls.ALL, ids=lambda control: control.id)
def test_report_only_controls_have_neither_plan_nor_permission(control: Control) -> None:
    """What must not be changed cannot be; what may be changed says by which permission."""
    is_report_only = control.mode is Mode.REPORT_ONLY
    assert (control.plan is no_plan) == is_report_only
    assert bool(control.actions) != is_report_only
    assert control.title
    assert control.sections
    assert isinstance(control.references, References)


def test_actions_are_those_of_the_calls() -> None:
    """Over many buckets each control makes calls, and they need exactly what it declares."""
    needed: dict[str, set[str]] = {control.id: set() for control in controls.ALL}

    @settings(max_examples=300, derandomize=True, database=None)
    @given(strategies.states(), strategies.profiles())
    def collect(state: BucketState, profile: Profile) -> None:
        for control in controls.ALL:
            if control.evaluate(state, profile).compliance is Compliance.NON_COMPLIANT:
                needed[control.id] |= {action(call) for call in control.plan(state, profile)}

    collect()
    assert needed == {control.id: set(control.actions) for control in controls.ALL}
