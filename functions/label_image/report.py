"""What labelling came to, as it is told on the event bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from functions.label_image.finding import Finding, Outcome, from_facts, to_facts
from tidegate.objectref import ObjectRef

LABELLED = "Image Labelled"
NOT_LABELLED = "Image Not Labelled"


class Tagging(StrEnum):
    """What became of the tag `labels`.

    WRITTEN: it is on the object. NOTHING_TO_WRITE: there is no label to tell. NO_ROOM: ten other
    tags are there. NOT_WRITTEN: S3 refused, or the object's verdict was not settled.
    """

    WRITTEN = "WRITTEN"
    NOTHING_TO_WRITE = "NOTHING_TO_WRITE"
    NO_ROOM = "NO_ROOM"
    NOT_WRITTEN = "NOT_WRITTEN"


@dataclass(frozen=True, slots=True)
class Report:
    """One object's finding, and where it was written down.

    `sidecar` is the key in the reports bucket, None where nothing was to be kept. `repeated` is
    True where an earlier run had told all this already.
    """

    ref: ObjectRef
    finding: Finding
    tagging: Tagging = Tagging.NOTHING_TO_WRITE
    sidecar: str | None = None
    repeated: bool = False

    @property
    def detail_type(self) -> str:
        """The type of the event that tells it."""
        return LABELLED if self.finding.outcome is Outcome.LABELLED else NOT_LABELLED


def to_detail(report: Report, reports_bucket: str) -> dict[str, Any]:
    """Return the event's detail; the object is named as in the verdict's event."""
    return {
        "schemaVersion": "1.0",
        "resourceType": "S3_OBJECT",
        "s3ObjectDetails": object_facts(report.ref),
        "labelling": {
            **to_facts(report.finding),
            "tagging": report.tagging.value,
            "sidecar": report.sidecar and {"bucket": reports_bucket, "key": report.sidecar},
        },
    }


def from_detail(detail: Mapping[str, Any]) -> Report:
    """Return the report that a detail of ours tells, as one that was told before."""
    item, labelling = detail["s3ObjectDetails"], detail["labelling"]
    return Report(
        ref=ObjectRef(item["bucketName"], item["objectKey"], item["versionId"], item["eTag"]),
        finding=from_facts(labelling),
        tagging=Tagging(labelling["tagging"]),
        sidecar=labelling["sidecar"] and labelling["sidecar"]["key"],
        repeated=True,
    )


def object_facts(ref: ObjectRef) -> dict[str, Any]:
    """Return the exact object as events and documents name it."""
    return {
        "bucketName": ref.bucket,
        "objectKey": ref.key,
        "eTag": ref.etag,
        "versionId": ref.version_id,
    }
