"""The day that a log is of: told by its name, else by when it was stored, in UTC.

In a name: 2026-11-25 with `-`, `_`, `.` or `/` between, also with an hour after it; 20261125, also
followed by hours, minutes and seconds; year=2026/month=11/day=25; 25-Nov-2026 and 2026-Nov-25.
Not taken: 25-11-2026, whose day and month nobody can tell apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

# The archive's table projects these years, and a log of another one would be found by no query.
# S3 itself began in the first.
FIRST_YEAR = 2006
LAST_YEAR = 2049

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Whole or short, for other words begin alike: market, decoder, sepia.
_NAMED = (
    "(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    "|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        r"(?<!\d)(?P<year>\d{4})(?P<mark>[-_./])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?=(?:\d{2}){0,3}(?!\d))",
        r"year=(?P<year>\d{4})/month=(?P<month>\d{1,2})/day=(?P<day>\d{1,2})(?!\d)",
        rf"(?<!\d)(?P<day>\d{{1,2}})[-_./]?{_NAMED}[-_./]?(?P<year>\d{{4}})(?!\d)",
        rf"(?<!\d)(?P<year>\d{{4}})[-_./]?{_NAMED}[-_./]?(?P<day>\d{{1,2}})(?!\d)",
    )
)
# A log cannot be of a day after it was stored, but for the time zone of who named it.
_AHEAD = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class LogDay:
    """A day of the calendar, and whether the log's name told it."""

    day: date
    from_name: bool


def day_of(key: str, stored_at: datetime) -> LogDay:
    """Return the day of the log: the last day in its key that can be true, else when it came."""
    stored = stored_at.astimezone(UTC).date()
    told = [
        (match.end(), day)
        for match, day in _days(key)
        if date(FIRST_YEAR, 1, 1) <= day <= stored + _AHEAD and day.year <= LAST_YEAR
    ]
    if told:
        return LogDay(max(told)[1], from_name=True)
    return LogDay(stored, from_name=False)


def _days(key: str) -> Iterator[tuple[re.Match[str], date]]:
    for form in _FORMS:
        for match in form.finditer(key):
            try:
                yield match, date(int(match["year"]), _month(match["month"]), int(match["day"]))
            except ValueError:
                continue


def _month(text: str) -> int:
    name = text[:3].lower()
    return _MONTHS.index(name) + 1 if name in _MONTHS else int(text)
