"""The report as JSON, for programs, and the answer to whoever asked for it.

Dollars are texts with two digits, rounded one by one: a sum of rounded rows may differ from the
rounded sum by a few cents. `bound` says "at least" or "at most" where a figure is no exact one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from functions.report_storage import storage_classes
from functions.report_storage.costs import BucketCosts, Line
from functions.report_storage.price_table import CURRENCY, PriceTable, cents
from functions.report_storage.recommendations import BreakEven, Recommendation, Step
from functions.report_storage.report import Report
from functions.report_storage.usage import (
    BucketUsage,
    LifecycleRule,
    Listing,
    Requests,
    Storage,
    Unknown,
    Uploads,
)

SCHEMA_VERSION = "1.0"
_MILLI = Decimal("0.001")


def to_json(report: Report) -> dict[str, Any]:
    """Return the whole report."""
    return {
        **totals(report),
        "generatedAt": report.at.isoformat(timespec="seconds"),
        "whole": report.whole,
        "oneTimeCost": _dollars(report.one_time_cost),
        "bytes": report.total_bytes,
        "prices": [_prices(table) for table in report.tables],
        "history": {
            "days": [day.isoformat() for day in report.history.days],
            "bytesByClass": {name: list(row) for name, row in report.history.classes.items()},
        },
        "recommendations": [_recommendation(each) for each in report.recommendations],
        "breakEvens": [_break_even(each) for each in report.break_evens],
        "perBucket": [_bucket(each) for each in report.costs],
        "missing": dict(sorted(report.account.missing.items())),
        "notes": list(report.notes),
    }


def totals(report: Report) -> dict[str, Any]:
    """Return the report's sums."""
    return {
        "schemaVersion": SCHEMA_VERSION,
        "date": report.at.date().isoformat(),
        "account": report.account.account_id,
        "buckets": len(report.costs),
        "unknown": list(report.unknown),
        "monthlyCost": _dollars(report.monthly_cost),
        "monthlySavings": _dollars(report.monthly_saving),
        "currency": CURRENCY,
    }


def _bucket(costs: BucketCosts) -> dict[str, Any]:
    usage = costs.usage
    storage = usage.storage if isinstance(usage.storage, Storage) else None
    return {
        "name": usage.name,
        "region": usage.region,
        "monthlyCost": _dollars(costs.monthly) if costs.known else None,
        "incomplete": costs.reason,
        "bytes": storage.total_bytes if storage else None,
        "objects": None if isinstance(usage.objects, Unknown) else usage.objects,
        "measuredOn": storage.measured_on.isoformat() if storage else None,
        "measuredBy": storage.source if storage else None,
        "storage": [
            {
                "storageType": kind,
                "billedAs": storage_classes.billed_as(kind),
                "bytes": size_bytes,
            }
            for kind, size_bytes in sorted(storage.bytes_by_type.items() if storage else ())
        ],
        "costs": [_line(line) for line in costs.lines],
        **_rules(usage),
        **_contents(usage),
        "notKnown": usage.unknowns(),
    }


def _rules(usage: BucketUsage) -> dict[str, Any]:
    lifecycle, tiering = usage.lifecycle, usage.tiering
    return {
        "versioning": None if isinstance(usage.versioning, Unknown) else usage.versioning,
        "lifecycle": None
        if isinstance(lifecycle, Unknown)
        else [_rule(each) for each in lifecycle],
        "intelligentTiering": None if isinstance(tiering, Unknown) else list(tiering),
    }


def _contents(usage: BucketUsage) -> dict[str, Any]:
    requests, uploads, listing = usage.requests, usage.uploads, usage.listing
    return {
        "requestsIn30Days": _requests(requests) if isinstance(requests, Requests) else None,
        "incompleteUploads": _uploads(uploads) if isinstance(uploads, Uploads) else None,
        "noncurrent": _noncurrent(listing) if isinstance(listing, Listing) else None,
    }


def _rule(rule: LifecycleRule) -> dict[str, Any]:
    return {
        "id": rule.rule_id,
        "enabled": rule.enabled,
        "wholeBucket": rule.whole,
        "actions": list(rule.actions),
    }


def _requests(requests: Requests) -> dict[str, Any]:
    return {
        "filterId": requests.filter_id,
        "writes": requests.writes,
        "reads": requests.reads,
        "bytesDownloaded": requests.bytes_downloaded,
        "bytesUploaded": requests.bytes_uploaded,
    }


def _uploads(uploads: Uploads) -> dict[str, Any]:
    return {
        "count": uploads.count,
        "bytes": uploads.total_bytes,
        "olderThan7Days": uploads.abandoned_count,
        "bytesOlderThan7Days": sum(uploads.abandoned_by_class.values()),
        "bound": "exact" if uploads.complete else "at least",
    }


def _noncurrent(listing: Listing) -> dict[str, Any]:
    return {
        "bytes": listing.noncurrent_bytes,
        "bytesNoncurrentFor30Days": sum(stock.total_bytes for stock in listing.expired.values()),
        "deleteMarkers": listing.delete_markers,
        "versionsListed": listing.objects,
        "bound": "exact" if listing.complete else "at least",
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "name": line.name,
        "quantity": f"{line.quantity.quantize(_MILLI):f}" if line.quantity else "0",
        "unit": line.unit,
        "amount": None if line.amount is None else _dollars(line.amount),
        "bound": line.bound,
    }


def _recommendation(each: Recommendation) -> dict[str, Any]:
    return {
        "bucket": each.bucket,
        "region": each.region,
        "kind": each.kind.value,
        "title": each.title,
        "monthlySavings": _dollars(each.monthly_saving),
        "oneTimeCost": _dollars(each.one_time_cost),
        "breakEvenDays": each.break_even_days,
        "bound": each.bound,
        "monthly": [_step(step) for step in each.monthly],
        "once": [_step(step) for step in each.once],
        "assumptions": list(each.assumptions),
    }


def _break_even(each: BreakEven) -> dict[str, Any]:
    return {
        "bucket": each.bucket,
        "region": each.region,
        "kind": each.kind.value,
        "title": each.title,
        "condition": each.condition,
        "calculation": each.calculation,
        "oneTimeCost": _dollars(each.one_time_cost),
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "what": step.what,
        "calculation": step.calculation,
        "amount": _dollars(step.amount),
    }


def _prices(table: PriceTable) -> dict[str, Any]:
    return {
        "region": table.region,
        "asOf": table.as_of.isoformat(),
        "source": table.source,
        "origin": table.origin,
        "remarks": table.remarks,
    }


def _dollars(amount: Decimal) -> str:
    return f"{cents(amount):f}"
