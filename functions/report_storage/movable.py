"""What a lifecycle rule would surely move out of Standard, and what keeps it from moving.

Only current versions of 128 KB and more that have been there for 30 days are counted. Where the
bucket was listed to its end these are known; else they are at least all bytes, less 128 KB for
each object (no object below 128 KB holds more), less what came in the last 30 days.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from functions.report_storage import storage_classes
from functions.report_storage.price_table import gigabytes
from functions.report_storage.storage_classes import STANDARD
from functions.report_storage.usage import (
    REQUEST_DAYS,
    BucketUsage,
    Listing,
    Requests,
    Storage,
    Unknown,
    Uploads,
)
from functions.report_storage.words import amount_gb


@dataclass(frozen=True, slots=True)
class Movable:
    """What a rule would move: at least these bytes, in at most so many objects."""

    least_bytes: int
    most_objects: int
    how: str

    @property
    def gb(self) -> Decimal:
        """The bytes in gigabytes."""
        return gigabytes(self.least_bytes)


def movable(usage: BucketUsage) -> Movable | None:
    """Return what a rule would surely move out of Standard; None where nothing can be said."""
    if isinstance(usage.storage, Unknown) or moves_already(usage):
        return None
    standard = usage.storage.bytes_by_type.get("StandardStorage", 0)
    if isinstance(usage.listing, Listing) and usage.listing.complete:
        stock = usage.listing.settled.get(STANDARD)
        if stock is None:
            return None
        least = min(stock.total_bytes, standard)
        return Movable(least, stock.objects, "counted one by one") if least else None
    return _surely_movable(usage, usage.storage, standard)


def moves_already(usage: BucketUsage) -> bool:
    """Whether a rule in force for the whole bucket moves its objects to another class."""
    return any(rule.moves_to for rule in usage.standing_rules())


def leaves_too_soon(usage: BucketUsage, target: str) -> bool:
    """Whether a rule deletes objects before they have stayed their minimum in the class."""
    stay = REQUEST_DAYS + storage_classes.MINIMUM_DAYS[target]
    return any(
        rule.expires_after_days is not None and rule.expires_after_days < stay
        for rule in usage.standing_rules()
    )


def gone_bytes(usage: BucketUsage, requests: Requests) -> int:
    """Return the bytes that left Standard in 30 days: what was there and came, less what is."""
    if isinstance(usage.storage, Unknown):
        return 0
    series = usage.history.get("StandardStorage", {})
    newest = usage.storage.measured_on
    earlier = [day for day in series if (newest - day).days >= REQUEST_DAYS]
    before = series[max(earlier)] if earlier else 0
    now = usage.storage.bytes_by_type.get("StandardStorage", 0)
    return max(0, before + requests.bytes_uploaded - now)


def _surely_movable(usage: BucketUsage, storage: Storage, standard: int) -> Movable | None:
    objects, uploads = usage.objects, usage.uploads
    known = isinstance(uploads, Uploads) and uploads.complete
    if isinstance(objects, Unknown) or not known or usage.versioning != "Off":
        # Parts and noncurrent versions are in the bytes, and nobody knows how many.
        return None
    unfinished = uploads.total_bytes if isinstance(uploads, Uploads) else 0
    came = usage.requests.bytes_uploaded if isinstance(usage.requests, Requests) else 0
    least = standard - objects * storage_classes.MINIMUM_BYTES - unfinished - came
    if least <= 0:
        return None
    how = (
        f"{amount_gb(standard)} of {storage.measured_on}, less 128 KB for each of {objects:,} "
        f"objects, {amount_gb(unfinished)} of unfinished uploads and {amount_gb(came)} that came "
        f"in {REQUEST_DAYS} days"
    )
    return Movable(least, objects, how)
