"""Events as AWS sends them, for objects of the benchmarks."""

import json
from collections.abc import Sequence
from typing import Any

from benchmarks.resources import Item


def direct(item: Item) -> dict[str, Any]:
    """Return the event of a direct invocation."""
    return {"bucket": item.bucket, "key": item.key, "versionId": item.version}


def batch(items: Sequence[Item]) -> dict[str, Any]:
    """Return a batch of SQS messages, each with one EventBridge "Object Created" event."""
    return {"Records": [_message(item, number) for number, item in enumerate(items)]}


def _message(item: Item, number: int) -> dict[str, Any]:
    return {
        "messageId": f"00000000-0000-4000-8000-{number:012}",
        "receiptHandle": f"handle-{number}",
        "body": json.dumps(_object_created(item)),
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1767225600000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1767225600001",
        },
        "messageAttributes": {},
        "md5OfBody": "0" * 32,
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-central-1:000000000000:scan-object",
        "awsRegion": "eu-central-1",
    }


def _object_created(item: Item) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "2d4eba74-fd51-3966-4bfa-b013c9da8ff1",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "000000000000",
        "time": "2026-01-01T00:00:00Z",
        "region": "eu-central-1",
        "resources": [f"arn:aws:s3:::{item.bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": item.bucket},
            "object": {
                "key": item.key,
                "size": item.size_bytes,
                "etag": item.etag.strip('"'),
                "version-id": item.version,
                "sequencer": "0062E99A88DC407460",
            },
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "000000000000",
            "source-ip-address": "127.0.0.1",
            "reason": "PutObject",
        },
    }
