"""Every sample event of quarantine_object through its real handler, on moto's AWS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from functions.quarantine_object import handler
from tests.integration.quarantine_world import BUS, QUARANTINE, REGION, TABLE, World
from tests.invocation import Invocation
from tidegate.errors import MalformedEventError

EVENTS = Path(__file__).resolve().parents[2] / "events" / "quarantine_object"
UPLOADS = "tidegate-uploads"
CONTENT = b"hello"


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with mock_aws():
        world = World.make()
        world.s3.create_bucket(
            Bucket=UPLOADS, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        queue_url = world.sqs.create_queue(QueueName="quarantine-object")["QueueUrl"]
        topic_arn = f"arn:aws:sns:{REGION}:123456789012:alerts"
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "QUARANTINE_BUCKET_NAME": QUARANTINE,
            "QUARANTINE_STORAGE_CLASS": "GLACIER_IR",
            "QUARANTINE_KMS_KEY_ARN": "",
            "LEDGER_TABLE_NAME": TABLE,
            "EVENT_BUS_NAME": BUS,
            "ALERTS_TOPIC_ARN": topic_arn,
            "QUEUE_URL": queue_url,
            "MAX_RECEIVE_COUNT": "5",
        }.items():
            monkeypatch.setenv(name, value)
        handler.service.cache_clear()
        yield world
        handler.service.cache_clear()


def sample(name: str) -> Any:
    """Return a sample event."""
    return json.loads((EVENTS / f"{name}.json").read_text())


def with_object(world: World, event: dict[str, Any]) -> dict[str, Any]:
    """Upload the object that an EventBridge event speaks of, and put its version into the event."""
    item = event["detail"]["s3ObjectDetails"]
    if item["versionId"] is not None:
        world.keep_versions(UPLOADS)
    answer = world.s3.put_object(Bucket=UPLOADS, Key=item["objectKey"], Body=CONTENT)
    assert answer["ETag"] == f'"{item["eTag"]}"'
    item["versionId"] = answer.get("VersionId")
    return event


def in_sqs(world: World, name: str, change: Callable[[Any], Any] | None = None) -> dict[str, Any]:
    """Return a sample SQS event whose messages speak of objects that are there."""
    event: dict[str, Any] = sample(name)
    for record in event["Records"]:
        try:
            body = json.loads(record["body"])
        except ValueError:
            continue
        record["body"] = json.dumps(with_object(world, body))
        if change:
            change(record)
    return event


@pytest.mark.parametrize("name", ["threats_found", "unversioned", "hostile_key", "unsupported"])
def test_verdict_in_a_message_quarantines_its_object(world: World, name: str) -> None:
    """The message is done, the object is gone, a copy and its record are in quarantine."""
    event = in_sqs(world, name)
    assert handler.lambda_handler(event, Invocation()) == {"batchItemFailures": []}
    assert world.versions(UPLOADS) == []
    keys = sorted(key for key, _ in world.versions(QUARANTINE))
    assert len(keys) == 2
    assert keys[1] == keys[0] + ".json"
    assert world.content(QUARANTINE, keys[0]) == CONTENT
    assert len(world.alerts()) == 1


def test_direct_event_answers_what_was_done(world: World) -> None:
    """The same event, invoked directly, returns the detail of the event that it causes."""
    answer = handler.lambda_handler(with_object(world, sample("direct")), Invocation())
    assert answer["quarantine"]["outcome"] == "QUARANTINED"
    assert answer == world.events()[0]["detail"]


def test_direct_event_about_an_object_that_is_not_there_answers_gone(world: World) -> None:
    """An object that somebody deleted first is told as gone."""
    answer = handler.lambda_handler(sample("deleted_object_direct"), Invocation())
    assert answer["quarantine"]["outcome"] == "GONE"


def test_malformed_message_goes_to_the_dead_letters_alone(world: World) -> None:
    """A verdict without its scanner part fails, named, and touches nothing."""
    answer = handler.lambda_handler(sample("malformed"), Invocation())
    assert len(answer["batchItemFailures"]) == 1
    assert world.versions(QUARANTINE) == []
    assert world.alerts() == []


def test_verdict_that_asks_for_nothing_is_refused(world: World) -> None:
    """An object whose verdict is clean is never moved, whoever sends the event."""
    event = in_sqs(world, "action_none")
    answer = handler.lambda_handler(event, Invocation())
    assert len(answer["batchItemFailures"]) == 1
    assert len(world.versions(UPLOADS)) == 1
    with pytest.raises(MalformedEventError, match="asks for NONE"):
        handler.lambda_handler(json.loads(event["Records"][0]["body"]), Invocation())


def test_one_bad_message_fails_alone(world: World) -> None:
    """Its neighbours are quarantined, and only its id is answered."""
    event = in_sqs(world, "batch_with_one_bad")
    answer = handler.lambda_handler(event, Invocation())
    assert answer == {
        "batchItemFailures": [{"itemIdentifier": "00000000-0000-4000-8000-000000000002"}]
    }
    assert world.versions(UPLOADS) == []


def test_last_receive_that_fails_alerts_people(world: World) -> None:
    """Before the message becomes a dead letter, somebody is told that the object is still there."""

    def last(record: dict[str, Any]) -> None:
        record["attributes"]["ApproximateReceiveCount"] = "5"

    event = in_sqs(world, "threats_found", last)
    world.s3.delete_bucket(Bucket=QUARANTINE)
    answer = handler.lambda_handler(event, Invocation())
    assert len(answer["batchItemFailures"]) == 1
    assert len(world.versions(UPLOADS)) == 1
    (alert,) = world.alerts()
    assert alert["Subject"].endswith("quarantine UNFINISHED, still blocked")


def test_every_sample_event_is_used_here() -> None:
    """A sample that nobody runs would rot."""
    used = Path(__file__).read_text()
    assert all(f'"{path.stem}"' in used for path in EVENTS.glob("*.json"))
