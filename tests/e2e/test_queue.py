"""What happens between an upload and its scan: duplicates, disorder, garbage, deletion."""

from __future__ import annotations

import json
from urllib.parse import quote_plus

import pytest

from local import samples
from local.verdicts import Listener
from tests.e2e.uploads import Put, Uploads, created_event, eventually


def test_duplicate_messages_give_one_row_and_one_opinion(
    uploads: Uploads, listener: Listener
) -> None:
    """The same event three times over changes nothing after the first."""
    put = uploads.put("file", samples.text())
    first = uploads.verdict(listener, put)
    tags, event = uploads.tags(put), created_event(put)
    uploads.send(event, event, event)
    assert eventually(lambda: _heard(listener, put) >= 4)
    verdicts = {verdict.status for verdict in listener.heard if put.is_subject_of(verdict)}
    assert verdicts == {first.status}
    assert uploads.tags(put) == tags


def test_one_bad_record_of_ten_fails_alone(uploads: Uploads, listener: Listener) -> None:
    """Nine good messages get their verdicts; the garbled one ends as a dead letter."""
    uploads.dead_letters()
    with uploads.scanning_paused():
        puts = [uploads.put(f"file-{number}", samples.text()) for number in range(9)]
    for put in puts:
        assert uploads.verdict(listener, put).status == "NO_THREATS_FOUND"
    bad = f'{{"not": "an event", "test": "{uploads.prefix}"}}'
    with uploads.scanning_paused():
        uploads.send(*[created_event(put) for put in puts[:4]], bad)
        uploads.send(*[created_event(put) for put in puts[4:]])
    assert eventually(lambda: all(_heard(listener, put) >= 2 for put in puts))
    assert uploads.next_dead_letters() == [bad]
    assert eventually(uploads.queue_is_empty)


@pytest.mark.parametrize(
    "body",
    [
        "not json",
        json.dumps({"detail-type": "Object Deleted", "source": "aws.s3", "detail": {}}),
        json.dumps({"Records": [{"eventSource": "aws:s3", "eventName": "ObjectRemoved:Delete"}]}),
    ],
    ids=["not-json", "foreign-event", "foreign-notification"],
)
def test_malformed_message_becomes_a_dead_letter_as_it_was(uploads: Uploads, body: str) -> None:
    """What is no creation of an object is kept, unchanged, for somebody to look at."""
    uploads.dead_letters()
    uploads.send(body)
    assert uploads.next_dead_letters() == [body]


def test_test_event_of_s3_is_taken_without_a_word(uploads: Uploads) -> None:
    """The message that S3 sends when a notification is set up is done at once."""
    uploads.dead_letters()
    uploads.send({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": uploads.bucket})
    assert eventually(uploads.queue_is_empty)
    assert uploads.dead_letters() == []


@pytest.mark.parametrize("in_sns", [False, True], ids=["notification", "sns"])
def test_notification_of_s3_is_understood(
    uploads: Uploads, listener: Listener, *, in_sns: bool
) -> None:
    """S3's own notifications, whose keys are URL-encoded, work as EventBridge's events do."""
    put = uploads.put("with spaces + and %20.txt", samples.text())
    uploads.verdict(listener, put)
    record = {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": put.bucket},
            "object": {
                "key": quote_plus(put.key),
                "eTag": put.etag,
                "versionId": put.version,
                "size": 1,
            },
        },
    }
    notification = {"Records": [record]}
    message = {"Type": "Notification", "Message": json.dumps(notification)}
    uploads.send(message if in_sns else notification)
    assert eventually(lambda: _heard(listener, put) >= 2)


def test_infected_content_that_replaces_queued_content_is_found(
    uploads: Uploads, listener: Listener
) -> None:
    """The verdict of the first content is never given to the second."""
    with uploads.scanning_paused():
        first = uploads.put("file", samples.text())
        second = uploads.put("file", samples.eicar())
    assert uploads.verdict(listener, second).status == "THREATS_FOUND"
    assert uploads.moved(listener, second).outcome == "QUARANTINED"
    assert not uploads.exists(second)
    assert uploads.exists(first)


def test_clean_content_that_replaces_queued_infected_content_is_clean(
    uploads: Uploads, listener: Listener
) -> None:
    """The verdict on the first content is not given to the second either."""
    with uploads.scanning_paused():
        uploads.put("file", samples.eicar())
        second = uploads.put("file", samples.text())
    assert uploads.verdict(listener, second).status == "NO_THREATS_FOUND"
    assert uploads.tags(second)["scan-status"] == "NO_THREATS_FOUND"


def test_object_deleted_before_its_scan_leaves_no_trace(uploads: Uploads) -> None:
    """Nothing is tagged, recorded or dead-lettered for an object that is gone."""
    uploads.dead_letters()
    with uploads.scanning_paused():
        put = uploads.put("file", samples.text())
        uploads.s3.delete_object(**put.selector)
    assert eventually(uploads.queue_is_empty)
    assert uploads.row(put) is None
    assert uploads.dead_letters() == []


def test_event_with_a_version_is_about_that_version(uploads: Uploads, listener: Listener) -> None:
    """As AWS sends it, an event names a version: that one is scanned, though newer ones exist."""
    with uploads.scanning_paused():
        old = uploads.put("file", samples.eicar())
        new = uploads.put("file", samples.text())
        uploads.send(created_event(old))
    verdict = uploads.verdict(listener, old)
    assert (verdict.status, verdict.version_id) == ("THREATS_FOUND", old.version)
    assert uploads.moved(listener, old).outcome == "QUARANTINED"
    assert not uploads.exists(old)
    assert uploads.exists(new)
    uploads.verdict(listener, new)
    assert uploads.tags(new)["scan-status"] == "NO_THREATS_FOUND"


def test_events_out_of_order_give_each_version_its_own_verdict(
    uploads: Uploads, listener: Listener
) -> None:
    """The later version's event first, the earlier one's second: each tag is its own."""
    with uploads.scanning_paused():
        older = uploads.put("file", samples.encrypted_zip(samples.text()))
        newer = uploads.put("file", samples.text())
    uploads.verdict(listener, newer)
    uploads.send(created_event(newer))
    uploads.send(created_event(older))
    uploads.verdict(listener, older)
    assert uploads.tags(older)["scan-status"] == "UNSUPPORTED"
    assert uploads.tags(newer)["scan-status"] == "NO_THREATS_FOUND"


def _heard(listener: Listener, put: Put) -> int:
    """Return how many verdicts on the object have been heard so far."""
    listener.listen()
    return sum(put.is_subject_of(verdict) for verdict in listener.heard)
