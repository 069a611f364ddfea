"""What scan_object makes of each of its sample events."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tidegate.errors import MalformedEventError
from tidegate.events import ObjectCreated, parse, parse_body
from tidegate.objectref import ObjectRef

FOLDER = Path(__file__).parents[2] / "events" / "scan_object"
BUCKET = "tidegate-uploads"
HELLO = "samples/hello.txt"
HELLO_ETAG = "5d41402abc4b2a76b9719d911017c592"
HELLO_VERSION = "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"
HOSTILE = "../../etc/passwd: 100%25 a+b ü\u202e\n'$(touch x)'.txt"
BAD = "a named error"


def ref(key: str, version_id: str | None = None, etag: str | None = HELLO_ETAG) -> ObjectRef:
    """Return one object of the uploads bucket."""
    return ObjectRef(BUCKET, key, version_id, etag)


# For each file: for each message (or the one direct event) its objects, or BAD.
EXPECTED: dict[str, list[list[ObjectRef] | str]] = {
    "batch_of_ten_one_bad": [
        [ref(f"samples/{number}.txt")] if number != 7 else BAD for number in range(1, 11)
    ],
    "deleted_object_in_sqs": [
        [ref("samples/was-here-once.txt", "deleted.before.the.scan.9e1c5b7a")]
    ],
    "direct": [[ref(HELLO, etag=None)]],
    "direct_with_version": [[ref(HELLO, "null", None)]],
    "duplicates_in_sqs": [[ref(HELLO)], [ref(HELLO)]],
    "eventbridge_direct": [[ref(HELLO)]],
    "eventbridge_in_sqs": [[ref(HELLO, HELLO_VERSION)]],
    "eventbridge_without_version_in_sqs": [[ref(HELLO)]],
    "foreign_event_in_sqs": [BAD],
    "hostile_key_encoded_in_sqs": [[ref(HOSTILE)]],
    "hostile_key_in_sqs": [[ref(HOSTILE)]],
    "last_receive_in_sqs": [[ref(HELLO)]],
    "malformed_in_sqs": [BAD],
    "out_of_order_in_sqs": [[ref(HELLO, etag="0" * 32)], [ref(HELLO)]],
    "replaced_object_in_sqs": [[ref(HELLO, etag="f" * 32)]],
    "s3_notification_direct": [[ref(HELLO)]],
    "s3_notification_in_sqs": [
        [ref("samples/hello world+1.txt", "096fKKXTRTtl3on89fVO.nfljtsv6qko")]
    ],
    "s3_notification_of_two_objects_in_sqs": [[ref("samples/one.txt"), ref("samples/two.txt")]],
    "sns_in_sqs": [[ref(HELLO)]],
    "test_event_in_sqs": [[]],
}


def event(name: str) -> Any:
    """Return a sample event."""
    return json.loads((FOLDER / f"{name}.json").read_text())


def _messages(name: str) -> list[tuple[ObjectCreated, ...] | str]:
    sample = event(name)
    records = sample.get("Records", [])
    if not records or records[0]["eventSource"] != "aws:sqs":
        return [parse(sample)]
    return [_objects(record["body"]) for record in records]


def _objects(body: str) -> tuple[ObjectCreated, ...] | str:
    try:
        return parse_body(body)
    except MalformedEventError:
        return BAD


def test_every_sample_is_expected_to_be_something() -> None:
    """No sample lies about unused, and none that is named here is missing."""
    assert {path.stem for path in FOLDER.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_sample_speaks_of_the_expected_objects(name: str) -> None:
    """Each shape gives the exact object, its key decoded where and only where S3 encodes it."""
    found = [
        message if isinstance(message, str) else [created.ref for created in message]
        for message in _messages(name)
    ]

    assert found == EXPECTED[name]


@pytest.mark.parametrize("name", sorted(name for name in EXPECTED if name.endswith("_in_sqs")))
def test_sqs_samples_have_what_lambda_sends(name: str) -> None:
    """The samples' envelope is that of Lambda's poller, with all that the batch code reads."""
    for record in event(name)["Records"]:
        assert set(record) == {
            "messageId",
            "receiptHandle",
            "body",
            "attributes",
            "messageAttributes",
            "md5OfBody",
            "eventSource",
            "eventSourceARN",
            "awsRegion",
        }
        assert int(record["attributes"]["ApproximateReceiveCount"]) >= 1


def test_out_of_order_sample_has_the_later_upload_first() -> None:
    """Sequencers tell the order in which S3 took the uploads, not that of their arrival."""
    later, earlier = (message[0] for message in _messages("out_of_order_in_sqs"))

    assert isinstance(later, ObjectCreated)
    assert isinstance(earlier, ObjectCreated)
    assert (later.sequencer or "") > (earlier.sequencer or "")


def test_last_receive_sample_is_on_its_last_receive() -> None:
    """The sample's receive count is that of the queue's redrive policy."""
    (record,) = event("last_receive_in_sqs")["Records"]

    assert record["attributes"]["ApproximateReceiveCount"] == "5"
