"""What is known of a bucket: its bytes, requests, leftovers and rules; and what is not, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

# Requests are counted over this long, and reports speak of a month of this length.
REQUEST_DAYS = 30
# Uploads older than this are taken for given up, and versions noncurrent for longer for done with.
# S3 counts a bucket once a day, and an empty one not at all: an older figure is no longer true.
STALE_DAYS = 3
ABANDONED_DAYS = 7
NONCURRENT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that could not be learnt, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Storage:
    """Bytes by CloudWatch's storage type, of one day. `source` says who counted them."""

    bytes_by_type: Mapping[str, int]
    measured_on: date
    source: str

    @property
    def total_bytes(self) -> int:
        """All bytes that are billed."""
        return sum(self.bytes_by_type.values())


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests of the last 30 days, from a metrics configuration that covers the whole bucket."""

    filter_id: str
    puts: int
    posts: int
    lists: int
    gets: int
    heads: int
    selects: int
    bytes_downloaded: int
    bytes_uploaded: int

    @property
    def writes(self) -> int:
        """What is billed as PUT, COPY, POST and LIST."""
        return self.puts + self.posts + self.lists

    @property
    def reads(self) -> int:
        """What is billed as GET and all others; DELETE costs nothing."""
        return self.gets + self.heads + self.selects


@dataclass(frozen=True, slots=True)
class Uploads:
    """Multipart uploads that were begun and not ended.

    `complete` is False where there were more uploads or parts than were looked at: then the
    figures say at least. Bytes are by the storage class of the upload.
    """

    count: int
    bytes_by_class: Mapping[str, int]
    abandoned_count: int
    abandoned_by_class: Mapping[str, int]
    complete: bool

    @property
    def total_bytes(self) -> int:
        """All bytes of all parts that were looked at."""
        return sum(self.bytes_by_class.values())


@dataclass(frozen=True, slots=True)
class Stock:
    """Objects and bytes of one storage class."""

    objects: int = 0
    total_bytes: int = 0

    def plus(self, size_bytes: int) -> Stock:
        """Return the stock with one more object."""
        return Stock(self.objects + 1, self.total_bytes + size_bytes)


@dataclass(frozen=True, slots=True)
class Listing:
    """What a listing of versions showed, by storage class.

    `settled` are current versions of 128 KB and more that are at least 30 days old. `expired` are
    versions that have been noncurrent for 30 days. `complete` is False where the listing ended at
    its limit: then each figure says at least.
    """

    complete: bool
    stored: Mapping[str, Stock]
    large: Mapping[str, Stock]
    settled: Mapping[str, Stock]
    noncurrent: Mapping[str, Stock]
    expired: Mapping[str, Stock]
    delete_markers: int = 0

    @property
    def objects(self) -> int:
        """All versions that were listed."""
        return sum(stock.objects for stock in self.stored.values())

    @property
    def total_bytes(self) -> int:
        """The bytes of all versions that were listed."""
        return sum(stock.total_bytes for stock in self.stored.values())

    @property
    def noncurrent_bytes(self) -> int:
        """The bytes of all noncurrent versions that were listed."""
        return sum(stock.total_bytes for stock in self.noncurrent.values())


@dataclass(frozen=True, slots=True)
class LifecycleRule:
    """A lifecycle rule in words. `whole` is True where it has no filter of any kind."""

    rule_id: str
    enabled: bool
    whole: bool
    actions: tuple[str, ...]
    aborts_uploads: bool = False
    expires_noncurrent: bool = False
    moves_to: tuple[str, ...] = ()
    expires_after_days: int | None = None


@dataclass(frozen=True, slots=True)
class BucketUsage:
    """All that could be learnt of one bucket."""

    name: str
    region: str
    storage: Storage | Unknown
    objects: int | Unknown
    requests: Requests | Unknown
    uploads: Uploads | Unknown
    listing: Listing | Unknown
    versioning: str | Unknown
    lifecycle: tuple[LifecycleRule, ...] | Unknown
    tiering: tuple[str, ...] | Unknown
    history: Mapping[str, Mapping[date, int]] = field(default_factory=dict)

    def unknowns(self) -> dict[str, str]:
        """Return what is not known, and why."""
        return {
            name: value.reason
            for name in (
                "storage",
                "objects",
                "requests",
                "uploads",
                "listing",
                "versioning",
                "lifecycle",
                "tiering",
            )
            if isinstance(value := getattr(self, name), Unknown)
        }

    def standing_rules(self) -> tuple[LifecycleRule, ...]:
        """Return the rules that are in force for the whole bucket."""
        if isinstance(self.lifecycle, Unknown):
            return ()
        return tuple(rule for rule in self.lifecycle if rule.enabled and rule.whole)


@dataclass(frozen=True, slots=True)
class Account:
    """What a report speaks of.

    `region_bytes` are the bytes of all buckets in a region, those left out of the report as well,
    by billed class: the bands of the price list go by them. `missing` are buckets that were asked
    for and not looked at, with the reason.
    """

    account_id: str
    buckets: tuple[BucketUsage, ...]
    region_bytes: Mapping[str, Mapping[str, int]]
    missing: Mapping[str, str] = field(default_factory=dict)
