"""Takes the function's events, and hands on those that ask for something."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions.remediate_bucket import trigger
from functions.remediate_bucket.errors import BucketMissingError
from functions.remediate_bucket.trigger import (
    BucketRequest,
    Identity,
    Nothing,
    Request,
    RuleRequest,
    RunRequest,
    UndoRequest,
)
from functions.remediate_bucket.works import Works
from tidegate.batch import Message, Queue, process_batch
from tidegate.telemetry import Telemetry

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# Each message waits on S3 alone.
BATCH_THREADS = 4
# What is left of the invocation when no further part of a run is begun: a part takes seconds, and
# so does the report.
RESERVED_MILLISECONDS = 180_000


@dataclass(frozen=True, slots=True)
class RemediationService:
    """What the handler calls."""

    own: Identity
    works: Works
    queue: Queue
    telemetry: Telemetry

    def handle(self, event: dict[str, Any], context: LambdaContext) -> Any:
        """Do what a batch of messages asks for, or what one direct event does."""

        def work(message: Message) -> None:
            request = trigger.parse_body(message.body, self.own)
            try:
                self._do(request, message.message_id, context)
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
        return self._do(trigger.parse(event, self.own), context.aws_request_id, context)

    def _do(self, request: Request, message_id: str, context: LambdaContext) -> dict[str, Any]:
        def out_of_time() -> bool:
            return context.get_remaining_time_in_millis() < RESERVED_MILLISECONDS

        # Two receives of one message are two runs: a lease must tell them apart.
        holder = f"{context.aws_request_id}/{message_id}"
        match request:
            case BucketRequest():
                with self._log_context(request.bucket):
                    return self.works.look(request, holder)
            case UndoRequest():
                with self._log_context(request.change):
                    return self.works.undo(request, holder)
            case RunRequest():
                return self.works.run(request, request.run or message_id, out_of_time)
            case RuleRequest():
                return self.works.evaluate(request, out_of_time)
            case Nothing():
                self.telemetry.logger.info("nothing to do", extra={"reason": request.reason})
                return {"schemaVersion": "1.0", "mode": "nothing", "reason": request.reason}

    @contextmanager
    def _log_context(self, subject: str) -> Iterator[None]:
        self.telemetry.logger.thread_safe_append_keys(subject=subject)
        try:
            yield
        finally:
            self.telemetry.logger.thread_safe_remove_keys(["subject"])
