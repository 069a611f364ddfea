"""Takes the function's events, and wires what works on them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools.metrics import MetricUnit

from functions.compress_log.admission import Admission
from functions.compress_log.archive import Archive, Place
from functions.compress_log.copier import Copier
from functions.compress_log.log import Log, logs_of, logs_of_body
from functions.compress_log.packing import packing_of
from functions.compress_log.press import Press
from functions.compress_log.report import Report, to_event_detail
from functions.compress_log.settings import Settings
from functions.compress_log.upload import Uploads
from tidegate.batch import Message, Queue, is_batch, process_batch
from tidegate.bus import Bus
from tidegate.clients import client, configuration
from tidegate.copies import Copies
from tidegate.errors import TidegateError
from tidegate.ledger import Ledger
from tidegate.objects import Objects
from tidegate.originals import Originals
from tidegate.telemetry import Telemetry, log_context

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# Each log takes all the memory and cores that there are.
BATCH_THREADS = 1
# What is left of the invocation when no further block is waited for: enough for the parts that are
# under way, for the proof and for what has to be told.
RESERVED_MILLISECONDS = 60_000


@dataclass(frozen=True, slots=True)
class CompressService:
    """What the handler calls."""

    archive: Archive
    queue: Queue
    telemetry: Telemetry

    def handle(self, event: dict[str, Any], context: LambdaContext) -> Any:
        """Compress the logs of a batch of messages, or those of a direct event."""

        def out_of_time() -> bool:
            return context.get_remaining_time_in_millis() < RESERVED_MILLISECONDS

        def work(message: Message) -> None:
            for log in logs_of_body(message.body):
                self._compress(log, out_of_time, is_last_try=message.is_last_receive)

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
        details = [to_event_detail(self._compress(log, out_of_time)) for log in logs_of(event)]
        return details[0] if "Records" not in event and details else {"results": details}

    def _compress(
        self, log: Log, out_of_time: Callable[[], bool], *, is_last_try: bool = False
    ) -> Report:
        traced = {"correlation_id": log.correlation_id} if log.correlation_id else {}
        with log_context(self.telemetry.logger, log.ref, **traced):
            try:
                report = self.archive.run(log, out_of_time)
            except TidegateError as error:
                if is_last_try and error.retried:
                    self._report(self.archive.give_up(log, error))
                raise
            self._report(report)
            return report

    def _report(self, report: Report) -> None:
        self.telemetry.logger.info("compressed", extra={"log": to_event_detail(report)})
        metrics = self.telemetry.metrics
        name = f"Log{report.outcome.value.title().replace('_', '')}"
        metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
        if report.copy:
            metrics.add_metric("LogBytes", MetricUnit.Bytes, report.copy.plain_bytes)
            metrics.add_metric("ArchivedBytes", MetricUnit.Bytes, report.copy.packed_bytes)


def build(settings: Settings, telemetry: Telemetry) -> CompressService:
    """Return the service, wired to AWS."""
    s3 = client("s3")
    table = boto3.resource("dynamodb", config=configuration()).Table(settings.ledger_table_name)
    objects = Objects(s3)
    packing = packing_of(settings.log_compression)
    archive = Archive(
        place=Place(
            settings.archive_bucket_name,
            settings.archive_prefix,
            settings.archive_storage_class,
            settings.archive_kms_key_arn,
        ),
        admission=Admission(
            settings.compress_logs,
            settings.log_key_suffixes,
            settings.archive_bucket_name,
            settings.status_tag_key,
            settings.max_log_bytes,
        ),
        copier=Copier(
            packing=packing,
            press=Press(objects, packing, os.cpu_count() or 1),
            uploads=Uploads(s3, packing.content_type),
            tags=objects,
        ),
        copies=Copies(s3),
        originals=Originals(s3),
        ledger=Ledger(table),
        bus=Bus(client("events"), settings.event_bus_name),
        now=lambda: datetime.now(UTC),
    )
    queue = Queue(client("sqs"), settings.queue_url, settings.max_receive_count)
    return CompressService(archive, queue, telemetry)
