"""The report on all buckets: its numbers, and its page in a real browser."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.remediate_bucket import controls, report
from functions.remediate_bucket.bucket_state import Section, Unreadable
from functions.remediate_bucket.report import Head
from functions.remediate_bucket.trigger import ACCOUNT, RequestMode
from tests import browser
from tests.unit.remediate_bucket import buckets
from tests.unit.remediate_bucket.world import NOW, OPERATOR, FakeAccount, World

HOSTILE = '<script>alert(1)</script> & "quotes"'
EXEMPT = "controls=versioning:tls-only until=2027-01-31 approver=jane@example.com reason=old fleet"


def world() -> World:
    """Return an account of buckets of all kinds."""
    hardened = replace(buckets.bucket(), name="harbour-hardened")
    states = {
        name: replace(buckets.bucket(), name=name)
        for name in (ACCOUNT, "harbour-papers", "harbour-exempt", "harbour-broken", "harbour-web")
    }
    states["harbour-hardened"] = hardened
    made = World(account=FakeAccount(states))
    every = [c.id for c in controls.ALL if c.sections != {Section.ACCOUNT_PUBLIC_ACCESS_BLOCK}]
    made.remediation.finish(made.apply(*every, bucket="harbour-hardened"))
    made.account.set("harbour-exempt", Section.TAGS, {"Tags": {"tidegate-exempt": EXEMPT}})
    made.account.set("harbour-broken", Section.TAGS, {"Tags": {"tidegate-exempt": HOSTILE}})
    made.account.set("harbour-web", Section.WEBSITE, buckets.WEBSITE)
    made.account.set("harbour-web", Section.POLICY, Unreadable(f"denied {HOSTILE}"))
    return made


def built() -> dict[str, Any]:
    """Return the report on that account."""
    made = world()
    rows = [
        report.row(made.run(RequestMode.REPORT, trigger=OPERATOR, bucket=name))
        for name in made.account.states
    ]
    rows.append(report.failed_row("harbour-denied", "eu-west-3", f"access denied {HOSTILE}"))
    head = Head("run-1", "report", buckets.ACCOUNT, NOW, NOW)
    return report.build(head, rows, controls.ALL)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of the report, as a file."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(report.page(built()))
    return path


def words(dom: str) -> str:
    """Return what a person reads of the page."""
    visible = re.sub(r"<style.*?</style>|<[^>]*>", " ", dom, flags=re.DOTALL)
    return " ".join(html.unescape(visible).split())


def test_summary_counts_buckets_and_not_the_account() -> None:
    """The account's row stands in the report, and is no bucket."""
    summary = built()["summary"]

    assert (summary["buckets"], summary["errors"]) == (6, 1)
    assert summary["exemptions"] == 2
    assert 0 < summary["score"] < 100


def test_unknown_is_not_met() -> None:
    """A score counts what could not be read against the bucket."""
    made = World()
    known = made.run(RequestMode.REPORT, trigger=OPERATOR).score or 0
    made.account.set(buckets.NAME, Section.ENCRYPTION, Unreadable("denied"))
    made.account.set(buckets.NAME, Section.ACL, Unreadable("denied"))
    made.account.set(buckets.NAME, Section.POLICY, Unreadable("denied"))

    assert (made.run(RequestMode.REPORT, trigger=OPERATOR).score or 0) <= known


def test_worst_buckets_come_first() -> None:
    """Who opens the report sees first what needs doing."""
    rows = built()["buckets"]

    assert rows[0]["bucket"] == "harbour-denied"
    scores = [row["score"] for row in rows[1:] if row["score"] is not None]
    assert scores == sorted(scores)
    assert rows[-1]["bucket"] == "harbour-hardened"


@pytest.mark.parametrize("size", [browser.PHONE, browser.DESKTOP], ids=["phone", "desktop"])
def test_page_in_a_browser_says_what_the_report_says(page: Path, size: tuple[int, int]) -> None:
    """Buckets, scores, findings, planned calls and exemptions are read in Chromium, offline."""
    seen = browser.render(page, *size)
    text = words(seen.dom)

    assert seen.fetched() == []
    assert seen.png.stat().st_size > 10_000
    for row in built()["buckets"]:
        assert row["bucket"] in text
        if row["score"] is not None:
            assert f"{row['score']} %" in text
    for control in controls.ALL:
        assert control.title in text
    assert "Would call put_public_access_block for bucket-public-access-block" in text
    assert "until 2027-01-31" in text
    assert "approved by jane@example.com" in text
    assert "cannot be understood" in text


def test_page_runs_nothing_that_a_bucket_says(page: Path) -> None:
    """Tags and errors are shown as text: no script of theirs becomes one."""
    seen = browser.render(page, *browser.DESKTOP)

    assert "<script" not in seen.dom
    assert HOSTILE in words(seen.dom)


def test_page_fits_a_telephone(page: Path) -> None:
    """The page says so itself, has a dark side, and nothing is wider than the screen."""
    text = page.read_text()

    assert 'name="viewport" content="width=device-width, initial-scale=1"' in text
    assert "prefers-color-scheme:dark" in text
    assert "<table" not in text
    assert len(text.encode()) < 500_000
