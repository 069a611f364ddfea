"""Which logs are let into the archive."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions.compress_log.admission import Admission, Trigger
from functions.compress_log.report import LogLeftError, Outcome
from tests.unit.compress_log.fakes import REF, stored
from tidegate.errors import MalformedEventError

RULES = Admission(Trigger.AFTER_SCAN, (".log", ".access.log"), "archive", "scan-status", 1000)
CLEAN = {"scan-status": "NO_THREATS_FOUND"}
ROW = {"status": "NO_THREATS_FOUND", "etag": "etag-1"}


def outcome_of(rules: Admission, tags: dict[str, str], row: dict[str, Any] | None) -> Outcome:
    """Return the outcome with which the verdict's check leaves the log."""
    with pytest.raises(LogLeftError) as left:
        rules.check_verdict(REF, tags, row)
    return left.value.outcome


def test_longest_suffix_that_fits_is_the_logs() -> None:
    """Of two that fit, the name keeps what is left of the longer."""
    assert RULES.suffix_of(REF) == ".log"
    assert RULES.suffix_of(replace(REF, key="web.access.log")) == ".access.log"


@pytest.mark.parametrize("key", ["a.LOG", "a.log.gz", "log", "a.log/"])
def test_key_that_names_no_log_is_refused(key: str) -> None:
    """The function looks again, whatever sent the event."""
    with pytest.raises(MalformedEventError, match="ends in none of"):
        RULES.suffix_of(replace(REF, key=key))


def test_object_of_the_archive_is_refused() -> None:
    """It can never set itself off, even where somebody routes the archive's own events to it."""
    with pytest.raises(MalformedEventError, match="the archive itself"):
        RULES.suffix_of(replace(REF, bucket="archive"))


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"size_bytes": 0}, Outcome.EMPTY),
        ({"size_bytes": 1001}, Outcome.TOO_LARGE),
        ({"storage_class": "GLACIER"}, Outcome.UNREADABLE),
        ({"storage_class": "DEEP_ARCHIVE"}, Outcome.UNREADABLE),
    ],
)
def test_log_that_need_not_be_read_is_left(facts: dict[str, Any], outcome: Outcome) -> None:
    """Size and class say enough."""
    with pytest.raises(LogLeftError) as left:
        RULES.check(stored(**facts))
    assert left.value.outcome is outcome


@pytest.mark.parametrize("size", [1, 1000])
def test_log_within_the_limits_is_let_in(size: int) -> None:
    """Both ends of the range are allowed."""
    RULES.check(stored(size_bytes=size))


@pytest.mark.parametrize("tags", [CLEAN, {}])
def test_log_that_the_ledger_vouches_for_is_let_in(tags: dict[str, str]) -> None:
    """Without a tag too: an object with ten tags of its own has no room for the verdict's."""
    RULES.check_verdict(REF, tags, ROW)


@pytest.mark.parametrize(
    ("tags", "row"),
    [
        (CLEAN, None),
        (CLEAN, {**ROW, "etag": "another"}),
        (CLEAN, {"etag": "etag-1"}),
        (CLEAN, {**ROW, "status": "THREATS_FOUND"}),
        ({"scan-status": "THREATS_FOUND"}, ROW),
        ({"scan-status": ""}, ROW),
        (CLEAN, {**ROW, "status": "UNSUPPORTED"}),
        (CLEAN, {**ROW, "status": "FAILED"}),
    ],
)
@pytest.mark.parametrize("trigger", [Trigger.AFTER_SCAN, Trigger.OFF])
def test_log_that_nothing_vouches_for_any_more_is_left(
    trigger: Trigger, tags: dict[str, str], row: dict[str, Any] | None
) -> None:
    """A verdict on other content, none, or a worse one since: it stays where it is guarded."""
    assert outcome_of(replace(RULES, trigger=trigger), tags, row) is Outcome.NOT_CLEAN


def test_where_nothing_is_scanned_no_verdict_is_asked_for() -> None:
    """ON_UPLOAD takes what no scanner has seen, or could not read."""
    rules = replace(RULES, trigger=Trigger.ON_UPLOAD)

    rules.check_verdict(REF, {}, None)
    rules.check_verdict(REF, {"scan-status": "UNSUPPORTED"}, {**ROW, "status": "UNSUPPORTED"})


@pytest.mark.parametrize(
    ("tags", "row"),
    [({"scan-status": "THREATS_FOUND"}, None), ({}, {**ROW, "status": "THREATS_FOUND"})],
)
def test_even_there_a_known_threat_is_left(
    tags: dict[str, str], row: dict[str, Any] | None
) -> None:
    """What somebody did find infected never goes into the archive."""
    assert outcome_of(replace(RULES, trigger=Trigger.ON_UPLOAD), tags, row) is Outcome.NOT_CLEAN
