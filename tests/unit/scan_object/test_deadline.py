"""The moment by which an invocation must have said what it found."""

import pytest

from functions.scan_object.deadline import RESERVED_SECONDS, Deadline, DeadlineError


def test_time_is_reserved_for_what_follows_the_scan() -> None:
    """Of a long invocation the reserve is kept back."""
    seconds = Deadline.before_timeout(900_000).remaining_seconds("scan")
    assert 900 - RESERVED_SECONDS - 1 < seconds <= 900 - RESERVED_SECONDS


def test_short_invocation_keeps_half_of_its_time() -> None:
    """A reserve larger than the life itself would leave no time to work."""
    assert 4 < Deadline.before_timeout(10_000).remaining_seconds("scan") <= 5


def test_past_deadline_is_an_error_that_is_retried() -> None:
    """The error says what there was no time for."""
    with pytest.raises(DeadlineError, match="no time left to scan") as caught:
        Deadline(0.0).remaining_seconds("scan")
    assert caught.value.retried
