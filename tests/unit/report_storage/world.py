"""Buckets, prices and a service to test with."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from functions.report_storage import inventory, price_files
from functions.report_storage.archive import Place
from functions.report_storage.contents import Limits
from functions.report_storage.costs import Rates, region_bytes
from functions.report_storage.inventory import Regions
from functions.report_storage.price_table import PriceTable
from functions.report_storage.report import Report, report_on
from functions.report_storage.request import Request
from functions.report_storage.service import ReportService, Sources
from functions.report_storage.usage import (
    Account,
    BucketUsage,
    Listing,
    Requests,
    Stock,
    Storage,
    Unknown,
    Uploads,
)
from tidegate.clients import client

GB = 1 << 30
NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
TODAY = date(2026, 11, 24)
ACCOUNT = "111122223333"
VIRGINIA: PriceTable = price_files.shipped()["us-east-1"]
NO_REQUESTS = Requests("EntireBucket", 0, 0, 0, 0, 0, 0, 0, 0)
NO_UPLOADS = Uploads(0, {}, 0, {}, complete=True)


def listing(*, complete: bool = True, **stocks: Any) -> Listing:
    """Return a listing; what is not named is empty."""
    names = ("stored", "large", "settled", "noncurrent", "expired")
    empty: dict[str, Any] = {name: {} for name in names}
    return Listing(complete=complete, **{**empty, **stocks})


def bucket(name: str = "bucket", **changes: Any) -> BucketUsage:
    """Return a bucket of 1,000 GB of Standard in 1,000 objects of which all is known."""
    usage = BucketUsage(
        name=name,
        region="us-east-1",
        storage=Storage({"StandardStorage": 1000 * GB}, TODAY, "CloudWatch"),
        objects=1000,
        requests=NO_REQUESTS,
        uploads=NO_UPLOADS,
        listing=listing(
            stored={"STANDARD": Stock(1000, 1000 * GB)},
            large={"STANDARD": Stock(1000, 1000 * GB)},
            settled={"STANDARD": Stock(1000, 1000 * GB)},
        ),
        versioning="Off",
        lifecycle=(),
        tiering=(),
    )
    return replace(usage, **changes)


def rates(*buckets: BucketUsage, tables: dict[str, PriceTable] | None = None) -> Rates:
    """Return the rates of an account that has these buckets alone."""
    storages: dict[str, list[Storage]] = {}
    for each in buckets:
        if isinstance(each.storage, Storage):
            storages.setdefault(each.region, []).append(each.storage)
    return Rates(tables or {"us-east-1": VIRGINIA}, region_bytes(storages))


def report(*buckets: BucketUsage, missing: dict[str, str] | None = None) -> Report:
    """Return the report on these buckets."""
    account = Account(ACCOUNT, buckets, rates(*buckets).region_bytes, missing or {})
    return report_on(account, price_files.shipped(), NOW)


@dataclass
class KeptReports:
    """An archive, a bus and a log of what was done, in order."""

    done: list[tuple[str, Any]] = field(default_factory=list)

    def keep(self, place: Place, page: str, table: str, document: Any) -> dict[str, str]:
        self.done.append(("keep", {"html": page, "csv": table, "json": document}))
        return {kind: f"s3://reports/{place.prefix}/report.{kind}" for kind in ("json", "html")}

    def point(self, place: Place, answer: Any) -> None:
        self.done.append(("point", place.pointer))

    def publish(self, detail_type: str, detail: Any) -> None:
        self.done.append((detail_type, detail))

    def kept(self) -> dict[str, Any]:
        """Return the one report that was kept."""
        (found,) = (what for name, what in self.done if name == "keep")
        return dict(found)


def service(kept: KeptReports, price_list: Any = None, mail: Any = None) -> ReportService:
    """Return the service, on whatever account boto3 is led to."""
    s3: Any = client("s3")
    regions = Regions(threads=8, limits=Limits(uploads=100, versions=50), weeks=13)
    archive: Any = kept
    log: Any = logging.getLogger("test")
    return ReportService(
        sources=Sources(
            every_bucket=lambda: inventory.buckets(s3),
            open_region=regions.open,
            shipped=price_files.shipped,
            price_list=price_list,
            threads=8,
        ),
        archive=archive,
        bus=kept,
        mail=mail,
        now=lambda: NOW,
        log=log,
    )


def perform(kept: KeptReports, asked: Request | None = None, **more: Any) -> dict[str, Any]:
    """Make a report on the account that boto3 is led to."""
    return service(kept, **more).perform(asked or Request(), ACCOUNT, lambda: False)


def unknown(reason: str = "AccessDenied") -> Unknown:
    """Return something that could not be learnt."""
    return Unknown(reason)


def usd(text: str) -> Decimal:
    """Return dollars."""
    return Decimal(text)
