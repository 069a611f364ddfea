"""Takes the function's events, and tells people, logs and metrics what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from aws_lambda_powertools.metrics import MetricUnit, single_metric

from functions.remediate_bucket import result, trigger, undo
from functions.remediate_bucket.config_results import Evaluation
from functions.remediate_bucket.reader import BucketMissingError
from functions.remediate_bucket.result import Result
from functions.remediate_bucket.trigger import (
    BucketRequest,
    Identity,
    Nothing,
    Request,
    RuleRequest,
    RunRequest,
    UndoRequest,
)
from functions.remediate_bucket.undo import Undone
from tidegate.batch import Message, Queue, process_batch
from tidegate.telemetry import NAMESPACE, Telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# Each message waits on S3 alone.
BATCH_THREADS = 4
# What is left of the invocation when no further part of a run is begun: a part takes seconds, and
# so does the report.
RESERVED_MILLISECONDS = 180_000


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
class RemediationService:
    """What the handler calls."""

    own: Identity
    remediation: _Remediation
    undo: _Undo
    sweep: _Sweep
    rule: _Rule
    notices: _Notices
    queue: Queue
    telemetry: Telemetry

    def handle(self, event: dict[str, Any], context: LambdaContext) -> Any:
        """Do what a batch of messages asks for, or what one direct event does."""

        def out_of_time() -> bool:
            return context.get_remaining_time_in_millis() < RESERVED_MILLISECONDS

        def work(message: Message) -> None:
            request = trigger.parse_body(message.body, self.own)
            try:
                self._do(request, message.message_id, context, out_of_time)
            except BucketMissingError as error:
                self.telemetry.logger.info("bucket gone", extra={"reason": str(error)})

        if "Records" in event:
            return process_batch(
                event,
                context,
                work,
                queue=self.queue,
                threads=BATCH_THREADS,
                logger=self.telemetry.logger,
                tracer=self.telemetry.tracer,
            )
        request = trigger.parse(event, self.own)
        return self._do(request, context.aws_request_id, context, out_of_time)

    def _do(
        self,
        request: Request,
        message_id: str,
        context: LambdaContext,
        out_of_time: Callable[[], bool],
    ) -> dict[str, Any]:
        # Two receives of one message are two runs: a lease must tell them apart.
        holder = f"{context.aws_request_id}/{message_id}"
        match request:
            case BucketRequest():
                with self._log_context(request.bucket):
                    return self._bucket(request, holder)
            case UndoRequest():
                with self._log_context(request.change):
                    return self._undone(self.undo.run(request.change, holder))
            case RunRequest():
                answer = self.sweep.run(request, request.run or message_id, out_of_time)
                self._count_run(answer)
                return answer
            case RuleRequest():
                evaluations = self.rule.run(request, out_of_time)
                return {"evaluations": {item.bucket: item.compliance for item in evaluations}}
            case Nothing():
                self.telemetry.logger.info("nothing to do", extra={"reason": request.reason})
                return {"schemaVersion": "1.0", "mode": "nothing", "reason": request.reason}

    def _bucket(self, request: BucketRequest, holder: str) -> dict[str, Any]:
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

    def _undone(self, undone: Undone) -> dict[str, Any]:
        extra = {"outcome": undone.outcome.value, "reason": undone.reason}
        self.telemetry.logger.info("undo", extra=extra)
        name = f"Undo{undone.outcome.value.title()}"
        self.telemetry.metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
        return undo.to_response(undone)

    def _count_run(self, answer: Mapping[str, Any]) -> None:
        self.telemetry.logger.info("run", extra={"answer": answer})
        for control, buckets in answer.get("notMet", {}).items():
            _count("BucketsNotCompliant", control, buckets)

    @contextmanager
    def _log_context(self, bucket: str) -> Iterator[None]:
        self.telemetry.logger.thread_safe_append_keys(bucket=bucket)
        try:
            yield
        finally:
            self.telemetry.logger.thread_safe_remove_keys(["bucket"])


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
