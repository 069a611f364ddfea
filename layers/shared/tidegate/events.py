"""Understands every event by which S3 says that an object was created.

Taken, each as a whole Lambda event, as the body of an SQS message, or in an SNS notification:

- EventBridge "Object Created" (key as it is)
- S3 event notification `ObjectCreated:*` (key URL-encoded)
- the direct form `{"bucket": …, "key": …, "versionId": …}` (key as it is; version optional)
- `s3:TestEvent`, which S3 sends when a notification is set up: understood, and of no object

Shapes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html and
https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from tidegate.errors import MalformedEventError
from tidegate.objectref import ObjectRef

TAKEN = (
    'an EventBridge "Object Created" event, an S3 ObjectCreated notification (also in SNS), '
    'or {"bucket": "…", "key": "…", "versionId": "…"}'
)


@dataclass(frozen=True, slots=True)
class Uploader:
    """Who created the object, as far as the event says: an account or service, and an address."""

    requester: str | None = None
    source_ip: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectCreated:
    """One object that was created.

    `size_bytes` is what the event says and only a hint. `sequencer` orders the events of one key
    (compare after padding the shorter one with zeros on the right). `correlation_id` is the same
    in all that this upload causes.
    """

    ref: ObjectRef
    size_bytes: int | None = None
    sequencer: str | None = None
    uploader: Uploader = field(default_factory=Uploader)
    correlation_id: str | None = None


def parse_body(body: str) -> tuple[ObjectCreated, ...]:
    """Return the objects that an SQS message's body speaks of; none for `s3:TestEvent`.

    Raises MalformedEventError (not retried) for anything else than the shapes above.
    """
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedEventError(f"the message is not JSON; expected {TAKEN}") from error
    return parse(payload)


def parse(payload: object) -> tuple[ObjectCreated, ...]:
    """Return the objects that an event speaks of; none for `s3:TestEvent`.

    Raises MalformedEventError (not retried) for anything else than the shapes above.
    """
    if not isinstance(payload, dict):
        raise MalformedEventError(f"the event is not a JSON object; expected {TAKEN}")
    try:
        return _parse(payload)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise MalformedEventError(
            f"the event lacks or garbles {error}; expected {TAKEN}"
        ) from error


def _parse(payload: Mapping[str, Any]) -> tuple[ObjectCreated, ...]:
    if payload.get("Event") == "s3:TestEvent":
        return ()
    if payload.get("Type") == "Notification" and "Message" in payload:
        return parse_body(payload["Message"])
    if "detail-type" in payload:
        return (_from_eventbridge(payload),)
    if "Records" in payload:
        return tuple(
            created
            for record in payload["Records"]
            for created in (
                parse_body(record["Sns"]["Message"])
                if record.get("EventSource") == "aws:sns"
                else (_from_notification(record),)
            )
        )
    if "bucket" in payload and "key" in payload:
        return (_from_direct(payload),)
    raise MalformedEventError(f"the event is of no known shape; expected {TAKEN}")


def _from_eventbridge(event: Mapping[str, Any]) -> ObjectCreated:
    if event.get("source") != "aws.s3" or event["detail-type"] != "Object Created":
        raise MalformedEventError(
            f"{event.get('source')} {event['detail-type']!r} is not taken; expected {TAKEN}"
        )
    detail = event["detail"]
    item = detail["object"]
    return ObjectCreated(
        ref=_ref(detail["bucket"]["name"], item["key"], item.get("version-id"), item.get("etag")),
        size_bytes=_size(item.get("size")),
        sequencer=item.get("sequencer"),
        uploader=Uploader(detail.get("requester"), detail.get("source-ip-address")),
        correlation_id=event.get("id") or detail.get("request-id"),
    )


def _from_notification(record: Mapping[str, Any]) -> ObjectCreated:
    name = record["eventName"]
    if record.get("eventSource") != "aws:s3" or not name.startswith("ObjectCreated:"):
        raise MalformedEventError(
            f"{record.get('eventSource')} {name!r} is not taken; expected {TAKEN}"
        )
    item = record["s3"]["object"]
    return ObjectCreated(
        ref=_ref(
            record["s3"]["bucket"]["name"],
            unquote_plus(item["key"], errors="strict"),
            item.get("versionId"),
            item.get("eTag"),
        ),
        size_bytes=_size(item.get("size")),
        sequencer=item.get("sequencer"),
        uploader=Uploader(
            record.get("userIdentity", {}).get("principalId"),
            record.get("requestParameters", {}).get("sourceIPAddress"),
        ),
        correlation_id=record.get("responseElements", {}).get("x-amz-request-id"),
    )


def _from_direct(payload: Mapping[str, Any]) -> ObjectCreated:
    unknown = payload.keys() - {"bucket", "key", "versionId"}
    if unknown:
        raise MalformedEventError(f"unknown fields {sorted(unknown)}; expected {TAKEN}")
    return ObjectCreated(
        ref=_ref(payload["bucket"], payload["key"], payload.get("versionId"), None)
    )


def _ref(bucket: Any, key: Any, version_id: Any, etag: Any) -> ObjectRef:
    for value in (bucket, key):
        if not isinstance(value, str):
            raise TypeError(f"text in {value!r}")
    for value in (version_id, etag):
        if value is not None and not isinstance(value, str):
            raise TypeError(f"text in {value!r}")
    return ObjectRef(bucket, key, version_id or None, etag.strip('"') or None if etag else None)


def _size(value: Any) -> int | None:
    return None if value is None else int(value)
