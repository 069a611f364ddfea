"""Every sample event of report_storage through its real handler, on moto's AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws

from functions.report_storage import handler
from tests.invocation import Invocation
from tidegate.errors import MalformedEventError, PermanentError

EVENTS = Path(__file__).resolve().parents[2] / "events" / "report_storage"
REGION: Final = "eu-west-1"
ACCOUNT = "123456789012"
REPORTS = "tidegate-reports"
GB = 1 << 30


@dataclass(frozen=True)
class World:
    """An account with two buckets beside that of the reports, and a queue that hears the bus."""

    s3: Any
    sqs: Any
    heard_url: str
    mail_url: str

    def document(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Return the report that an answer points to."""
        bucket, _, key = answer["json"].removeprefix("s3://").partition("/")
        found: dict[str, Any] = json.loads(self.text(bucket, key))
        return found

    def text(self, bucket: str, key: str) -> str:
        """Return an object's content as text."""
        content: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content.decode()

    def written(self) -> list[str]:
        """Return the keys in the reports bucket."""
        answer = self.s3.list_objects_v2(Bucket=REPORTS)
        return [each["Key"] for each in answer.get("Contents", [])]

    def heard(self, url: str) -> list[dict[str, Any]]:
        """Return the messages in a queue."""
        answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        s3, sqs = boto3.client("s3"), boto3.client("sqs")
        for name in ("tidegate-uploads", "tidegate-quarantine", REPORTS):
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket="tidegate-quarantine", Key="one", Body=b"x" * 1000)
        _measure("tidegate-uploads", 100 * GB)
        events, sns = boto3.client("events"), boto3.client("sns")
        events.create_event_bus(Name="bus")
        urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("heard", "mail", "own")]
        arns = [
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
                "QueueArn"
            ]
            for url in urls
        ]
        events.put_rule(
            Name="all", EventBusName="bus", EventPattern=json.dumps({"source": ["tidegate"]})
        )
        events.put_targets(Rule="all", EventBusName="bus", Targets=[{"Id": "q", "Arn": arns[0]}])
        topic = sns.create_topic(Name="alerts")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arns[1])
        for name, value in {
            "REPORTS_BUCKET_NAME": REPORTS,
            "EVENT_BUS_NAME": "bus",
            "ALERTS_TOPIC_ARN": topic,
            "QUEUE_URL": urls[2],
            "MAX_RECEIVE_COUNT": "5",
            "REFRESH_PRICES": "false",
            "ALERT_ON_REPORT": "false",
            "MAX_LISTED_VERSIONS": "100",
            "MAX_LISTED_UPLOADS": "10",
            "HISTORY_WEEKS": "13",
            "SURVEY_THREADS": "4",
        }.items():
            monkeypatch.setenv(name, value)
        handler.parts.cache_clear()
        yield World(s3, sqs, urls[0], urls[1])
        handler.parts.cache_clear()


def _measure(bucket: str, size_bytes: int) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    boto3.client("cloudwatch").put_metric_data(
        Namespace="AWS/S3",
        MetricData=[
            {
                "MetricName": "BucketSizeBytes",
                "Dimensions": [
                    {"Name": "BucketName", "Value": bucket},
                    {"Name": "StorageType", "Value": "StandardStorage"},
                ],
                "Timestamp": yesterday,
                "Value": size_bytes,
            }
        ],
    )


def sample(name: str) -> Any:
    """Return a sample event."""
    return json.loads((EVENTS / f"{name}.json").read_text())


