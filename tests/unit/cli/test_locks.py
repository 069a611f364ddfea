"""Which retention may follow on which, and until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tidegate_cli.errors import RefusedError, UsageError
from tidegate_cli.locks import Mode, Retention, check_change, end

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


def retention(mode: Mode, days: int) -> Retention:
    """A retention that ends so many days from now."""
    return Retention(mode, NOW + timedelta(days=days))


G, C = Mode.GOVERNANCE, Mode.COMPLIANCE


@pytest.mark.parametrize(
    ("present", "wanted", "bypass"),
    [
        (None, retention(C, 1), False),
        (retention(G, 10), retention(G, 10), False),
        (retention(G, 10), retention(G, 20), False),
        (retention(G, 10), retention(C, 20), False),
        (retention(G, 10), retention(G, 5), True),
        (retention(C, 10), retention(C, 20), False),
        (retention(C, -1), retention(G, 20), False),
    ],
)
def test_longer_retention_passes(
    present: Retention | None, wanted: Retention, bypass: bool
) -> None:
    """Longer, stricter, or after an end that is past: nothing needed. Shorter: the right for it."""
    check_change(present, wanted, NOW, bypass=bypass)


@pytest.mark.parametrize(
    ("present", "wanted", "bypass"),
    [
        (retention(G, 10), retention(G, 5), False),
        (retention(C, 10), retention(C, 5), True),
        (retention(C, 10), retention(G, 20), True),
    ],
)
def test_weaker_retention_is_refused(present: Retention, wanted: Retention, bypass: bool) -> None:
    """COMPLIANCE is never shortened nor loosened, GOVERNANCE not without --bypass-governance."""
    with pytest.raises(RefusedError):
        check_change(present, wanted, NOW, bypass=bypass)


@pytest.mark.parametrize(
    ("until", "days", "expected"),
    [
        ("2026-11-26", None, datetime(2026, 11, 26, tzinfo=UTC)),
        ("2026-11-25T14:00+01:00", None, datetime(2026, 11, 25, 13, tzinfo=UTC)),
        ("2026-11-25T12:00:01Z", None, datetime(2026, 11, 25, 12, 0, 1, tzinfo=UTC)),
        (None, 30, NOW + timedelta(days=30)),
    ],
)
def test_end_is_read(until: str | None, days: int | None, expected: datetime) -> None:
    """A date in UTC, a time with its zone, or days from now."""
    assert end(until, days, NOW) == expected


@pytest.mark.parametrize(
    ("until", "days"),
    [
        (None, None),
        ("2026-12-01", 3),
        ("2026-11-25", None),
        ("2026-11-26T12:00", None),
        ("tomorrow", None),
        ("2199-01-01", None),
        (None, 0),
        (None, 36_501),
    ],
)
def test_end_that_cannot_be_meant_is_refused(until: str | None, days: int | None) -> None:
    """Both or neither, past, without zone, no date, or too far away to be no slip."""
    with pytest.raises(UsageError):
        end(until, days, NOW)
