"""Puts the function together from its settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.report_storage import inventory, price_files
from functions.report_storage.archive import Archive
from functions.report_storage.contents import Limits
from functions.report_storage.inventory import Regions
from functions.report_storage.service import Mail, ReportService, Sources
from functions.report_storage.settings import Settings
from tidegate.batch import Queue
from tidegate.bus import Bus
from tidegate.clients import client

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger


@dataclass(frozen=True, slots=True)
class Parts:
    """What the handler calls."""

    service: ReportService
    queue: Queue


def build(settings: Settings, clock: Callable[[], datetime], log: Logger) -> Parts:
    """Return the service on the account in which it runs, and the function's queue."""
    s3: Any = client("s3")
    regions = Regions(
        settings.survey_threads,
        Limits(settings.max_listed_uploads, settings.max_listed_versions),
        settings.history_weeks,
    )
    home = s3.meta.region_name
    service = ReportService(
        sources=Sources(
            every_bucket=lambda: inventory.buckets(s3),
            open_region=regions.open,
            shipped=price_files.shipped,
            price_list=(lambda: regions.price_list(home)) if settings.refresh_prices else None,
            threads=settings.survey_threads,
        ),
        archive=Archive(s3, settings.reports_bucket_name),
        bus=Bus(client("events"), settings.event_bus_name),
        mail=Mail(client("sns"), settings.alerts_topic_arn) if settings.alert_on_report else None,
        now=clock,
        log=log,
    )
    return Parts(service, Queue(client("sqs"), settings.queue_url, settings.max_receive_count))
