"""What each bucket costs in a month, line by line, by the price table of its region."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from functions.report_storage import storage_classes
from functions.report_storage.price_table import ZERO, PriceTable, gigabytes
from functions.report_storage.usage import Account, BucketUsage, Listing, Storage, Unknown

EXACT, AT_LEAST, AT_MOST = "exact", "at least", "at most"
_MONITORING = "monitoring by Intelligent-Tiering"


@dataclass(frozen=True, slots=True)
class Line:
    """One cost of a bucket. `amount` is None where there is no price for it."""

    kind: str
    name: str
    quantity: Decimal
    unit: str
    amount: Decimal | None
    bound: str = EXACT


@dataclass(frozen=True, slots=True)
class BucketCosts:
    """The costs of one bucket. `reason` says why they are not known, or not all of them."""

    usage: BucketUsage
    lines: tuple[Line, ...]
    reason: str | None = None

    @property
    def known(self) -> bool:
        """Whether there is a sum at all."""
        return any(line.amount is not None for line in self.lines) or self.reason is None

    @property
    def monthly(self) -> Decimal:
        """The sum of the lines that have a price."""
        return sum((line.amount for line in self.lines if line.amount is not None), ZERO)

    def of_kind(self, kind: str) -> Decimal:
        """Return the sum of the lines of one kind."""
        return sum(
            (line.amount for line in self.lines if line.kind == kind and line.amount is not None),
            ZERO,
        )


@dataclass(frozen=True, slots=True)
class Rates:
    """What a GB of each class costs on average in each region, bands and all."""

    tables: Mapping[str, PriceTable]
    region_bytes: Mapping[str, Mapping[str, int]]

    def total_gb(self, region: str, storage_class: str) -> Decimal:
        """Return the GB of a class in a region."""
        return gigabytes(self.region_bytes.get(region, {}).get(storage_class, 0))

    def storage(self, region: str, storage_class: str, size_bytes: int) -> Decimal | None:
        """Return a bucket's share in what the class costs in its region, by its bytes."""
        table = self.tables.get(region)
        total_gb = self.total_gb(region, storage_class)
        total = table.storage(storage_class, total_gb) if table else None
        if total is None:
            return None
        return total * gigabytes(size_bytes) / total_gb if total_gb else ZERO

    def saved(self, region: str, storage_class: str, removed_bytes: int) -> Decimal | None:
        """Return what a month costs less when so many bytes of a class go."""
        table = self.tables.get(region)
        if table is None:
            return None
        total_gb = self.total_gb(region, storage_class)
        return table.saved(storage_class, total_gb, gigabytes(removed_bytes))


def of_account(account: Account, rates: Rates) -> tuple[BucketCosts, ...]:
    """Return the costs of all buckets, the dearest first."""
    costs = [of_bucket(bucket, rates) for bucket in account.buckets]
    return tuple(sorted(costs, key=lambda cost: (-cost.monthly, cost.usage.name)))


def of_bucket(usage: BucketUsage, rates: Rates) -> BucketCosts:
    """Return the costs of one bucket; those that cannot be known are left out, and said."""
    if isinstance(usage.storage, Unknown):
        return BucketCosts(usage, (), usage.storage.reason)
    table = rates.tables.get(usage.region)
    lines = _storage(usage, usage.storage, rates)
    if table is None:
        reason = f"no prices for region {usage.region}: bytes only"
        return BucketCosts(usage, tuple(lines), reason)
    lines += [*_requests(usage, usage.storage, table), *_monitoring(usage, usage.storage, table)]
    unpriced = sorted(line.name for line in lines if line.amount is None)
    gap = f"without the price of {', '.join(unpriced)}" if unpriced else None
    return BucketCosts(usage, tuple(lines), gap)


def region_bytes(storages: Mapping[str, list[Storage]]) -> dict[str, dict[str, int]]:
    """Return the bytes of each region by billed class, from the storage of its buckets."""
    totals: dict[str, dict[str, int]] = {}
    for region, each in storages.items():
        sums: dict[str, int] = defaultdict(int)
        for storage in each:
            for storage_type, size_bytes in storage.bytes_by_type.items():
                sums[storage_classes.billed_as(storage_type)] += size_bytes
        totals[region] = dict(sums)
    return totals


def _storage(usage: BucketUsage, storage: Storage, rates: Rates) -> list[Line]:
    return [
        Line(
            "storage",
            storage_type,
            gigabytes(size_bytes),
            "GB-month",
            rates.storage(usage.region, storage_classes.billed_as(storage_type), size_bytes),
        )
        for storage_type, size_bytes in sorted(storage.bytes_by_type.items())
        if size_bytes
    ]


def _requests(usage: BucketUsage, storage: Storage, table: PriceTable) -> list[Line]:
    """Return the request lines.

    CloudWatch does not tell to which class a request went. All are priced as Standard, the
    cheapest, unless the whole bucket is of one class.
    """
    requests = usage.requests
    if isinstance(requests, Unknown):
        return []
    only = _only_class(storage)
    prices = table.of(only or storage_classes.STANDARD)
    bound = EXACT if only else AT_LEAST
    write = prices.write if prices else None
    read = prices.read if prices else None
    lines = [
        Line("requests", name, Decimal(count), "requests", _times(count, price), bound)
        for name, count, price in (
            ("PUT, COPY, POST, LIST", requests.writes, write),
            ("GET and others", requests.reads, read),
        )
        if count
    ]
    if prices and prices.retrieval and only and requests.bytes_downloaded:
        read_gb = gigabytes(requests.bytes_downloaded)
        lines.append(Line("retrieval", "retrieval", read_gb, "GB", read_gb * prices.retrieval))
    return lines


def _monitoring(usage: BucketUsage, storage: Storage, table: PriceTable) -> list[Line]:
    """Return what Intelligent-Tiering costs for watching objects of 128 KB and more."""
    tiered = {kind for kind in storage.bytes_by_type if kind.startswith("IntelligentTiering")}
    if not tiered:
        return []
    listing = usage.listing
    if isinstance(listing, Listing) and listing.complete:
        stock = listing.large.get(storage_classes.INTELLIGENT_TIERING)
        count, bound = (stock.objects if stock else 0), EXACT
    elif isinstance(usage.objects, int) and tiered == set(storage.bytes_by_type):
        count, bound = usage.objects, AT_MOST
    else:
        # Its objects are among others, and nobody counts them apart.
        return [Line("monitoring", _MONITORING, ZERO, "objects", None, "not counted")]
    amount = _times(count, table.monitoring)
    return [Line("monitoring", _MONITORING, Decimal(count), "objects", amount, bound)]


def _only_class(storage: Storage) -> str | None:
    """Return the class of all of a bucket's bytes, or None where they are of several."""
    classes = {
        storage_classes.billed_as(kind) for kind, size in storage.bytes_by_type.items() if size
    }
    return classes.pop() if len(classes) == 1 else None


def _times(count: int, price: Decimal | None) -> Decimal | None:
    return None if price is None else count * price
