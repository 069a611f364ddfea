"""Logs in the deployed suite: scanned, compressed, deleted, queried."""

from __future__ import annotations

import gzip
import json
from typing import Any
from uuid import uuid4

import pytest

from local import log_lines, log_query, samples
from local.demo.logs import entry_of
from local.demo.uploads import set_consuming
from local.deployment import Stack
from tests.e2e.uploads import Put, Uploads, eventually

LINES = log_lines.at_least(log_lines.access_lines(), 400_000)
SECONDS = 90.0


def entry(stack: Stack, put: Put) -> dict[str, Any]:
    """Return what became of the log; fail where nothing is told."""
    assert put.version is not None
    told = entry_of(stack, put.key, put.version, SECONDS)
    assert told, f"nothing was told of {put}"
    return told


def archived(stack: Stack, told: dict[str, Any]) -> bytes:
    """Return what the copy unpacks to."""
    copy = told["copy"]
    answer = stack.client("s3").get_object(
        Bucket=copy["bucket"], Key=copy["key"], VersionId=copy["versionId"]
    )
    return gzip.decompress(answer["Body"].read())


def invoke(stack: Stack, event: dict[str, Any]) -> dict[str, Any]:
    """Invoke the function directly and return its answer."""
    answer = stack.client("lambda").invoke(
        FunctionName=stack.output("CompressLogFunctionName"), Payload=json.dumps(event)
    )
    payload: dict[str, Any] = json.loads(answer["Payload"].read())
    return payload


def declared_clean(stack: Stack, put: Put, size: int) -> None:
    """Record a clean verdict on an object that is larger than the local scanner takes."""
    stack.client("dynamodb").put_item(
        TableName=stack.output("LedgerTableName"),
        Item={
            "object": {"S": f"{put.bucket}/{put.key}"},
            "version": {"S": put.version or "null"},
            "etag": {"S": put.etag},
            "status": {"S": "NO_THREATS_FOUND"},
            "scannedAt": {"S": "2026-11-25T00:00:00+00:00"},
            "bytes": {"N": str(size)},
        },
    )
    tags = [{"Key": "scan-status", "Value": "NO_THREATS_FOUND"}]
    stack.client("s3").put_object_tagging(**put.selector, Tagging={"TagSet": tags})


def test_clean_log_is_compressed_and_its_original_deleted(stack: Stack, uploads: Uploads) -> None:
    """Upload, verdict, copy in its partition, deletion: nobody did anything but upload."""
    put = uploads.put("access-2026-11-25.log", LINES, Metadata={"owner": "harbour"})
    told = entry(stack, put)

    assert told["outcome"] == "ARCHIVED"
    assert told["copy"]["partition"] == "year=2026/month=11/day=25"
    assert archived(stack, told) == LINES
    assert not uploads.exists(put)
    head = stack.client("s3").head_object(Bucket=told["copy"]["bucket"], Key=told["copy"]["key"])
    assert head["Metadata"]["owner"] == "harbour"
    assert head["Metadata"]["tidegate-version"] == put.version


@pytest.mark.parametrize(
    ("body", "outcome"),
    [(b"", "EMPTY"), (b"one line\n", "WOULD_GROW"), (gzip.compress(LINES), "ALREADY_COMPRESSED")],
    ids=["empty", "one line", "gzip"],
)
def test_log_that_gains_nothing_is_left(
    stack: Stack, uploads: Uploads, body: bytes, outcome: str
) -> None:
    """Scanned, looked at, recorded, and left where it is."""
    put = uploads.put("app-20261125.log", body)

    assert entry(stack, put)["outcome"] == outcome
    assert uploads.exists(put)


def test_infected_log_never_gets_into_the_archive(stack: Stack, uploads: Uploads) -> None:
    """Its verdict sends it to quarantine; asked directly, the function cannot even read it."""
    with uploads.scanning_paused():
        put = uploads.put("infected-2026-11-25.log", samples.eicar())
        unscanned = invoke(stack, {"bucket": put.bucket, "key": put.key})
    assert eventually(lambda: (uploads.row(put) or {}).get("status") == {"S": "THREATS_FOUND"})
    scanned = invoke(stack, {"bucket": put.bucket, "key": put.key, "versionId": put.version})

    assert unscanned["archive"]["outcome"] in {"UNREADABLE", "NOT_CLEAN"}
    assert scanned["archive"]["outcome"] in {"UNREADABLE", "NOT_CLEAN", "GONE"}
    assert unscanned["archive"]["copy"] is scanned["archive"]["copy"] is None


