"""Storage Lens: levels that agree with each other, and an export that its policy lets in."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.storage.estate import ACCOUNT, DATA, LOGS, OTHER_ACCOUNT, estate
from tests.contract.storage.iam import Evaluator, Request

PREFIX = f"storage-lens/StorageLens/{ACCOUNT}"


def configuration(level: str) -> dict[str, Any]:
    """Return the configuration with this level of metrics."""
    made = estate(DataStorageLens=level).properties("StorageLens")["StorageLensConfiguration"]
    assert isinstance(made, dict)
    return made


def test_there_is_no_lens_unless_asked_for() -> None:
    """Off by default, and then nothing may write its export."""
    sids = [item["Sid"] for item in estate().policy("DataLogBucketPolicy")["Statement"]]

    assert not estate().exists("Resources", "StorageLens")
    assert "StorageLensExports" not in sids


def test_free_lens_asks_for_no_metrics_that_are_paid_for() -> None:
    """Neither for the account nor for its buckets."""
    assert configuration("FREE")["AccountLevel"] == {"BucketLevel": {}}


def test_advanced_metrics_are_the_same_for_account_and_buckets() -> None:
    """AWS rejects those of the account without those of its buckets."""
    level = configuration("ADVANCED")["AccountLevel"]
    buckets = level["BucketLevel"]
    account = {name: value for name, value in level.items() if name != "BucketLevel"}

    assert account == buckets
    assert set(account) == {
        "ActivityMetrics",
        "AdvancedCostOptimizationMetrics",
        "AdvancedDataProtectionMetrics",
        "DetailedStatusCodesMetrics",
    }
    assert all(value == {"IsEnabled": True} for value in account.values())


@pytest.mark.parametrize("level", ["FREE", "ADVANCED"])
def test_lens_exports_into_the_log_bucket(level: str) -> None:
    """Each day, in Parquet, encrypted as the bucket is."""
    made = configuration(level)

    assert made["IsEnabled"] is True
    assert made["DataExport"] == {
        "S3BucketDestination": {
            "AccountId": ACCOUNT,
            "Arn": LOGS,
            "Prefix": "storage-lens",
            "Format": "Parquet",
            "OutputSchemaVersion": "V_1",
            "Encryption": {"SSES3": {}},
        }
    }


LENS = f"arn:aws:s3:eu-central-1:{ACCOUNT}:storage-lens/tidegate-0123456789ab"
OWNED = {
    "aws:SourceArn": LENS,
    "aws:SourceAccount": ACCOUNT,
    "s3:x-amz-acl": "bucket-owner-full-control",
}


@pytest.mark.parametrize(
    ("principal", "key", "context", "allowed"),
    [
        ("storage-lens.s3.amazonaws.com", f"{PREFIX}/V_1/x.parquet", OWNED, True),
        ("storage-lens.s3.amazonaws.com", "inventory/x", OWNED, False),
        (
            "storage-lens.s3.amazonaws.com",
            f"{PREFIX}/x",
            {**OWNED, "aws:SourceAccount": OTHER_ACCOUNT},
            False,
        ),
        ("storage-lens.s3.amazonaws.com", f"{PREFIX}/x", {**OWNED, "aws:SourceArn": DATA}, False),
        ("s3.amazonaws.com", f"{PREFIX}/x", OWNED, False),
    ],
)
def test_this_lens_alone_exports(
    iam: Evaluator, principal: str, key: str, context: dict[str, str], allowed: bool
) -> None:
    """The configuration's own id is the source that the policy names."""
    policy = estate(DataStorageLens="FREE").policy("DataLogBucketPolicy")
    request = Request(principal, "s3:PutObject", f"{LOGS}/{key}", context)

    assert LENS.rsplit("/", 1)[-1] == configuration("FREE")["Id"]
    assert iam.allowed_by(policy, request) == (["StorageLensExports"] if allowed else [])
