"""(f): a burst of objects through the deployed suite: all final, none lost, none wrong."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from benchmarks.bench import Bench
from benchmarks.report import Row
from local import definitions, deployment, embedded_aws, samples
from local.deployment import Stack

OBJECTS = 500
UPLOADS_AT_ONCE = 4
FINAL_SECONDS = 240.0
POLL_SECONDS = 1.0
PREFIX = "burst/"
STATUS_TAG = "scan-status"
CLEAN, INFECTED, UNSUPPORTED = "NO_THREATS_FOUND", "THREATS_FOUND", "UNSUPPORTED"
QUARANTINED = "QUARANTINED"
# Of 20 objects 15 are clean, of four kinds; 3 are infected, plain and packed; 2 cannot be read.
PATTERN = (
    *("text", "text", "pdf", "text", "eicar", "text", "zip", "text", "text", "locked zip"),
    *("text", "tar.gz", "text", "nested eicar", "text", "text", "eicar", "zip", "text"),
    "locked zip",
)
EXPECTED = {
    "text": CLEAN,
    "pdf": CLEAN,
    "zip": CLEAN,
    "tar.gz": CLEAN,
    "eicar": INFECTED,
    "nested eicar": INFECTED,
    "locked zip": UNSUPPORTED,
}


@dataclass(frozen=True, slots=True)
class Upload:
    """One object of the burst: what it is and what its verdict must be."""

    key: str
    kind: str

    @property
    def expected(self) -> str:
        """The verdict that it must get."""
        return EXPECTED[self.kind]

    def content(self) -> bytes:
        """Return what the object holds; the key makes clean contents differ."""
        line = f"This is {self.key}.\n".encode()
        text = line + samples.text()
        makers: dict[str, Callable[[], bytes]] = {
            "text": lambda: text,
            "pdf": samples.pdf,
            "zip": lambda: samples.zipped("minutes.txt", text),
            "tar.gz": lambda: samples.tar_gz("minutes.txt", text),
            "eicar": samples.eicar,
            "nested eicar": lambda: samples.nested_zip(samples.eicar(), depth=2),
            "locked zip": lambda: samples.encrypted_zip(line),
        }
        return makers[self.kind]()


def through_the_stack(bench: Bench) -> list[Row]:
    """Upload 500 objects at once to the deployed suite; wait until each is final; compare."""
    running = embedded_aws.running()
    try:
        server = running or embedded_aws.start()
        bench.console.log("(f) sam deploy into the embedded AWS")
        stack = deployment.deploy(server)
        definitions.publish_test_set(stack)
        return [_burst(bench, stack)]
    finally:
        if running is None:
            embedded_aws.stop()


def _burst(bench: Bench, stack: Stack) -> Row:
    run = f"{PREFIX}{time.time_ns()}/"
    kinds = [PATTERN[index % len(PATTERN)] for index in range(OBJECTS)]
    uploads = [Upload(f"{run}{index:03}-{kind}", kind) for index, kind in enumerate(kinds)]
    bench.console.log(f"(f) uploading {OBJECTS} objects")
    dead_before = _dead_letters(stack)
    started = time.monotonic()
    _upload(stack, uploads)
    uploaded = time.monotonic() - started
    rows, seconds = _wait_until_final(stack, uploads, run, started)
    wrong = _wrong(stack, uploads, rows)
    lost = [upload.key for upload in uploads if upload.key not in rows]
    dead = _dead_letters(stack) - dead_before
    for line in [*(f"lost: {key}" for key in lost), *wrong][:20]:
        bench.console.log(f"(f) {line}")
    return Row(
        "f",
        f"burst of {OBJECTS} objects through the deployed suite (IAM enforced)",
        f"{OBJECTS / seconds:.1f} objects/s",
        f"none\n{_composition(uploads)}",
        f"{len(rows)} final, {len(lost)} lost, {len(wrong)} wrong",
        f"{dead} dead letters; {seconds:.0f} s from the first upload to the last final state, "
        f"uploads alone {uploaded:.0f} s",
        "all final, none lost, none wrong",
        not lost and not wrong and not dead,
        {
            "objects": OBJECTS,
            "final": len(rows),
            "lost": len(lost),
            "wrong": len(wrong),
            "dead_letters": dead,
            "seconds": seconds,
            "objects_per_second": OBJECTS / seconds,
        },
    )


def _upload(stack: Stack, uploads: list[Upload]) -> None:
    s3, bucket = stack.client("s3"), stack.output("UploadsBucketName")
    with ThreadPoolExecutor(UPLOADS_AT_ONCE) as pool:
        for done in [
            pool.submit(s3.put_object, Bucket=bucket, Key=upload.key, Body=upload.content())
            for upload in uploads
        ]:
            done.result()


def _wait_until_final(
    stack: Stack, uploads: list[Upload], prefix: str, started: float
) -> tuple[dict[str, Mapping[str, Any]], float]:
    """Return the ledger's final rows by key, and the seconds until the last one was seen."""
    while True:
        rows = {key: row for key, row in _ledger(stack, prefix).items() if _is_final(row)}
        seconds = time.monotonic() - started
        if len(rows) == len(uploads) or seconds > FINAL_SECONDS:
            return rows, seconds
        time.sleep(POLL_SECONDS)


