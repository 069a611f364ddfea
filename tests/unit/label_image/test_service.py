"""Which events are taken, and which objects they want labelled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.label_image.service import images_of
from tidegate.errors import MalformedEventError
from tidegate.objectref import ObjectRef
from tidegate.verdicts import DETAIL_TYPE, SOURCE, Action, ScanResult, ScanStatus, to_detail

REF = ObjectRef("uploads", "a b+c.jpg", "v1", "e1")
CLEAN = ScanResult(
    ref=REF,
    status=ScanStatus.NO_THREATS_FOUND,
    action=Action.NONE,
    scanned_at=datetime(2026, 11, 25, tzinfo=UTC),
    correlation_id="corr-1",
)


def verdict(result: ScanResult) -> dict[str, Any]:
    """Return the event that scan_object publishes."""
    return {"source": SOURCE, "detail-type": DETAIL_TYPE, "detail": to_detail(result)}


def test_clean_verdict_names_its_object() -> None:
    """Exactly the version that was scanned, with its upload's correlation id."""
    (created,) = images_of(verdict(CLEAN))

    assert (created.ref, created.correlation_id) == (REF, "corr-1")


@pytest.mark.parametrize("status", sorted(set(ScanStatus) - {ScanStatus.NO_THREATS_FOUND}))
def test_any_other_verdict_is_refused(status: ScanStatus) -> None:
    """What is not known to be clean is not labelled, whoever sends the event."""
    with pytest.raises(MalformedEventError, match=f"is {status}, not NO_THREATS_FOUND"):
        images_of(verdict(replace(CLEAN, status=status)))


def test_direct_form_and_uploads_are_taken() -> None:
    """For operators, and for those who do not scan."""
    direct = {"bucket": "uploads", "key": "a.jpg", "versionId": "v1"}
    upload = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {"bucket": {"name": "uploads"}, "object": {"key": "a.jpg", "etag": "e1"}},
    }

    assert [created.ref for created in images_of(direct)] == [ObjectRef("uploads", "a.jpg", "v1")]
    assert [created.ref for created in images_of(upload)] == [
        ObjectRef("uploads", "a.jpg", None, "e1")
    ]


@pytest.mark.parametrize("event", [None, [], {}, {"detail-type": DETAIL_TYPE, "detail": {}}])
def test_anything_else_is_a_named_error(event: object) -> None:
    """Never retried."""
    with pytest.raises(MalformedEventError):
        images_of(event)
