"""What was found out about one image, and the JSON that it is kept as.

{"outcome": "LABELLED", "reason": null, "explanation": null, "at": "2026-11-25T…+00:00",
 "labels": [{"name": "Boat", "confidence": 98.1}, …], "moderationLabels": null,
 "modelVersion": "3.0", "moderationModelVersion": null,
 "image": {"format": "JPEG", "bytes": 123456, "width": 4000, "height": 3000,
           "sent": "REFERENCE", "sentWidth": 4000, "sentHeight": 3000}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from functions.label_image.formats import Format
from functions.label_image.labels import Label
from functions.label_image.reasons import Reason

# They speak of the object's state or of the service's, which may be another tomorrow.
PASSING_REASONS = frozenset(
    {
        Reason.ACCESS_DENIED,
        Reason.ARCHIVED,
        Reason.CUSTOMER_KEY,
        Reason.REFUSED_BY_REKOGNITION,
    }
)


class Outcome(StrEnum):
    """What labelling came to.

    LABELLED: Rekognition has seen the image. REFUSED: it looks like an image and gets no labels,
    for a recorded reason. NOT_AN_IMAGE and GONE (deleted or replaced meanwhile): nothing is
    written and nobody told.
    """

    LABELLED = "LABELLED"
    REFUSED = "REFUSED"
    NOT_AN_IMAGE = "NOT_AN_IMAGE"
    GONE = "GONE"


class Sent(StrEnum):
    """How Rekognition got the image: from S3 itself, or as a decoded copy from here."""

    REFERENCE = "REFERENCE"
    BYTES = "BYTES"


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """The image as it is meant to be seen, upright, and what was sent of it; pixels.

    Rekognition turns a JPEG that it reads itself by its EXIF, so that boxes are shares of the
    upright image in either way: https://docs.aws.amazon.com/rekognition/latest/dg/images-orientation.html.
    """

    format: Format
    bytes: int
    width: int | None = None
    height: int | None = None
    sent: Sent | None = None
    sent_width: int | None = None
    sent_height: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One image's finding. `reason` and `explanation` say why there are no labels."""

    outcome: Outcome
    at: datetime
    image: ImageFacts | None = None
    labels: tuple[Label, ...] = ()
    moderation: tuple[Label, ...] | None = None
    model_version: str | None = None
    moderation_model_version: str | None = None
    reason: Reason | None = None
    explanation: str | None = None

    @property
    def lasts(self) -> bool:
        """Whether it holds as long as the content does, so that nobody need look again."""
        return self.reason not in PASSING_REASONS


def to_facts(finding: Finding) -> dict[str, Any]:
    """Return the finding as JSON has it."""
    image = finding.image
    return {
        "outcome": finding.outcome.value,
        "reason": finding.reason,
        "explanation": finding.explanation,
        "at": finding.at.isoformat(),
        "labels": [asdict(label) for label in finding.labels],
        "moderationLabels": None
        if finding.moderation is None
        else [asdict(label) for label in finding.moderation],
        "modelVersion": finding.model_version,
        "moderationModelVersion": finding.moderation_model_version,
        "image": image
        and {
            "format": image.format.value,
            "bytes": image.bytes,
            "width": image.width,
            "height": image.height,
            "sent": image.sent,
            "sentWidth": image.sent_width,
            "sentHeight": image.sent_height,
        },
    }


def from_facts(facts: Mapping[str, Any]) -> Finding:
    """Return the finding that the facts tell; KeyError, TypeError, ValueError if they do not."""
    image, moderation = facts["image"], facts["moderationLabels"]
    return Finding(
        outcome=Outcome(facts["outcome"]),
        at=datetime.fromisoformat(facts["at"]),
        image=image
        and ImageFacts(
            format=Format(image["format"]),
            bytes=image["bytes"],
            width=image["width"],
            height=image["height"],
            sent=image["sent"] and Sent(image["sent"]),
            sent_width=image["sentWidth"],
            sent_height=image["sentHeight"],
        ),
        labels=_labels(facts["labels"]),
        moderation=None if moderation is None else _labels(moderation),
        model_version=facts["modelVersion"],
        moderation_model_version=facts["moderationModelVersion"],
        reason=facts["reason"] and Reason(facts["reason"]),
        explanation=facts["explanation"],
    )


def _labels(facts: list[Mapping[str, Any]]) -> tuple[Label, ...]:
    return tuple(Label(label["name"], label["confidence"]) for label in facts)
