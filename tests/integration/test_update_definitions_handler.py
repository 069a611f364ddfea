"""The handler: direct calls answer or raise, messages are done or fail alone, metrics are told."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.update_definitions import handler
from functions.update_definitions.errors import NoEarlierReleaseError
from tests.invocation import Invocation
from tidegate.definitions import CURRENT_KEY, CurrentRelease
from tidegate.errors import MalformedEventError

EVENTS = Path(__file__).parents[2] / "events" / "update_definitions"
BUCKET = "tidegate-definitions"


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A definitions bucket, a queue, and the function's environment."""
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
        "DEFINITIONS_BUCKET_NAME": BUCKET,
        "DEFINITIONS_MIRROR": "http://127.0.0.1:9",
        "ALLOW_CUSTOM_SIGNATURES": "false",
        "KEEP_RELEASES": "5",
        "MAX_RECEIVE_COUNT": "5",
        "WORK_DIRECTORY": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        queue = boto3.client("sqs").create_queue(QueueName="update")["QueueUrl"]
        monkeypatch.setenv("QUEUE_URL", queue)
        client = boto3.client("s3")
        client.create_bucket(Bucket=BUCKET)
        handler.parts.cache_clear()
        yield client
        handler.parts.cache_clear()


def begin_cool_down(s3: Any) -> None:
    """The vendor refused this client for an hour."""
    state = struct.pack("<13s4x37s7xq21x", b"FreshClamData", b"id", int(time.time()) + 3600)
    s3.put_object(Bucket=BUCKET, Key="state/freshclam.dat", Body=state)


def invoke(name: str) -> Any:
    """Call the handler with a sample event."""
    return handler.lambda_handler(json.loads((EVENTS / name).read_text()), Invocation())


def metrics(output: str) -> dict[str, Any]:
    """The metrics that were written to the log, by name."""
    found: dict[str, Any] = {}
    for line in output.splitlines():
        entry = json.loads(line) if line.startswith("{") else {}
        for group in entry.get("_aws", {}).get("CloudWatchMetrics", []):
            found |= {metric["Name"]: entry[metric["Name"]] for metric in group["Metrics"]}
    return found


def test_cool_down_is_an_answer_and_no_failure(s3: Any) -> None:
    """A direct call is told until when."""
    begin_cool_down(s3)
    answer = invoke("update.json")
    assert answer["outcome"] == "COOLING_DOWN"
    assert "coolingDownUntil" in answer


def test_message_is_done_in_a_cool_down(s3: Any) -> None:
    """It does not come back to knock again: the next scheduled one will."""
    begin_cool_down(s3)
    assert invoke("queued_update.json") == {"batchItemFailures": []}


def test_malformed_message_fails_alone(s3: Any) -> None:
    """It is on its way to the dead-letter queue."""
    (failure,) = invoke("queued_malformed.json")["batchItemFailures"]
    assert failure["itemIdentifier"].endswith("0000")


def test_malformed_direct_call_is_told_what_is_taken(s3: Any) -> None:
    """The error is raised to the caller."""
    with pytest.raises(MalformedEventError, match="rollback"):
        invoke("unknown_action.json")


def test_rollback_without_a_release_is_raised_to_the_caller(s3: Any) -> None:
    """Nothing can be rolled back yet."""
    with pytest.raises(NoEarlierReleaseError):
        invoke("rollback.json")


def test_age_and_duration_are_told_for_a_run_that_fails(
    s3: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The alarm on the age must see it grow while updates fail."""
    moment = datetime.now(UTC) - timedelta(hours=2)
    current = CurrentRelease("20261122T100000Z-0123abcd", None, "0" * 64, moment, moment)
    s3.put_object(Bucket=BUCKET, Key=CURRENT_KEY, Body=current.to_json())
    with pytest.raises(NoEarlierReleaseError):
        invoke("rollback.json")
    told = metrics(capsys.readouterr().out)
    assert told["DefinitionsAgeHours"][0] == pytest.approx(2.0, abs=0.1)
    assert told["UpdateDurationSeconds"][0] < 10
