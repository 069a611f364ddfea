"""Every sample event of compress_log through its real handler, on moto's AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from functions.compress_log import handler
from functions.compress_log.log import Log
from tests.integration.logs_world import ARCHIVE, LINES, LogsWorld
from tests.integration.quarantine_world import BUS, REGION, TABLE
from tests.invocation import Invocation
from tidegate.errors import MalformedEventError
from tidegate.objectref import ObjectRef
from tidegate.verdicts import ScanStatus

EVENTS = Path(__file__).resolve().parents[2] / "events" / "compress_log"
UPLOADS = "tidegate-uploads"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[LogsWorld]:
    with mock_aws():
        world = LogsWorld.make()
        world.s3.create_bucket(
            Bucket=UPLOADS, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        queue_url = world.sqs.create_queue(QueueName="compress-log")["QueueUrl"]
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "COMPRESS_LOGS": "AFTER_SCAN",
            "LOG_KEY_SUFFIXES": ".log",
            "LOG_COMPRESSION": "gzip",
            "MAX_LOG_BYTES": "53687091200",
            "ARCHIVE_BUCKET_NAME": ARCHIVE,
            "ARCHIVE_PREFIX": "logs",
            "ARCHIVE_STORAGE_CLASS": "GLACIER_IR",
            "ARCHIVE_KMS_KEY_ARN": "",
            "STATUS_TAG_KEY": "scan-status",
            "LEDGER_TABLE_NAME": TABLE,
            "EVENT_BUS_NAME": BUS,
            "QUEUE_URL": queue_url,
            "MAX_RECEIVE_COUNT": "5",
        }.items():
            monkeypatch.setenv(name, value)
        handler.service.cache_clear()
        yield world
        handler.service.cache_clear()


def sample(name: str) -> Any:
    """Return a sample event."""
    return json.loads((EVENTS / f"{name}.json").read_text().replace("tidegate-archive", ARCHIVE))


def keep_versions(world: LogsWorld) -> None:
    """Turn on the versioning of the samples' bucket."""
    enabled = {"Status": "Enabled"}
    world.s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration=enabled)


def put(world: LogsWorld, key: str, *, versions: bool) -> ObjectRef:
    """Upload a log that was found clean into the bucket of the samples."""
    if versions:
        keep_versions(world)
    answer = world.s3.put_object(Bucket=UPLOADS, Key=key, Body=LINES)
    ref = ObjectRef(UPLOADS, key, answer.get("VersionId"), answer["ETag"].strip('"'))
    world.scan(Log(ref), ScanStatus.NO_THREATS_FOUND)
    return ref


def true(world: LogsWorld, event: dict[str, Any]) -> dict[str, Any]:
    """Put the object that an event speaks of, and its version and ETag into the event."""
    detail = event["detail"]
    if "object" in detail:
        ref = put(world, detail["object"]["key"], versions=True)
        detail["object"] |= {"version-id": ref.version_id, "etag": ref.etag}
    else:
        item = detail["s3ObjectDetails"]
        ref = put(world, item["objectKey"], versions=item["versionId"] is not None)
        item |= {"versionId": ref.version_id, "eTag": ref.etag}
        detail["scanner"]["sha256"] = None
    return event


def in_sqs(world: LogsWorld, name: str) -> dict[str, Any]:
    """Return a sample SQS event whose messages speak of objects that are there."""
    event: dict[str, Any] = sample(name)
    made: dict[str, str] = {}
    for record in event["Records"]:
        try:
            body = json.loads(record["body"])
        except ValueError:
            continue
        record["body"] = made.setdefault(record["body"], json.dumps(true(world, body)))
    return event


@pytest.mark.parametrize(
    "name", ["clean_verdict", "unversioned", "hostile_key", "last_receive", "object_created"]
)
def test_message_archives_its_log(world: LogsWorld, name: str) -> None:
    """The message is done, the log is in the archive, its original gone."""
    assert handler.lambda_handler(in_sqs(world, name), Invocation()) == {"batchItemFailures": []}
    assert world.versions(UPLOADS) == []
    assert list(world.archived().values()) == [LINES]
    assert [event["detail-type"] for event in world.events()] == ["Log Compressed"]


