"""What is asked of Rekognition, and what becomes of its refusals (botocore's Stubber)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.stub import Stubber

from functions.label_image.errors import NotAcceptedError
from functions.label_image.rekognition import Rekognition
from tidegate.errors import MisconfiguredError, PermanentError, TransientError
from tidegate.objectref import ObjectRef

REF = ObjectRef("uploads", "in/a b+ü.jpg", "v1", "e1")
PLACE = {"S3Object": {"Bucket": "uploads", "Name": "in/a b+ü.jpg", "Version": "v1"}}
LABELS = {"Labels": [{"Name": "Boat", "Confidence": 99.0}], "LabelModelVersion": "3.0"}
MODERATION = {"ModerationLabels": [{"Name": "Violence", "Confidence": 90.0}]}


@pytest.fixture
def client() -> Any:
    """A client that sends nothing."""
    made: Any = boto3.client(
        "rekognition",
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    return made


@pytest.fixture
def stub(client: Any) -> Iterator[Stubber]:
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def asking(client: Any, *, moderation: bool = False) -> Rekognition:
    """Return the adapter."""
    return Rekognition(client, 25, 75, moderation)


def test_object_is_named_by_its_exact_version(client: Any, stub: Stubber) -> None:
    """Rekognition reads no other content than the one that was looked at."""
    stub.add_response(
        "detect_labels", LABELS, {"Image": PLACE, "MaxLabels": 25, "MinConfidence": 75}
    )

    seen = asking(client).see_object(REF)

    assert [label.name for label in seen.labels] == ["Boat"]
    assert seen.moderation is None


def test_object_without_version_is_never_named(client: Any, stub: Stubber) -> None:
    """By name alone another object might be seen."""
    with pytest.raises(ValueError, match="has no version"):
        asking(client).see_object(ObjectRef("uploads", "a.jpg", None, "e1"))


def test_moderation_is_asked_for_the_same_image(client: Any, stub: Stubber) -> None:
    """Both answers are of one content."""
    stub.add_response(
        "detect_labels", LABELS, {"Image": {"Bytes": b"jpeg"}, "MaxLabels": 25, "MinConfidence": 75}
    )
    stub.add_response(
        "detect_moderation_labels",
        MODERATION,
        {"Image": {"Bytes": b"jpeg"}, "MinConfidence": 75},
    )

    seen = asking(client, moderation=True).see_bytes(b"jpeg", REF)

    assert seen.moderation is not None
    assert [label.name for label in seen.moderation] == ["Violence"]


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("InvalidImageFormatException", 400, NotAcceptedError),
        ("ImageTooLargeException", 400, NotAcceptedError),
        ("InvalidS3ObjectException", 400, NotAcceptedError),
        ("ThrottlingException", 400, TransientError),
        ("ProvisionedThroughputExceededException", 400, TransientError),
        ("InternalServerError", 500, TransientError),
        ("ServiceUnavailable", 503, TransientError),
        ("AccessDeniedException", 400, MisconfiguredError),
        ("InvalidParameterException", 400, NotAcceptedError),
        ("ResourceNotReadyException", 400, PermanentError),
    ],
)
@pytest.mark.parametrize("operation", ["detect_labels", "detect_moderation_labels"])
def test_refusals_are_told_apart(
    client: Any,
    stub: Stubber,
    operation: str,
    code: str,
    status: int,
    expected: type[Exception],
) -> None:
    """What another form of the image may cure, what time may, what an operator must."""
    if operation == "detect_moderation_labels":
        stub.add_response("detect_labels", LABELS)
    stub.add_client_error(operation, code, "no", http_status_code=status)

    with pytest.raises(expected) as caught:
        asking(client, moderation=True).see_object(REF)
    assert type(caught.value) is expected