def test_other_keys_are_left_alone(stack: Stack, uploads: Uploads) -> None:
    """A clean object that is no log stays, and is refused when it is asked for directly."""
    put = uploads.put("page-2026-11-25.html", LINES)
    assert eventually(lambda: uploads.tags(put).get("scan-status") == "NO_THREATS_FOUND")

    answer = invoke(stack, {"bucket": put.bucket, "key": put.key})

    assert "ends in none of .log" in answer["errorMessage"]
    assert uploads.exists(put)
    assert "archive" not in (uploads.row(put) or {})


def test_log_of_200_megabytes_goes_in_parts(stack: Stack, uploads: Uploads) -> None:
    """Through the deployed function in its own process; every byte is there again."""
    content = log_lines.at_least(log_lines.application_lines(), 8_000_000) * 25
    put = uploads.put("application-2026-11-25.log", content)
    # The local scanner takes 25 MiB at most, and says so.
    assert eventually(lambda: uploads.tags(put).get("scan-status") == "UNSUPPORTED")
    declared_clean(stack, put, len(content))

    answer = invoke(stack, {"bucket": put.bucket, "key": put.key, "versionId": put.version})

    assert answer["archive"]["outcome"] == "ARCHIVED"
    assert answer["archive"]["copy"]["bytes"] == len(content) > 200_000_000
    assert archived(stack, answer["archive"]) == content
    assert not uploads.exists(put)


def test_duplicate_events_at_once_make_one_copy(stack: Stack, uploads: Uploads) -> None:
    """Five messages about one log: one object in the archive, told as archived."""
    set_consuming(stack, "CompressLogFunctionName", enabled=False)
    put = uploads.put("duplicate-2026-11-25.log", LINES)
    body = json.dumps({"bucket": put.bucket, "key": put.key, "versionId": put.version})
    assert eventually(lambda: uploads.tags(put).get("scan-status") == "NO_THREATS_FOUND")
    stack.client("sqs").send_message_batch(
        QueueUrl=stack.output("CompressLogQueueUrl"),
        Entries=[{"Id": str(number), "MessageBody": body} for number in range(5)],
    )
    set_consuming(stack, "CompressLogFunctionName", enabled=True)
    told = entry(stack, put)

    assert told["outcome"] == "ARCHIVED"
    folder = told["copy"]["key"].rpartition("/")[0]
    versions = stack.client("s3").list_object_versions(
        Bucket=told["copy"]["bucket"], Prefix=f"{folder}/duplicate-2026-11-25"
    )["Versions"]
    assert [version["Key"] for version in versions].count(told["copy"]["key"]) == 1


def test_query_finds_exactly_the_lines_that_were_uploaded(stack: Stack, uploads: Uploads) -> None:
    """By the deployed table, over the objects of the archive, and of no other day."""
    mark = uuid4().hex
    lines = [f"2026-11-23T00:00:{n % 60:02}Z {mark} line {n} ünïcode" for n in range(20_000)]
    put = uploads.put("query-2026-11-23.log", "\n".join(lines).encode())
    assert entry(stack, put)["outcome"] == "ARCHIVED"

    def found(day: str) -> list[str]:
        rows = log_query.run(
            stack,
            "SELECT line FROM logs WHERE year = '2026' AND month = '11' "
            f"AND day = '{day}' AND line LIKE '%{mark}%'",
        )
        return sorted(line for (line,) in rows)

    assert found("23") == sorted(lines)
    assert found("22") == []


def test_workgroup_limits_what_a_query_may_scan(stack: Stack) -> None:
    """The deployed workgroup enforces its limit and its place for results."""
    answer = stack.client("athena").get_work_group(WorkGroup=stack.output("AthenaWorkGroupName"))
    configured = answer["WorkGroup"]["Configuration"]

    assert configured["EnforceWorkGroupConfiguration"] in (True, "true")
    assert int(configured["BytesScannedCutoffPerQuery"]) == 10 * 1024**3
    assert configured["ResultConfiguration"]["OutputLocation"].endswith("/athena/")


def test_nobody_else_writes_the_archive(stack: Stack) -> None:
    """Other functions' roles have nothing there; the policy that says so is deployed."""
    answer = stack.client("s3").get_bucket_policy(Bucket=stack.output("ArchiveBucketName"))
    (statement,) = json.loads(answer["Policy"])["Statement"]

    assert statement["Sid"] == "OnlyCompressLogWrites"
    assert statement["Effect"] == "Deny"
