"""Every way in which S3 tells of an object is understood, and nothing else is."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tidegate.strategies import refs
from tidegate.errors import MalformedEventError
from tidegate.events import ObjectCreated, Uploader, parse, parse_body
from tidegate.objectref import ObjectRef


def eventbridge(ref: ObjectRef) -> dict[str, Any]:
    """What EventBridge delivers when an object was created."""
    item: dict[str, Any] = {"key": ref.key, "size": 5, "sequencer": "00617F08299329D189"}
    if ref.etag:
        item["etag"] = ref.etag
    if ref.version_id:
        item["version-id"] = ref.version_id
    return {
        "version": "0",
        "id": "event-1",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "detail": {
            "version": "0",
            "bucket": {"name": ref.bucket},
            "object": item,
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "203.0.113.9",
            "reason": "PutObject",
        },
    }


def notification(ref: ObjectRef, name: str = "ObjectCreated:Put") -> dict[str, Any]:
    """One record of an S3 notification; the key is URL-encoded there."""
    item: dict[str, Any] = {"key": quote_plus(ref.key), "size": 5, "sequencer": "0A"}
    if ref.etag:
        item["eTag"] = ref.etag
    if ref.version_id:
        item["versionId"] = ref.version_id
    return {
        "eventSource": "aws:s3",
        "eventName": name,
        "userIdentity": {"principalId": "AWS:AIDA"},
        "requestParameters": {"sourceIPAddress": "203.0.113.9"},
        "responseElements": {"x-amz-request-id": "request-1"},
        "s3": {"bucket": {"name": ref.bucket}, "object": item},
    }


@given(refs)
def test_eventbridge_event_names_the_object_as_it_is(ref: ObjectRef) -> None:
    """The key is not decoded, version and ETag are taken where they are given."""
    assert parse(eventbridge(ref)) == (
        ObjectCreated(
            ref,
            5,
            "00617F08299329D189",
            Uploader("123456789012", "203.0.113.9"),
            correlation_id="event-1",
        ),
    )


@given(st.lists(refs, max_size=4))
def test_notification_names_every_object_decoded(wanted: list[ObjectRef]) -> None:
    """All records count, and each key is decoded exactly once."""
    told = {"Records": [notification(ref) for ref in wanted]}
    assert [created.ref for created in parse_body(json.dumps(told))] == wanted


@given(refs)
def test_notification_in_sns_is_unwrapped(ref: ObjectRef) -> None:
    """From SNS in SQS and from SNS directly."""
    inner = json.dumps({"Records": [notification(ref)]})
    in_sqs = {"Type": "Notification", "MessageId": "m", "Message": inner}
    direct = {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": inner}}]}
    assert parse(in_sqs)[0].ref == parse(direct)[0].ref == ref


@given(refs)
def test_direct_form_names_the_object_as_it_is(ref: ObjectRef) -> None:
    """Bucket and key, and a version where one is meant."""
    told = {"bucket": ref.bucket, "key": ref.key, "versionId": ref.version_id}
    (created,) = parse(told)
    assert created == ObjectCreated(ObjectRef(ref.bucket, ref.key, ref.version_id))


def test_test_event_is_understood_and_of_no_object() -> None:
    """S3 sends it when a notification is set up."""
    told = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"}
    assert parse(told) == ()
    assert parse({"Type": "Notification", "Message": json.dumps(told)}) == ()


def test_quotes_around_an_etag_are_taken_off() -> None:
    """Some senders quote it, as HTTP does."""
    told = eventbridge(ObjectRef("uploads", "key", None, '"abc"'))
    assert parse(told)[0].ref.etag == "abc"


def test_plus_and_percent_in_a_notification_are_decoded_once() -> None:
    """`a+b%2B%2520` is `a b+%20`."""
    record = notification(ObjectRef("uploads", "x"))
    record["s3"]["object"]["key"] = "a+b%2B%2520"
    assert parse({"Records": [record]})[0].ref.key == "a b+%20"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not JSON",
        "[]",
        "null",
        "7",
        "{}",
        '{"Records": 7}',
        '{"Records": [7]}',
        '{"Records": [{}]}',
        '{"Type": "Notification", "Message": "not JSON"}',
        '{"bucket": "uploads"}',
        '{"bucket": "uploads", "key": 7}',
        '{"bucket": "uploads", "key": ""}',
        '{"bucket": "uploads", "key": "k", "versionId": 7}',
        '{"bucket": "uploads", "key": "k", "delete": true}',
        '{"bucket": "../etc", "key": "k"}',
        '{"bucket": "uploads", "key": "\\ud800"}',
        '{"detail-type": "Object Created", "source": "aws.s3"}',
        '{"detail-type": "Object Deleted", "source": "aws.s3", "detail": {}}',
        '{"detail-type": "Object Created", "source": "somebody", "detail": {}}',
        "[" * 100_000,
    ],
    ids=lambda body: body[:40],
)
def test_anything_else_is_malformed(body: str) -> None:
    """A named error that is not retried."""
    with pytest.raises(MalformedEventError):
        parse_body(body)


@pytest.mark.parametrize("name", ["ObjectRemoved:Delete", "ObjectTagging:Put", "TestEvent"])
def test_notification_of_something_else_is_malformed(name: str) -> None:
    """Only creation is taken."""
    with pytest.raises(MalformedEventError):
        parse({"Records": [notification(ObjectRef("uploads", "k"), name)]})


def test_key_that_is_not_utf8_is_malformed() -> None:
    """Bytes that are no text cannot name an S3 object."""
    record = notification(ObjectRef("uploads", "x"))
    record["s3"]["object"]["key"] = "%FF%FE"
    with pytest.raises(MalformedEventError):
        parse({"Records": [record]})


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "Records",
                        "detail",
                        "detail-type",
                        "bucket",
                        "key",
                        "Message",
                        "Type",
                        "s3",
                        "object",
                    ]
                ),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_no_json_makes_it_crash(payload: object) -> None:
    """Whatever comes in, either objects come out or a MalformedEventError."""
    try:
        parsed = parse(payload)
    except MalformedEventError:
        return
    assert all(isinstance(created, ObjectCreated) for created in parsed)
