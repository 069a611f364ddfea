"""Asks the archive of the local stack what Athena would be asked on AWS.

The embedded Athena answers only where DuckDB is installed beside it, so DuckDB is asked here
itself: over the very objects of the archive, in the layout and with the columns that the deployed
Glue table gives.
"""

import tempfile
from pathlib import Path
from typing import Any

import duckdb

from local.deployment import Stack
from local.errors import LocalError

# Hive's own delimiter. No line of the local logs has it; on AWS the column takes the rest anyway.
_DELIMITER = "\x01"


class NoFilesError(LocalError):
    """The archive has no logs yet, and DuckDB reads no empty table."""


def run(stack: Stack, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query on the table `logs`, as its owner would write it for Athena.

    Raises NoFilesError while there are no logs.
    """
    table = stack.client("glue").get_table(
        DatabaseName=stack.output("LogDatabaseName"), Name=stack.output("LogTableName")
    )["Table"]
    bucket, _, prefix = table["StorageDescriptor"]["Location"].removeprefix("s3://").partition("/")
    with tempfile.TemporaryDirectory(prefix="logs-") as folder:
        _download(stack, bucket, prefix, Path(folder))
        return over_files(Path(folder), table, sql)


def over_files(folder: Path, table: dict[str, Any], sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query on files that lie under `folder` as under the table's location."""
    pattern = "/".join([*(f"{key['Name']}=*" for key in table["PartitionKeys"]), "*"])
    if not any(folder.glob(pattern)):
        raise NoFilesError(f"No object lies in the partitions of {table['Name']}.")
    (column,) = table["StorageDescriptor"]["Columns"]
    keys = {key["Name"]: "VARCHAR" for key in table["PartitionKeys"]}
    with duckdb.connect(":memory:") as database:
        reader = database.read_csv(
            f"{folder}/{pattern}",
            header=False,
            delimiter=_DELIMITER,
            quotechar="",
            escapechar="",
            columns={column["Name"]: "VARCHAR"},
            hive_partitioning=True,
            hive_types=keys,
            auto_detect=False,
            strict_mode=False,
        )
        reader.create_view(table["Name"])
        return database.execute(sql).fetchall()


def _download(stack: Stack, bucket: str, prefix: str, folder: Path) -> None:
    s3 = stack.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    for page in pages:
        for item in page.get("Contents", ()):
            path = folder / item["Key"].removeprefix(prefix)
            path.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, item["Key"], str(path))
