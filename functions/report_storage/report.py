"""One report: what was learnt, what it costs, what would cost less, by which prices."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain

from functions.report_storage import break_evens, costs, deletions, storage_classes, tiering
from functions.report_storage.costs import BucketCosts, Rates
from functions.report_storage.price_table import ZERO, PriceTable
from functions.report_storage.recommendations import BreakEven, Recommendation, best, ranked
from functions.report_storage.usage import STALE_DAYS, Account, BucketUsage, Storage

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class History:
    """Bytes of all reported buckets by billed class, at the same days, a week apart."""

    days: tuple[date, ...] = ()
    classes: dict[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """All that a report says. `whole` is False where it is on named buckets alone."""

    account: Account
    at: datetime
    whole: bool
    tables: tuple[PriceTable, ...]
    costs: tuple[BucketCosts, ...]
    recommendations: tuple[Recommendation, ...]
    break_evens: tuple[BreakEven, ...]
    history: History
    notes: tuple[str, ...] = ()

    @property
    def monthly_cost(self) -> Decimal:
        """What all buckets cost in a month, as far as it is known."""
        return sum((cost.monthly for cost in self.costs), ZERO)

    @property
    def monthly_saving(self) -> Decimal:
        """What a month costs less at least, when all recommendations are followed."""
        return sum((each.monthly_saving for each in self.recommendations), ZERO)

    @property
    def one_time_cost(self) -> Decimal:
        """What following all recommendations costs once, at most."""
        return sum((each.one_time_cost for each in self.recommendations), ZERO)

    @property
    def total_bytes(self) -> int:
        """The bytes of all buckets whose size is known."""
        return sum(
            cost.usage.storage.total_bytes
            for cost in self.costs
            if isinstance(cost.usage.storage, Storage)
        )

    @property
    def unknown(self) -> tuple[str, ...]:
        """The buckets whose cost is not known, and those that were not looked at."""
        unpriced = {cost.usage.name for cost in self.costs if not cost.known}
        return tuple(sorted(unpriced | set(self.account.missing)))


def report_on(
    account: Account,
    tables: dict[str, PriceTable],
    at: datetime,
    notes: tuple[str, ...] = (),
    *,
    whole: bool = True,
) -> Report:
    """Return the report on what was learnt of an account."""
    rates = Rates(tables, account.region_bytes)
    used = {bucket.region for bucket in account.buckets}
    return Report(
        account=account,
        at=at,
        whole=whole,
        tables=tuple(tables[region] for region in sorted(used & tables.keys())),
        costs=costs.of_account(account, rates),
        recommendations=ranked(
            chain.from_iterable(recommended(each, rates) for each in account.buckets)
        ),
        break_evens=tuple(
            sorted(
                chain.from_iterable(
                    break_evens.break_evens(each, rates) for each in account.buckets
                ),
                key=lambda each: (-each.monthly_cost, each.bucket, each.kind),
            )
        ),
        history=history_of(account),
        notes=notes,
    )


def recommended(usage: BucketUsage, rates: Rates) -> Iterator[Recommendation]:
    """Return what is recommended for one bucket; no two concern the same bytes."""
    for found in (
        deletions.abort_uploads(usage, rates),
        deletions.expire_noncurrent(usage, rates),
        best(tiering.candidates(usage, rates)),
    ):
        if found:
            yield found


def history_of(account: Account) -> History:
    """Return the bytes by class over time.

    A bucket without a figure on a day is taken as it was on its last day before, if that is not
    long ago: S3 writes none for a bucket that is empty, and may be late.
    """
    newest = max(
        (day for each in account.buckets for days in each.history.values() for day in days),
        default=None,
    )
    oldest = min(
        (day for each in account.buckets for days in each.history.values() for day in days),
        default=None,
    )
    if newest is None or oldest is None:
        return History()
    days = tuple(reversed([newest - n * _WEEK for n in range((newest - oldest).days // 7 + 1)]))
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * len(days))
    for bucket in account.buckets:
        for storage_type, series in bucket.history.items():
            known = sorted(series)
            row = sums[storage_classes.billed_as(storage_type)]
            for index, day in enumerate(days):
                at = bisect_right(known, day) - 1
                if at >= 0 and (day - known[at]).days <= STALE_DAYS:
                    row[index] += series[known[at]]
    kept = {name: tuple(row) for name, row in sums.items() if any(row)}
    return History(days, dict(sorted(kept.items(), key=lambda each: -each[1][-1])))
