"""A small world of real adapters on moto's AWS, in which images are uploaded and labelled.

Rekognition is moto's: it sees a mobile phone in everything.
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger

from functions.label_image import sidecar
from functions.label_image.decoder import Decoder
from functions.label_image.labeller import Labeller
from functions.label_image.once import Once
from functions.label_image.rekognition import Rekognition
from functions.label_image.report import Report
from functions.label_image.sidecars import Sidecars
from functions.label_image.tagging import Tagger
from functions.label_image.viewing import Viewer
from local import pictures
from tests.integration.quarantine_world import REGION, client, dynamodb
from tests.invocation import Invocation
from tidegate.bus import Bus
from tidegate.ledger import Ledger
from tidegate.objectref import ObjectRef
from tidegate.objects import Objects
from tidegate.verdicts import Action, ScanResult, ScanStatus

UPLOADS = "harbour-uploads"
REPORTS = "harbour-reports"
LEDGER = "harbour-ledger"
IDEMPOTENCY = "harbour-idempotency"
BUS = "harbour-bus"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SEEN = "Mobile Phone"
REQUEST = {"maxLabels": 25, "minConfidencePercent": 75, "moderationLabels": False}


@dataclass
class World:
    """The buckets, tables and bus, and what arrives on the bus."""

    s3: Any
    sqs: Any
    labeller: Labeller
    ledger: Ledger
    event_queue: str
    clients: tuple[Any, ...]

    @classmethod
    def make(cls, *, milliseconds: int = 300_000, versions: bool = True) -> World:
        """Make everything anew; the labeller's invocation has so much time left."""
        s3, sqs, events, rekognition, table_client = (
            client(name) for name in ("s3", "sqs", "events", "rekognition", "dynamodb")
        )
        for bucket in (UPLOADS, REPORTS):
            s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        if versions:
            enabled: Any = {"Status": "Enabled"}
            s3.put_bucket_versioning(Bucket=UPLOADS, VersioningConfiguration=enabled)
        ledger_table = _table(LEDGER, object="HASH", version="RANGE")
        _table(IDEMPOTENCY, id="HASH")
        event_queue = sqs.create_queue(QueueName="events")["QueueUrl"]
        attributes = sqs.get_queue_attributes(QueueUrl=event_queue, AttributeNames=["QueueArn"])
        events.create_event_bus(Name=BUS)
        events.put_rule(Name="all", EventBusName=BUS, EventPattern='{"source":["tidegate"]}')
        target = {"Id": "q", "Arn": attributes["Attributes"]["QueueArn"]}
        events.put_targets(Rule="all", EventBusName=BUS, Targets=[target])
        objects, ledger = Objects(s3), Ledger(ledger_table)
        once = Once(table_client, IDEMPOTENCY)
        once.begin(Invocation(milliseconds))
        logger = Logger(service="test", stream=io.StringIO())
        viewer = Viewer(
            objects=objects,
            rekognition=Rekognition(rekognition, 25, 75, moderation=False),
            decoder=Decoder(64_000_000, 1536 * 1024 * 1024, 30),
            logger=logger,
            max_source_bytes=52_428_800,
        )
        labeller = Labeller(
            objects=objects,
            viewer=viewer,
            sidecars=Sidecars(s3, REPORTS),
            tagger=Tagger(objects, ledger, "scan-status"),
            once=once,
            bus=Bus(events, BUS),
            logger=logger,
            now=lambda: NOW,
            reports_bucket=REPORTS,
            request=REQUEST,
        )
        clients = (s3, events, rekognition, table_client, ledger_table.meta.client)
        return cls(s3, sqs, labeller, ledger, event_queue, clients)

    def upload(self, key: str = "in/harbour.jpg", body: bytes | None = None) -> ObjectRef:
        """Upload an image that the scanner has called clean, and return its exact name."""
        answer = self.s3.put_object(
            Bucket=UPLOADS,
            Key=key,
            Body=pictures.photograph() if body is None else body,
            Tagging="team=a",
        )
        ref = ObjectRef(UPLOADS, key, answer.get("VersionId"), answer["ETag"].strip('"'))
        self.scan(ref, ScanStatus.NO_THREATS_FOUND)
        return ref

    def scan(self, ref: ObjectRef, status: ScanStatus, release: str = "r1") -> None:
        """Enter a verdict in the ledger and on the object, as the scanner does."""
        threats = ("Eicar",) if status is ScanStatus.THREATS_FOUND else ()
        result = ScanResult(
            ref, status, Action.NONE, NOW, threats=threats, definitions_release=release
        )
        self.ledger.record(result, {})
        Objects(client.__wrapped__("s3")).merge_tags(
            ref,
            {"scan-status": status.value},
            {"scan-detail": result.detail_text, "scan-definitions": release},
        )

    def run(self, ref: ObjectRef) -> Report:
        """Label the object."""
        return self.labeller.run(ref)

    def tags(self, ref: ObjectRef) -> dict[str, str]:
        """Return the tags of exactly this version."""
        return Objects(self.s3).tags(ref)

    def sidecar(self, ref: ObjectRef) -> dict[str, Any]:
        """Return the document about this version."""
        answer = self.s3.get_object(Bucket=REPORTS, Key=sidecar.key(ref))
        document: dict[str, Any] = json.loads(answer["Body"].read())
        return document

    def sidecars(self) -> list[str]:
        """Return the keys of all documents."""
        listing = self.s3.list_objects_v2(Bucket=REPORTS)
        return [item["Key"] for item in listing.get("Contents", ())]

    def events(self) -> list[dict[str, Any]]:
        """Return, once, what arrived on the bus."""
        found = []
        while messages := self.sqs.receive_message(
            QueueUrl=self.event_queue, MaxNumberOfMessages=10
        ).get("Messages", ()):
            for message in messages:
                found.append(json.loads(message["Body"]))
                self.sqs.delete_message(
                    QueueUrl=self.event_queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return found


def _table(name: str, **key: Any) -> Any:
    return dynamodb().create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": part, "KeyType": kind} for part, kind in key.items()],
        AttributeDefinitions=[{"AttributeName": part, "AttributeType": "S"} for part in key],
    )
