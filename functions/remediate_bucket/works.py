"""Does what is asked for, and tells people, logs and metrics what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from functions.remediate_bucket import result, undo
from functions.remediate_bucket.config_results import Evaluation
from functions.remediate_bucket.result import Result
from functions.remediate_bucket.trigger import (
    BucketRequest,
    RuleRequest,
    RunRequest,
    UndoRequest,
)
from functions.remediate_bucket.undo import Undone
from tidegate.telemetry import NAMESPACE, Telemetry


class _Remediation(Protocol):
    def run(self, request: BucketRequest, holder: str) -> Result: ...
    def finish(self, result: Result) -> None: ...


class _Undo(Protocol):
    def run(self, change_id: str, holder: str) -> Undone: ...


class _Sweep(Protocol):
    def run(
        self, request: RunRequest, run: str, out_of_time: Callable[[], bool]
    ) -> dict[str, Any]: ...


class _Rule(Protocol):
    def run(
        self, request: RuleRequest, out_of_time: Callable[[], bool]
    ) -> tuple[Evaluation, ...]: ...


class _Notices(Protocol):
    def of_bucket(self, result: Result) -> None: ...


@dataclass(frozen=True, slots=True)
class Works:
    """All that works on buckets. Each method returns the answer to a direct invocation."""

    remediation: _Remediation
    undoing: _Undo
    sweep: _Sweep
    rule: _Rule
    notices: _Notices
    telemetry: Telemetry

    def look(self, request: BucketRequest, holder: str) -> dict[str, Any]:
        """Look at one bucket, and tell people of what was changed before it counts as told."""
        done = self.remediation.run(request, holder)
        for change in done.changes:
            self.telemetry.logger.info(
                "change",
                extra={
                    "change": change.id,
                    "control": change.control,
                    "operation": change.operation,
                    "outcome": change.outcome.value,
                    "reason": change.reason,
                    "trigger": change.trigger.event,
                },
            )
            _count(f"Changes{change.outcome.value.title()}", change.control, 1)
        self.notices.of_bucket(done)
        self.remediation.finish(done)
        return result.to_response(done)

    def undo(self, request: UndoRequest, holder: str) -> dict[str, Any]:
        """Take a change back."""
        undone = self.undoing.run(request.change, holder)
        extra = {"outcome": undone.outcome.value, "reason": undone.reason}
        self.telemetry.logger.info("undo", extra=extra)
        name = f"Undo{undone.outcome.value.title()}"
        self.telemetry.metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
        return undo.to_response(undone)

    def run(self, request: RunRequest, run: str, out_of_time: Callable[[], bool]) -> dict[str, Any]:
        """Look at all buckets, or go on with it."""
        answer = self.sweep.run(request, run, out_of_time)
        self.telemetry.logger.info("run", extra={"answer": answer})
        for control, buckets in answer.get("notMet", {}).items():
            _count("BucketsNotCompliant", control, buckets)
        for control, outcomes in answer.get("changes", {}).items():
            for outcome, number in outcomes.items():
                _count(f"Changes{outcome.title()}", control, number)
        return answer

    def evaluate(self, request: RuleRequest, out_of_time: Callable[[], bool]) -> dict[str, Any]:
        """Give Config the results that it asks for."""
        evaluations = self.rule.run(request, out_of_time)
        return {"evaluations": {item.bucket: item.compliance for item in evaluations}}


def _count(name: str, control: str, value: int) -> None:
    dimensions = {"service": "remediate_bucket", "control": control}
    with single_metric(
        name=name,
        unit=MetricUnit.Count,
        value=value,
        namespace=NAMESPACE,
        default_dimensions=dimensions,
    ):
        pass
