"""Moves out of Standard, with all that they cost: fees, reads, monitoring, minimum stays.

What was read in the last 30 days is taken to have been read from what is moved, what left to have
left too early, and what came new to be moved as well. A bucket whose reads nobody counts gets no
saving here, only a break-even elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from functions.report_storage import storage_classes
from functions.report_storage.costs import AT_LEAST, Rates
from functions.report_storage.movable import Movable, gone_bytes, leaves_too_soon, movable
from functions.report_storage.price_table import (
    DAYS_PER_MONTH,
    ZERO,
    PriceTable,
    banded,
    gigabytes,
    retrieval_cost,
)
from functions.report_storage.recommendations import Kind, Recommendation, Step
from functions.report_storage.storage_classes import (
    GLACIER_IR,
    INT_FREQUENT,
    INT_INFREQUENT,
    INTELLIGENT_TIERING,
    STANDARD,
    STANDARD_IA,
)
from functions.report_storage.usage import REQUEST_DAYS, BucketUsage, Requests, Unknown
from functions.report_storage.words import amount_gb, dollars

_KINDS = {STANDARD_IA: Kind.STANDARD_IA, GLACIER_IR: Kind.GLACIER_IR}
_ASSUMPTIONS = (
    f"a lifecycle rule moves objects of 128 KB and more, {REQUEST_DAYS} days after they came",
    f"requests stay as they were in the last {REQUEST_DAYS} days",
    "objects come by upload: of those that come by copy CloudWatch tells no bytes",
)


def candidates(usage: BucketUsage, rates: Rates) -> Iterator[Recommendation]:
    """Return the moves that can be computed, whether they pay or not."""
    table, requests = rates.tables.get(usage.region), usage.requests
    moved = movable(usage)
    if table is None or moved is None or isinstance(requests, Unknown):
        return
    for target in (STANDARD_IA, GLACIER_IR):
        if not leaves_too_soon(usage, target):
            candidate = _to_infrequent(usage, moved, requests, table, rates, target)
            if candidate:
                yield candidate
    candidate = _to_intelligent_tiering(usage, moved, requests, table, rates)
    if candidate:
        yield candidate


def _to_infrequent(
    usage: BucketUsage,
    moved: Movable,
    requests: Requests,
    table: PriceTable,
    rates: Rates,
    target: str,
) -> Recommendation | None:
    """Return the move into a class that charges for reads and for leaving early."""
    to, standard = table.of(target), table.of(STANDARD)
    saved = rates.saved(usage.region, STANDARD, moved.least_bytes)
    if saved is None or to is None or standard is None:
        return None
    if to.read is None or to.retrieval is None or to.transition is None or standard.read is None:
        return None
    name, price, days = (
        storage_classes.label(target),
        to.storage[0].price,
        storage_classes.MINIMUM_DAYS[target],
    )
    reading = retrieval_cost(
        requests.reads, requests.bytes_downloaded, to.read - standard.read, to.retrieval
    )
    gone, months = gone_bytes(usage, requests), Decimal(days) / DAYS_PER_MONTH
    monthly = (
        Step("Standard no longer paid", f"{amount_gb(moved.least_bytes)}, {moved.how}", saved),
        Step(
            f"{name} paid instead",
            f"{amount_gb(moved.least_bytes)} × {dollars(price)}",
            -moved.gb * price,
        ),
        Step(
            f"all reads of {REQUEST_DAYS} days, at {name}'s prices",
            f"{amount_gb(requests.bytes_downloaded)} × {dollars(to.retrieval)} + "
            f"{requests.reads:,} × ({dollars(to.read)} - {dollars(standard.read)})",
            -reading,
        ),
        _fee(f"moving what comes new, into {name}", requests.puts, to.transition),
        Step(
            f"minimum stay of {days} days, for all that left in {REQUEST_DAYS} days",
            f"{amount_gb(gone)} × {dollars(price)} × {months.normalize():f} months",
            -gigabytes(gone) * price * months,
        ),
    )
    return Recommendation(
        bucket=usage.name,
        region=usage.region,
        kind=_KINDS[target],
        title=f"Move {amount_gb(moved.least_bytes)} from Standard to {name}",
        monthly=monthly,
        once=(_fee(f"moving what is there, into {name}", moved.most_objects, to.transition),),
        bound=AT_LEAST,
        assumptions=_ASSUMPTIONS,
    )


def _to_intelligent_tiering(
    usage: BucketUsage, moved: Movable, requests: Requests, table: PriceTable, rates: Rates
) -> Recommendation | None:
    """Return the move into the class that watches: what nobody read in 30 days gets cheaper."""
    fee, frequent, infrequent = (
        table.of(INTELLIGENT_TIERING),
        table.of(INT_FREQUENT),
        table.of(INT_INFREQUENT),
    )
    saved = rates.saved(usage.region, STANDARD, moved.least_bytes)
    if fee is None or frequent is None or infrequent is None or saved is None:
        return None
    if fee.transition is None or table.monitoring is None:
        return None
    unread = max(0, moved.least_bytes - requests.bytes_downloaded)
    read = moved.least_bytes - unread
    cold = infrequent.storage[0].price
    monthly = (
        Step("Standard no longer paid", f"{amount_gb(moved.least_bytes)}, {moved.how}", saved),
        Step(
            "Infrequent Access tier, for what was not read",
            f"({amount_gb(moved.least_bytes)} - {amount_gb(requests.bytes_downloaded)} downloaded "
            f"in {REQUEST_DAYS} days) × {dollars(cold)}",
            -gigabytes(unread) * cold,
        ),
        Step(
            "Frequent Access tier, for the rest",
            f"{amount_gb(read)} × {dollars(frequent.storage[0].price)}",
            -banded(frequent.storage, gigabytes(read)),
        ),
        _fee("monitoring", moved.most_objects, table.monitoring),
        _fee(
            "moving and monitoring what comes new",
            requests.puts,
            fee.transition + table.monitoring,
        ),
    )
    return Recommendation(
        bucket=usage.name,
        region=usage.region,
        kind=Kind.INTELLIGENT_TIERING,
        title=f"Move {amount_gb(moved.least_bytes)} from Standard to Intelligent-Tiering",
        monthly=monthly,
        once=(_fee("moving what is there", moved.most_objects, fee.transition),),
        bound=AT_LEAST,
        assumptions=_ASSUMPTIONS,
        lead_days=DAYS_PER_MONTH,
    )


def _fee(what: str, count: int, price: Decimal) -> Step:
    amount = count * price
    return Step(what, f"{count:,} × {dollars(price)}", -amount if amount else ZERO)
