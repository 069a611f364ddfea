"""Where nobody counts a bucket's reads: from where on a move would pay. No saving is claimed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from functions.report_storage.costs import Rates
from functions.report_storage.movable import Movable, movable
from functions.report_storage.price_table import PriceTable
from functions.report_storage.recommendations import BreakEven, Kind
from functions.report_storage.storage_classes import (
    INT_FREQUENT,
    INT_INFREQUENT,
    INTELLIGENT_TIERING,
    STANDARD,
    STANDARD_IA,
)
from functions.report_storage.usage import BucketUsage, Requests
from functions.report_storage.words import amount_gb, dollars

# Where less is spent on Standard in a month, no break-even is worth reading.
LEAST_MONTHLY = Decimal(1)
_PERCENT = Decimal(100)


def break_evens(usage: BucketUsage, rates: Rates) -> Iterator[BreakEven]:
    """Return from where on a move would pay, for a bucket whose reads nobody counts."""
    table, moved = rates.tables.get(usage.region), movable(usage)
    if table is None or moved is None:
        return
    if isinstance(usage.requests, Requests):
        return
    standing = rates.saved(usage.region, STANDARD, moved.least_bytes)
    if standing is None or standing < LEAST_MONTHLY:
        return
    found = (
        _reads_of_standard_ia(usage, moved, standing, table),
        _share(usage, moved, standing, table),
    )
    yield from (each for each in found if each)


def _reads_of_standard_ia(
    usage: BucketUsage, moved: Movable, standing: Decimal, table: PriceTable
) -> BreakEven | None:
    to = table.of(STANDARD_IA)
    if to is None or to.retrieval is None or to.transition is None:
        return None
    difference = standing / moved.gb - to.storage[0].price
    if difference <= 0 or to.retrieval <= 0:
        return None
    share = difference / to.retrieval * _PERCENT
    return BreakEven(
        bucket=usage.name,
        region=usage.region,
        kind=Kind.STANDARD_IA,
        title=f"{amount_gb(moved.least_bytes)} in Standard that nobody counts the reads of",
        condition=f"Standard-IA costs less while a month's downloads stay below {share:.0f} % of "
        "these bytes",
        calculation=f"({dollars(standing / moved.gb)} - {dollars(to.storage[0].price)}) / "
        f"{dollars(to.retrieval)} per GB read; requests not counted",
        one_time_cost=moved.most_objects * to.transition,
        monthly_cost=standing,
    )


def _share(
    usage: BucketUsage, moved: Movable, standing: Decimal, table: PriceTable
) -> BreakEven | None:
    fee, frequent, cold = (
        table.of(INTELLIGENT_TIERING),
        table.of(INT_FREQUENT),
        table.of(INT_INFREQUENT),
    )
    if not (fee and fee.transition is not None and frequent and cold and table.monitoring):
        return None
    watching = moved.most_objects * table.monitoring
    cheaper = moved.gb * (frequent.storage[-1].price - cold.storage[0].price)
    if cheaper <= watching:
        return None
    return BreakEven(
        bucket=usage.name,
        region=usage.region,
        kind=Kind.INTELLIGENT_TIERING,
        title=f"{amount_gb(moved.least_bytes)} in Standard that nobody counts the reads of",
        condition="Intelligent-Tiering costs less when more than "
        f"{watching / cheaper * _PERCENT:.1f} % of these bytes are not read for 30 days",
        calculation=f"{moved.most_objects:,} × {dollars(table.monitoring)} monitoring / "
        f"({amount_gb(moved.least_bytes)} × ({dollars(frequent.storage[-1].price)} - "
        f"{dollars(cold.storage[0].price)}))",
        one_time_cost=moved.most_objects * fee.transition,
        monthly_cost=standing,
    )