def _is_final(row: Mapping[str, Any]) -> bool:
    """Whether there is a verdict and, on what was found infected, the quarantine's word."""
    return row["status"]["S"] != INFECTED or "quarantine" in row


def _ledger(stack: Stack, prefix: str) -> dict[str, Mapping[str, Any]]:
    pages = (
        stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=stack.output("LedgerTableName"),
            FilterExpression="begins_with(#key, :prefix)",
            ExpressionAttributeNames={"#key": "key"},
            ExpressionAttributeValues={":prefix": {"S": prefix}},
        )
    )
    return {row["key"]["S"]: row for page in pages for row in page["Items"]}


def _wrong(stack: Stack, uploads: list[Upload], rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what is not as it must be: the verdict, the tag, the place."""
    s3, bucket = stack.client("s3"), stack.output("UploadsBucketName")
    faults = []
    for upload in uploads:
        row = rows.get(upload.key)
        if row is None:
            continue
        if row["status"]["S"] != upload.expected:
            faults.append(f"{upload.key}: {row['status']['S']}, expected {upload.expected}")
            continue
        if upload.expected == INFECTED and row["quarantine"]["M"]["outcome"]["S"] != QUARANTINED:
            faults.append(f"{upload.key}: not moved away: {row['quarantine']}")
            continue
        tag = _status_tag(s3, bucket, upload.key)
        expected = None if upload.expected == INFECTED else upload.expected
        if tag != expected:
            faults.append(f"{upload.key}: tagged {tag}, expected {expected} (None: moved away)")
    return faults


def _status_tag(s3: Any, bucket: str, key: str) -> str | None:
    """Return the object's verdict tag, "" without one, None where the object is gone."""
    try:
        tags = s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"]
    except ClientError as error:
        if error.response["Error"].get("Code") in ("NoSuchKey", "MethodNotAllowed"):
            return None
        raise
    return next((tag["Value"] for tag in tags if tag["Key"] == STATUS_TAG), "")


def _dead_letters(stack: Stack) -> int:
    sqs = stack.client("sqs")
    total = 0
    for name in ("ScanObjectDeadLetterQueueUrl", "QuarantineObjectDeadLetterQueueUrl"):
        attributes = sqs.get_queue_attributes(
            QueueUrl=stack.output(name), AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        total += int(attributes["ApproximateNumberOfMessages"])
    return total


def _composition(uploads: list[Upload]) -> str:
    counts = Counter(upload.expected for upload in uploads)
    return ", ".join(f"{number} {status}" for status, number in counts.items())
