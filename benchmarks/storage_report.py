"""The process in which the storage report is measured: as it was built, on a simulated account.

The account answers in this process, each call after a given latency, so that what is measured is
the report's own work and how well it waits. Nothing is written: three files would be three calls.
"""

import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.serving import serve
from functions.report_storage import inventory, price_files
from functions.report_storage.contents import Limits
from functions.report_storage.inventory import Regions
from functions.report_storage.request import Request
from functions.report_storage.service import ReportService, Sources
from local import synthetic_account
from local.simulated_aws import SimulatedAws, serving
from tidegate.clients import client

ACCOUNT = "111122223333"


class Nowhere:
    """Takes what a report leaves behind."""

    def __init__(self) -> None:
        self.page_bytes = 0

    def keep(self, _place: Any, page: str, _table: str, _document: Any) -> dict[str, str]:
        """Remember how large the page is."""
        self.page_bytes = len(page.encode())
        return {}

    def point(self, _place: Any, _answer: Any) -> None:
        """Point nowhere."""

    def publish(self, _detail_type: str, _detail: Any) -> None:
        """Tell nobody."""


def report(times: int, latency_seconds: float, threads: int) -> dict[str, Any]:
    """Report on so many times 200 buckets; return what was found and what was asked."""
    aws = SimulatedAws.of(
        *synthetic_account.buckets(times),
        now=synthetic_account.NOW,
        latency_seconds=latency_seconds,
    )
    nowhere: Any = Nowhere()
    log: Any = logging.getLogger(__name__)
    regions = Regions(threads, Limits(uploads=200, versions=5000), weeks=13)
    cpu = time.process_time()
    with serving(aws):
        s3: Any = client("s3")
        service = ReportService(
            sources=Sources(
                every_bucket=lambda: inventory.buckets(s3),
                open_region=regions.open,
                shipped=price_files.shipped,
                price_list=None,
                threads=threads,
            ),
            archive=nowhere,
            bus=nowhere,
            mail=None,
            now=lambda: synthetic_account.NOW,
            log=log,
        )
        answer = service.perform(Request(), ACCOUNT, lambda: False)
    return {
        "buckets": answer["buckets"],
        "cost": answer["monthlyCost"],
        "calls": sum(aws.calls.values()),
        "cpu_seconds": time.process_time() - cpu,
        "page_bytes": nowhere.page_bytes,
    }


def wait(calls: int, latency_seconds: float, threads: int) -> None:
    """Do nothing but wait for so many calls, on so many threads."""
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(lambda _: time.sleep(latency_seconds), range(calls)):
            pass


if __name__ == "__main__":
    serve({"report": report, "wait": wait})
