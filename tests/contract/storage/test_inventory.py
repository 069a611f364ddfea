"""Inventory: delivered where its policy lets it, and read by Athena where it was delivered."""

from __future__ import annotations

import re

import pytest

from tests.contract.storage.estate import ACCOUNT, DATA, DATA_BUCKET, LOGS, OTHER_ACCOUNT, estate
from tests.contract.storage.iam import Evaluator, Request

STACK = estate(DataInventory="Daily")
(CONFIGURATION,) = STACK.properties("DataBucket")["InventoryConfigurations"]
TABLE = STACK.properties("InventoryTable")["TableInput"]
OWNED = {
    "aws:SourceArn": DATA,
    "aws:SourceAccount": ACCOUNT,
    "s3:x-amz-acl": "bucket-owner-full-control",
}


def test_nothing_is_listed_unless_asked_for() -> None:
    """Off by default: no configuration, no table, no leave to write."""
    plain = estate()

    assert "InventoryConfigurations" not in plain.properties("DataBucket")
    assert not plain.exists("Resources", "InventoryDatabase")
    assert not plain.exists("Resources", "InventoryTable")
    assert not plain.exists("Outputs", "InventoryTableName")
    sids = [item["Sid"] for item in plain.policy("DataLogBucketPolicy")["Statement"]]
    assert "S3DeliversInventories" not in sids


@pytest.mark.parametrize("frequency", ["Daily", "Weekly"])
def test_inventory_lists_all_versions_in_parquet(frequency: str) -> None:
    """Into the log bucket, never into the bucket it lists."""
    (made,) = estate(DataInventory=frequency).properties("DataBucket")["InventoryConfigurations"]

    assert (made["Enabled"], made["IncludedObjectVersions"]) == (True, "All")
    assert made["ScheduleFrequency"] == frequency
    assert made["Destination"] == {
        "BucketArn": LOGS,
        "BucketAccountId": ACCOUNT,
        "Format": "Parquet",
        "Prefix": "inventory",
    }


@pytest.mark.parametrize(
    ("principal", "key", "context", "allowed"),
    [
        ("s3.amazonaws.com", f"inventory/{DATA_BUCKET}/all-versions/data/1.parquet", OWNED, True),
        ("s3.amazonaws.com", f"access/{DATA_BUCKET}/x", OWNED, False),
        (
            "s3.amazonaws.com",
            "inventory/x",
            {**OWNED, "aws:SourceArn": "arn:aws:s3:::somebody-elses"},
            False,
        ),
        ("s3.amazonaws.com", "inventory/x", {**OWNED, "aws:SourceAccount": OTHER_ACCOUNT}, False),
        ("s3.amazonaws.com", "inventory/x", {**OWNED, "s3:x-amz-acl": "private"}, False),
        ("s3.amazonaws.com", "inventory/x", {}, False),
        ("logging.s3.amazonaws.com", "inventory/x", OWNED, False),
        (f"arn:aws:iam::{OTHER_ACCOUNT}:role/X", "inventory/x", OWNED, False),
    ],
)
def test_s3_delivers_inventories_of_this_bucket_alone(
    iam: Evaluator, principal: str, key: str, context: dict[str, str], allowed: bool
) -> None:
    """For this bucket of this account, under the inventory's prefix."""
    request = Request(principal, "s3:PutObject", f"{LOGS}/{key}", context)

    assert iam.allowed_by(STACK.policy("DataLogBucketPolicy"), request) == (
        ["S3DeliversInventories"] if allowed else []
    )


def test_table_reads_where_the_inventory_is_delivered() -> None:
    """S3 writes prefix/bucket/id/hive/dt=…/symlink.txt, a list of Parquet files."""
    destination = CONFIGURATION["Destination"]
    storage = TABLE["StorageDescriptor"]

    assert storage["Location"] == (
        f"s3://datalogbucket/{destination['Prefix']}/{DATA_BUCKET}/{CONFIGURATION['Id']}/hive/"
    )
    assert storage["InputFormat"].endswith(".SymlinkTextInputFormat")
    assert storage["SerdeInfo"]["SerializationLibrary"].endswith(".ParquetHiveSerDe")
    assert TABLE["TableType"] == "EXTERNAL_TABLE"


def test_table_has_a_column_for_each_field() -> None:
    """The fixed ones of an inventory of versions, and the optional ones that are asked for."""
    fixed = ["bucket", "key", "version_id", "is_latest", "is_delete_marker"]
    optional = [
        # S3's own names: ETag is e_tag.
        re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=^E)(?=Tag)", "_", field).lower()
        for field in CONFIGURATION["OptionalFields"]
    ]

    columns = [column["Name"] for column in TABLE["StorageDescriptor"]["Columns"]]
    assert columns == fixed + optional


def test_partitions_are_projected() -> None:
    """Athena knows the partitions without anybody adding them: one an hour at the most."""
    parameters = TABLE["Parameters"]

    assert TABLE["PartitionKeys"] == [{"Name": "dt", "Type": "string"}]
    assert parameters["projection.enabled"] == "true"
    assert parameters["projection.dt.format"] == "yyyy-MM-dd-HH-mm"
    start, end = parameters["projection.dt.range"].split(",")
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}-00-00", start)
    assert end == "NOW"
    assert parameters["projection.dt.interval.unit"] == "HOURS"


def test_database_has_a_name_that_athena_takes() -> None:
    """Small letters, digits and underscores, another for each stack; the output names both."""
    name = STACK.properties("InventoryDatabase")["DatabaseInput"]["Name"]

    assert re.fullmatch(r"[a-z0-9_]+", name)
    assert STACK.output("InventoryTableName") == f"{name}.inventory"
