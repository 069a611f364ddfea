"""Makes a report: survey, prices, arithmetic, three files, pointer, event."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from functions.report_storage import costs, document, price_api, summary, table
from functions.report_storage.archive import Archive, Place
from functions.report_storage.price_api import PriceListApi
from functions.report_storage.price_table import PriceTable
from functions.report_storage.report import Report, report_on
from functions.report_storage.request import Request
from functions.report_storage.survey import OUT_OF_TIME, Found, Region, Survey
from functions.report_storage.usage import Account, BucketUsage
from tidegate.errors import service_errors

if TYPE_CHECKING:
    from aws_lambda_powertools import Logger
    from mypy_boto3_sns import SNSClient

REPORTED = "Storage Reported"
_NOT_OURS = "not a bucket of this account"


class Announcements(Protocol):
    """Where events go."""

    def publish(self, detail_type: str, detail: dict[str, Any]) -> None:
        """Put one event on the bus."""


@dataclass(frozen=True, slots=True)
class Mail:
    """The topic on which people are told of a new report."""

    sns: SNSClient
    topic_arn: str

    def tell(self, report: Report, places: dict[str, str]) -> None:
        """Send the summary. Raises what service_errors raises."""
        with service_errors("publish the summary of the report"):
            self.sns.publish(
                TopicArn=self.topic_arn,
                Subject=summary.subject(report),
                Message=summary.text(report, places),
            )


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a report's facts come from. `price_list` is None where prices are not refreshed."""

    every_bucket: Callable[[], list[Found]]
    open_region: Callable[[str], Region]
    shipped: Callable[[], dict[str, PriceTable]]
    price_list: Callable[[], PriceListApi] | None
    threads: int


@dataclass(frozen=True, slots=True)
class ReportService:
    """Makes one report at a time. `mail` is None where people are not told."""

    sources: Sources
    archive: Archive
    bus: Announcements
    mail: Mail | None
    now: Callable[[], datetime]
    log: Logger

    def perform(
        self, request: Request, account_id: str, out_of_time: Callable[[], bool]
    ) -> dict[str, Any]:
        """Make the report, keep it, tell of it, and return what the caller is answered.

        Each step is safe to repeat: the same day's files are written anew under the same names.
        """
        started, at = time.monotonic(), self.now()
        report = self._report(request, account_id, at, out_of_time)
        # Brings in the template engine, which nothing else needs: not in a cold start.
        from functions.report_storage import page  # noqa: PLC0415

        place = Place.of(account_id, at.astimezone(UTC).date(), request.buckets)
        places = self.archive.keep(
            place, page.to_html(report), table.to_csv(report), document.to_json(report)
        )
        answer = {**document.totals(report), **places}
        self.archive.point(place, answer)
        self.bus.publish(REPORTED, answer)
        if self.mail:
            self.mail.tell(report, places)
        self.log.info(
            "storage reported",
            extra={
                "buckets": len(report.costs),
                "unknown": len(report.unknown),
                "missing": len(report.account.missing),
                "seconds": round(time.monotonic() - started, 1),
            },
        )
        return answer

    def _report(
        self,
        request: Request,
        account_id: str,
        at: datetime,
        out_of_time: Callable[[], bool],
    ) -> Report:
        everything = self.sources.every_bucket()
        names = {found.name for found in everything}
        reported = names if request.buckets is None else names & request.buckets
        regions = {found.region for found in everything if found.name in reported}
        notes: list[str] = []
        tables = self._prices(regions, notes.append)
        notes += [
            f"no prices for region {region}: its buckets have bytes only"
            for region in sorted(regions - tables.keys())
        ]
        survey = Survey(self.sources.open_region, self.sources.threads, at, out_of_time)
        surveyed = survey.of(everything, reported)
        missing = dict.fromkeys((request.buckets or frozenset()) - names, _NOT_OURS)
        account = Account(
            account_id=account_id,
            buckets=surveyed.buckets,
            region_bytes=costs.region_bytes(surveyed.storages),
            missing=missing | _unfinished(surveyed.buckets),
        )
        return report_on(account, tables, at, tuple(notes), whole=request.buckets is None)

    def _prices(self, regions: set[str], told: Callable[[str], None]) -> dict[str, PriceTable]:
        shipped = self.sources.shipped()
        if self.sources.price_list is None:
            return shipped
        return price_api.refreshed(shipped, regions, self.sources.price_list(), told)


def _unfinished(buckets: Iterable[BucketUsage]) -> dict[str, str]:
    return {
        usage.name: f"not looked at whole: {OUT_OF_TIME}"
        for usage in buckets
        if any(OUT_OF_TIME in reason for reason in usage.unknowns().values())
    }
