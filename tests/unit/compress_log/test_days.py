"""The day of a log: from its name where that can be true, else from when it was stored."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.compress_log.days import FIRST_YEAR, LAST_YEAR, LogDay, day_of

STORED = datetime(2026, 11, 26, 1, 30, tzinfo=UTC)
DAY = date(2026, 11, 25)


@pytest.mark.parametrize(
    "key",
    [
        "access-2026-11-25.log",
        "access_log.2026-11-25-13",
        "access_log.2026-11-25T13:00:00Z.log",
        "app_2026_11_25.log",
        "app.2026.11.25.log",
        "app/2026/11/25/server.log",
        "app/2026/11/25.log",
        "year=2026/month=11/day=25/app.log",
        "dt=2026-11-25/app.log",
        "app-20261125.log",
        "app-2026112513.log",
        "app-20261125T134501Z.log",
        "app-20261125134501.log",
        "20261125.log",
        "access_log-25-Nov-2026.log",
        "access_log.25Nov2026",
        "app-2026-Nov-25.log",
        "app-25-november-2026.log",
        "app-2026-NOV-25.log",
        # Of two, the last: the name says more than the folder.
        "2026-11-24/app-2026-11-25.log",
        "backup/20261120/app/2026/11/25/server.log",
        # What cannot be true is passed over.
        "app-2026-11-25-2026-13-45.log",
        "app-2026-11-25-v20991231.log",
        "app-2026-11-25-1999-01-01.log",
    ],
)
def test_day_in_the_name_is_taken(key: str) -> None:
    """Each of the usual forms, wherever it stands in the key."""
    assert day_of(key, STORED) == LogDay(DAY, from_name=True)


@pytest.mark.parametrize(
    "key",
    [
        "server.log",
        "",
        "app-2026-02-30.log",
        "app-20261301.log",
        "app-2026-11.log",
        "app-25-11-2026.log",
        "app-2026-11/25.log",
        "app-12026-11-25.log",
        "app-2026-11-259.log",
        "app-202611251.log",
        "request-1764028800.log",
        "app-2027-01-01.log",
        "app-2026-11-28.log",
        "app-2005-12-31.log",
        "app-0000-00-00.log",
        # Words that begin as months do.
        "service-2026-decoder-3.log",
        "sales-2026-market-01.log",
        "3-sepia-2025.log",
        "2025mayor12.log",
        "app-\u0662\u0660\u0662\u0666-\u0661\u0661-\u0662\u0665.log",
        "a" * 1024,
        "2" * 1024,
    ],
)
def test_name_without_a_day_that_can_be_true_leaves_when_it_was_stored(key: str) -> None:
    """No such day, too old for S3, later than tomorrow, or not to be told from a number."""
    assert day_of(key, STORED) == LogDay(date(2026, 11, 26), from_name=False)


def test_day_after_the_upload_is_taken() -> None:
    """Who named it may live where it is tomorrow already."""
    assert day_of("app-2026-11-27.log", STORED).day == date(2026, 11, 27)


def test_time_of_storage_counts_in_utc() -> None:
    """Half past one in Berlin is still the day before."""
    berlin = timezone(timedelta(hours=2))

    assert day_of("a.log", datetime(2026, 11, 26, 1, 30, tzinfo=berlin)).day == DAY


@given(
    key=st.text(max_size=200),
    stored=st.dates(date(2006, 3, 14), date(2049, 12, 31)),
)
def test_whatever_the_key_the_day_is_one_that_the_table_projects(key: str, stored: date) -> None:
    """No key leads out of the projected years, nor past the day after it was stored."""
    day = day_of(key, datetime.combine(stored, time(12), UTC)).day

    assert FIRST_YEAR <= day.year <= LAST_YEAR
    assert day <= stored + timedelta(days=1)


@given(
    day=st.dates(date(2006, 1, 1), date(2026, 11, 27)), form=st.sampled_from(["-", "_", ".", ""])
)
def test_every_day_is_read_back_from_its_own_name(day: date, form: str) -> None:
    """Written in any of the numeric forms, a day is found again."""
    key = f"app-{day.year:04}{form}{day.month:02}{form}{day.day:02}.log"

    assert day_of(key, STORED) == LogDay(day, from_name=True)
