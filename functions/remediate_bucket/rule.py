"""Evaluates what a custom Config rule asks for: one resource, or all buckets on a schedule.

The rule's parameter `controls` names them; without it all controls are evaluated that have no
managed rule, for the others Config has its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from functions.remediate_bucket import config_results
from functions.remediate_bucket.config_results import Evaluation
from functions.remediate_bucket.control import Control
from functions.remediate_bucket.errors import BucketMissingError
from functions.remediate_bucket.regions import Bucket
from functions.remediate_bucket.result import Result
from functions.remediate_bucket.trigger import (
    ACCOUNT,
    BucketRequest,
    RequestMode,
    RuleRequest,
    Trigger,
)
from tidegate.errors import MalformedEventError, TidegateError, TransientError

_THREADS = 8


class _Remediation(Protocol):
    def run(
        self, request: BucketRequest, holder: str, *, bucket: Bucket | None = None
    ) -> Result: ...
    def select(self, bucket: str, named: frozenset[str] | None) -> tuple[Control, ...]: ...


class _Buckets(Protocol):
    def buckets(self) -> list[Bucket]: ...


class _Results(Protocol):
    def put(self, token: str, evaluations: Sequence[Evaluation]) -> None: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """The custom rule's evaluation, with all that it works on. Nothing is ever changed by it."""

    remediation: _Remediation
    reader: _Buckets
    results: _Results

    def run(self, request: RuleRequest, out_of_time: Callable[[], bool]) -> tuple[Evaluation, ...]:
        """Evaluate, give Config the results, and return them.

        Raises TransientError where not all buckets could be evaluated in time: those done are
        given, and Config asks for all again on its schedule. MalformedEventError where the rule
        names a control that is none: what was not judged must not be vouched for.
        """
        self._check(request.controls)
        if request.bucket is not None:
            evaluation = self._evaluate(request, request.bucket, None)
            self.results.put(request.result_token, [evaluation])
            return (evaluation,)
        buckets = self.reader.buckets()

        def one(bucket: Bucket) -> Evaluation | None:
            return None if out_of_time() else self._evaluate(request, bucket.name, bucket)

        with ThreadPoolExecutor(_THREADS) as pool:
            answers = list(pool.map(one, buckets))
        evaluations = tuple(answer for answer in answers if answer is not None)
        self.results.put(request.result_token, evaluations)
        if len(evaluations) < len(buckets):
            raise TransientError(f"{len(buckets) - len(evaluations)} buckets were not evaluated")
        return evaluations

    def _evaluate(self, request: RuleRequest, name: str, bucket: Bucket | None) -> Evaluation:
        at = request.captured_at
        if request.gone:
            return config_results.gone(name, at)
        asked = BucketRequest(
            name,
            RequestMode.REPORT,
            Trigger("config-rule", "custom rule"),
            self._controls(request, name),
        )
        try:
            result = self.remediation.run(asked, "rule", bucket=bucket)
        except BucketMissingError:
            return config_results.gone(name, at)
        except TidegateError as error:
            if error.retried and bucket is None:
                raise
            return config_results.unknown(name, str(error), at)
        return config_results.judge(name, result.findings, at)

    def _check(self, named: frozenset[str] | None) -> None:
        known = {
            control.id
            for resource in (ACCOUNT, "any-bucket")
            for control in self.remediation.select(resource, None)
        }
        if unknown := (named or frozenset()) - known:
            raise MalformedEventError(f"the rule names no control: {', '.join(sorted(unknown))}")

    def _controls(self, request: RuleRequest, name: str) -> frozenset[str]:
        fitting = self.remediation.select(name, None)
        if request.controls is not None:
            return request.controls & {control.id for control in fitting}
        return frozenset(
            control.id
            for control in fitting
            if control.references.config_rule is None or name == ACCOUNT
        )
