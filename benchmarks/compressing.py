"""What the cases of compress_log work with: its process, and logs that were found clean."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import artifacts, events
from benchmarks.bench import Bench
from benchmarks.children import Answer, Child, child
from benchmarks.errors import BenchmarkError
from benchmarks.resources import Item
from local.paths import REPOSITORY


@contextmanager
def compressor(bench: Bench) -> Iterator[Child]:
    """Start a process with compress_log's handler as it was built."""
    build, server = bench.artifacts.build, bench.resources.server
    path = (build / "CompressLogFunction", build / "SharedLayer" / "python", REPOSITORY)
    environment = {
        **artifacts.base_environment(),
        **server.variables,
        "PYTHONPATH": os.pathsep.join(map(str, path)),
        "AWS_REGION": server.variables["AWS_DEFAULT_REGION"],
        "AWS_LAMBDA_FUNCTION_NAME": "compress_log",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "LAMBDA_TASK_ROOT": str(build / "CompressLogFunction"),
        "_X_AMZN_TRACE_ID": (
            "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"
        ),
        "POWERTOOLS_SERVICE_NAME": "compress_log",
        "POWERTOOLS_METRICS_NAMESPACE": "Tidegate",
        "POWERTOOLS_LOG_LEVEL": "INFO",
        "COMPRESS_LOGS": "AFTER_SCAN",
        "LOG_KEY_SUFFIXES": ".log",
        "LOG_COMPRESSION": "gzip",
        "MAX_LOG_BYTES": "53687091200",
        "ARCHIVE_BUCKET_NAME": bench.resources.archive_bucket,
        "ARCHIVE_PREFIX": "logs",
        "ARCHIVE_STORAGE_CLASS": "GLACIER_IR",
        "ARCHIVE_KMS_KEY_ARN": "",
        "STATUS_TAG_KEY": "scan-status",
        "LEDGER_TABLE_NAME": bench.resources.table,
        "EVENT_BUS_NAME": bench.resources.bus,
        "QUEUE_URL": bench.resources.queue_url,
        "MAX_RECEIVE_COUNT": "5",
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_MMAP_THRESHOLD_": "33554432",
        "MALLOC_TRIM_THRESHOLD_": "268435456",
    }
    with child(
        "benchmarks.compressor", artifacts.PYTHON, environment, bench.cache / "compressor.log"
    ) as process:
        yield process


@contextmanager
def bare_compressor(bench: Bench) -> Iterator[Child]:
    """Start a process that holds boto3 and isal, and none of Tidegate's code."""
    path = (bench.artifacts.build / "CompressLogFunction", REPOSITORY)
    environment = {
        **artifacts.base_environment(),
        **bench.resources.server.variables,
        "PYTHONPATH": os.pathsep.join(map(str, path)),
    }
    with child(
        "benchmarks.bare_compressor",
        artifacts.PYTHON,
        environment,
        bench.cache / "bare-compressor.log",
    ) as process:
        yield process


def clean_log(bench: Bench, path: Path) -> Item:
    """Upload a log, and record that it was found clean, as scan_object would have done."""
    item = bench.resources.put("bench/access-2026-11-25.log", path)
    row = {
        "object": f"{item.bucket}/{item.key}",
        "version": item.version,
        "etag": item.etag.strip('"'),
        "status": "NO_THREATS_FOUND",
        "scannedAt": "2026-11-25T00:00:00+00:00",
        "sha256": item.sha256,
    }
    bench.resources.dynamodb.put_item(
        TableName=bench.resources.table, Item={name: {"S": text} for name, text in row.items()}
    )
    return item


def compress(bench: Bench, process: Child, item: Item) -> Answer:
    """Invoke the handler for the log, take away what it made, and return its answer."""
    answer = process.call("invoke", event=events.direct(item))
    archive: dict[str, Any] = answer.result["answer"]["archive"]
    if archive["outcome"] != "ARCHIVED":
        raise BenchmarkError(f"expected ARCHIVED, got {archive}")
    copy = archive["copy"]
    if copy["bytes"] != item.size_bytes:
        raise BenchmarkError(f"{copy['bytes']} of {item.size_bytes} bytes were archived")
    bench.resources.s3.delete_object(
        Bucket=copy["bucket"], Key=copy["key"], VersionId=copy["versionId"]
    )
    return answer
