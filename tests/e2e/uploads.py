"""A bucket that the suite protects, as a test uses it."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from local.demo.uploads import set_scanning
from local.deployment import Stack
from local.verdicts import Listener, Move, Verdict

VERDICT_SECONDS = 90.0


@dataclass(frozen=True, slots=True)
class Put:
    """One object version that a test put there."""

    bucket: str
    key: str
    etag: str
    version: str | None

    @property
    def selector(self) -> dict[str, str]:
        """The arguments that name this very version to S3."""
        named = {"Bucket": self.bucket, "Key": self.key}
        return {**named, "VersionId": self.version} if self.version else named

    def is_subject_of(self, verdict: Verdict) -> bool:
        """Whether the verdict is on this content under this key."""
        details = verdict.detail["s3ObjectDetails"]
        return (details["bucketName"], verdict.key, verdict.etag) == (
            self.bucket,
            self.key,
            self.etag,
        )


@dataclass(frozen=True, slots=True)
class Uploads:
    """The bucket, and what the stack makes of its objects."""

    stack: Stack
    bucket: str
    prefix: str

    @classmethod
    def of(cls, stack: Stack, test: str) -> Uploads:
        """Return the stack's own uploads bucket, with a prefix for one test."""
        prefix = re.sub(r"[^a-z_]+", "-", test)[:60] + f"-{uuid4().hex[:8]}/"
        return cls(stack, stack.output("UploadsBucketName"), prefix)

    @property
    def s3(self) -> Any:
        """The S3 client of the account's root, who may do anything."""
        return self.stack.client("s3")

    def put(self, name: str, body: bytes, **arguments: Any) -> Put:
        """Upload an object below this test's prefix."""
        return self.put_as(f"{self.prefix}{name}", body, **arguments)

    def put_as(self, key: str, body: bytes, **arguments: Any) -> Put:
        """Upload an object under exactly this key."""
        answer = self.s3.put_object(Bucket=self.bucket, Key=key, Body=body, **arguments)
        return Put(self.bucket, key, answer["ETag"].strip('"'), answer.get("VersionId"))

    def verdict(self, listener: Listener, put: Put) -> Verdict:
        """Return the verdict on the object; fail where none comes."""
        verdict = listener.wait(put.is_subject_of, VERDICT_SECONDS)
        assert verdict is not None, f"no verdict on {put} within {VERDICT_SECONDS} s"
        return verdict

    def moved(self, listener: Listener, put: Put) -> Move:
        """Return what quarantine_object did with the object; fail where it did nothing."""
        move = listener.wait_for_move(put.key, put.etag, VERDICT_SECONDS)
        assert move is not None, f"{put} was not taken into quarantine"
        return move

    def tags(self, put: Put) -> dict[str, str]:
        """Return the tags of the object version."""
        answer = self.s3.get_object_tagging(**put.selector)
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def exists(self, put: Put) -> bool:
        """Whether the object version is still there."""
        try:
            self.s3.head_object(**put.selector)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != HTTPStatus.NOT_FOUND:
                raise
            return False
        return True

    def row(self, put: Put) -> dict[str, Any] | None:
        """Return the ledger's row, in DynamoDB's own notation."""
        key = {
            "object": {"S": f"{put.bucket}/{put.key}"},
            "version": {"S": put.version or "null"},
        }
        answer = self.stack.client("dynamodb").get_item(
            TableName=self.stack.output("LedgerTableName"), Key=key, ConsistentRead=True
        )
        row: dict[str, Any] | None = answer.get("Item")
        return row

    @contextlib.contextmanager
    def scanning_paused(self) -> Iterator[None]:
        """Hold back the scanner's queue inside the block."""
        set_scanning(self.stack, enabled=False)
        try:
            yield
        finally:
            set_scanning(self.stack, enabled=True)

    def send(self, *bodies: object) -> None:
        """Put messages on the scanner's queue, up to ten, together."""
        entries = [
            {"Id": str(number), "MessageBody": body if isinstance(body, str) else json.dumps(body)}
            for number, body in enumerate(bodies)
        ]
        answer = self.stack.client("sqs").send_message_batch(
            QueueUrl=self.stack.output("ScanObjectQueueUrl"), Entries=entries
        )
        assert not answer.get("Failed")

    def queue_is_empty(self) -> bool:
        """Whether no message waits for the scanner or is being worked on."""
        attributes = self.stack.client("sqs").get_queue_attributes(
            QueueUrl=self.stack.output("ScanObjectQueueUrl"),
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
            ],
        )["Attributes"]
        return all(int(value) == 0 for value in attributes.values())

    def dead_letters(self) -> list[str]:
        """Take and return the bodies of the scanner's dead letters."""
        sqs, url = self.stack.client("sqs"), self.stack.output("ScanObjectDeadLetterQueueUrl")
        bodies = []
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                bodies.append(message["Body"])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def next_dead_letters(self) -> list[str]:
        """Wait for dead letters and return the bodies of those that come first."""
        letters: list[str] = []

        def some_came() -> bool:
            letters.extend(self.dead_letters())
            return bool(letters)

        assert eventually(some_came), "no dead letter came"
        return letters


def eventually(condition: Callable[[], bool], seconds: float = VERDICT_SECONDS) -> bool:
    """Return whether the condition comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def created_event(put: Put, *, with_version: bool = True) -> dict[str, Any]:
    """Return EventBridge's "Object Created" event as AWS sends it."""
    item = {"key": put.key, "size": 1, "etag": put.etag, "sequencer": "00617F08299329D189"}
    if with_version and put.version:
        item["version-id"] = put.version
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "111122223333",
        "time": "2026-01-01T00:00:00Z",
        "region": "eu-central-1",
        "resources": [f"arn:aws:s3:::{put.bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": put.bucket},
            "object": item,
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "198.51.100.7",
            "reason": "PutObject",
        },
    }
