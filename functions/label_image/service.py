"""Takes the function's events, and wires what works on them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools.metrics import MetricUnit

from functions.label_image.decoder import Decoder
from functions.label_image.finding import Outcome
from functions.label_image.labeller import Labeller
from functions.label_image.once import Once
from functions.label_image.rekognition import Rekognition
from functions.label_image.report import Report, to_detail
from functions.label_image.settings import Settings
from functions.label_image.sidecars import Sidecars
from functions.label_image.tagging import Tagger
from functions.label_image.viewing import Viewer
from tidegate.batch import Message, Queue, is_batch, process_batch
from tidegate.bus import Bus
from tidegate.clients import client, configuration
from tidegate.errors import MalformedEventError
from tidegate.events import ObjectCreated, parse
from tidegate.ledger import Ledger
from tidegate.objects import Objects
from tidegate.telemetry import Telemetry, log_context
from tidegate.verdicts import DETAIL_TYPE, ScanStatus, from_event

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# Rekognition takes as few as five calls a second in some Regions.
BATCH_THREADS = 2
_METRICS = {
    Outcome.LABELLED: "ImageLabelled",
    Outcome.REFUSED: "ImageNotLabelled",
    Outcome.NOT_AN_IMAGE: "NotAnImage",
    Outcome.GONE: "ImageGone",
}


@dataclass(frozen=True, slots=True)
class LabelService:
    """What the handler calls."""

    labeller: Labeller
    once: Once
    queue: Queue
    telemetry: Telemetry
    reports_bucket: str

    def handle(self, event: dict[str, Any], context: LambdaContext) -> Any:
        """Label the objects of a batch of messages, or those of a direct event."""
        self.once.begin(context)

        def work(message: Message) -> None:
            for created in images_of(_parsed(message.body)):
                self._label(created, message.message_id, is_last_try=message.is_last_receive)

        if is_batch(event):
            return process_batch(
                event,
                context,
                work,
                queue=self.queue,
                threads=BATCH_THREADS,
                logger=self.telemetry.logger,
                tracer=self.telemetry.tracer,
            )
        details = [
            to_detail(
                self._label(created, context.aws_request_id, is_last_try=True),
                self.reports_bucket,
            )
            for created in images_of(event)
        ]
        one = "bucket" in event or event.get("detail-type") == DETAIL_TYPE
        return details[0] if one else {"results": details}

    def _label(self, created: ObjectCreated, fallback_id: str, *, is_last_try: bool) -> Report:
        correlation_id = created.correlation_id or fallback_id
        logger = self.telemetry.logger
        with log_context(logger, created.ref, correlation_id=correlation_id):
            report = self.labeller.run(created.ref, is_last_try=is_last_try)
            finding = report.finding
            logger.info(
                "labelling",
                extra={
                    "outcome": finding.outcome.value,
                    "reason": finding.reason,
                    "explanation": finding.explanation,
                    "labels": len(finding.labels),
                    "sent": finding.image.sent if finding.image else None,
                    "tagging": report.tagging.value,
                    "repeated": report.repeated,
                },
            )
        name = "ImageRepeated" if report.repeated else _METRICS[finding.outcome]
        self.telemetry.metrics.add_metric(name, MetricUnit.Count, 1)
        return report


def images_of(event: object) -> tuple[ObjectCreated, ...]:
    """Return the objects that an event wants labelled.

    Raises MalformedEventError (not retried) for what is no such event, and for a verdict other
    than NO_THREATS_FOUND: what is not clean is not labelled, whoever sends the event.
    """
    if not isinstance(event, dict) or event.get("detail-type") != DETAIL_TYPE:
        return parse(event)
    result = from_event(event)
    if result.status is not ScanStatus.NO_THREATS_FOUND:
        raise MalformedEventError(
            f"the verdict on {result.ref} is {result.status}, not NO_THREATS_FOUND"
        )
    return (ObjectCreated(result.ref, correlation_id=result.correlation_id),)


def build(settings: Settings, telemetry: Telemetry) -> LabelService:
    """Return the service, wired to AWS."""
    s3, dynamodb = client("s3"), boto3.resource("dynamodb", config=configuration())
    objects = Objects(s3)
    once = Once(client("dynamodb"), settings.idempotency_table_name)
    viewer = Viewer(
        objects=objects,
        rekognition=Rekognition(
            client("rekognition"),
            settings.max_labels,
            settings.min_confidence_percent,
            settings.moderation_labels,
        ),
        decoder=Decoder(
            settings.max_pixels, settings.decode_memory_bytes, settings.decode_cpu_seconds
        ),
        logger=telemetry.logger,
        max_source_bytes=settings.max_source_bytes,
    )
    labeller = Labeller(
        objects=objects,
        viewer=viewer,
        sidecars=Sidecars(s3, settings.reports_bucket_name),
        tagger=Tagger(
            objects, Ledger(dynamodb.Table(settings.ledger_table_name)), settings.status_tag_key
        ),
        once=once,
        bus=Bus(client("events"), settings.event_bus_name),
        logger=telemetry.logger,
        now=lambda: datetime.now(UTC),
        reports_bucket=settings.reports_bucket_name,
        request=settings.request,
    )
    queue = Queue(client("sqs"), settings.queue_url, settings.max_receive_count)
    return LabelService(labeller, once, queue, telemetry, settings.reports_bucket_name)


def _parsed(body: str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedEventError("the message is not JSON") from error
