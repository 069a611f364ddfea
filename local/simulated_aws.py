"""An account of synthetic buckets that answers boto3 in this process, with a latency of choice.

For the storage report: the embedded AWS writes no storage metrics, and has no 1,000 buckets. S3 is
answered below botocore's serialiser and parser, as XML; CloudWatch and the price list above them,
since what goes over the wire there is botocore's choice. Only what the report asks is known; any
other call is an error.
"""

import io
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
from botocore.awsrequest import AWSResponse

from local import simulated_bucket as bodies
from local.errors import LocalError
from local.simulated_bucket import Bucket

_OK, _FORBIDDEN, _MISSING = 200, 403, 404


@dataclass(slots=True)
class SimulatedAws:
    """The account. `calls` counts what was asked of it."""

    buckets: Mapping[str, Bucket]
    now: datetime
    latency_seconds: float = 0.0
    price_list: Mapping[str, list[str]] = field(default_factory=dict)
    history_days: int = 90
    calls: dict[str, int] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    @classmethod
    def of(cls, *buckets: Bucket, now: datetime, **more: Any) -> "SimulatedAws":
        """Return an account with these buckets."""
        return cls({bucket.name: bucket for bucket in buckets}, now, **more)

    def count(self, name: str) -> None:
        """Count a call, and let it take its time."""
        with self._lock:
            self.calls[name] = self.calls.get(name, 0) + 1
        if self.latency_seconds:
            time.sleep(self.latency_seconds)

    def answer_s3(self, request: Any, **_more: Any) -> Any:
        """Answer a request of S3's as it goes over the wire."""
        url = urlsplit(request.url)
        query = {
            key: values[0] for key, values in parse_qs(url.query, keep_blank_values=True).items()
        }
        named, _, host = (url.hostname or "").partition(".s3")
        bucket = self.buckets.get(named if host else "")
        what = "buckets" if bucket is None else self._subject(query)
        self.count(f"s3:{what}")
        if bucket is not None and bucket.denied:
            return _response(request.url, _FORBIDDEN, bodies.error("AccessDenied", "Access Denied"))
        status, body = self._s3(what, bucket, query)
        return _response(request.url, status, body)

    def answer_call(self, model: Any, context: Any, **_: Any) -> Any:
        """Answer a call of CloudWatch or of the price list, with its parameters at hand."""
        self.count(f"{model.service_model.service_name}:{model.name}")
        parameters, region = context["simulated"], context["client_region"]
        answer: dict[str, Any]
        match model.name:
            case "ListMetrics":
                answer = {"Metrics": list(self._metrics(region, parameters["MetricName"]))}
            case "GetMetricData":
                answer = {"MetricDataResults": list(self._data(parameters))}
            case "GetProducts":
                (wanted,) = (each["Value"] for each in parameters["Filters"])
                answer = {"FormatVersion": "aws_v1", "PriceList": self.price_list.get(wanted, [])}
            case _:
                raise LocalError(f"{model.name} is not simulated")
        return SimpleNamespace(status_code=_OK), answer

    @staticmethod
    def _subject(query: Mapping[str, str]) -> str:
        known = (
            "versioning",
            "lifecycle",
            "intelligent-tiering",
            "metrics",
            "uploadId",
            "uploads",
            "versions",
        )
        for name in known:
            if name in query:
                return name
        raise LocalError(f"a request of S3 with {sorted(query)} is not simulated")

    def _s3(self, what: str, bucket: Bucket | None, query: Mapping[str, str]) -> tuple[int, str]:
        if bucket is None:
            return _OK, self._all_buckets()
        if what == "lifecycle" and not bucket.lifecycle:
            return _MISSING, bodies.error("NoSuchLifecycleConfiguration", "There is none")
        known: dict[str, Callable[[], str]] = {
            "versioning": lambda: bodies.versioning(bucket),
            "lifecycle": lambda: bucket.lifecycle,
            "intelligent-tiering": lambda: bodies.wrap(
                "ListBucketIntelligentTieringConfigurationsOutput"
            ),
            "metrics": lambda: bodies.metrics_configurations(bucket),
            "uploads": lambda: bodies.uploads(bucket),
            "uploadId": lambda: bodies.parts(bucket.uploads[int(query["uploadId"])]),
            "versions": lambda: bodies.versions(bucket, int(query["max-keys"]), query),
        }
        return _OK, known[what]()

    def _all_buckets(self) -> str:
        each = "".join(
            f"<Bucket><Name>{bucket.name}</Name><CreationDate>{bodies.moment(self.now)}</CreationDate>"
            f"<BucketRegion>{bucket.region}</BucketRegion></Bucket>"
            for bucket in self.buckets.values()
        )
        return bodies.wrap("ListAllMyBucketsResult", f"<Buckets>{each}</Buckets>")

    def _metrics(self, region: str, name: str) -> Iterator[dict[str, Any]]:
        for bucket in self.buckets.values():
            if bucket.region != region:
                continue
            parts: list[tuple[str, str]] = []
            if name == "BucketSizeBytes":
                parts = [("StorageType", kind) for kind in bucket.sizes]
            elif name == "NumberOfObjects" and bucket.objects is not None:
                parts = [("StorageType", "AllStorageTypes")]
            elif bucket.requests and name in bucket.requests:
                parts = [("FilterId", "EntireBucket")]
            for dimension, value in parts:
                yield {
                    "Namespace": "AWS/S3",
                    "MetricName": name,
                    "Dimensions": [
                        {"Name": "BucketName", "Value": bucket.name},
                        {"Name": dimension, "Value": value},
                    ],
                }

    def _data(self, parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        days = [midnight - timedelta(days=age) for age in range(1, self.history_days + 1)]
        for query in parameters["MetricDataQueries"]:
            metric = query["MetricStat"]["Metric"]
            dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
            bucket = self.buckets[dimensions["BucketName"]]
            values = [
                _figure(bucket, metric["MetricName"], dimensions, (midnight - day).days)
                for day in days
            ]
            yield {
                "Id": query["Id"],
                "Timestamps": days,
                "Values": values,
                "StatusCode": "Complete",
            }


@contextmanager
def serving(aws: SimulatedAws) -> Iterator[SimulatedAws]:
    """Let boto3's default session ask this account and nothing else."""
    boto3.setup_default_session(
        aws_access_key_id="simulated", aws_secret_access_key="simulated", region_name="us-east-1"
    )
    session = boto3.DEFAULT_SESSION
    assert session is not None

    def remember(params: Any, context: Any, **_: Any) -> None:
        context["simulated"] = params

    session.events.register("before-send.s3", aws.answer_s3)
    for service in ("cloudwatch", "pricing"):
        session.events.register(f"before-parameter-build.{service}", remember)
        session.events.register(f"before-call.{service}", aws.answer_call)
    try:
        yield aws
    finally:
        boto3.DEFAULT_SESSION = None


def _figure(bucket: Bucket, name: str, dimensions: Mapping[str, str], age_days: int) -> float:
    if name == "BucketSizeBytes":
        kind = dimensions["StorageType"]
        then = bucket.sizes if bucket.earlier is None else bucket.earlier
        return float((bucket.sizes if age_days < 30 else then).get(kind, 0))
    if name == "NumberOfObjects":
        return float(bucket.objects or 0)
    # All requests of 30 days fell on one of them, and one long before shows that it was counted.
    return float((bucket.requests or {}).get(name, 0)) if age_days in (1, 40) else 0.0


def _response(url: str, status: int, body: str) -> AWSResponse:
    content = body.encode()
    headers: Any = {"content-type": "application/xml", "content-length": str(len(content))}
    return AWSResponse(url, status, headers, _Raw(content))


class _Raw(io.BytesIO):
    """A body as urllib3 gives it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()
