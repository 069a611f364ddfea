"""Events and sidecars say the same of an image, and what they say can be read back."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from functions.label_image import sidecar
from functions.label_image.finding import (
    PASSING_REASONS,
    Finding,
    ImageFacts,
    Outcome,
    Sent,
    from_facts,
    to_facts,
)
from functions.label_image.formats import Format
from functions.label_image.labels import Label
from functions.label_image.reasons import Reason
from functions.label_image.report import Report, Tagging, from_detail, to_detail
from tidegate.objectref import ObjectRef

REF = ObjectRef("uploads", "../a b,ü.jpg", "v1", "e1")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
REQUEST = {"maxLabels": 25, "minConfidencePercent": 75}
LABELLED = Finding(
    Outcome.LABELLED,
    NOW,
    ImageFacts(Format.JPEG, 1000, 400, 640, Sent.REFERENCE, 400, 640),
    (Label("Boat", 99.5),),
    (Label("Violence", 80.0),),
    "3.0",
    "7.0",
)
REFUSED = Finding(
    Outcome.REFUSED,
    NOW,
    ImageFacts(Format.WEBP, 1000),
    reason=Reason.BROKEN,
    explanation="cut",
)
BARE = Finding(Outcome.REFUSED, NOW, reason=Reason.ACCESS_DENIED)


@pytest.mark.parametrize("finding", [LABELLED, REFUSED, BARE])
def test_finding_is_read_back_from_json(finding: Finding) -> None:
    """What is kept is what was found."""
    assert from_facts(json.loads(json.dumps(to_facts(finding)))) == finding


def test_report_is_read_back_from_its_event() -> None:
    """The memory of what was done is the event's detail, and is known as a memory."""
    report = Report(REF, LABELLED, Tagging.WRITTEN, "labels/x.json")

    again = from_detail(json.loads(json.dumps(to_detail(report, "reports"))))

    assert again == replace(report, repeated=True)


def test_event_names_the_object_as_the_verdict_does() -> None:
    """Rules that match on the verdict's object match on the labels', too."""
    detail = to_detail(Report(REF, LABELLED, Tagging.WRITTEN, "labels/x.json"), "reports")

    assert detail["s3ObjectDetails"] == {
        "bucketName": "uploads",
        "objectKey": "../a b,ü.jpg",
        "eTag": "e1",
        "versionId": "v1",
    }
    assert detail["labelling"]["sidecar"] == {"bucket": "reports", "key": "labels/x.json"}


@pytest.mark.parametrize(
    ("finding", "detail_type"), [(LABELLED, "Image Labelled"), (REFUSED, "Image Not Labelled")]
)
def test_event_type_says_whether_there_are_labels(finding: Finding, detail_type: str) -> None:
    """Who waits for labels is not woken by broken images."""
    assert Report(REF, finding).detail_type == detail_type


def test_sidecars_place_has_nothing_of_the_uploader() -> None:
    """Bucket and digest alone, the same for the same version, another for another."""
    place = sidecar.key(REF)

    assert place.startswith("labels/uploads/")
    assert len(place) == len("labels/uploads/") + 64 + len(".json")
    assert sidecar.key(replace(REF, etag="e1")) == place
    others = [replace(REF, key="b"), replace(REF, version_id="v2"), replace(REF, etag="e2")]
    assert place not in {sidecar.key(other) for other in others}


@pytest.mark.parametrize("finding", [LABELLED, REFUSED])
def test_sidecar_spares_asking_again(finding: Finding) -> None:
    """The same version, asked for the same, is known."""
    document = sidecar.document(REF, finding, REQUEST, {"detectLabels": {}})

    assert sidecar.finding_in(json.loads(json.dumps(document)), REF, REQUEST) == finding


def test_sidecar_of_another_request_or_object_is_not_taken() -> None:
    """More labels wanted, or other content: asked again."""
    document = sidecar.document(REF, LABELLED, REQUEST, None)

    assert sidecar.finding_in(document, REF, {**REQUEST, "maxLabels": 26}) is None
    assert sidecar.finding_in(document, replace(REF, etag="e2"), REQUEST) is None


@pytest.mark.parametrize("reason", Reason)
def test_reasons_that_may_pass_are_asked_again(reason: Reason) -> None:
    """A right that was missing may be there by now; a broken image stays broken."""
    finding = replace(REFUSED, reason=reason)
    document = sidecar.document(REF, finding, REQUEST, None)

    found = sidecar.finding_in(document, REF, REQUEST)

    assert (found is None) == (reason in PASSING_REASONS)


@pytest.mark.parametrize("document", [{}, {"s3ObjectDetails": {}}, {"finding": 1}])
def test_foreign_document_is_not_taken(document: dict[str, object]) -> None:
    """What is not of our making is overwritten, not believed."""
    assert sidecar.finding_in(document, REF, REQUEST) is None


def test_garbled_finding_is_not_taken() -> None:
    """Nor what is ours and broken."""
    document = sidecar.document(REF, LABELLED, REQUEST, None)
    document["finding"]["outcome"] = "PERHAPS"

    assert sidecar.finding_in(document, REF, REQUEST) is None
