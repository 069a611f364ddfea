"""What people read: all of it, and nothing that an uploader could dress up."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.quarantine_object import alert
from functions.quarantine_object.report import Outcome, Report
from tests.unit.quarantine_object.fakes import NOW, REF, scan_result, stored
from tidegate.copies import Copy
from tidegate.events import Uploader
from tidegate.objectref import ObjectRef
from tidegate.verdicts import ScanStatus

COPY = Copy(
    stored(ObjectRef("quarantine", "uploads/" + "0" * 64)), ("SHA256", "size"), (), made=True
)


def test_text_tells_what_where_who_which_and_what_was_done() -> None:
    """Everything that a person on duty asks first is in the text."""
    text = alert.text(Report(scan_result(), Outcome.QUARANTINED, NOW, copy=COPY))
    for expected in (
        "moved to quarantine",
        "Win.Test.EICAR_HDB-1",
        "uploads",
        "'in/box.bin'",
        "version-1",
        "123456789012",
        "203.0.113.9",
        "s3://quarantine/uploads/000",
        "SHA256, size",
        "corr-1",
    ):
        assert expected in text


@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_has_its_words(outcome: Outcome) -> None:
    """Subject and text exist for each, within SNS's bounds."""
    report = Report(scan_result(), outcome, NOW, reason="S3 said no")
    assert 1 <= len(alert.subject(report)) <= 99
    assert "S3 said no" in alert.text(report)


def test_unsupported_object_gives_its_reason() -> None:
    """An object that could not be scanned is told with the reason instead of a signature."""
    result = scan_result(status=ScanStatus.UNSUPPORTED, threats=(), reason="encrypted")
    report = Report(result, Outcome.QUARANTINED, NOW, copy=COPY)
    assert "Reason:      encrypted" in alert.text(report)
    assert "encrypted" in alert.subject(report)


def test_hostile_key_shows_its_control_characters() -> None:
    """Line breaks and right-to-left marks are seen, not obeyed."""
    hostile = "a\nVerdict: NO_THREATS_FOUND\n\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe"
    result = scan_result(ref=replace(REF, key=hostile), uploader=Uploader("me\nVerdict: fine"))
    lines = alert.text(Report(result, Outcome.GONE, NOW)).splitlines()
    assert sum(line.startswith("Verdict:") for line in lines) == 1
    assert "Key:         'a\\nVerdict: NO_THREATS_FOUND\\n\\u202egpj.exe'" in lines


@given(st.text(max_size=300), st.sampled_from(Outcome))
def test_subject_is_always_acceptable_to_sns(threat: str, outcome: Outcome) -> None:
    """ASCII without control characters, fewer than 100, and it ends with what was done."""
    subject = alert.subject(Report(scan_result(threats=(threat,)), outcome, NOW))
    assert len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert subject.startswith("Tidegate: ")
