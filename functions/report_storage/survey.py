"""Looks at every bucket of the account, several at a time, until done or out of time.

Two rounds: the rules of all buckets first, which is a handful of calls each, then what lies in
them. What is refused, or not reached in time, is Unknown with the reason; the rest goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from functions.report_storage.metrics import Measured
from functions.report_storage.storage_classes import LISTED_AS
from functions.report_storage.usage import (
    BucketUsage,
    LifecycleRule,
    Listing,
    Requests,
    Storage,
    Unknown,
    Uploads,
)
from functions.report_storage.words import size
from tidegate.errors import TidegateError

OUT_OF_TIME = "out of time"
COUNTED_BY_LISTING = "a listing of the bucket"
_NO_FILTER = "no request metrics: no metrics configuration covers the whole bucket"
_TOO_YOUNG = "request metrics have no figures of 30 days yet"
_NO_SIZE = "CloudWatch has no figure of it"


class Configurations(Protocol):
    """The rules of buckets."""

    def versioning(self, bucket: str) -> str:
        """Return Enabled, Suspended or Off."""

    def lifecycle(self, bucket: str) -> tuple[LifecycleRule, ...]:
        """Return the lifecycle rules."""

    def tiering(self, bucket: str) -> tuple[str, ...]:
        """Return the Intelligent-Tiering configurations, in words."""

    def whole_metrics(self, bucket: str) -> str | None:
        """Return the id of a metrics configuration for all of the bucket."""


class BucketContents(Protocol):
    """What lies in buckets, up to a limit."""

    def uploads(self, bucket: str, now: datetime) -> Uploads:
        """Return the unfinished uploads."""

    def listing(self, bucket: str, now: datetime) -> Listing:
        """Return what a listing shows."""


class RegionMetrics(Protocol):
    """What CloudWatch knows of a region."""

    def read(self, now: datetime) -> Measured:
        """Return all series of S3."""


@dataclass(frozen=True, slots=True)
class Region:
    """What asks one region."""

    metrics: RegionMetrics
    configuration: Configurations
    contents: BucketContents


@dataclass(frozen=True, slots=True)
class Found:
    """A bucket of the account, and where it lies."""

    name: str
    region: str


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What the survey learnt. `storages` are those of all buckets, by region."""

    buckets: tuple[BucketUsage, ...]
    storages: Mapping[str, list[Storage]]


@dataclass(frozen=True, slots=True)
class Survey:
    """Asks with so many threads. `open_region` is called once for each region, by one thread."""

    open_region: Callable[[str], Region]
    threads: int
    now: datetime
    out_of_time: Callable[[], bool]

    def of(self, everything: Iterable[Found], reported: set[str]) -> Surveyed:
        """Look at the reported buckets; of the others only CloudWatch's sizes are read."""
        every = sorted(everything, key=lambda found: (found.region, found.name))
        regions = {name: self.open_region(name) for name in sorted({each.region for each in every})}
        chosen = [found for found in every if found.name in reported]
        with ThreadPoolExecutor(self.threads) as pool:
            measured = dict(zip(regions, pool.map(self._measured, regions.values()), strict=True))
            usages = list(
                pool.map(
                    lambda found: self._rules(found, regions[found.region], measured[found.region]),
                    chosen,
                )
            )
            usages = list(
                pool.map(lambda usage: self._contents(usage, regions[usage.region]), usages)
            )
        storages: dict[str, list[Storage]] = {name: [] for name in regions}
        for found in every:
            known = measured[found.region]
            if found.name not in reported and isinstance(known, Measured):
                storage = known.storage(found.name, self.now.date())
                storages[found.region] += [storage] if storage else []
        for usage in usages:
            if isinstance(usage.storage, Storage):
                storages[usage.region].append(usage.storage)
        return Surveyed(tuple(usages), storages)

    def _measured(self, region: Region) -> Measured | Unknown:
        return self._learn(lambda: region.metrics.read(self.now))

    def _rules(self, found: Found, region: Region, measured: Measured | Unknown) -> BucketUsage:
        """Return what CloudWatch and the bucket's configuration tell."""
        asked, name = region.configuration, found.name
        filter_id = self._learn(lambda: asked.whole_metrics(name))
        not_yet = Unknown(OUT_OF_TIME)
        usage = BucketUsage(
            name=name,
            region=found.region,
            storage=measured if isinstance(measured, Unknown) else Unknown(_NO_SIZE),
            objects=measured if isinstance(measured, Unknown) else Unknown(_NO_SIZE),
            requests=self._requests(name, filter_id, measured),
            uploads=not_yet,
            listing=not_yet,
            versioning=self._learn(lambda: asked.versioning(name)),
            lifecycle=self._learn(lambda: asked.lifecycle(name)),
            tiering=self._learn(lambda: asked.tiering(name)),
        )
        if isinstance(measured, Unknown):
            return usage
        today = self.now.date()
        storage, objects = measured.storage(name, today), measured.objects(name, today)
        return replace(
            usage,
            storage=usage.storage if storage is None else storage,
            objects=usage.objects if objects is None else objects,
            history=measured.history(name),
        )

    def _requests(
        self, bucket: str, filter_id: str | Unknown | None, measured: Measured | Unknown
    ) -> Requests | Unknown:
        if isinstance(filter_id, Unknown):
            return filter_id
        if isinstance(measured, Unknown):
            return measured
        if filter_id is None:
            return Unknown(_NO_FILTER)
        return measured.requests(bucket, filter_id, self.now.date()) or Unknown(_TOO_YOUNG)

    def _contents(self, usage: BucketUsage, region: Region) -> BucketUsage:
        """Return the usage with what lies in the bucket; number and size from there if need be."""
        asked, name = region.contents, usage.name
        usage = replace(
            usage,
            uploads=self._learn(lambda: asked.uploads(name, self.now)),
            listing=self._learn(lambda: asked.listing(name, self.now)),
        )
        if isinstance(usage.objects, Unknown) and isinstance(usage.listing, Listing):
            counted = usage.listing
            usage = replace(usage, objects=counted.objects) if counted.complete else usage
        return self._sized(usage)

    def _sized(self, usage: BucketUsage) -> BucketUsage:
        """Take the size from the listing where CloudWatch has none: the bucket is new, or empty."""
        if not isinstance(usage.storage, Unknown):
            return usage
        why, listing, uploads = usage.storage.reason, usage.listing, usage.uploads
        if isinstance(listing, Unknown):
            return replace(usage, storage=Unknown(f"{why}; {listing.reason}"))
        if not listing.complete:
            least = f"a listing showed at least {size(listing.total_bytes)}"
            return replace(usage, storage=Unknown(f"{why}; {least}"))
        sizes: dict[str, int] = {}
        found = [(name, stock.total_bytes) for name, stock in listing.stored.items()]
        found += uploads.bytes_by_class.items() if isinstance(uploads, Uploads) else []
        for name, size_bytes in found:
            kind = LISTED_AS.get(name, name)
            sizes[kind] = sizes.get(kind, 0) + size_bytes
        storage = Storage(sizes, self.now.date(), COUNTED_BY_LISTING)
        return replace(usage, storage=storage)

    def _learn[T](self, ask: Callable[[], T]) -> T | Unknown:
        """Return what is asked for, or why it cannot be known."""
        if self.out_of_time():
            return Unknown(OUT_OF_TIME)
        try:
            return ask()
        except TidegateError as error:
            return Unknown(str(error))
