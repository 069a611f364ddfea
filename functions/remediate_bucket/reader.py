"""Reads the live state of a bucket, setting by setting, in the bucket's own Region.

Each call says whose the bucket must be. A setting that S3 says is not there is None; one that is
denied, or that the Region does not know, is Unreadable. Throttling and faults that outlast the
retries are raised: the message comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from functions.remediate_bucket.account import Account
from functions.remediate_bucket.bucket_state import BucketState, Section, Setting, Unreadable
from functions.remediate_bucket.deliveries import AccessLogs, receives_logs
from functions.remediate_bucket.errors import BucketMissingError
from functions.remediate_bucket.public_access import public_grants
from functions.remediate_bucket.reads import ABSENT, READS
from functions.remediate_bucket.regions import Bucket, Regions
from functions.remediate_bucket.trails import Trails
from functions.remediate_bucket.trigger import ACCOUNT
from tidegate.errors import MisconfiguredError, PermanentError, service_errors

_ACCOUNT_SECTIONS = frozenset({Section.ACCOUNT_PUBLIC_ACCESS_BLOCK})
# By these it is told whether logs are delivered to the bucket.
_DELIVERY = frozenset({Section.POLICY, Section.ACL})
_READ_THREADS = 16


class Reader:
    """Reads buckets of the account. Raises TransientError, and BucketMissingError."""

    def __init__(
        self, regions: Regions, account: Account, trails: Trails, access_logs: AccessLogs
    ) -> None:
        self._regions = regions
        self._account = account
        self._trails = trails
        self._access_logs = access_logs
        self._pool = ThreadPoolExecutor(_READ_THREADS, thread_name_prefix="read")

    def find(self, name: str) -> Bucket:
        """Return the bucket with its Region, or ACCOUNT in the function's own."""
        if name == ACCOUNT:
            return Bucket(ACCOUNT, self._regions.home)
        region = self._regions.region_of(name)
        if region is None:
            raise BucketMissingError(f"there is no bucket {name}")
        return Bucket(name, region)

    def buckets(self) -> list[Bucket]:
        """Return all buckets of the account."""
        return self._regions.buckets()

    def read(self, bucket: Bucket, sections: Iterable[Section]) -> BucketState:
        """Return the bucket with these sections, and with what is known of logs delivered to it."""
        of_account = bucket.name == ACCOUNT
        wanted = set(sections) & _ACCOUNT_SECTIONS if of_account else {*sections, *_DELIVERY}
        begun = {
            section: self._pool.submit(self._read, section, bucket)
            for section in Section
            if section in wanted
        }
        state = BucketState(
            name=bucket.name,
            region=bucket.region,
            account_id=self._regions.account_id,
            settings={section: future.result() for section, future in begun.items()},
        )
        if of_account:
            return replace(state, is_log_target=False, access_log_sources={})
        sources = self._access_logs.sources(bucket.name)
        return replace(
            state, is_log_target=receives_logs(state, sources), access_log_sources=sources
        )

    def again(self, state: BucketState, sections: Iterable[Section]) -> BucketState:
        """Return the state with these sections as they are now."""
        bucket = Bucket(state.name, state.region)
        renewed = {section: self._read(section, bucket) for section in sections}
        return replace(state, settings={**state.settings, **renewed})

    def open_buckets(self) -> tuple[str, ...] | None:
        """Return the buckets that are websites or public; None where that is not known of one."""

        def is_open(bucket: Bucket) -> bool | None:
            website = self._read(Section.WEBSITE, bucket)
            status = self._read(Section.POLICY_STATUS, bucket)
            acl = self._read(Section.ACL, bucket)
            if (
                isinstance(website, Unreadable)
                or isinstance(status, Unreadable)
                or isinstance(acl, Unreadable)
            ):
                return None
            return (
                website is not None
                or bool((status or {}).get("IsPublic"))
                or bool(public_grants(acl))
            )

        buckets = self.buckets()
        answers = list(self._pool.map(is_open, buckets))
        if None in answers:
            return None
        return tuple(bucket.name for bucket, told in zip(buckets, answers, strict=True) if told)

    def _read(self, section: Section, bucket: Bucket) -> Setting:
        match section:
            case Section.ACCOUNT_PUBLIC_ACCESS_BLOCK:
                return self._setting(section, bucket, self._account.public_access_block)
            case Section.ACCESS_POINTS:
                return self._setting(section, bucket, self._account.access_points)
            case Section.TRAILS:
                return self._setting(section, bucket, self._trails.of)
            case _:
                return self._setting(section, bucket, self._of_bucket(section))

    def _of_bucket(self, section: Section) -> Callable[[Bucket], Any]:
        def read(bucket: Bucket) -> Any:
            named = {"Bucket": bucket.name, "ExpectedBucketOwner": self._regions.account_id}
            return READS[section](self._regions.s3(bucket.region), named)

        return read

    def _setting(self, section: Section, bucket: Bucket, read: Callable[[Bucket], Any]) -> Setting:
        try:
            with service_errors(f"read {section} of {bucket.name}"):
                try:
                    setting: Setting = read(bucket)
                    return setting
                except ClientError as error:
                    code = error.response["Error"].get("Code")
                    if code in ABSENT:
                        return None
                    if code == "NoSuchBucket":
                        raise BucketMissingError(f"there is no bucket {bucket.name}") from error
                    raise
                except EndpointConnectionError as error:
                    # The service has no such endpoint in this Region.
                    return Unreadable(f"{section} cannot be reached: {error}")
        except BucketMissingError:
            raise
        except (MisconfiguredError, PermanentError) as error:
            return Unreadable(str(error))
