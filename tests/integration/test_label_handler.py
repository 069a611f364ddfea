"""Every sample event of label_image through its real handler, on moto's AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from functions.label_image import handler
from local import pictures
from tests.integration.label_world import BUS, IDEMPOTENCY, LEDGER, REPORTS, SEEN, World
from tests.integration.quarantine_world import REGION
from tests.invocation import Invocation
from tidegate.errors import MalformedEventError

EVENTS = Path(__file__).resolve().parents[2] / "events" / "label_image"
UPLOADS = "tidegate-uploads"
CLEAN = {"scan-status": "NO_THREATS_FOUND"}


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with mock_aws():
        world = World.make()
        world.s3.create_bucket(
            Bucket=UPLOADS, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        queue_url = world.sqs.create_queue(QueueName="label-image")["QueueUrl"]
        for name, value in {
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            # As the template leaves it on AWS: boto3 takes an empty address for none.
            "AWS_ENDPOINT_URL_REKOGNITION": "",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "2048",
            "REPORTS_BUCKET_NAME": REPORTS,
            "LEDGER_TABLE_NAME": LEDGER,
            "IDEMPOTENCY_TABLE_NAME": IDEMPOTENCY,
            "EVENT_BUS_NAME": BUS,
            "QUEUE_URL": queue_url,
            "MAX_RECEIVE_COUNT": "5",
            "STATUS_TAG_KEY": "scan-status",
            "MAX_LABELS": "25",
            "MIN_CONFIDENCE_PERCENT": "75",
            "MODERATION_LABELS": "false",
            "MAX_SOURCE_BYTES": "52428800",
            "MAX_PIXELS": "64000000",
            "DECODE_CPU_SECONDS": "30",
        }.items():
            monkeypatch.setenv(name, value)
        handler.service.cache_clear()
        yield world
        handler.service.cache_clear()


def sample(name: str) -> Any:
    """Return a sample event."""
    return json.loads((EVENTS / f"{name}.json").read_text())


def put(world: World, key: str, content: bytes | None = None) -> tuple[str, str | None]:
    """Upload what an event speaks of, as clean; return its ETag and version."""
    body = pictures.photograph() if key.endswith(".jpg") else b"hello"
    answer = world.s3.put_object(
        Bucket=UPLOADS, Key=key, Body=content or body, Tagging="scan-status=NO_THREATS_FOUND"
    )
    return answer["ETag"].strip('"'), answer.get("VersionId")


def with_object(world: World, event: dict[str, Any]) -> dict[str, Any]:
    """Upload the object that an EventBridge event speaks of, and name it there as it is here."""
    detail = event["detail"]
    if "object" in detail:
        keep_versions(world)
        item = detail["object"]
        item["etag"], item["version-id"] = put(world, item["key"])
        return event
    item = detail["s3ObjectDetails"]
    if item["versionId"] is not None:
        keep_versions(world)
    item["eTag"], item["versionId"] = put(world, item["objectKey"])
    return event


def keep_versions(world: World) -> None:
    """Turn versioning on."""
    enabled: Any = {"Status": "Enabled"}
    world.s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration=enabled)


def in_sqs(world: World, name: str) -> dict[str, Any]:
    """Return a sample SQS event whose messages speak of objects that are there."""
    event: dict[str, Any] = sample(name)
    for record in event["Records"]:
        record["body"] = json.dumps(with_object(world, json.loads(record["body"])))
    return event


def tags(world: World) -> list[dict[str, str]]:
    """Return the tags of every version in the bucket."""
    return [
        {
            tag["Key"]: tag["Value"]
            for tag in world.s3.get_object_tagging(
                Bucket=UPLOADS, Key=item["Key"], VersionId=item["VersionId"]
            )["TagSet"]
        }
        for item in world.s3.list_object_versions(Bucket=UPLOADS).get("Versions", ())
    ]


@pytest.mark.parametrize("name", ["clean_image", "unversioned", "hostile_key", "object_created"])
def test_image_in_a_message_is_labelled(world: World, name: str) -> None:
    """Tag, sidecar and event, whatever the key and the kind of message."""
    event = in_sqs(world, name)

    assert handler.lambda_handler(event, Invocation()) == {"batchItemFailures": []}
    assert tags(world) == [{**CLEAN, "labels": SEEN}]
    assert len(world.sidecars()) == 1
    (told,) = world.events()
    assert told["detail-type"] == "Image Labelled"
    assert told["detail"]["labelling"]["image"]["format"] == "JPEG"


def test_sidecar_holds_the_whole_answer_and_no_metadata(world: World) -> None:
    """Boxes and versions are there; the camera's owner and the place are not."""
    handler.lambda_handler(in_sqs(world, "clean_image"), Invocation())
    (key,) = world.sidecars()
    text = world.s3.get_object(Bucket=REPORTS, Key=key)["Body"].read().decode()
    document = json.loads(text)

    assert document["answer"]["detectLabels"]["Labels"][0]["Instances"][0]["BoundingBox"]
    assert document["finding"]["modelVersion"] == "3.0"
    assert document["finding"]["image"]["width"] == 640
    assert pictures.OWNER not in text
    assert "gps" not in text.lower()


