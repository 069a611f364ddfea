"""Bytes that nobody needs: parts of uploads that were given up, and old noncurrent versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from functions.report_storage import storage_classes
from functions.report_storage.costs import AT_LEAST, EXACT, Rates
from functions.report_storage.price_table import DAYS_PER_MONTH, gigabytes
from functions.report_storage.recommendations import Kind, Recommendation, Step
from functions.report_storage.usage import (
    ABANDONED_DAYS,
    NONCURRENT_DAYS,
    BucketUsage,
    Listing,
    Uploads,
)
from functions.report_storage.words import amount_gb, counted, dollars

_ABORTED = (
    f"a lifecycle rule AbortIncompleteMultipartUpload after {ABANDONED_DAYS} days, which costs "
    "nothing"
)


def abort_uploads(usage: BucketUsage, rates: Rates) -> Recommendation | None:
    """Return the rule that removes the parts of given-up uploads, unless one is in force."""
    uploads = usage.uploads
    if not isinstance(uploads, Uploads) or not uploads.abandoned_count:
        return None
    if any(rule.aborts_uploads for rule in usage.standing_rules()):
        return None
    billed: dict[str, int] = {}
    for name, size_bytes in uploads.abandoned_by_class.items():
        priced = storage_classes.staged_as(name)
        billed[priced] = billed.get(priced, 0) + size_bytes
    steps = tuple(_freed(usage.region, billed, rates))
    return Recommendation(
        bucket=usage.name,
        region=usage.region,
        kind=Kind.ABORT_UPLOADS,
        title=f"Abort {counted(uploads.abandoned_count, 'upload')} begun more than "
        f"{ABANDONED_DAYS} days ago and never ended",
        monthly=steps,
        once=(),
        bound=EXACT if uploads.complete else AT_LEAST,
        assumptions=(_ABORTED,),
    )


def expire_noncurrent(usage: BucketUsage, rates: Rates) -> Recommendation | None:
    """Return the rule that deletes old noncurrent versions, unless one is in force."""
    listing = usage.listing
    if not isinstance(listing, Listing) or not listing.expired:
        return None
    if any(rule.expires_noncurrent for rule in usage.standing_rules()):
        return None
    billed: dict[str, int] = {}
    for name, stock in listing.expired.items():
        priced = storage_classes.stored_as(name)
        billed[priced] = billed.get(priced, 0) + stock.total_bytes
    count = sum(stock.objects for stock in listing.expired.values())
    return Recommendation(
        bucket=usage.name,
        region=usage.region,
        kind=Kind.EXPIRE_NONCURRENT,
        title=f"Expire {'' if listing.complete else 'at least '}{counted(count, 'version')} "
        f"noncurrent for more than {NONCURRENT_DAYS} days",
        monthly=tuple(_freed(usage.region, billed, rates)),
        once=tuple(_early(usage.region, billed, rates)),
        bound=EXACT if listing.complete else AT_LEAST,
        assumptions=(
            "nobody needs these versions any more: a rule that expires them deletes them for good",
            "versions under Object Lock or a legal hold stay, and save nothing",
        ),
    )


def _freed(region: str, billed: Mapping[str, int], rates: Rates) -> Iterator[Step]:
    for name, size_bytes in sorted(billed.items()):
        saved = rates.saved(region, name, size_bytes)
        if saved is not None and size_bytes:
            yield Step(
                f"storage in {storage_classes.label(name)} no longer paid",
                f"{amount_gb(size_bytes)} × {_average(saved, size_bytes)} per GB-month",
                saved,
            )


def _early(region: str, billed: Mapping[str, int], rates: Rates) -> Iterator[Step]:
    """Tell what S3 bills at most for versions younger than their class's minimum duration."""
    table = rates.tables.get(region)
    for name, size_bytes in sorted(billed.items()):
        days = storage_classes.MINIMUM_DAYS.get(name)
        prices = table.of(name) if table else None
        if not days or not size_bytes or prices is None:
            continue
        months = Decimal(days) / DAYS_PER_MONTH
        price = prices.storage[0].price
        yield Step(
            f"early deletion in {storage_classes.label(name)}, at most",
            f"{amount_gb(size_bytes)} × {dollars(price)} × {months.normalize():f} months",
            -gigabytes(size_bytes) * price * months,
        )


def _average(saved: Decimal, size_bytes: int) -> str:
    return dollars(saved / gigabytes(size_bytes))
