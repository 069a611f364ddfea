"""The demo's log: uploaded, scanned, compressed into its partition, its original gone, queried."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import ClientError
from rich.console import Console
from rich.table import Table

from local import log_lines, log_query
from local.deployment import Stack

_KEY = "web/access-2026-11-25.log"
_SIZE_BYTES = 8_000_000
_SECONDS = 60.0
_PARTITION = "year=2026/month=11/day=25"
_QUERY = (
    "SELECT count(*) FROM logs WHERE year = '2026' AND month = '11' AND day = '25' "
    """AND line LIKE '%HTTP/1.1" 500 %'"""
)


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of the log: the ledger's entry, whether the original is gone, what was found."""

    entry: Mapping[str, Any]
    original_gone: bool
    found: int
    expected: int

    @property
    def correct(self) -> bool:
        """Whether it is in its partition alone, smaller, and the query finds what was uploaded."""
        copy = self.entry.get("copy", {})
        return (
            self.entry.get("outcome") == "ARCHIVED"
            and self.original_gone
            and copy["partition"] == _PARTITION
            and copy["compressedBytes"] < copy["bytes"]
            and self.found == self.expected
        )


def show(console: Console, stack: Stack) -> int:
    """Upload a log, print what becomes of it; return 0 where all went as it must, else 1."""
    content = log_lines.at_least(log_lines.access_lines(), _SIZE_BYTES)
    before = _found(stack)
    uploaded = stack.client("s3").put_object(
        Bucket=stack.output("UploadsBucketName"), Key=_KEY, Body=content, ContentType="text/plain"
    )
    entry = entry_of(stack, _KEY, uploaded["VersionId"], _SECONDS)
    fate = Fate(
        entry,
        not _exists(stack, uploaded["VersionId"]),
        # The archive may hold the same log from an earlier demo.
        _found(stack) - before,
        content.count(b'HTTP/1.1" 500 '),
    )
    _show(console, fate)
    return 0 if fate.correct else 1


def entry_of(stack: Stack, key: str, version_id: str, seconds: float) -> dict[str, Any]:
    """Return what the ledger says compress_log did, once it has been told; {} if it never is."""
    deadline = time.monotonic() + seconds
    row = {
        "object": {"S": f"{stack.output('UploadsBucketName')}/{key}"},
        "version": {"S": version_id},
    }
    while time.monotonic() < deadline:
        answer = stack.client("dynamodb").get_item(
            TableName=stack.output("LedgerTableName"), Key=row, ConsistentRead=True
        )
        told = answer.get("Item", {}).get("archive")
        entry: dict[str, Any] = TypeDeserializer().deserialize(told) if told else {}
        if "publishedAt" in entry:
            return entry
        time.sleep(0.2)
    return {}


def _found(stack: Stack) -> int:
    try:
        return int(log_query.run(stack, _QUERY)[0][0])
    except log_query.NoFilesError:
        return 0


def _exists(stack: Stack, version_id: str) -> bool:
    try:
        stack.client("s3").head_object(
            Bucket=stack.output("UploadsBucketName"), Key=_KEY, VersionId=version_id
        )
    except ClientError:
        return False
    return True


def _show(console: Console, fate: Fate) -> None:
    copy = fate.entry.get("copy")
    if not copy:
        console.print(f"[bold red]✗ {_KEY} was not compressed:[/] {fate.entry or 'no word came'}")
        return
    mark = "[green]✓[/]" if fate.correct else "[bold red]✗[/]"
    table = Table(title="What became of a log", show_header=False, padding=(0, 1, 0, 1))
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    plain, packed = int(copy["bytes"]), int(copy["compressedBytes"])
    table.add_row("Uploaded", f"{_KEY}, {plain:,} bytes; scanned, NO_THREATS_FOUND")
    table.add_row("Compressed", f"{packed:,} bytes, {plain / packed:.1f} times smaller (gzip)")
    table.add_row("Partition", f"[cyan]{copy['partition']}[/]")
    table.add_row("Archive", f"s3://{copy['bucket']}/{copy['key']} ({copy['storageClass']})")
    table.add_row(
        "Original", "deleted, after the copy was proven" if fate.original_gone else "here"
    )
    table.add_row("Query", _QUERY)
    table.add_row("Answer", f"{fate.found} lines; {fate.expected} were uploaded {mark}")
    console.print(table)
