"""The account's clients, one for each Region and service, and where its buckets are.

A client of one Region is made when the first bucket there is met. All retry adaptively: they slow
down by themselves when AWS throttles, so that a sweep does not starve others of the account's
request rate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tidegate.errors import MisconfiguredError, service_errors

if TYPE_CHECKING:
    from mypy_boto3_cloudtrail import CloudTrailClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3control import S3ControlClient

# What GetBucketLocation calls the two oldest Regions.
_LEGACY = {"": "us-east-1", "EU": "eu-west-1"}
_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of the account."""

    name: str
    region: str


class Regions:
    """The Regions of one account; `make` returns a new client of a service in a Region."""

    def __init__(self, home: str, account_id: str, make: Callable[[str, str], Any]) -> None:
        self.home = home
        self.account_id = account_id
        self._make = make
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = Lock()

    def s3(self, region: str) -> S3Client:
        """Return the S3 client of a Region."""
        client: S3Client = self._client("s3", region)
        return client

    def s3control(self, region: str) -> S3ControlClient:
        """Return the client for the account's part of S3 in a Region."""
        client: S3ControlClient = self._client("s3control", region)
        return client

    def cloudtrail(self, region: str) -> CloudTrailClient:
        """Return the CloudTrail client of a Region."""
        client: CloudTrailClient = self._client("cloudtrail", region)
        return client

    def region_of(self, bucket: str) -> str | None:
        """Return the bucket's Region, or None where there is no such bucket.

        GetBucketLocation and not HEAD: the latter needs the right to list the bucket's objects.
        Another account's bucket answers AccessDenied, which is a MisconfiguredError, as is one
        whose own policy keeps this role out.
        """
        s3 = self.s3(self.home)
        with service_errors(f"find the Region of {bucket}"):
            try:
                answer = s3.get_bucket_location(Bucket=bucket, ExpectedBucketOwner=self.account_id)
            except ClientError as error:
                if error.response["Error"].get("Code") != "NoSuchBucket":
                    raise
                return None
        told: str | None = answer.get("LocationConstraint")
        return _LEGACY.get(told or "", told)

    def buckets(self) -> list[Bucket]:
        """Return the account's general purpose buckets of all Regions, by name.

        Directory buckets are not among them: they have a listing, and a configuration, of their
        own. Raises TransientError or MisconfiguredError.
        """
        s3 = self.s3(self.home)
        found: list[Bucket] = []
        token: dict[str, Any] = {}
        while True:
            with service_errors("list the account's buckets"):
                answer = s3.list_buckets(MaxBuckets=_PAGE, **token)
            for item in answer.get("Buckets", ()):
                region = item.get("BucketRegion") or self._region_of_listed(item["Name"])
                if region:
                    found.append(Bucket(item["Name"], region))
            if not answer.get("ContinuationToken"):
                return sorted(found, key=lambda bucket: bucket.name)
            token = {"ContinuationToken": answer["ContinuationToken"]}

    def _region_of_listed(self, bucket: str) -> str | None:
        """Return the Region of a bucket that its listing did not tell; home where it is secret."""
        try:
            return self.region_of(bucket)
        except MisconfiguredError:
            return self.home

    def _client(self, service: str, region: str) -> Any:
        with self._lock:
            key = (service, region)
            if key not in self._clients:
                self._clients[key] = self._make(service, region)
            return self._clients[key]
