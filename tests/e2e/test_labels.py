"""What label_image does on the deployed stack, in which a stand-in answers for Rekognition.

Its answers are canned and it asks nobody for permission: rights on Rekognition are held by
tests/contract/test_permissions.py alone. Everything else here is the roles' own work.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from local import pictures, samples
from local.deployment import Stack
from local.verdicts import Labelling, Listener
from tests.e2e.uploads import Put, Uploads, eventually

_SECONDS = 90.0
SEEN = "Mobile Phone"
LABELLED: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "photo.jpg": (lambda: pictures.photograph(orientation=6), "JPEG", "REFERENCE"),
    "drawing.png": (lambda: pictures.encoded(pictures.drawing(), "PNG"), "PNG", "REFERENCE"),
    "really-a-jpeg.txt": (pictures.photograph, "JPEG", "REFERENCE"),
    "print.jpg": (
        lambda: pictures.encoded(pictures.drawing(mode="CMYK"), "JPEG"),
        "JPEG",
        "BYTES",
    ),
    "animation.gif": (pictures.animation, "GIF", "BYTES"),
    "picture.webp": (lambda: pictures.encoded(pictures.drawing(), "WEBP"), "WEBP", "BYTES"),
    "scan.tiff": (lambda: pictures.encoded(pictures.drawing(), "TIFF"), "TIFF", "BYTES"),
    "old.bmp": (lambda: pictures.encoded(pictures.drawing(), "BMP"), "BMP", "BYTES"),
    "phone.heic": (lambda: pictures.photograph("HEIF"), "HEIC", "BYTES"),
    "twenty-megabytes.png": (lambda: pictures.noise(2700, 2600), "PNG", "BYTES"),
}
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "pixel.png": (lambda: pictures.encoded(pictures.drawing(1, 1), "PNG"), "TOO_SMALL"),
    "bomb.png": (pictures.png_bomb, "TOO_MANY_PIXELS"),
    "cut.jpg": (lambda: pictures.photograph()[:4000], "BROKEN"),
    "modern.avif": (lambda: pictures.encoded(pictures.drawing(), "AVIF"), "UNSUPPORTED_FORMAT"),
}


def told_of(listener: Listener, put: Put) -> Labelling:
    """Return what the bus was told of the image; fail where nothing was."""
    told = listener.wait_for_labelling(put.key, put.etag, _SECONDS)
    assert told is not None, f"{put} was not labelled"
    return told


def sidecar_of(uploads: Uploads, told: Labelling) -> dict[str, Any]:
    """Return the document that an event names."""
    answer = uploads.s3.get_object(Bucket=told.sidecar["bucket"], Key=told.sidecar["key"])
    document: dict[str, Any] = json.loads(answer["Body"].read())
    return document


@pytest.mark.parametrize("name", LABELLED)
def test_clean_image_is_labelled(uploads: Uploads, listener: Listener, name: str) -> None:
    """Whatever the format and the name: a tag beside the verdict and the user's, and a sidecar."""
    content, image_format, sent = LABELLED[name]
    put = uploads.put(name, content(), Tagging="team=harbour")
    told = told_of(listener, put)

    assert (told.image["format"], told.image["sent"]) == (image_format, sent)
    tags = uploads.tags(put)
    assert tags["labels"] == SEEN
    assert tags["team"] == "harbour"
    assert tags["scan-status"] == "NO_THREATS_FOUND"
    document = sidecar_of(uploads, told)
    assert document["answer"]["detectLabels"]["LabelModelVersion"]
    assert pictures.OWNER not in json.dumps(document)


@pytest.mark.parametrize("name", REFUSED)
def test_image_that_cannot_be_labelled_gets_a_recorded_reason(
    uploads: Uploads, listener: Listener, name: str
) -> None:
    """No label, no retry: the reason stands in event and sidecar, the verdict on the object."""
    content, reason = REFUSED[name]
    put = uploads.put(name, content())
    told = told_of(listener, put)

    assert (told.outcome, told.reason) == ("REFUSED", reason)
    assert "labels" not in uploads.tags(put)
    assert uploads.tags(put)["scan-status"] == "NO_THREATS_FOUND"
    assert sidecar_of(uploads, told)["finding"]["reason"] == reason


def test_what_is_not_clean_is_never_labelled(uploads: Uploads, listener: Listener) -> None:
    """A photograph with EICAR behind it goes into quarantine; nothing is told of labels."""
    put = uploads.put("photo.zip", samples.zipped("a.com", samples.eicar()))
    assert uploads.moved(listener, put).outcome == "QUARANTINED"
    after = uploads.put("photo.jpg", pictures.photograph())
    told_of(listener, after)

    assert put.key not in {told.subject[0] for told in listener.labellings}


def test_event_of_other_kinds_of_files_is_not_sent(uploads: Uploads, listener: Listener) -> None:
    """A clean text is no image, and nobody is told so."""
    text = uploads.put("minutes.txt", samples.text())
    uploads.verdict(listener, text)
    told_of(listener, uploads.put("photo.jpg", pictures.photograph()))

    assert text.key not in {told.subject[0] for told in listener.labellings}
    assert "labels" not in uploads.tags(text)


def test_direct_call_answers_with_the_labels(
    stack: Stack, uploads: Uploads, listener: Listener
) -> None:
    """Bucket and key in, the event's detail out; the version labelled before is not asked again."""
    put = uploads.put("photo.jpg", pictures.photograph())
    told = told_of(listener, put)
    answer = stack.client("lambda").invoke(
        FunctionName=stack.output("LabelImageFunctionName"),
        Payload=json.dumps({"bucket": put.bucket, "key": put.key}).encode(),
    )
    detail = json.loads(answer["Payload"].read())

    assert detail == told.detail


def test_duplicates_and_one_bad_message(stack: Stack, uploads: Uploads, listener: Listener) -> None:
    """Ten times the same verdict and one that is garbled: labelled once, one dead letter."""
    sqs, queue = stack.client("sqs"), stack.output("LabelImageQueueUrl")
    put = uploads.put("photo.jpg", pictures.photograph())
    verdict = uploads.verdict(listener, put)
    told_of(listener, put)
    body = {"source": "tidegate", "detail-type": "Object Scan Result", "detail": verdict.detail}
    marked = f"garbled {uploads.prefix}"
    for message in [json.dumps(body)] * 9 + [marked]:
        sqs.send_message(QueueUrl=queue, MessageBody=message)
    letters: list[str] = []

    def came() -> bool:
        answer = sqs.receive_message(
            QueueUrl=stack.output("LabelImageDeadLetterQueueUrl"), MaxNumberOfMessages=10
        )
        letters.extend(message["Body"] for message in answer.get("Messages", ()))
        return marked in letters

    assert eventually(came)
    assert eventually(lambda: _is_empty(stack))
    listener.listen()
    subject = (put.key, put.etag)
    assert [told.subject for told in listener.labellings].count(subject) == 1
    assert uploads.tags(put)["labels"] == SEEN


def _is_empty(stack: Stack) -> bool:
    attributes = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.output("LabelImageQueueUrl"),
        AttributeNames=["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"],
    )["Attributes"]
    return all(int(value) == 0 for value in attributes.values())
