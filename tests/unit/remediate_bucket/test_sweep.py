"""Runs over all buckets: paced, continued where they stopped, reported whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pytest

from functions.remediate_bucket import controls, notice
from functions.remediate_bucket.bucket_state import Section
from functions.remediate_bucket.change import Outcome
from functions.remediate_bucket.regions import Bucket
from functions.remediate_bucket.sweep import PART_BUCKETS, Sweep
from functions.remediate_bucket.trigger import (
    ACCOUNT,
    RequestMode,
    RunRequest,
    Trigger,
    parse,
)
from tests.unit.remediate_bucket import buckets
from tests.unit.remediate_bucket.world import FakeAccount, World
from tidegate.errors import MisconfiguredError, TransientError

REPORT = RunRequest(RequestMode.REPORT, Trigger("schedule", "mode report"))
SWEEP = RunRequest(RequestMode.SWEEP, Trigger("schedule", "mode sweep"))


@dataclass
class FakeReports:
    """Parts and reports in memory."""

    parts: dict[tuple[str, int], Any] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)
    published: list[tuple[Mapping[str, Any], str]] = field(default_factory=list)

    def part(self, run: str, number: int) -> dict[str, Any] | None:
        return self.parts.get((run, number))

    def put_part(self, run: str, number: int, document: Mapping[str, Any]) -> None:
        self.parts[run, number] = dict(document)

    def answer(self, run: str) -> dict[str, Any] | None:
        return self.answers.get(run)

    def put_answer(self, run: str, answer: Mapping[str, Any]) -> None:
        self.answers[run] = dict(answer)

    def publish(self, run: str, report: Mapping[str, Any], page: str) -> tuple[str, str]:
        self.published.append((report, page))
        return f"s3://reports/{run}.json", f"s3://reports/{run}.html"


@dataclass
class Told:
    """What people were told, and what the function sent itself."""

    runs: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def of_run(self, report: Mapping[str, Any], page: str) -> None:
        self.runs.append(page)

    def send(self, body: Mapping[str, Any]) -> None:
        self.messages.append(dict(body))


@dataclass
class Fleet:
    """An account of many buckets, swept."""

    world: World
    reports: FakeReports = field(default_factory=FakeReports)
    told: Told = field(default_factory=Told)

    def sweep(self) -> Sweep:
        """Return the sweep of this account."""
        return Sweep(
            account_id=buckets.ACCOUNT,
            remediation=self.world.remediation,
            reader=self.world.account,
            reports=self.reports,
            notices=self.told,
            messages=self.told,
            now=lambda: self.world.now,
        )

    def run(
        self, request: RunRequest = REPORT, out_of_time: Callable[[], bool] = lambda: False
    ) -> dict[str, Any]:
        """Begin the run, or go on with it."""
        return self.sweep().run(request, "run-1", out_of_time)


def fleet(number: int, account: type[FakeAccount] = FakeAccount) -> Fleet:
    """Return an account of that many buckets on which nobody configured anything."""
    names = [f"papers-{index:04}" for index in range(number)]
    states = {name: replace(buckets.bucket(), name=name) for name in (ACCOUNT, *names)}
    return Fleet(World(account=account(states)))


def test_report_has_every_bucket_once_and_changes_none() -> None:
    """A report over more than one part misses none and doubles none."""
    made = fleet(PART_BUCKETS * 2 + 3)

    answer = made.run()

    (report, _page) = made.reports.published[0]
    names = [row["bucket"] for row in report["buckets"]]
    assert answer["complete"]
    assert answer["buckets"] == PART_BUCKETS * 2 + 3
    assert len(set(names)) == len(names) == PART_BUCKETS * 2 + 4
    assert made.world.account.written == []
    assert made.world.bus.events == []
    assert len(made.told.runs) == 1


def test_sweep_applies_what_the_stack_allows_on_each_bucket() -> None:
    """A sweep puts each bucket right, and its report says so."""
    made = fleet(5)

    answer = made.run(SWEEP)

    assert {name for name, _ in made.world.account.written} == {f"papers-{n:04}" for n in range(5)}
    assert answer["summary"]["changes"]["APPLIED"] == len(made.world.account.written)
    assert made.world.changes.open() == []


def test_run_gone_on_with_twice_at_once_holds_two_leases() -> None:
    """What one of the two has begun on a bucket the other leaves to it."""
    made = fleet(1)
    taken: list[str] = []
    real_take = made.world.leases.take

    def take(bucket: str, holder: str, now: datetime) -> None:
        taken.append(holder)
        real_take(bucket, holder, now)
        if len(taken) == 1:
            made.world.later(seconds=1)
            made.run(SWEEP)

    made.world.leases.take = take  # type: ignore[method-assign]
    made.run(SWEEP)

    assert len(set(taken)) == len(taken) == 2
    (rows,) = [row for row in made.reports.published[0][0]["buckets"] if row["bucket"] != ACCOUNT]
    assert "another run is at work" in rows["error"]


def test_people_hear_of_what_a_sweep_could_not_do() -> None:
    """Who is fought, exempt by what nobody understands, or refused by S3 is named, once each."""
    made = fleet(4)
    made.world.leases.spent["papers-0001", "tls-only"] = made.world.leases.budget
    odd = {"Tags": {"tidegate-exempt": "keep out \u202e"}}
    made.world.account.set("papers-0002", Section.TAGS, odd)

    made.run(SWEEP)

    (report, _page) = made.reports.published[0]
    text = notice.run_text(report, "s3://page")
    assert "papers-0001: tls-only: the control has changed this bucket too often" in text
    assert text.count("papers-0002: ") == 1
    assert "papers-0003" not in text
    assert "\u202e" not in text


def test_notice_of_a_run_stays_short() -> None:
    """A fleet of which all is fought makes no letter of a thousand lines."""
    made = fleet(notice.MAX_ALERTS + 5)
    for name in made.world.account.states:
        made.world.leases.spent[name, "tls-only"] = made.world.leases.budget

    made.run(SWEEP)

    text = notice.run_text(made.reports.published[0][0], "s3://page")
    assert text.count("too often today") == notice.MAX_ALERTS
    assert "and 5 more in the report" in text


def test_changes_of_a_sweep_are_told_by_control_and_on_the_page() -> None:
    """Also of a bucket that has nothing wrong any more: people look for what was changed."""
    made = fleet(1)
    made.world.remediation = replace(
        made.world.remediation,
        controls=tuple(one for one in controls.ALL if one.id == "bucket-public-access-block"),
    )

    answer = made.run(SWEEP)

    assert answer["changes"] == {"bucket-public-access-block": {"APPLIED": 1}}
    (_report, page) = made.reports.published[0]
    assert "Called <code>put_public_access_block</code> for bucket-public-access-block" in page


def test_run_goes_on_where_time_ran_out() -> None:
    """A run out of time sends itself a message, and that message goes on after the last part."""
    made = fleet(PART_BUCKETS * 3)
    left = iter([False, True])

    first = made.run(out_of_time=lambda: next(left))
    (message,) = made.told.messages
    request = parse(message, own())
    assert isinstance(request, RunRequest)
    assert request.run == "run-1"
    second = made.sweep().run(request, "run-1", lambda: False)

    assert (first["complete"], first["json"]) == (False, None)
    assert second["complete"]
    (report, _page) = made.reports.published[0]
    assert len({row["bucket"] for row in report["buckets"]}) == PART_BUCKETS * 3 + 1


def own() -> Any:
    """Return this function's identity."""
    from functions.remediate_bucket.trigger import Identity

    return Identity(buckets.ACCOUNT, "arn:aws:iam::111122223333:role/x")


