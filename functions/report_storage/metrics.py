"""Reads from CloudWatch what S3 tells there: daily sizes and counts, and requests where counted.

ListMetrics names what there is, so that no storage type is forgotten and none is paid for that has
no data; it knows metrics that had data in the last two weeks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import batched
from typing import TYPE_CHECKING

from functions.report_storage.usage import REQUEST_DAYS, STALE_DAYS, Requests, Storage
from tidegate.errors import TransientError, service_errors

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDataQueryTypeDef

NAMESPACE = "AWS/S3"
SIZE, COUNT = "BucketSizeBytes", "NumberOfObjects"
_DAY_SECONDS = 86_400
# GetMetricData's limit: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
_QUERIES_AT_ONCE = 500
_REQUESTS: Mapping[str, str] = {
    "PutRequests": "puts",
    "PostRequests": "posts",
    "ListRequests": "lists",
    "GetRequests": "gets",
    "HeadRequests": "heads",
    "SelectRequests": "selects",
    "BytesDownloaded": "bytes_downloaded",
    "BytesUploaded": "bytes_uploaded",
}
COUNTED_BY = "CloudWatch"

type Series = Mapping[date, float]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric of one bucket. `part` is its storage type, or the filter of its requests."""

    name: str
    bucket: str
    part: str


@dataclass(frozen=True, slots=True)
class Measured:
    """What CloudWatch knows of a region's buckets: a series of days for each metric."""

    series: Mapping[Metric, Series] = field(default_factory=dict)

    def history(self, bucket: str) -> dict[str, dict[date, int]]:
        """Return the bytes of each day by storage type."""
        return {
            metric.part: {day: int(value) for day, value in days.items()}
            for metric, days in self.series.items()
            if metric.name == SIZE and metric.bucket == bucket and days
        }

    def storage(self, bucket: str, today: date) -> Storage | None:
        """Return the bytes of the newest day that has any figure; None where that is long ago.

        A type without a figure on that day is taken as empty: S3 writes all types of a day
        together.
        """
        history = self.history(bucket)
        newest = _fresh((day for days in history.values() for day in days), today)
        if newest is None:
            return None
        sizes = {kind: days[newest] for kind, days in history.items() if days.get(newest)}
        return Storage(sizes, newest, COUNTED_BY)

    def objects(self, bucket: str, today: date) -> int | None:
        """Return the newest number of objects; None where it is of long ago."""
        days = self.series.get(Metric(COUNT, bucket, "AllStorageTypes"), {})
        newest = _fresh(days, today)
        return None if newest is None else int(days[newest])

    def requests(self, bucket: str, filter_id: str, today: date) -> Requests | None:
        """Return the requests of the last 30 whole days; None where they were counted for less.

        S3 writes nothing for a day without requests: a metric is known to have been there since
        the first day that it has a figure of.
        """
        counted = {
            field_name: self.series.get(Metric(name, bucket, filter_id), {})
            for name, field_name in _REQUESTS.items()
        }
        days = [day for series in counted.values() for day in series]
        start = today - timedelta(days=REQUEST_DAYS)
        if not days or min(days) > start:
            return None
        sums = {
            name: int(sum(value for day, value in series.items() if start <= day < today))
            for name, series in counted.items()
        }
        return Requests(filter_id=filter_id, **sums)


class Metrics:
    """CloudWatch of one region."""

    def __init__(self, cloudwatch: CloudWatchClient, weeks: int) -> None:
        self._cloudwatch = cloudwatch
        self._weeks = weeks

    def read(self, now: datetime) -> Measured:
        """Return the series of all buckets of the region. Raises what service_errors raises.

        Figures that CloudWatch could not read whole are a TransientError: a storage type without
        any would pass for an empty one.
        """
        metrics = list(self._listed())
        start = now.replace(hour=0, minute=0, second=0, microsecond=0)
        start -= timedelta(weeks=self._weeks)
        series: dict[Metric, Series] = {}
        for group in batched(metrics, _QUERIES_AT_ONCE, strict=False):
            series.update(self._data(group, start, now))
        return Measured(series)

    def _listed(self) -> Iterator[Metric]:
        for name in (SIZE, COUNT, *_REQUESTS):
            with service_errors(f"list CloudWatch's metrics {name}"):
                pages = self._cloudwatch.get_paginator("list_metrics").paginate(
                    Namespace=NAMESPACE, MetricName=name
                )
                for page in pages:
                    for metric in page["Metrics"]:
                        dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
                        part = dimensions.get("StorageType") or dimensions.get("FilterId")
                        if part and "BucketName" in dimensions:
                            yield Metric(name, dimensions["BucketName"], part)

    def _data(
        self, metrics: Sequence[Metric], start: datetime, end: datetime
    ) -> Mapping[Metric, Series]:
        found: dict[Metric, dict[date, float]] = {metric: {} for metric in metrics}
        unread = set(metrics)
        with service_errors("read CloudWatch's figures of S3"):
            pages = self._cloudwatch.get_paginator("get_metric_data").paginate(
                MetricDataQueries=list(_queries(metrics)), StartTime=start, EndTime=end
            )
            for page in pages:
                for result in page["MetricDataResults"]:
                    metric = metrics[int(result["Id"].removeprefix("m"))]
                    for moment, value in zip(result["Timestamps"], result["Values"], strict=True):
                        found[metric][moment.date()] = value
                    if result["StatusCode"] == "Complete":
                        unread.discard(metric)
        if unread:
            first = min(f"{metric.name} of {metric.bucket}" for metric in unread)
            raise TransientError(
                f"CloudWatch did not read {len(unread)} of {len(metrics)} metrics whole: {first}"
            )
        return found


def _fresh(days: Iterable[date], today: date) -> date | None:
    """Return the newest day, or None where a bucket that holds anything would have a newer one."""
    newest = max(days, default=None)
    return newest if newest and (today - newest).days <= STALE_DAYS else None


def _queries(metrics: Iterable[Metric]) -> Iterator[MetricDataQueryTypeDef]:
    for number, metric in enumerate(metrics):
        stored = metric.name in (SIZE, COUNT)
        yield {
            "Id": f"m{number}",
            "MetricStat": {
                "Metric": {
                    "Namespace": NAMESPACE,
                    "MetricName": metric.name,
                    "Dimensions": [
                        {"Name": "BucketName", "Value": metric.bucket},
                        {"Name": "StorageType" if stored else "FilterId", "Value": metric.part},
                    ],
                },
                "Period": _DAY_SECONDS,
                "Stat": "Average" if stored else "Sum",
            },
        }
