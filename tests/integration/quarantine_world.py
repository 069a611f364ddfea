"""A small world of real adapters on moto's AWS, in which objects are uploaded and quarantined."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import unquote

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from functions.quarantine_object import custody
from functions.quarantine_object.alerts import Alerts
from functions.quarantine_object.quarantine import Quarantine, Storage
from functions.quarantine_object.records import Records
from functions.quarantine_object.report import Report
from tidegate.bus import Bus
from tidegate.copies import MAX_SINGLE_COPY_BYTES, PART_BYTES, Copies
from tidegate.events import Uploader
from tidegate.ledger import Ledger
from tidegate.objectref import ObjectRef
from tidegate.originals import Originals
from tidegate.verdicts import Action, ScanResult, ScanStatus, Tagging

REGION = "eu-central-1"
SOURCE = "harbour-uploads"
QUARANTINE = "harbour-quarantine"
TABLE = "harbour-ledger"
BUS = "harbour-bus"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
INFECTED = b"pretend that this is infected"


def endless() -> bool:
    """There is always time left."""
    return False


@cache
def client(service: Any, endpoint_url: str | None = None) -> Any:
    """Return a client that never leaves this machine; made once, for making one is slow."""
    return boto3.client(
        service,
        region_name=REGION,
        endpoint_url=endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}),
    )


@cache
def dynamodb(endpoint_url: str | None = None) -> Any:
    """Return the DynamoDB resource, made once."""
    return boto3.resource(
        "dynamodb",
        region_name=REGION,
        endpoint_url=endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


@dataclass
class World:
    """The buckets, table, bus and topic, and what arrives on bus and topic."""

    s3: Any
    sqs: Any
    quarantine: Quarantine
    alert_queue: str
    event_queue: str
    clients: tuple[Any, ...]

    @classmethod
    def make(
        cls,
        *,
        endpoint_url: str | None = None,
        storage_class: str = "GLACIER_IR",
        max_single_copy_bytes: int = MAX_SINGLE_COPY_BYTES,
        part_bytes: int = PART_BYTES,
    ) -> World:
        """Make everything anew."""
        s3, sqs, sns, events = (
            client(name, endpoint_url) for name in ("s3", "sqs", "sns", "events")
        )
        if endpoint_url is None:
            for call in ("CopyObject", "UploadPartCopy"):
                s3.meta.events.register(f"before-sign.s3.{call}", _meet_condition, unique_id=call)
        table = dynamodb(endpoint_url).create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "object", "KeyType": "HASH"},
                {"AttributeName": "version", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "object", "AttributeType": "S"},
                {"AttributeName": "version", "AttributeType": "S"},
            ],
        )
        for bucket in (SOURCE, QUARANTINE):
            s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        alert_queue = sqs.create_queue(QueueName="alerts")["QueueUrl"]
        event_queue = sqs.create_queue(QueueName="events")["QueueUrl"]
        topic = sns.create_topic(Name="alerts")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=_arn(sqs, alert_queue))
        events.create_event_bus(Name=BUS)
        events.put_rule(Name="all", EventBusName=BUS, EventPattern='{"source":["tidegate"]}')
        events.put_targets(
            Rule="all", EventBusName=BUS, Targets=[{"Id": "q", "Arn": _arn(sqs, event_queue)}]
        )
        return cls(
            s3=s3,
            sqs=sqs,
            alert_queue=alert_queue,
            event_queue=event_queue,
            clients=(s3, sns, events, table.meta.client),
            quarantine=Quarantine(
                storage=Storage(QUARANTINE, storage_class, None),
                copies=Copies(
                    s3, max_single_copy_bytes=max_single_copy_bytes, part_bytes=part_bytes
                ),
                originals=Originals(s3),
                records=Records(s3),
                ledger=Ledger(table),
                alerts=Alerts(sns, topic),
                bus=Bus(events, BUS),
                now=lambda: NOW,
            ),
        )

    def keep_versions(self, bucket: str = SOURCE, status: str = "Enabled") -> None:
        """Turn the bucket's versioning on, or suspend it."""
        self.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})

    def upload(self, key: str = "in/box.bin", body: bytes = INFECTED, **more: Any) -> ScanResult:
        """Upload an object and return the verdict that condemns it."""
        answer = self.s3.put_object(Bucket=SOURCE, Key=key, Body=body, **more)
        return verdict(
            ObjectRef(SOURCE, key, answer.get("VersionId"), answer["ETag"].strip('"')), body
        )

    def run(self, result: ScanResult, out_of_time: Callable[[], bool] = endless) -> Report:
        """Quarantine the object."""
        return self.quarantine.run(result, out_of_time)

    def content(self, bucket: str, key: str, **more: Any) -> bytes:
        """Return an object's content."""
        body: bytes = self.s3.get_object(Bucket=bucket, Key=key, **more)["Body"].read()
        return body

    def copy_of(self, result: ScanResult) -> dict[str, Any]:
        """Return the HEAD of the object's copy in quarantine."""
        head: dict[str, Any] = self.s3.head_object(
            Bucket=QUARANTINE, Key=custody.copy_key(result.ref), ChecksumMode="ENABLED"
        )
        return head

    def record_of(self, result: ScanResult) -> dict[str, Any]:
        """Return the record beside the copy."""
        record: dict[str, Any] = json.loads(
            self.content(QUARANTINE, custody.record_key(result.ref))
        )
        return record

    def versions(self, bucket: str = SOURCE) -> list[tuple[str, str]]:
        """Return key and version of every version in the bucket, delete markers as "marker"."""
        listing = self.s3.list_object_versions(Bucket=bucket)
        return [(item["Key"], item["VersionId"]) for item in listing.get("Versions", ())] + [
            (item["Key"], "marker") for item in listing.get("DeleteMarkers", ())
        ]

    def alerts(self) -> list[dict[str, Any]]:
        """Return, once, what arrived on the topic."""
        return [json.loads(body) for body in self._drain(self.alert_queue)]

    def events(self) -> list[dict[str, Any]]:
        """Return, once, what arrived on the bus."""
        return [json.loads(body) for body in self._drain(self.event_queue)]

    def _drain(self, url: str) -> list[str]:
        bodies = []
        while messages := self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages", ()
        ):
            for message in messages:
                bodies.append(message["Body"])
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies


