"""Ties the parts together: events in, scanner, engine, telemetry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools.metrics import MetricUnit

from clamav_layer.engine import Engine
from clamav_layer.limits import EngineLimits
from functions.scan_object.deadline import Deadline
from functions.scan_object.recorder import Recorder
from functions.scan_object.releases import Releases
from functions.scan_object.resident import ResidentEngine
from functions.scan_object.scanner import Scanner
from functions.scan_object.workspace import private_folder
from tidegate.batch import Message, Queue, is_batch, process_batch
from tidegate.bus import Bus
from tidegate.clients import client, configuration
from tidegate.errors import ObjectMissingError, TidegateError
from tidegate.events import ObjectCreated, parse, parse_body
from tidegate.ledger import Ledger
from tidegate.objects import Objects
from tidegate.telemetry import Telemetry, log_context
from tidegate.verdicts import ScanResult, to_detail

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from functions.scan_object.settings import Settings


@dataclass(frozen=True, slots=True)
class ScanService:
    """Scans the objects of SQS batches and of direct calls."""

    scanner: Scanner
    engine: ResidentEngine
    queue: Queue
    telemetry: Telemetry
    threads: int

    def warm_up(self) -> None:
        """Begin to make the engine ready, without waiting."""
        self.engine.warm_up()

    def handle(self, event: dict[str, Any], context: LambdaContext, deadline: Deadline) -> Any:
        """Return the failed messages of a batch, or the verdicts of a direct call."""
        try:
            if is_batch(event):
                return self._batch(event, context, deadline)
            return self._direct(event, context.aws_request_id, deadline)
        finally:
            self._measure_engine()

    def _batch(self, event: dict[str, Any], context: LambdaContext, deadline: Deadline) -> Any:
        def work(message: Message) -> None:
            for created in parse_body(message.body):
                traced = _traced(created, message.message_id)
                self._scan(traced, deadline, is_last_try=message.is_last_receive)

        return process_batch(
            event,
            context,
            work,
            queue=self.queue,
            threads=self.threads,
            logger=self.telemetry.logger,
            tracer=self.telemetry.tracer,
        )

    def _direct(self, event: dict[str, Any], request_id: str, deadline: Deadline) -> dict[str, Any]:
        results = [self._scan(_traced(created, request_id), deadline) for created in parse(event)]
        if "bucket" not in event:
            return {"results": [to_detail(result) if result else None for result in results]}
        result = results[0]
        if result is None:
            raise ObjectMissingError(f"s3://{event['bucket']}/{event['key']} does not exist")
        return to_detail(result)

    def _scan(
        self, created: ObjectCreated, deadline: Deadline, *, is_last_try: bool = False
    ) -> ScanResult | None:
        with log_context(self.telemetry.logger, created):
            try:
                result = self.scanner.scan(created, deadline, is_last_try=is_last_try)
            except TidegateError:
                if is_last_try:
                    self._report(self.scanner.fail(created))
                raise
            self._report(result)
            return result

    def _report(self, result: ScanResult | None) -> None:
        if result is None:
            return
        self.telemetry.metrics.add_metric(result.status.value, MetricUnit.Count, 1)
        self.telemetry.metrics.add_metric(
            "ScanDuration", MetricUnit.Milliseconds, result.duration_ms
        )
        self.telemetry.metrics.add_metric("ScannedBytes", MetricUnit.Bytes, result.size_bytes or 0)
        self.telemetry.logger.info("scanned", extra={"verdict": to_detail(result)})

    def _measure_engine(self) -> None:
        metrics = self.telemetry.metrics
        metrics.add_metric("EngineResidentBytes", MetricUnit.Bytes, self.engine.resident_bytes())
        age = self.engine.age_hours()
        if age is not None:
            metrics.add_metric("LoadedDefinitionsAgeHours", MetricUnit.NoUnit, age)


def build(settings: Settings, telemetry: Telemetry) -> ScanService:
    """Return the service with its clients and its engine, which is not started yet."""
    work_directory = private_folder(settings.work_directory)
    limits = EngineLimits(
        threads=settings.engine_threads, concurrent_reload=settings.concurrent_reload
    )
    s3 = client("s3")
    dynamodb = boto3.resource("dynamodb", config=configuration())
    engine = ResidentEngine(
        Releases(s3, settings.definitions_bucket_name, work_directory / "definitions"),
        Engine(work_directory, limits),
        max_age_hours=settings.max_definitions_age_hours,
        logger=telemetry.logger,
    )
    objects = Objects(s3)
    recorder = Recorder(
        ledger=Ledger(dynamodb.Table(settings.ledger_table_name)),
        tags=objects,
        bus=Bus(client("events"), settings.event_bus_name),
        logger=telemetry.logger,
        status_tag_key=settings.status_tag_key,
        limits={"maxObjectBytes": settings.max_object_bytes},
    )
    scanner = Scanner(
        objects=objects,
        engine=engine,
        recorder=recorder,
        logger=telemetry.logger,
        max_object_bytes=settings.max_object_bytes,
        unsupported_action=settings.unsupported_action,
        failed_action=settings.failed_action,
        work_directory=work_directory,
    )
    queue = Queue(client("sqs"), settings.queue_url, settings.max_receive_count)
    return ScanService(scanner, engine, queue, telemetry, settings.engine_threads)


def _traced(created: ObjectCreated, fallback: str) -> ObjectCreated:
    """Return the object with an id that is on all it causes, also where its event has none."""
    return replace(created, correlation_id=created.correlation_id or fallback)
