"""Takes the function's events, and wires what works on them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools.metrics import MetricUnit

from functions.quarantine_object.alerts import Alerts
from functions.quarantine_object.quarantine import Quarantine, Storage
from functions.quarantine_object.records import Records
from functions.quarantine_object.report import Report, to_event_detail
from functions.quarantine_object.settings import Settings
from tidegate.batch import Message, Queue, process_batch
from tidegate.bus import Bus
from tidegate.clients import client, configuration
from tidegate.copies import Copies
from tidegate.errors import MalformedEventError, TidegateError
from tidegate.ledger import Ledger
from tidegate.originals import Originals
from tidegate.telemetry import Telemetry, log_context
from tidegate.verdicts import Action, ScanResult, from_event

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# A batch is small and each object waits on S3 alone.
BATCH_THREADS = 4
# What is left of the invocation when no further part of a large copy is begun.
RESERVED_MILLISECONDS = 60_000


@dataclass(frozen=True, slots=True)
class QuarantineService:
    """What the handler calls."""

    quarantine: Quarantine
    queue: Queue
    telemetry: Telemetry

    def handle(self, event: dict[str, Any], context: LambdaContext) -> Any:
        """Quarantine the objects of a batch of messages, or the one of a direct event."""

        def out_of_time() -> bool:
            return context.get_remaining_time_in_millis() < RESERVED_MILLISECONDS

        def work(message: Message) -> None:
            result = verdict_of(message.body)
            with log_context(self.telemetry.logger, result.ref, **_correlation(result)):
                try:
                    self._report(self.quarantine.run(result, out_of_time))
                except TidegateError as error:
                    if message.is_last_receive:
                        self._report(self.quarantine.give_up(result, error))
                    raise

        if "Records" in event:
            return process_batch(
                event,
                context,
                work,
                queue=self.queue,
                threads=BATCH_THREADS,
                logger=self.telemetry.logger,
                tracer=self.telemetry.tracer,
            )
        result = _to_quarantine(event)
        with log_context(self.telemetry.logger, result.ref, **_correlation(result)):
            report = self.quarantine.run(result, out_of_time)
            self._report(report)
        return to_event_detail(report)

    def _report(self, report: Report) -> None:
        self.telemetry.logger.info(
            "quarantine",
            extra={
                "outcome": report.outcome.value,
                "reason": report.reason,
                "changed": report.changed,
                "proven_by": report.copy.proofs if report.copy else (),
            },
        )
        name = f"Quarantine{report.outcome.value.title().replace('_', '')}"
        self.telemetry.metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)


def verdict_of(body: str) -> ScanResult:
    """Return the verdict that a message tells; MalformedEventError where it tells none."""
    try:
        event = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedEventError("the message is not JSON") from error
    return _to_quarantine(event)


def build(settings: Settings, telemetry: Telemetry) -> QuarantineService:
    """Return the service, wired to AWS."""
    s3 = client("s3")
    table = boto3.resource("dynamodb", config=configuration()).Table(settings.ledger_table_name)
    return QuarantineService(
        quarantine=Quarantine(
            storage=Storage(
                settings.quarantine_bucket_name,
                settings.quarantine_storage_class,
                settings.quarantine_kms_key_arn,
            ),
            copies=Copies(s3),
            originals=Originals(s3),
            records=Records(s3),
            ledger=Ledger(table),
            alerts=Alerts(client("sns"), settings.alerts_topic_arn),
            bus=Bus(client("events"), settings.event_bus_name),
            now=lambda: datetime.now(UTC),
        ),
        queue=Queue(client("sqs"), settings.queue_url, settings.max_receive_count),
        telemetry=telemetry,
    )


def _to_quarantine(event: object) -> ScanResult:
    result = from_event(event)
    if result.action is not Action.QUARANTINE:
        raise MalformedEventError(
            f"the verdict on {result.ref} asks for {result.action}, not for QUARANTINE"
        )
    return result


def _correlation(result: ScanResult) -> dict[str, str]:
    return {"correlation_id": result.correlation_id} if result.correlation_id else {}
