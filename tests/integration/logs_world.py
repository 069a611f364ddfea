"""A small world of real adapters on moto's AWS, in which logs are uploaded and compressed."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backports import zstd

from functions.compress_log.admission import Admission, Trigger
from functions.compress_log.archive import Archive, Place
from functions.compress_log.copier import Copier
from functions.compress_log.log import Log
from functions.compress_log.packing import Compression, packing_of
from functions.compress_log.press import Press
from functions.compress_log.report import Report
from functions.compress_log.upload import PART_BYTES, Uploads
from tests.integration.quarantine_world import BUS, REGION, TABLE, client, dynamodb
from tidegate.bus import Bus
from tidegate.copies import Copies
from tidegate.ledger import Ledger, row_key
from tidegate.objectref import ObjectRef
from tidegate.objects import Objects
from tidegate.originals import Originals
from tidegate.verdicts import Action, ScanResult, ScanStatus

SOURCE = "harbour-uploads"
ARCHIVE = "harbour-archive"
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
KEY = "web/access-2026-11-25.log"
LINES = b"".join(b"10.0.0.%d GET /orders/%d 200\n" % (n % 256, n) for n in range(5000))


def endless() -> bool:
    """There is always time left."""
    return False


@dataclass
class LogsWorld:
    """The buckets, table and bus, and what arrives on the bus."""

    s3: Any
    sqs: Any
    archive: Archive
    event_queue: str
    clients: tuple[Any, ...]
    ledger: Ledger

    @classmethod
    def make(
        cls,
        *,
        trigger: Trigger = Trigger.AFTER_SCAN,
        compression: Compression = Compression.GZIP,
        part_bytes: int = PART_BYTES,
    ) -> LogsWorld:
        """Make everything anew."""
        s3, sqs, events = (client(name) for name in ("s3", "sqs", "events"))
        table = dynamodb().create_table(
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
        for bucket in (SOURCE, ARCHIVE):
            s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        s3.put_bucket_versioning(Bucket=ARCHIVE, VersioningConfiguration={"Status": "Enabled"})
        event_queue = sqs.create_queue(QueueName="events")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=event_queue, AttributeNames=["QueueArn"])
        events.create_event_bus(Name=BUS)
        events.put_rule(Name="all", EventBusName=BUS, EventPattern='{"source":["tidegate"]}')
        events.put_targets(
            Rule="all",
            EventBusName=BUS,
            Targets=[{"Id": "q", "Arn": arn["Attributes"]["QueueArn"]}],
        )
        packing, objects, ledger = packing_of(compression), Objects(s3), Ledger(table)
        archive = Archive(
            place=Place(ARCHIVE, "logs", "GLACIER_IR", None),
            admission=Admission(trigger, (".log",), ARCHIVE, "scan-status", 1 << 40),
            copier=Copier(
                packing,
                Press(objects, packing, 2),
                Uploads(s3, packing.content_type, part_bytes=part_bytes),
                objects,
            ),
            copies=Copies(s3),
            originals=Originals(s3),
            ledger=ledger,
            bus=Bus(events, BUS),
            now=lambda: NOW,
        )
        return cls(s3, sqs, archive, event_queue, (s3, events, table.meta.client), ledger)

    def keep_versions(self, status: str = "Enabled") -> None:
        """Turn the versioning of the uploads on, or suspend it."""
        self.s3.put_bucket_versioning(Bucket=SOURCE, VersioningConfiguration={"Status": status})

    def upload(self, body: bytes = LINES, key: str = KEY, **more: Any) -> Log:
        """Upload a log and record that it was found clean, as scan_object would."""
        answer = self.s3.put_object(Bucket=SOURCE, Key=key, Body=body, **more)
        ref = ObjectRef(SOURCE, key, answer.get("VersionId"), answer["ETag"].strip('"'))
        log = Log(ref, hashlib.sha256(body).hexdigest(), "corr-1")
        self.scan(log, ScanStatus.NO_THREATS_FOUND)
        return log

    def scan(self, log: Log, status: ScanStatus) -> None:
        """Record a verdict on the log."""
        result = ScanResult(log.ref, status, Action.NONE, NOW, sha256=log.sha256)
        self.ledger.record(result, {})

    def forget(self, log: Log) -> None:
        """Make it a log that no scanner has seen."""
        dynamodb().Table(TABLE).delete_item(Key=row_key(log.ref))

    def run(self, log: Log, out_of_time: Callable[[], bool] = endless) -> Report:
        """Compress the log."""
        return self.archive.run(log, out_of_time)

    def archived(self, compression: Compression = Compression.GZIP) -> dict[str, bytes]:
        """Return what lies in the archive, unpacked by readers of others, by key."""
        found = {}
        for key, _ in self.versions(ARCHIVE):
            body = self.s3.get_object(Bucket=ARCHIVE, Key=key)["Body"].read()
            if compression is Compression.GZIP:
                found[key] = gzip.decompress(body)
            else:
                found[key] = zstd.decompress(body)
        return found

    def versions(self, bucket: str = SOURCE) -> list[tuple[str, str]]:
        """Return key and version of every version in the bucket, delete markers as "marker"."""
        listing = self.s3.list_object_versions(Bucket=bucket)
        return [(item["Key"], item["VersionId"]) for item in listing.get("Versions", ())] + [
            (item["Key"], "marker") for item in listing.get("DeleteMarkers", ())
        ]

    def entry(self, log: Log) -> dict[str, Any]:
        """Return what the ledger says became of the log."""
        entry: dict[str, Any] = (self.ledger.row(log.ref) or {})["archive"]
        return entry

    def events(self) -> list[dict[str, Any]]:
        """Return, once, what arrived on the bus."""
        bodies = []
        while messages := self.sqs.receive_message(
            QueueUrl=self.event_queue, MaxNumberOfMessages=10
        ).get("Messages", ()):
            for message in messages:
                bodies.append(json.loads(message["Body"]))
                self.sqs.delete_message(
                    QueueUrl=self.event_queue, ReceiptHandle=message["ReceiptHandle"]
                )
        return bodies