def test_what_is_no_image_is_done_with_quietly(world: World) -> None:
    """No tag, no sidecar, no event."""
    event = in_sqs(world, "not_an_image")

    assert handler.lambda_handler(event, Invocation()) == {"batchItemFailures": []}
    assert tags(world) == [CLEAN]
    assert (world.sidecars(), world.events()) == ([], [])


@pytest.mark.parametrize("name", ["deleted_image", "replaced_image"])
def test_image_that_is_gone_is_done_with(world: World, name: str) -> None:
    """Deleted, or another by now: nothing is tagged, nobody told."""
    if name == "replaced_image":
        put(world, "samples/another-by-now.jpg")
    else:
        keep_versions(world)

    assert handler.lambda_handler(sample(name), Invocation()) == {"batchItemFailures": []}
    assert tags(world) in ([], [CLEAN])
    assert world.events() == []


@pytest.mark.parametrize("name", ["infected", "malformed"])
def test_message_that_asks_for_no_labels_goes_to_the_dead_letters(world: World, name: str) -> None:
    """What is not clean is not shown to anybody, and what is garbled is a named error."""
    answer = handler.lambda_handler(sample(name), Invocation())

    assert len(answer["batchItemFailures"]) == 1
    assert world.sidecars() == []


def test_duplicates_in_one_batch_are_labelled_once(world: World) -> None:
    """The second one finds it done, or comes back to find it."""
    event = sample("duplicates")
    body = json.dumps(with_object(world, json.loads(event["Records"][0]["body"])))
    for record in event["Records"]:
        record["body"] = body

    failed = handler.lambda_handler(event, Invocation())["batchItemFailures"]
    assert len(failed) <= 1
    assert handler.lambda_handler(event, Invocation()) == {"batchItemFailures": []}
    assert len(world.events()) == 1


def test_concurrent_invocations_label_an_image_once(world: World) -> None:
    """Eight at once for the same version: one event, one sidecar, and nothing lost."""
    event = in_sqs(world, "clean_image")

    def invoke(_: int) -> Any:
        return handler.lambda_handler(json.loads(json.dumps(event)), Invocation())

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(invoke, range(8)))

    assert any(answer == {"batchItemFailures": []} for answer in answers)
    assert tags(world) == [{**CLEAN, "labels": SEEN}]
    assert len(world.events()) == 1
    versions = world.s3.list_object_versions(Bucket=REPORTS)["Versions"]
    assert len(versions) == 1


def test_one_bad_message_fails_alone(world: World) -> None:
    """Its neighbours are labelled, and only its id is answered."""
    event: dict[str, Any] = sample("batch_with_one_bad")
    for record in (event["Records"][0], event["Records"][2]):
        record["body"] = json.dumps(with_object(world, json.loads(record["body"])))

    answer = handler.lambda_handler(event, Invocation())

    assert answer == {
        "batchItemFailures": [{"itemIdentifier": "00000000-0000-4000-8000-000000000002"}]
    }
    assert tags(world) == [{**CLEAN, "labels": SEEN}] * 2


def test_direct_form_answers_the_events_detail(world: World) -> None:
    """Bucket and key in, at once what the bus is told."""
    put(world, "samples/harbour.jpg")

    answer = handler.lambda_handler(sample("direct"), Invocation())

    assert answer["labelling"]["outcome"] == "LABELLED"
    assert answer == world.events()[0]["detail"]


def test_direct_form_about_nothing_answers_gone(world: World) -> None:
    """The caller hears that there is no such object."""
    answer = handler.lambda_handler(sample("direct"), Invocation())

    assert answer["labelling"]["outcome"] == "GONE"


def test_direct_events_are_answered_in_their_own_way(world: World) -> None:
    """A verdict with one detail, an upload with a list."""
    verdict = handler.lambda_handler(with_object(world, sample("direct_verdict")), Invocation())
    upload = handler.lambda_handler(with_object(world, sample("direct_upload")), Invocation())

    assert verdict["labelling"]["labels"][0]["name"] == SEEN
    assert [result["labelling"]["outcome"] for result in upload["results"]] == ["LABELLED"]


def test_direct_nonsense_is_a_named_error(world: World) -> None:
    """Raised to the caller."""
    with pytest.raises(MalformedEventError):
        handler.lambda_handler({"unknown": 1}, Invocation())


def test_every_sample_event_is_used_here() -> None:
    """A sample that nobody runs would rot."""
    used = Path(__file__).read_text()
    assert all(f'"{path.stem}"' in used for path in EVENTS.glob("*.json"))
