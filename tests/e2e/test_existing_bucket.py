"""A stack that protects a bucket which was there before it, and keeps no versions."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from local import definitions, deployment, pictures, samples
from local.deployment import Stack
from local.verdicts import Listener
from tests.e2e.uploads import Uploads

_BUCKET = "harbour-office-archive"


@pytest.fixture(scope="module")
def protecting(stack: Stack) -> Iterator[Stack]:
    """Return a second stack, which protects a bucket that existed before it."""
    s3 = stack.client("s3")
    location = {"LocationConstraint": s3.meta.region_name}
    s3.create_bucket(Bucket=_BUCKET, CreateBucketConfiguration=location)
    s3.put_bucket_notification_configuration(
        Bucket=_BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    deployed = deployment.deploy_as(
        stack.server,
        "tidegate-existing",
        ProtectedBuckets=_BUCKET,
        UnsupportedAction="QUARANTINE",
        LabelImages="ON_UPLOAD",
    )
    definitions.publish_test_set(deployed)
    yield deployed
    stack.client("cloudformation").delete_stack(StackName=deployed.name)


@pytest.fixture
def existing(protecting: Stack) -> Uploads:
    """Return the bucket that was there before."""
    return Uploads(protecting, _BUCKET, "files/")


def test_stack_that_protects_existing_buckets_makes_none_of_its_own(protecting: Stack) -> None:
    """With ProtectedBuckets given, there is no uploads bucket."""
    assert "UploadsBucketName" not in protecting.outputs


def test_objects_without_versions_are_tagged_and_recorded(existing: Uploads) -> None:
    """Where the bucket keeps no versions, the verdict is the current object's."""
    with Listener(existing.stack) as listener:
        put = existing.put("clean.txt", samples.text())
        verdict = existing.verdict(listener, put)
    assert put.version is None
    assert (verdict.status, verdict.version_id) == ("NO_THREATS_FOUND", None)
    assert existing.tags(put)["scan-status"] == "NO_THREATS_FOUND"
    row = existing.row(put)
    assert row is not None
    assert row["version"] == {"S": "null"}


def test_infected_object_without_versions_is_quarantined(existing: Uploads) -> None:
    """The only version there is goes to quarantine, and nothing stays behind."""
    with Listener(existing.stack) as listener:
        put = existing.put("evil.com", samples.eicar())
        move = existing.moved(listener, put)
    assert move.outcome == "QUARANTINED"
    assert not existing.exists(put)


def test_replaced_object_without_versions_keeps_its_own_verdict(existing: Uploads) -> None:
    """Content that is overwritten while queued gives its verdict to nothing."""
    with Listener(existing.stack) as listener:
        with existing.scanning_paused():
            existing.put("replaced.txt", samples.eicar())
            put = existing.put("replaced.txt", samples.text())
        verdict = existing.verdict(listener, put)
    assert verdict.status == "NO_THREATS_FOUND"
    assert existing.tags(put)["scan-status"] == "NO_THREATS_FOUND"


def test_image_without_versions_is_labelled_on_upload(existing: Uploads) -> None:
    """Straight from S3's own event, as bytes; scan and labels on one object harm neither."""
    with Listener(existing.stack) as listener:
        put = existing.put("photo.jpg", pictures.photograph())
        verdict = existing.verdict(listener, put)
        told = listener.wait_for_labelling(put.key, put.etag, 90.0)
    assert told is not None
    assert (told.outcome, told.image["sent"]) == ("LABELLED", "BYTES")
    assert existing.tags(put)["scan-status"] == verdict.status == "NO_THREATS_FOUND"
    # A scan that tags at the same moment may take the labels off: they are put back when asked.
    existing.stack.client("lambda").invoke(
        FunctionName=existing.stack.output("LabelImageFunctionName"),
        Payload=json.dumps({"bucket": put.bucket, "key": put.key}).encode(),
    )
    assert existing.tags(put)["labels"] == ":".join(told.labels)
    assert existing.tags(put)["scan-status"] == "NO_THREATS_FOUND"


def test_unsupported_object_is_quarantined_where_the_parameter_says_so(existing: Uploads) -> None:
    """UnsupportedAction=QUARANTINE moves what could not be scanned."""
    with Listener(existing.stack) as listener:
        put = existing.put("locked.zip", samples.encrypted_zip(samples.text()))
        verdict = existing.verdict(listener, put)
        move = existing.moved(listener, put)
    assert (verdict.status, verdict.action) == ("UNSUPPORTED", "QUARANTINE")
    assert move.outcome == "QUARANTINED"
    assert not existing.exists(put)
