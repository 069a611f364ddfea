"""Whole events through the service: batches, direct calls, last tries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from aws_lambda_powertools import Metrics, Tracer
from moto import mock_aws

from functions.scan_object.recorder import Recorder
from functions.scan_object.resident import ResidentEngine
from functions.scan_object.scanner import Scanner
from functions.scan_object.service import ScanService
from tests.unit.scan_object.fakes import (
    PLENTY,
    FakeBus,
    FakeLedger,
    FakeScanEngine,
    FakeTags,
    quiet_logger,
)
from tidegate.batch import Queue
from tidegate.errors import MalformedEventError, ObjectMissingError, TransientError
from tidegate.objects import Objects
from tidegate.telemetry import Telemetry
from tidegate.verdicts import Action

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

IDLE = SimpleNamespace(resident_bytes=lambda: 0, age_hours=lambda: 1.0)
CONTEXT: Any = SimpleNamespace(aws_request_id="request-1")


@dataclass
class FakeSqs:
    """Keeps for how long each message was hidden."""

    hidden: dict[str, int] = field(default_factory=dict)

    def change_message_visibility(self, **call: Any) -> None:
        self.hidden[call["ReceiptHandle"]] = call["VisibilityTimeout"]


@dataclass
class House:
    """The service on a bucket of moto's, with fakes for all else."""

    s3: Any
    directory: Path
    engine: FakeScanEngine = field(default_factory=FakeScanEngine)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    bus: FakeBus = field(default_factory=FakeBus)
    sqs: FakeSqs = field(default_factory=FakeSqs)

    def handle(self, event: dict[str, Any]) -> Any:
        logger = quiet_logger()
        scanner = Scanner(
            objects=Objects(self.s3),
            engine=self.engine,
            recorder=Recorder(self.ledger, FakeTags(), self.bus, logger, "scan-status", {}),
            logger=logger,
            max_object_bytes=100,
            unsupported_action=Action.BLOCK,
            failed_action=Action.BLOCK,
            work_directory=self.directory,
        )
        service = ScanService(
            scanner,
            cast(
                "ResidentEngine", SimpleNamespace(resident_bytes=lambda: 0, age_hours=lambda: 1.0)
            ),
            Queue(cast("SQSClient", self.sqs), "https://queue", 5),
            Telemetry(logger, Metrics(namespace="test", service="test"), Tracer(disabled=True)),
            threads=2,
        )
        return service.handle(event, CONTEXT, PLENTY)

    @property
    def told(self) -> list[str]:
        return [detail["scanResultDetails"]["scanResultStatus"] for detail in self.bus.details]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """The service with ten objects in its bucket."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        s3 = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="uploads")
        for number in range(10):
            s3.put_object(Bucket="uploads", Key=f"key {number}", Body=b"content")
        yield House(s3, tmp_path)


def message(number: int, body: object = None, *, received: int = 1) -> dict[str, Any]:
    """An SQS record about the object of that number, or with another body."""
    direct = {"bucket": "uploads", "key": f"key {number}"}
    return {
        "messageId": f"m{number}",
        "receiptHandle": f"r{number}",
        "body": body if isinstance(body, str) else json.dumps(body or direct),
        "attributes": {"ApproximateReceiveCount": str(received)},
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:queue",
        "awsRegion": "us-east-1",
    }


def failed(answer: dict[str, Any]) -> set[str]:
    """The ids of the messages that go back."""
    return {item["itemIdentifier"] for item in answer["batchItemFailures"]}


def test_one_bad_message_of_ten_goes_back_alone(house: House) -> None:
    """Nine verdicts are told; the tenth message is reported and needs no wait for its end."""
    records = [message(number) for number in range(9)] + [message(9, "not JSON")]
    assert failed(house.handle({"Records": records})) == {"m9"}
    assert house.told == ["NO_THREATS_FOUND"] * 9
    assert house.sqs.hidden == {"r9": 0}


def test_all_messages_failing_are_reported_one_by_one(house: House) -> None:
    """A whole batch that fails raises nothing: each message has its own back-off."""
    house.engine.outcome = TransientError("mute")
    answer = house.handle({"Records": [message(number) for number in range(3)]})
    assert failed(answer) == {"m0", "m1", "m2"}
    assert all(0 < seconds <= 4 for seconds in house.sqs.hidden.values())


def test_failing_last_try_is_told_as_failed_and_still_dead_lettered(house: House) -> None:
    """The object gets its FAILED, and the message is not swallowed."""
    house.engine.outcome = TransientError("mute")
    assert failed(house.handle({"Records": [message(0, received=5)]})) == {"m0"}
    assert house.told == ["FAILED"]


def test_failing_earlier_try_tells_nothing(house: House) -> None:
    """Before the last try no verdict is made up."""
    house.engine.outcome = TransientError("mute")
    house.handle({"Records": [message(0, received=4)]})
    assert house.told == []
    assert house.ledger.results == []


def test_object_deleted_before_the_scan_is_acknowledged(house: House) -> None:
    """A message about nothing is done."""
    record = message(0, {"bucket": "uploads", "key": "gone"})
    assert failed(house.handle({"Records": [record]})) == set()
    assert house.told == []


def test_test_event_is_acknowledged(house: House) -> None:
    """What S3 sends when a notification is set up is no failure."""
    record = message(0, {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "uploads"})
    assert failed(house.handle({"Records": [record]})) == set()


def test_duplicate_messages_give_the_same_verdict_twice(house: House) -> None:
    """Scanning twice does no harm."""
    assert (
        failed(house.handle({"Records": [message(0), {**message(0), "messageId": "m1"}]})) == set()
    )
    first, second = house.ledger.results
    assert (first.ref, first.status, first.sha256) == (second.ref, second.status, second.sha256)


def test_direct_call_answers_the_detail(house: House) -> None:
    """The caller gets what the event's subscribers get."""
    answer = house.handle({"bucket": "uploads", "key": "key 0"})
    assert answer == house.bus.details[0]
    assert answer["scanner"]["correlationId"] == "request-1"


def test_direct_call_for_a_missing_object_is_a_named_error(house: House) -> None:
    """There is no verdict on nothing."""
    with pytest.raises(ObjectMissingError, match="does not exist"):
        house.handle({"bucket": "uploads", "key": "gone"})


def test_foreign_event_is_a_named_error(house: House) -> None:
    """The error says what is taken."""
    with pytest.raises(MalformedEventError, match="Object Created"):
        house.handle({"detail-type": "Scheduled Event", "source": "aws.events"})


@pytest.mark.parametrize("event", [{}, {"Records": ["x"]}, {"Records": None}, {"bucket": "b"}])
def test_malformed_event_is_a_named_error(house: House, event: Any) -> None:
    """No shape of input ends in an unnamed crash, nor in a verdict."""
    with pytest.raises(MalformedEventError):
        house.handle(event)
    assert house.told == []


def test_event_without_records_is_nothing_to_do(house: House) -> None:
    """An empty notification speaks of no object."""
    assert house.handle({"Records": []}) == {"results": []}