def verdict(ref: ObjectRef, body: bytes = INFECTED, **more: Any) -> ScanResult:
    """Return a verdict that sends the object to quarantine."""
    facts: dict[str, Any] = {
        "status": ScanStatus.THREATS_FOUND,
        "threats": ("Win.Test.EICAR_HDB-1",),
        "sha256": hashlib.sha256(body).hexdigest(),
        "size_bytes": len(body),
        "engine": "ClamAV 1.4.6",
        "definitions_release": "20261122T110000Z-0123abcd",
        "uploader": Uploader("123456789012", "203.0.113.9"),
        "correlation_id": "corr-1",
        "tagging": Tagging.COMPLETE,
    }
    return ScanResult(ref=ref, action=Action.QUARANTINE, scanned_at=NOW, **(facts | more))


@cache
def _onlooker() -> Any:
    """Return a client whose calls are not the function's."""
    return client.__wrapped__("s3")


def _meet_condition(request: Any, **_: Any) -> None:
    """Refuse a copy whose source is another by now, as S3 does; moto ignores the condition."""
    bucket, _, source = request.headers["x-amz-copy-source"].partition("/")
    key, _, version = source.partition("?versionId=")
    where = {"Bucket": bucket, "Key": unquote(key)} | ({"VersionId": version} if version else {})
    if _onlooker().head_object(**where)["ETag"] != request.headers["x-amz-copy-source-if-match"]:
        raise ClientError(
            {
                "Error": {"Code": "PreconditionFailed", "Message": "replaced"},
                "ResponseMetadata": {"HTTPStatusCode": 412},  # type: ignore[typeddict-item]
            },
            "CopyObject",
        )


def _arn(sqs: Any, url: str) -> str:
    arn: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    return arn