def test_run_killed_between_parts_goes_on_after_the_last_whole_one() -> None:
    """The message comes back: parts that are there are not done again."""
    made = fleet(PART_BUCKETS * 3)
    looks = 0
    real_read = made.world.account.read

    class KilledError(BaseException):
        pass

    def read(bucket: Bucket, sections: Any) -> Any:
        nonlocal looks
        looks += 1
        if looks == PART_BUCKETS + 10:
            raise KilledError
        return real_read(bucket, sections)

    made.world.account.read = read  # type: ignore[method-assign]
    with pytest.raises(KilledError):
        made.run()
    assert list(made.reports.parts) == [("run-1", 0)]
    before = looks

    assert made.run()["complete"]
    assert looks - before <= PART_BUCKETS * 2 + 1


def test_run_that_is_done_answers_again_and_tells_nobody_twice() -> None:
    """A message that is delivered twice makes no second report."""
    made = fleet(2)

    assert made.run() == made.run()

    assert len(made.told.runs) == len(made.reports.published) == 1


def test_bucket_that_cannot_be_looked_at_stands_in_the_report() -> None:
    """One bucket that is denied, or throttled, keeps no other from being looked at."""
    made = fleet(3)
    real_read = made.world.account.read
    errors = {"papers-0001": MisconfiguredError("denied"), "papers-0002": TransientError("slow")}

    def read(bucket: Bucket, sections: Any) -> Any:
        if bucket.name in errors:
            raise errors[bucket.name]
        return real_read(bucket, sections)

    made.world.account.read = read  # type: ignore[method-assign]

    answer = made.run()

    (report, page) = made.reports.published[0]
    assert answer["summary"]["errors"] == 2
    assert {row["bucket"] for row in report["buckets"] if "error" in row} == set(errors)
    assert "denied" in page


def test_bucket_of_a_form_that_nobody_foresaw_keeps_no_other_waiting() -> None:
    """A fault in judging one bucket is in the report; the others are judged all the same."""
    made = fleet(3)
    odd = {"Version": "2012-10-17", "Statement": ["no statement"]}
    made.world.account.set("papers-0001", Section.POLICY, odd)

    answer = made.run()

    (report, page) = made.reports.published[0]
    assert answer["complete"]
    assert [row["bucket"] for row in report["buckets"] if "error" in row] == ["papers-0001"]
    assert "could not be judged: AttributeError" in page


def test_bucket_deleted_meanwhile_is_left_out() -> None:
    """A bucket that is gone between the listing and the look is no error."""
    made = fleet(3)
    listed = made.world.account.buckets()
    made.world.account.buckets = lambda: listed  # type: ignore[method-assign]
    del made.world.account.states["papers-0001"]

    answer = made.run()

    assert (answer["buckets"], answer["summary"]["errors"]) == (2, 0)


class SlowAccount(FakeAccount):
    """Takes as long for a bucket as twenty calls of 20 ms do that run eight at a time."""

    seconds = 0.02 * 20 / 8

    def read(self, bucket: Bucket, sections: Any) -> Any:
        time.sleep(self.seconds)
        return super().read(bucket, sections)


def test_thousand_buckets_fit_into_one_run() -> None:
    """At 20 ms a call a thousand buckets take a fraction of Lambda's fifteen minutes."""
    made = fleet(1000, SlowAccount)
    began = time.monotonic()

    answer = made.run()

    assert answer["complete"]
    assert answer["buckets"] == 1000
    assert time.monotonic() - began < 200
    assert all(change == Outcome.PLANNED.value for change in answer["summary"]["changes"])
    (_report, page) = made.reports.published[0]
    assert len(page.encode()) < 500_000
