"""Finds the account's buckets, and opens the regions in which they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from functions.report_storage.configuration import Configuration
from functions.report_storage.contents import Contents, Limits
from functions.report_storage.metrics import Metrics
from functions.report_storage.price_api import PriceListApi, endpoint_region
from functions.report_storage.survey import Found, Region
from tidegate.clients import configuration
from tidegate.errors import service_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PAGE = 1000
_FIRST_REGION, _OLD_EUROPE = "us-east-1", "EU"


def buckets(s3: S3Client) -> list[Found]:
    """Return all buckets of the account. Raises what service_errors raises."""
    found: list[Found] = []
    token: dict[str, Any] = {}
    with service_errors("list the account's buckets"):
        while True:
            answer = s3.list_buckets(MaxBuckets=_PAGE, **token)
            for bucket in answer["Buckets"]:
                region = bucket.get("BucketRegion") or _location(s3, bucket["Name"])
                found.append(Found(bucket["Name"], region))
            if not answer.get("ContinuationToken"):
                return found
            token = {"ContinuationToken": answer["ContinuationToken"]}


def _location(s3: S3Client, bucket: str) -> str:
    # None for the first of all regions, though boto3's types know no None.
    place: Any = s3.get_bucket_location(Bucket=bucket).get("LocationConstraint")
    return "eu-west-1" if place == _OLD_EUROPE else str(place or _FIRST_REGION)


@dataclass(frozen=True, slots=True)
class Regions:
    """Opens regions: clients that hold back when AWS asks for it, as many at once as threads."""

    threads: int
    limits: Limits
    weeks: int

    def open(self, region: str) -> Region:
        """Return what asks one region."""
        s3: Any = self._client("s3", region)
        return Region(
            metrics=Metrics(self._client("cloudwatch", region), self.weeks),
            configuration=Configuration(s3),
            contents=Contents(s3, self.limits),
        )

    def price_list(self, region: str) -> PriceListApi:
        """Return the price list, seen from the nearest region that has it."""
        endpoint = endpoint_region(region)
        return PriceListApi(self._client("pricing", endpoint), endpoint)

    def _client(self, service: str, region: str) -> Any:
        settings = configuration().merge(
            Config(
                # All tries together take less than what is reserved for the report's end.
                connect_timeout=3,
                read_timeout=10,
                retries={"mode": "adaptive", "total_max_attempts": 5},
                max_pool_connections=self.threads,
            )
        )
        return boto3.client(service, region_name=region, config=settings)  # type: ignore[call-overload]
