"""Each message stands or falls alone, and a failed one comes back soon."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tidegate.batch import MAX_BACKOFF_SECONDS, Message, Queue, backoff_seconds, process_batch
from tidegate.errors import (
    MalformedEventError,
    MisconfiguredError,
    ObjectMissingError,
    TransientError,
)


@dataclass
class FakeSqs:
    """Keeps the visibility that each receipt was given."""

    refusal: Exception | None = None
    visibility: dict[str, int] = field(default_factory=dict)

    def change_message_visibility(
        self,
        *,
        QueueUrl: str,  # noqa: N803
        ReceiptHandle: str,  # noqa: N803
        VisibilityTimeout: int,  # noqa: N803
    ) -> None:
        if self.refusal:
            raise self.refusal
        self.visibility[ReceiptHandle] = VisibilityTimeout


def messages(*bodies: str, receive_count: int = 1) -> dict[str, Any]:
    """An SQS event; the body is the message's id too."""
    return {
        "Records": [
            {
                "messageId": body,
                "receiptHandle": f"receipt-{body}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": str(receive_count)},
                "eventSource": "aws:sqs",
            }
            for body in bodies
        ]
    }


def process(event: dict[str, Any], work: Any, sqs: Any, threads: int = 4) -> list[str]:
    """Process the event and return the ids of the failed messages."""
    answer = process_batch(
        event,
        LambdaContext(),
        work,
        queue=Queue(sqs, "https://sqs/queue", max_receive_count=5),
        threads=threads,
        logger=Logger(service="test", level="CRITICAL"),
        tracer=Tracer(service="test", disabled=True),
    )
    return sorted(str(item["itemIdentifier"]) for item in answer["batchItemFailures"])


def failing(*bad: str, error: Exception | None = None) -> Any:
    """Work that fails for the named messages."""

    def work(message: Message) -> None:
        if message.body in bad:
            raise error or TransientError("busy")

    return work


def test_ten_messages_with_one_bad_fail_it_alone() -> None:
    """Nine are done, one comes back within seconds."""
    sqs = FakeSqs()
    bodies = [str(number) for number in range(10)]
    assert process(messages(*bodies), failing("4"), sqs) == ["4"]
    assert sqs.visibility.keys() == {"receipt-4"}
    assert 1 <= sqs.visibility["receipt-4"] <= 4


def test_all_failed_are_answered_and_not_raised() -> None:
    """An exception would undo each message's own back-off."""
    sqs = FakeSqs()
    assert process(messages("a", "b"), failing("a", "b"), sqs) == ["a", "b"]
    assert len(sqs.visibility) == 2


def test_unexpected_error_fails_its_message_alone() -> None:
    """A bug met by one message does not cost the others."""
    failed = process(messages("a", "b"), failing("a", error=KeyError("bug")), FakeSqs())
    assert failed == ["a"]


def test_permanent_error_is_visible_at_once() -> None:
    """No retry helps: the sooner it is in the dead-letter queue, the better."""
    sqs = FakeSqs()
    process(messages("a"), failing("a", error=MalformedEventError("no")), sqs)
    assert sqs.visibility == {"receipt-a": 0}


def test_refused_back_off_does_not_lose_the_failure() -> None:
    """The message then waits for the queue's own visibility time-out."""
    denied = ClientError({"Error": {"Code": "AccessDenied"}}, "ChangeMessageVisibility")
    assert process(messages("a"), failing("a"), FakeSqs(refusal=denied)) == ["a"]


@pytest.mark.parametrize(("count", "expected"), [(1, False), (4, False), (5, True), (6, True)])
def test_last_receive_is_known(count: int, expected: bool) -> None:
    """Work can leave a final verdict before the message becomes a dead letter."""
    seen: list[Message] = []
    process(messages("a", receive_count=count), seen.append, FakeSqs())
    assert [(message.receive_count, message.is_last_receive) for message in seen] == [
        (count, expected)
    ]


@pytest.mark.parametrize("threads", [1, 3])
def test_no_more_threads_than_asked_for(threads: int) -> None:
    """The engine's threads bound how many messages are worked on at once."""
    lock = threading.Lock()
    running, most = 0, 0

    def work(message: Message) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    process(messages(*"abcdefgh"), work, FakeSqs(), threads)
    assert most == threads


@given(st.integers(1, 1000))
def test_back_off_grows_and_is_bounded(receive_count: int) -> None:
    """From seconds to ten minutes, never nothing."""
    seconds = backoff_seconds(TransientError("busy"), receive_count)
    ceiling = min(MAX_BACKOFF_SECONDS, 4 * 5 ** (receive_count - 1))
    assert ceiling // 2 <= seconds <= ceiling


def test_five_receives_outlast_a_fault_of_a_few_minutes() -> None:
    """Before a message is dead-lettered, minutes have passed, though the first retry is quick."""
    waits = [backoff_seconds(TransientError("busy"), receive) for receive in range(1, 5)]
    assert waits[0] <= 4
    assert 300 <= sum(waits) <= 630


def test_back_off_suits_the_error() -> None:
    """Hopeless at once, an operator's fault slowly, a bug as any other failure."""
    assert backoff_seconds(ObjectMissingError("gone"), 3) == 0
    assert backoff_seconds(MisconfiguredError("no role"), 1) == MAX_BACKOFF_SECONDS
    assert 1 <= backoff_seconds(KeyError("bug"), 1) <= 4
