"""The demo's storage report: what the account of the embedded AWS stores, costs and could save."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from local.deployment import Stack
from local.errors import LocalError
from local.paths import STATE

PAGE = STATE / "storage-report.html"
_GB = 1 << 30


@dataclass(frozen=True, slots=True)
class StorageReport:
    """What the function answered, and where its page is on this machine."""

    answer: dict[str, Any]
    page: Path


def show(console: Console, stack: Stack) -> int:
    """Fill two buckets' metrics, have them reported, fetch the page; return 0 where it costs."""
    measure(stack, stack.output("UploadsBucketName"), {"StandardStorage": 2048 * _GB})
    measure(
        stack,
        stack.output("ArchiveBucketName"),
        {"StandardStorage": 300 * _GB, "GlacierInstantRetrievalStorage": 900 * _GB},
    )
    report = invoke(stack)
    answer = report.answer
    console.print(
        f"[green]✓[/] Storage report on {answer['buckets']} buckets: "
        f"[bold]${answer['monthlyCost']}[/] a month, "
        f"[bold]${answer['monthlySavings']}[/] could be saved"
    )
    console.print(f"  {report.page}", highlight=False)
    return 0 if float(answer["monthlyCost"]) > 0 else 1


def invoke(stack: Stack, buckets: list[str] | None = None) -> StorageReport:
    """Invoke the deployed function and fetch the page that it wrote."""
    event = {"action": "report", **({"buckets": buckets} if buckets else {})}
    answered = stack.client("lambda").invoke(
        FunctionName=stack.output("ReportStorageFunctionName"), Payload=json.dumps(event)
    )
    answer = json.loads(answered["Payload"].read())
    if "FunctionError" in answered:
        raise LocalError(f"report_storage failed: {answer}")
    bucket, _, key = answer["html"].removeprefix("s3://").partition("/")
    STATE.mkdir(exist_ok=True)
    PAGE.write_bytes(stack.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    return StorageReport(answer, PAGE)


def measure(stack: Stack, bucket: str, sizes: dict[str, int], days: int = 91) -> None:
    """Write what S3 writes on AWS once a day: sizes by storage type, here growing by the week."""
    now = datetime.now(UTC)
    data = [
        {
            "MetricName": "BucketSizeBytes",
            "Dimensions": [
                {"Name": "BucketName", "Value": bucket},
                {"Name": "StorageType", "Value": kind},
            ],
            "Timestamp": now - timedelta(days=age),
            "Value": float(size * (days - age // 7) // days),
            "Unit": "Bytes",
        }
        for kind, size in sizes.items()
        for age in range(1, days + 1)
    ]
    for start in range(0, len(data), 100):
        stack.client("cloudwatch").put_metric_data(
            Namespace="AWS/S3", MetricData=data[start : start + 100]
        )
