"""Works through a batch of SQS messages; each that fails goes back alone, after a short back-off.

Powertools' batch processor reports the partial failures. What it does not do, and is done here:
the failed message becomes visible again after seconds instead of the queue's whole visibility
time-out; a message that no retry can help is made visible at once, so that SQS moves it to the
dead-letter queue after a few quick receives; messages are worked on by several threads.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from botocore.exceptions import BotoCoreError, ClientError

from tidegate.errors import MisconfiguredError, TidegateError

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger, Tracer
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.typing import LambdaContext
    from mypy_boto3_sqs import SQSClient

# The first retry comes within seconds. With five receives the last comes 5 to 10 minutes after the
# first, so that a fault of a service for a few minutes costs no object its verdict.
FIRST_BACKOFF_SECONDS = 4
BACKOFF_GROWTH = 5
MAX_BACKOFF_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Message:
    """One SQS message: its body, and whether this is the last time that SQS hands it out."""

    body: str
    message_id: str
    receive_count: int
    is_last_receive: bool


@dataclass(frozen=True, slots=True)
class Queue:
    """The queue that a function reads.

    `max_receive_count` is that of its redrive policy. Back-off needs sqs:ChangeMessageVisibility.
    """

    sqs: SQSClient
    url: str
    max_receive_count: int


def backoff_seconds(error: BaseException, receive_count: int) -> int:
    """Return for how long the message stays hidden; 0 where no retry can help.

    Grows with each receive, with half of it random so that a burst does not come back as one.
    """
    if isinstance(error, TidegateError) and not error.retried:
        return 0
    if isinstance(error, MisconfiguredError):
        return MAX_BACKOFF_SECONDS
    grown: int = FIRST_BACKOFF_SECONDS * BACKOFF_GROWTH ** (receive_count - 1)
    ceiling = min(MAX_BACKOFF_SECONDS, grown)
    # Not a secret: spreads retries.
    return max(1, round(ceiling * random.uniform(0.5, 1.0)))  # noqa: S311


def is_batch(event: object) -> bool:
    """Whether the event comes from an SQS event source mapping."""
    records = event.get("Records") if isinstance(event, dict) else None
    return bool(
        isinstance(records, list)
        and records
        and all(isinstance(record, dict) for record in records)
        and records[0].get("eventSource") == "aws:sqs"
    )


def process_batch(
    event: dict[str, Any],
    context: LambdaContext,
    work: Callable[[Message], object],
    *,
    queue: Queue,
    threads: int,
    logger: Logger,
    tracer: Tracer,
) -> PartialItemFailureResponse:
    """Call `work` for each message, on up to `threads` threads, and return those that failed.

    `work` returns for a message that is done and raises for one that is not. Never raises for a
    failed message, not even when all failed: each has its own back-off.
    """
    segment = _Segment(tracer)
    messages = [_message(SQSRecord(record), queue.max_receive_count) for record in event["Records"]]
    if len(messages) == 1:
        # Most batches of a quiet queue: a thread would cost more than it gives.
        return _process(event, context, lambda: work(messages[0]), queue, logger)
    with ThreadPoolExecutor(threads) as pool:
        begun = iter([pool.submit(segment.run, work, message) for message in messages])
        # Asked for in the order of the records, which is the order of the messages.
        return _process(event, context, lambda: next(begun).result(), queue, logger)


def _process(
    event: dict[str, Any],
    context: LambdaContext,
    result_of_next: Callable[[], object],
    queue: Queue,
    logger: Logger,
) -> PartialItemFailureResponse:
    # Powertools gives the record by this name.
    def handle(record: SQSRecord) -> object:  # noqa: ARG001
        return result_of_next()

    processor = _BackoffProcessor(queue, logger)
    return process_partial_response(
        event=event, record_handler=handle, processor=processor, context=context
    )


def _message(record: SQSRecord, max_receive_count: int) -> Message:
    received = int(record.attributes.approximate_receive_count)
    return Message(
        body=record.body,
        message_id=record.message_id,
        receive_count=received,
        is_last_receive=received >= max_receive_count,
    )


class _BackoffProcessor(BatchProcessor):
    """Reports partial failures, and sets when each failed message comes back."""

    def __init__(self, queue: Queue, logger: Logger) -> None:
        super().__init__(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        self._queue = queue
        self._log = logger

    def failure_handler(self, record: Any, exception: Any) -> Any:
        error = exception[1]
        received = int(record.attributes.approximate_receive_count)
        seconds = backoff_seconds(error, received)
        self._log.error(
            "message failed",
            exc_info=None if isinstance(error, TidegateError) else exception,
            extra={
                "error": type(error).__name__,
                "error_text": str(error),
                "message_id": record.message_id,
                "receive_count": received,
                "visible_again_seconds": seconds,
            },
        )
        self._hide(record.receipt_handle, seconds)
        return super().failure_handler(record, exception)

    def _hide(self, receipt_handle: str, seconds: int) -> None:
        try:
            self._queue.sqs.change_message_visibility(
                QueueUrl=self._queue.url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
            )
        except (BotoCoreError, ClientError) as error:
            # Not lost: the message comes back after the queue's own visibility time-out.
            self._log.warning("back-off not set", extra={"error_text": str(error)})


class _Segment:
    """Carries the invocation's X-Ray segment, which X-Ray keeps by thread, into worker threads."""

    def __init__(self, tracer: Tracer) -> None:
        # Powertools types it as its BaseProvider, which lacks what X-Ray's recorder has.
        recorder: Any = tracer.provider
        self._recorder = None if tracer.disabled else recorder
        self._entity = self._recorder.get_trace_entity() if self._recorder else None

    def run(self, work: Callable[[Message], object], message: Message) -> object:
        if self._recorder and self._entity:
            self._recorder.set_trace_entity(self._entity)
        return work(message)
