"""Looks at all buckets of the account, part by part, and reports on them.

A run goes through the buckets in the order of their names. Each part of it is written when its
buckets are done; when time runs out the run sends itself a message and goes on after the last
part, and so it does after a stop. A bucket that cannot be looked at stands in the report with the
reason, and does not keep the others waiting: the next run looks again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any, Protocol

from functions.remediate_bucket import report
from functions.remediate_bucket.control import Control
from functions.remediate_bucket.errors import BucketMissingError
from functions.remediate_bucket.regions import Bucket
from functions.remediate_bucket.report import Head, Row
from functions.remediate_bucket.result import Result
from functions.remediate_bucket.trigger import ACCOUNT, BucketRequest, RequestMode, RunRequest
from tidegate.errors import TidegateError

PART_BUCKETS = 50
# S3 allows far more requests a second; the clients slow down where it does not.
_THREADS = 8
# What judging a setting of a form that nobody foresaw may raise: a fault of ours, to be told of in
# the report, and no reason to leave all other buckets without one.
_UNFORESEEN = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


class _Remediation(Protocol):
    @property
    def controls(self) -> tuple[Control, ...]: ...
    def run(self, request: BucketRequest, holder: str, *, bucket: Bucket) -> Result: ...
    def finish(self, result: Result) -> None: ...


class _Buckets(Protocol):
    def find(self, name: str) -> Bucket: ...
    def buckets(self) -> list[Bucket]: ...


class _Reports(Protocol):
    def part(self, run: str, number: int) -> dict[str, Any] | None: ...
    def put_part(self, run: str, number: int, document: Mapping[str, Any]) -> None: ...
    def answer(self, run: str) -> dict[str, Any] | None: ...
    def put_answer(self, run: str, answer: Mapping[str, Any]) -> None: ...
    def publish(self, run: str, report: Mapping[str, Any], page: str) -> tuple[str, str]: ...


class _Notices(Protocol):
    def of_run(self, report: Mapping[str, Any], page: str) -> None: ...


class _Messages(Protocol):
    def send(self, body: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Sweep:
    """Runs over all buckets, with all that they work on."""

    account_id: str
    remediation: _Remediation
    reader: _Buckets
    reports: _Reports
    notices: _Notices
    messages: _Messages
    now: Callable[[], datetime]

    def run(self, request: RunRequest, run: str, out_of_time: Callable[[], bool]) -> dict[str, Any]:
        """Look at the buckets that the run has not seen yet, and report once all are seen.

        `complete` in the answer is False where a message was sent to go on. A run that is done
        answers as it did. Raises TransientError and MisconfiguredError.
        """
        answered = self.reports.answer(run)
        if answered is not None:
            return answered
        # A run that was stopped may be gone on with twice at once: a lease must tell them apart.
        holder = f"{run}/{self.now().isoformat()}"
        parts = self._parts(run)
        last = parts[-1]["last"] if parts else ""
        started_at = parts[0]["startedAt"] if parts else self.now().isoformat()
        left = [
            bucket
            for bucket in (self.reader.find(ACCOUNT), *self.reader.buckets())
            if bucket.name > last
        ]
        for buckets in batched(left, PART_BUCKETS, strict=False):
            if out_of_time():
                self.messages.send({"mode": request.mode.value, "run": run})
                return _unfinished(request, parts)
            part, results = self._look(request, holder, buckets)
            part["startedAt"] = started_at
            self.reports.put_part(run, len(parts), part)
            for result in results:
                self.remediation.finish(result)
            parts.append(part)
        return self._report(request, run, parts, started_at)

    def _parts(self, run: str) -> list[dict[str, Any]]:
        parts: list[dict[str, Any]] = []
        while (part := self.reports.part(run, len(parts))) is not None:
            parts.append(part)
        return parts

    def _look(
        self, request: RunRequest, holder: str, buckets: Sequence[Bucket]
    ) -> tuple[dict[str, Any], list[Result]]:
        with ThreadPoolExecutor(_THREADS) as pool:
            looked = list(pool.map(lambda bucket: self._look_at(request, holder, bucket), buckets))
        rows = [row for row, _ in looked if row is not None]
        return {"last": buckets[-1].name, "rows": rows}, [item for _, item in looked if item]

    def _look_at(
        self, request: RunRequest, holder: str, bucket: Bucket
    ) -> tuple[Row | None, Result | None]:
        mode = RequestMode.APPLY if request.mode is RequestMode.SWEEP else RequestMode.REPORT
        try:
            asked = BucketRequest(bucket.name, mode, request.trigger)
            result = self.remediation.run(asked, holder, bucket=bucket)
        except BucketMissingError:
            return None, None
        except TidegateError as error:
            return report.failed_row(bucket.name, bucket.region, str(error)), None
        except _UNFORESEEN as error:
            fault = f"could not be judged: {type(error).__name__}: {error}"
            return report.failed_row(bucket.name, bucket.region, fault), None
        return report.row(result), result

    def _report(
        self,
        request: RunRequest,
        run: str,
        parts: Sequence[Mapping[str, Any]],
        started_at: str,
    ) -> dict[str, Any]:
        rows = [row for part in parts for row in part["rows"]]
        started = datetime.fromisoformat(started_at)
        head = Head(run, request.mode.value, self.account_id, started, self.now())
        made = report.build(head, rows, self.remediation.controls)
        json_uri, html_uri = self.reports.publish(run, made, report.page(made))
        self.notices.of_run(made, html_uri)
        answer = {
            "schemaVersion": "1.0",
            "mode": request.mode.value,
            "buckets": _count(rows),
            "json": json_uri,
            "html": html_uri,
            "summary": made["summary"],
            "changes": {
                item["control"]: item["changes"] for item in made["controls"] if item["changes"]
            },
            "notMet": {item["control"]: item["NON_COMPLIANT"] for item in made["controls"]},
            "complete": True,
        }
        self.reports.put_answer(run, answer)
        return answer


def _unfinished(request: RunRequest, parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "schemaVersion": "1.0",
        "mode": request.mode.value,
        "buckets": _count([row for part in parts for row in part["rows"]]),
        "json": None,
        "html": None,
        "summary": {},
        "complete": False,
    }


def _count(rows: Sequence[Row]) -> int:
    return sum(row["bucket"] != ACCOUNT for row in rows)
