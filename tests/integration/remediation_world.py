"""A small world of real adapters on moto's AWS, in which one bucket is put right.

Controls are those whose settings moto keeps faithfully: the public access block, the policy,
versioning. What it does not (see design of the tests in tests/unit/remediate_bucket/fake_s3.py)
is left out.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.remediate_bucket import controls
from functions.remediate_bucket.account import Account
from functions.remediate_bucket.bucket_state import Section
from functions.remediate_bucket.changes import Changes
from functions.remediate_bucket.control import Profile
from functions.remediate_bucket.deliveries import AccessLogs
from functions.remediate_bucket.execution import Execution
from functions.remediate_bucket.lease import LEASE_SECONDS, Leases
from functions.remediate_bucket.lockout import Guardians
from functions.remediate_bucket.notices import Notices
from functions.remediate_bucket.permissions import Permissions
from functions.remediate_bucket.reader import Reader
from functions.remediate_bucket.regions import Regions
from functions.remediate_bucket.remediation import Remediation
from functions.remediate_bucket.result import Result
from functions.remediate_bucket.snapshots import Snapshots
from functions.remediate_bucket.trails import Trails
from functions.remediate_bucket.trigger import BucketRequest, RequestMode, Trigger
from functions.remediate_bucket.undo import Undo, Undone
from functions.remediate_bucket.writer import Writer
from tests.integration.quarantine_world import REGION, client, dynamodb
from tidegate.bus import Bus

BUCKET = "harbour-papers"
SNAPSHOTS = "harbour-snapshots"
TABLE = "harbour-changes"
BUS = "harbour-remediation"
ACCOUNT_ID = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT_ID}:role/remediator"
NAMES = ("bucket-public-access-block", "tls-only", "versioning")
DRIFT = Trigger("cloudtrail", "CreateBucket", "event-1")
ALL_ON = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)


@dataclass
class RemediationWorld:
    """The bucket, the table, the snapshots, bus and topic, and what arrives on them."""

    s3: Any
    sqs: Any
    table: Any
    clients: tuple[Any, ...]
    remediation: Remediation
    undo: Undo
    notices: Notices
    event_queue: str
    notice_queue: str
    clock: list[datetime] = field(default_factory=list)
    runs: Any = field(default_factory=lambda: itertools.count(1))

    @classmethod
    def make(cls) -> RemediationWorld:
        """Make everything anew."""
        s3, sqs, sns, events = (client(name) for name in ("s3", "sqs", "sns", "events"))
        table = dynamodb().create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "bucket", "KeyType": "HASH"},
                {"AttributeName": "entry", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "bucket", "AttributeType": "S"},
                {"AttributeName": "entry", "AttributeType": "S"},
            ],
        )
        for bucket in (BUCKET, SNAPSHOTS):
            s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        event_queue, notice_queue, topic = _listeners(sqs, sns, events)
        made = {"s3": s3, "s3control": client("s3control"), "cloudtrail": client("cloudtrail")}
        regions = Regions(REGION, ACCOUNT_ID, lambda service, _region: made[service])
        clock = [datetime(2026, 11, 22, 12, 0, tzinfo=UTC)]
        shared: dict[str, Any] = {
            "reader": Reader(regions, Account(regions), Trails(regions), AccessLogs(regions)),
            "changes": Changes(table, frozenset(control.id for control in controls.ALL)),
            "leases": Leases(table, 100),
            "bus": Bus(events, BUS),
            "now": lambda: clock[-1],
        }
        writing: dict[str, Any] = {
            "writer": Writer(regions),
            "snapshots": Snapshots(s3, SNAPSHOTS, None),
        }
        numbers = itertools.count(1)
        guardians = Guardians(ROLE, ACCOUNT_ID)
        execution = Execution(
            **shared, **writing, random=lambda: f"{next(numbers):08x}", sleep=lambda _: None
        )
        return cls(
            s3=s3,
            sqs=sqs,
            table=table,
            clients=(s3, sns, events, table.meta.client),
            remediation=Remediation(
                controls=tuple(each for each in controls.ALL if each.id in NAMES),
                permissions=Permissions(opted_in=frozenset(NAMES)),
                profile=Profile(),
                targets=lambda profile: profile,
                exemption_tag_key="tidegate-exempt",
                guardians=guardians,
                execution=execution,
                **shared,
            ),
            undo=Undo(hold_days=30, guardians=guardians, **shared, **writing),
            notices=Notices(sns, topic),
            event_queue=event_queue,
            notice_queue=notice_queue,
            clock=clock,
        )

    def run(self) -> Result:
        """Handle one event about the bucket, as the service does, by a run of its own."""
        request = BucketRequest(BUCKET, RequestMode.APPLY, DRIFT)
        result = self.remediation.run(request, f"run-{next(self.runs)}")
        self.notices.of_bucket(result)
        self.remediation.finish(result)
        return result

    def take_back(self, change_id: str) -> Undone:
        """Undo a change, by a run of its own."""
        return self.undo.run(change_id, f"undo-{next(self.runs)}")

    def redeliver(self) -> None:
        """Let the time pass after which a message of a dead run comes back."""
        self.clock.append(self.clock[-1] + timedelta(seconds=LEASE_SECONDS + 1))

    def settings(self) -> dict[Section, Any]:
        """Return the bucket's settings that the controls change."""
        reader = self.remediation.reader
        wanted = frozenset({Section.PUBLIC_ACCESS_BLOCK, Section.POLICY, Section.VERSIONING})
        state = reader.read(reader.find(BUCKET), wanted)
        return {section: state.setting(section) for section in wanted}

    def records(self) -> list[dict[str, Any]]:
        """Return the records of changes."""
        return [item for item in self._rows() if item["entry"].startswith("record#")]

    def untold(self) -> list[str]:
        """Return the open rows."""
        return [item["entry"] for item in self._rows() if item["entry"].startswith("open#")]

    def snapshot_keys(self) -> set[str]:
        """Return the keys of all snapshots."""
        listing = self.s3.list_objects_v2(Bucket=SNAPSHOTS)
        return {item["Key"] for item in listing.get("Contents", ())}

    def told(self) -> tuple[set[str], set[str]]:
        """Return the changes of which bus and people have heard, once."""
        events = {
            json.loads(body)["detail"]["change"]
            for body in self._drain(self.event_queue)
            if json.loads(body)["detail"]["outcome"] == "APPLIED"
        }
        notices = {
            change["change"]
            for body in self._drain(self.notice_queue)
            for change in json.loads(json.loads(body)["Message"])["changes"]
        }
        return events, notices

    def _rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.table.scan(ConsistentRead=True)["Items"]
        return rows

    def _drain(self, url: str) -> list[str]:
        bodies: list[str] = []
        while messages := self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            bodies += [message["Body"] for message in messages]
            for message in messages:
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return bodies


def _listeners(sqs: Any, sns: Any, events: Any) -> tuple[str, str, str]:
    """Make bus and topic with a queue on each; return the queues and the topic."""
    event_queue = sqs.create_queue(QueueName="remediation-events")["QueueUrl"]
    notice_queue = sqs.create_queue(QueueName="remediation-notices")["QueueUrl"]
    topic = sns.create_topic(Name="remediation-notices")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=_arn(sqs, notice_queue))
    events.create_event_bus(Name=BUS)
    events.put_rule(Name="all", EventBusName=BUS, EventPattern='{"source":["tidegate"]}')
    target = {"Id": "q", "Arn": _arn(sqs, event_queue)}
    events.put_targets(Rule="all", EventBusName=BUS, Targets=[target])
    return event_queue, notice_queue, topic


def _arn(sqs: Any, url: str) -> str:
    arn: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    return arn
