"""What quarantine_object does on the deployed stack."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from local import samples
from local.deployment import Stack
from local.verdicts import Listener
from tests.e2e.uploads import Uploads

_ALERT_SECONDS = 30.0


class Alerts:
    """The alerts that a queue of the test's own received."""

    def __init__(self, sqs: Any, url: str) -> None:
        self._sqs = sqs
        self._url = url

    def about(self, key: str) -> dict[str, str]:
        """Return the alert that speaks of this key; fail where none comes."""
        deadline = time.monotonic() + _ALERT_SECONDS
        while time.monotonic() < deadline:
            answer = self._sqs.receive_message(QueueUrl=self._url, WaitTimeSeconds=1)
            for message in answer.get("Messages", []):
                envelope: dict[str, str] = json.loads(message["Body"])
                if json.loads(envelope["Message"])["s3ObjectDetails"]["objectKey"] == key:
                    return envelope
        raise AssertionError(f"no alert about {key!r}")


@pytest.fixture
def alerts(stack: Stack) -> Iterator[Alerts]:
    """Return what is published on the topic from now on."""
    sqs, sns = stack.client("sqs"), stack.client("sns")
    url = sqs.create_queue(QueueName=f"alerts-{uuid4().hex[:12]}")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": attributes["QueueArn"],
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    subscription = sns.subscribe(
        TopicArn=stack.output("AlertsTopicArn"),
        Protocol="sqs",
        Endpoint=attributes["QueueArn"],
        ReturnSubscriptionArn=True,
    )["SubscriptionArn"]
    yield Alerts(sqs, url)
    sns.unsubscribe(SubscriptionArn=subscription)
    sqs.delete_queue(QueueUrl=url)


def test_copy_is_the_original_in_everything_but_its_place(
    stack: Stack, uploads: Uploads, listener: Listener
) -> None:
    """Content, content headers, metadata and tags are kept; the storage class is the stack's."""
    put = uploads.put(
        "holiday.zip",
        samples.nested_zip(samples.eicar(), depth=2),
        ContentType="application/zip",
        ContentDisposition='attachment; filename="holiday.zip"',
        CacheControl="no-store",
        Metadata={"owner": "harbour office"},
        Tagging="project=tides&team=harbour",
    )
    move = uploads.moved(listener, put)
    assert move.copy is not None
    copy = {
        "Bucket": move.copy["bucket"],
        "Key": move.copy["key"],
        "VersionId": move.copy["versionId"],
    }
    found = uploads.s3.get_object(**copy)
    assert copy["Bucket"] == stack.output("QuarantineBucketName")
    assert found["Body"].read() == samples.nested_zip(samples.eicar(), depth=2)
    assert found["ContentType"] == "application/zip"
    assert found["ContentDisposition"] == 'attachment; filename="holiday.zip"'
    assert found["CacheControl"] == "no-store"
    assert found["StorageClass"] == "GLACIER_IR"
    assert found["Metadata"]["owner"] == "harbour office"
    assert found["Metadata"]["tidegate-status"] == "THREATS_FOUND"
    tags = {tag["Key"]: tag["Value"] for tag in uploads.s3.get_object_tagging(**copy)["TagSet"]}
    assert tags["project"] == "tides"
    assert tags["team"] == "harbour"
    assert tags["scan-status"] == "THREATS_FOUND"


def test_record_beside_the_copy_tells_where_it_came_from_and_why(
    uploads: Uploads, listener: Listener
) -> None:
    """The record names the origin, the signature and the proofs, whatever the key was."""
    put = uploads.put("données: 100 %\n.com", samples.eicar())
    move = uploads.moved(listener, put)
    assert move.copy is not None
    answer = uploads.s3.get_object(Bucket=move.copy["bucket"], Key=move.copy["record"])
    record = json.loads(answer["Body"].read())
    assert record["verdict"]["s3ObjectDetails"]["objectKey"] == put.key
    assert record["verdict"]["scanResultDetails"]["threats"][0]["name"] == samples.EICAR_NAME
    assert record["original"]["versionId"] == put.version
    assert "size" in record["copy"]["provenBy"]


def test_other_versions_stay_when_one_is_quarantined(uploads: Uploads, listener: Listener) -> None:
    """Only the infected version leaves: those before and after it stay."""
    before = uploads.put("file", samples.text())
    uploads.verdict(listener, before)
    infected = uploads.put("file", samples.eicar())
    assert uploads.moved(listener, infected).outcome == "QUARANTINED"
    after = uploads.put("file", samples.pdf())
    uploads.verdict(listener, after)
    assert not uploads.exists(infected)
    assert uploads.exists(before)
    assert uploads.exists(after)


def test_ledger_tells_where_the_object_is_now(uploads: Uploads, listener: Listener) -> None:
    """The row of a quarantined version names its copy."""
    put = uploads.put("file", samples.eicar())
    move = uploads.moved(listener, put)
    row = uploads.row(put)
    assert move.copy is not None
    assert row is not None
    assert row["status"] == {"S": "THREATS_FOUND"}
    assert json.dumps(row).count(move.copy["key"]) >= 1


def test_alert_tells_people_what_was_done(
    uploads: Uploads, listener: Listener, alerts: Alerts
) -> None:
    """One alert: what, where, which signature, who uploaded it, what was done."""
    put = uploads.put("file", samples.eicar())
    uploads.moved(listener, put)
    alert = alerts.about(put.key)
    assert samples.EICAR_NAME in alert["Subject"]
    detail = json.loads(alert["Message"])
    assert detail["s3ObjectDetails"]["objectKey"] == put.key
    assert detail["quarantine"]["outcome"] == "QUARANTINED"
    assert detail["scanner"]["uploader"]["sourceIp"]
