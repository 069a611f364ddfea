"""The JSON document that holds all that is known of one image, and where it is kept.

Key: `labels/<bucket>/<sha256 of bucket, key, version and ETag>.json` in the reports bucket, which
triggers nothing. No part of it was chosen by the uploader, and the same version always gets the
same one. The document holds the finding, what was asked for, and Rekognition's whole answers;
of the image's own metadata (EXIF, with its location) it holds nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from functions.label_image.finding import Finding, from_facts, to_facts
from functions.label_image.report import object_facts
from tidegate.objectref import ObjectRef

PREFIX = "labels/"


def key(ref: ObjectRef) -> str:
    """Return the document's key."""
    identity = json.dumps([ref.bucket, ref.key, ref.version_id, ref.etag])
    return f"{PREFIX}{ref.bucket}/{hashlib.sha256(identity.encode()).hexdigest()}.json"


def document(
    ref: ObjectRef,
    finding: Finding,
    request: Mapping[str, Any],
    answer: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return the document; `request` is what the answer depends on beside the content."""
    return {
        "schemaVersion": "1.0",
        "s3ObjectDetails": object_facts(ref),
        "request": dict(request),
        "finding": to_facts(finding),
        "answer": answer and dict(answer),
    }


def finding_in(
    document: Mapping[str, Any], ref: ObjectRef, request: Mapping[str, Any]
) -> Finding | None:
    """Return a finding that spares asking again; None where it is of something else or passing."""
    try:
        same = document["s3ObjectDetails"] == object_facts(ref)
        if not same or document["request"] != dict(request):
            return None
        finding = from_facts(document["finding"])
    except (KeyError, TypeError, ValueError):
        return None
    return finding if finding.lasts else None