@pytest.mark.parametrize("name", ["report", "empty", "scheduled"])
def test_direct_event_answers_the_sums_and_where_the_report_is(world: World, name: str) -> None:
    """The contract of the direct call, all of it; each file is where it says."""
    answer = handler.lambda_handler(sample(name), Invocation())

    today = datetime.now(UTC).date().isoformat()
    folder = f"storage/{ACCOUNT}/{today}"
    assert answer == {
        "schemaVersion": "1.0",
        "date": today,
        "account": ACCOUNT,
        "buckets": 3,
        "unknown": [],
        "monthlyCost": "2.30",
        "monthlySavings": "0.00",
        "currency": "USD",
        **{kind: f"s3://{REPORTS}/{folder}/report.{kind}" for kind in ("json", "csv", "html")},
    }
    assert world.document(answer)["monthlyCost"] == "2.30"
    assert world.text(REPORTS, f"{folder}/report.csv").startswith("bucket,region,")
    assert world.text(REPORTS, f"{folder}/report.html").startswith("<!doctype html>")
    assert json.loads(world.text(REPORTS, f"storage/{ACCOUNT}/latest.json")) == answer


def test_report_is_told_on_the_bus(world: World) -> None:
    """The event's detail is the answer, so that a rule can go by the sums."""
    answer = handler.lambda_handler(sample("report"), Invocation())

    (event,) = world.heard(world.heard_url)
    assert (event["detail-type"], event["detail"]) == ("Storage Reported", answer)
    assert world.heard(world.mail_url) == []


def test_people_are_told_where_that_is_wanted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """StorageReportAlert sends a summary in words to the alerts' topic."""
    monkeypatch.setenv("ALERT_ON_REPORT", "true")
    handler.lambda_handler(sample("report"), Invocation())

    (mail,) = world.heard(world.mail_url)
    assert mail["Subject"] == "Tidegate: storage costs $2.30 a month, $0.00 could be saved"
    assert f"s3://{REPORTS}/storage/{ACCOUNT}/" in mail["Message"]


def test_second_report_of_a_day_takes_the_place_of_the_first(world: World) -> None:
    """The same message twice leaves the same four objects."""
    handler.lambda_handler(sample("queued_report"), Invocation())
    before = world.written()
    assert handler.lambda_handler(sample("queued_report"), Invocation()) == {
        "batchItemFailures": []
    }

    assert world.written() == before
    assert len(before) == 4


def test_named_buckets_are_reported_on_alone(world: World) -> None:
    """Such a report has a place of its own, and the pointer does not tell of it."""
    answer = handler.lambda_handler(sample("named_buckets"), Invocation())

    names = [each["name"] for each in world.document(answer)["perBucket"]]
    assert sorted(names) == ["tidegate-quarantine", "tidegate-uploads"]
    assert f"storage/{ACCOUNT}/latest.json" not in world.written()


def test_malformed_message_fails_alone(world: World) -> None:
    """Nothing is written, and its id is answered."""
    answer = handler.lambda_handler(sample("queued_malformed"), Invocation())

    assert len(answer["batchItemFailures"]) == 1
    assert world.written() == []


@pytest.mark.parametrize("name", ["unknown_action", "unknown_field"])
def test_malformed_direct_event_is_refused(world: World, name: str) -> None:
    """The error says what is taken; nothing is written."""
    with pytest.raises(MalformedEventError, match="expected"):
        handler.lambda_handler(sample(name), Invocation())
    assert world.written() == []


def test_report_out_of_time_is_written_and_says_what_is_missing(world: World) -> None:
    """With no time left for the survey there is a report of what is not known."""
    answer = handler.lambda_handler(sample("report"), Invocation(milliseconds=1000))

    assert answer["unknown"] == ["tidegate-quarantine", REPORTS, "tidegate-uploads"]
    assert set(world.document(answer)["missing"].values()) == {"not looked at whole: out of time"}


def test_reports_bucket_that_is_gone_keeps_the_pointer_as_it_was(world: World) -> None:
    """Where the files cannot be written nothing is told of a report."""
    world.s3.delete_bucket(Bucket=REPORTS)

    with pytest.raises(PermanentError, match="NoSuchBucket"):
        handler.lambda_handler(sample("report"), Invocation())
    assert world.heard(world.heard_url) == []
