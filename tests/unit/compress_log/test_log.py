"""Which log an event speaks of."""

from __future__ import annotations

import json

import pytest

from functions.compress_log.log import Log, logs_of, logs_of_body
from tests.unit.compress_log.fakes import REF, SHA256, verdict_event
from tidegate.errors import MalformedEventError
from tidegate.objectref import ObjectRef


def test_clean_verdict_names_a_log_and_its_digest() -> None:
    """The scanner's SHA-256 comes along, so that what is archived is what was scanned."""
    assert logs_of(verdict_event()) == (Log(REF, SHA256, "corr-1"),)


@pytest.mark.parametrize("status", ["THREATS_FOUND", "UNSUPPORTED", "FAILED", "ACCESS_DENIED"])
def test_other_verdict_is_refused(status: str) -> None:
    """Such an event has come to the wrong queue, and is kept where people see it."""
    with pytest.raises(MalformedEventError, match="not clean"):
        logs_of(verdict_event(status=status))


def test_direct_form_names_a_log() -> None:
    """Bucket, key and version, without a digest."""
    event = {"bucket": "uploads", "key": "a.log", "versionId": "1"}

    assert logs_of(event) == (Log(ObjectRef("uploads", "a.log", "1")),)


def test_test_event_names_none() -> None:
    """What S3 sends when a notification is set up is understood, and of no object."""
    assert logs_of_body(json.dumps({"Event": "s3:TestEvent"})) == ()


@pytest.mark.parametrize("body", ["", "nonsense", "[]", "{}", '"text"', "[" * 100_000])
def test_anything_else_is_named(body: str) -> None:
    """A message that says nothing to this function is malformed, not a crash."""
    with pytest.raises(MalformedEventError):
        logs_of_body(body)
