"""Listens to what the stack tells on its event bus, as any consumer would."""

import json
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4

from local.deployment import Stack

if TYPE_CHECKING:
    from types import TracebackType


@dataclass(frozen=True, slots=True)
class Verdict:
    """One "Object Scan Result" event and when it arrived (monotonic seconds)."""

    detail: dict[str, Any]
    arrived: float

    @property
    def key(self) -> str:
        """The object's key."""
        return str(self.detail["s3ObjectDetails"]["objectKey"])

    @property
    def etag(self) -> str:
        """The ETag of the content that was scanned."""
        return str(self.detail["s3ObjectDetails"]["eTag"])

    @property
    def version_id(self) -> str | None:
        """The object's version, None where the bucket keeps none."""
        version: str | None = self.detail["s3ObjectDetails"]["versionId"]
        return version

    @property
    def status(self) -> str:
        """The verdict itself."""
        return str(self.detail["scanResultDetails"]["scanResultStatus"])

    @property
    def threats(self) -> tuple[str, ...]:
        """Names of the signatures that matched."""
        return tuple(threat["name"] for threat in self.detail["scanResultDetails"]["threats"] or ())

    @property
    def reason(self) -> str | None:
        """Why the scan was not full."""
        reason: str | None = self.detail["scanner"]["reason"]
        return reason

    @property
    def action(self) -> str:
        """What the suite does with the object."""
        return str(self.detail["scanner"]["action"])


@dataclass(frozen=True, slots=True)
class Move:
    """One "Object Quarantined" or "Object Not Quarantined" event."""

    detail: dict[str, Any]

    @property
    def subject(self) -> tuple[str, str]:
        """Key and ETag of the object that was to be moved."""
        details = self.detail["s3ObjectDetails"]
        return str(details["objectKey"]), str(details["eTag"])

    @property
    def outcome(self) -> str:
        """What was done with it."""
        return str(self.detail["quarantine"]["outcome"])

    @property
    def copy(self) -> dict[str, Any] | None:
        """Bucket, key and version of the copy, where one was made."""
        copy: dict[str, Any] | None = self.detail["quarantine"]["copy"]
        return copy


@dataclass(frozen=True, slots=True)
class Labelling:
    """One "Image Labelled" or "Image Not Labelled" event."""

    detail: dict[str, Any]

    @property
    def subject(self) -> tuple[str, str]:
        """Key and ETag of the image."""
        details = self.detail["s3ObjectDetails"]
        return str(details["objectKey"]), str(details["eTag"])

    @property
    def outcome(self) -> str:
        """LABELLED or REFUSED."""
        return str(self.detail["labelling"]["outcome"])

    @property
    def reason(self) -> str | None:
        """Why there are no labels."""
        reason: str | None = self.detail["labelling"]["reason"]
        return reason

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels' names, best first."""
        return tuple(label["name"] for label in self.detail["labelling"]["labels"])

    @property
    def image(self) -> dict[str, Any]:
        """What is known of the image, and what was sent of it."""
        image: dict[str, Any] = self.detail["labelling"]["image"]
        return image

    @property
    def sidecar(self) -> dict[str, str]:
        """Bucket and key of the document with the whole answer."""
        sidecar: dict[str, str] = self.detail["labelling"]["sidecar"]
        return sidecar


@dataclass(slots=True)
class Listener:
    """A rule on the bus and a queue of its own; both are gone after the `with` block."""

    stack: Stack
    name: str = field(default_factory=lambda: f"verdicts-{uuid4().hex[:12]}")
    heard: list[Verdict] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    labellings: list[Labelling] = field(default_factory=list)
    _queue_url: str = ""

    def __enter__(self) -> Self:
        """Make the queue and the rule."""
        sqs, events = self.stack.client("sqs"), self.stack.client("events")
        self._queue_url = sqs.create_queue(QueueName=self.name)["QueueUrl"]
        attributes = sqs.get_queue_attributes(
            QueueUrl=self._queue_url, AttributeNames=["QueueArn"]
        )["Attributes"]
        bus = self.stack.output("EventBusName")
        pattern = {"source": ["tidegate"]}
        events.put_rule(Name=self.name, EventBusName=bus, EventPattern=json.dumps(pattern))
        events.put_targets(
            Rule=self.name,
            EventBusName=bus,
            Targets=[{"Id": "queue", "Arn": attributes["QueueArn"]}],
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        """Remove the rule and the queue."""
        bus = self.stack.output("EventBusName")
        events = self.stack.client("events")
        events.remove_targets(Rule=self.name, EventBusName=bus, Ids=["queue"])
        events.delete_rule(Name=self.name, EventBusName=bus)
        self.stack.client("sqs").delete_queue(QueueUrl=self._queue_url)

    def wait(self, found: Callable[[Verdict], bool], seconds: float) -> Verdict | None:
        """Return the first verdict that fits, heard before or now; None after the time is up."""
        deadline = time.monotonic() + seconds
        while True:
            match = next((verdict for verdict in self.heard if found(verdict)), None)
            if match or time.monotonic() > deadline:
                return match
            self.listen()

    def wait_for_move(self, key: str, etag: str, seconds: float) -> Move | None:
        """Return what quarantine_object did with this content; None after the time is up."""
        deadline = time.monotonic() + seconds
        while True:
            match = next((move for move in self.moves if move.subject == (key, etag)), None)
            if match or time.monotonic() > deadline:
                return match
            self.listen()

    def wait_for_labelling(self, key: str, etag: str, seconds: float) -> Labelling | None:
        """Return what label_image did with this content; None after the time is up."""
        deadline = time.monotonic() + seconds
        while True:
            match = next((told for told in self.labellings if told.subject == (key, etag)), None)
            if match or time.monotonic() > deadline:
                return match
            self.listen()

    def wait_for_keys(self, keys: AbstractSet[str], seconds: float) -> dict[str, Verdict]:
        """Return the first verdict on each key, as far as they come in time."""
        deadline = time.monotonic() + seconds
        while not keys <= {verdict.key for verdict in self.heard} and time.monotonic() < deadline:
            self.listen()
        return {verdict.key: verdict for verdict in reversed(self.heard) if verdict.key in keys}

    def listen(self) -> None:
        """Take what has arrived, waiting up to a second for something."""
        sqs = self.stack.client("sqs")
        answer = sqs.receive_message(
            QueueUrl=self._queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        for message in answer.get("Messages", []):
            event = json.loads(message["Body"])
            if event["detail-type"] == "Object Scan Result":
                self.heard.append(Verdict(event["detail"], time.monotonic()))
            elif "quarantine" in event["detail"]:
                self.moves.append(Move(event["detail"]))
            elif "labelling" in event["detail"]:
                self.labellings.append(Labelling(event["detail"]))
            sqs.delete_message(QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"])