def test_duplicates_in_one_batch_make_one_copy(world: LogsWorld) -> None:
    """The second message finds all done."""
    event = in_sqs(world, "duplicates")

    assert handler.lambda_handler(event, Invocation()) == {"batchItemFailures": []}
    assert list(world.archived().values()) == [LINES]
    assert len(world.events()) == 1


def test_direct_verdict_answers_what_was_done(world: LogsWorld) -> None:
    """The event, invoked directly, returns the detail of the event that it causes."""
    answer = handler.lambda_handler(true(world, sample("clean_verdict_direct")), Invocation())

    assert answer["archive"]["outcome"] == "ARCHIVED"
    assert answer["archive"]["copy"]["bytes"] == len(LINES)
    assert answer == world.events()[0]["detail"]


@pytest.mark.parametrize("name", ["direct", "direct_with_version"])
def test_direct_form_answers_what_was_done(world: LogsWorld, name: str) -> None:
    """Bucket and key, and a version where there is one to name."""
    event = sample(name)
    ref = put(world, event["key"], versions="versionId" in event)
    if ref.version_id:
        event["versionId"] = ref.version_id

    assert handler.lambda_handler(event, Invocation())["archive"]["outcome"] == "ARCHIVED"
    assert world.versions(UPLOADS) == []


@pytest.mark.parametrize("name", ["deleted_object", "replaced_object"])
def test_log_that_is_not_there_any_more_is_told_as_gone(world: LogsWorld, name: str) -> None:
    """The message is done: what came in its place has a message of its own."""
    event = sample(name)
    body = json.loads(event["Records"][0]["body"])
    if name == "replaced_object":
        put(world, body["detail"]["s3ObjectDetails"]["objectKey"], versions=False)
    else:
        keep_versions(world)
    before = world.versions(UPLOADS)

    assert handler.lambda_handler(event, Invocation()) == {"batchItemFailures": []}
    assert world.versions(UPLOADS) == before
    (told,) = world.events()
    assert told["detail"]["archive"]["outcome"] == "GONE"


@pytest.mark.parametrize("name", ["infected", "not_a_log", "of_the_archive", "malformed"])
def test_message_of_what_is_no_clean_log_fails_alone(world: LogsWorld, name: str) -> None:
    """Named, never retried with success, and nothing is touched."""
    event = sample(name)

    assert len(handler.lambda_handler(event, Invocation())["batchItemFailures"]) == 1
    with pytest.raises(MalformedEventError):
        handler.lambda_handler(json.loads(event["Records"][0]["body"]), Invocation())
    assert world.versions(ARCHIVE) == []
    assert world.events() == []


def test_one_bad_message_fails_alone(world: LogsWorld) -> None:
    """Its neighbours are archived, and only its id is answered."""
    answer = handler.lambda_handler(in_sqs(world, "batch_with_one_bad"), Invocation())

    assert answer == {
        "batchItemFailures": [{"itemIdentifier": "00000000-0000-4000-8000-000000000002"}]
    }
    assert list(world.archived().values()) == [LINES, LINES]


def test_last_receive_that_fails_tells_that_the_log_is_unfinished(world: LogsWorld) -> None:
    """Before the message becomes a dead letter, the bus and the ledger hear of it."""
    event = in_sqs(world, "last_receive")
    world.s3.delete_bucket(Bucket=ARCHIVE)

    assert len(handler.lambda_handler(event, Invocation())["batchItemFailures"]) == 1
    assert len(world.versions(UPLOADS)) == 1
    (told,) = world.events()
    assert told["detail"]["archive"]["outcome"] == "UNFINISHED"


def test_every_sample_event_is_used_here() -> None:
    """No sample lies about untried."""
    text = Path(__file__).read_text()

    assert [path.stem for path in EVENTS.iterdir() if f'"{path.stem}"' not in text] == []
