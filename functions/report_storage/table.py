"""The report as CSV: one row for each bucket, for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from decimal import Decimal

from functions.report_storage.costs import BucketCosts
from functions.report_storage.price_table import ZERO, cents
from functions.report_storage.report import Report
from functions.report_storage.usage import Listing, Requests, Storage, Unknown, Uploads

COLUMNS = (
    "bucket",
    "region",
    "measured_on",
    "bytes",
    "objects",
    "monthly_cost_usd",
    "storage_usd",
    "requests_usd",
    "retrieval_usd",
    "monitoring_usd",
    "monthly_savings_usd",
    "recommended",
    "reads_30_days",
    "writes_30_days",
    "incomplete_upload_bytes",
    "noncurrent_bytes",
    "noncurrent_bound",
    "versioning",
    "lifecycle",
    "intelligent_tiering",
    "not_known",
)


def to_csv(report: Report) -> str:
    """Return the table, the dearest bucket first. What is not known is an empty field."""
    savings: dict[str, Decimal] = defaultdict(Decimal)
    kinds: dict[str, list[str]] = defaultdict(list)
    for each in report.recommendations:
        savings[each.bucket] += each.monthly_saving
        kinds[each.bucket].append(each.kind.value)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for costs in report.costs:
        name = costs.usage.name
        writer.writerow(_row(costs, savings.get(name, ZERO), kinds.get(name, [])))
    for name, reason in sorted(report.account.missing.items()):
        if name not in {costs.usage.name for costs in report.costs}:
            writer.writerow([name, *[""] * (len(COLUMNS) - 2), _inert(reason)])
    return text.getvalue()


def _row(costs: BucketCosts, saving: Decimal, kinds: list[str]) -> list[object]:
    usage = costs.usage
    storage = usage.storage if isinstance(usage.storage, Storage) else None
    requests = usage.requests if isinstance(usage.requests, Requests) else None
    uploads = usage.uploads if isinstance(usage.uploads, Uploads) else None
    listing = usage.listing if isinstance(usage.listing, Listing) else None
    parts = ("storage", "requests", "retrieval", "monitoring")
    return [
        usage.name,
        usage.region,
        storage.measured_on.isoformat() if storage else "",
        storage.total_bytes if storage else "",
        "" if isinstance(usage.objects, Unknown) else usage.objects,
        cents(costs.monthly) if costs.known else "",
        *(cents(costs.of_kind(part)) if costs.known else "" for part in parts),
        cents(saving),
        " ".join(kinds),
        requests.reads if requests else "",
        requests.writes if requests else "",
        uploads.total_bytes if uploads else "",
        listing.noncurrent_bytes if listing else "",
        ("exact" if listing.complete else "at least") if listing else "",
        "" if isinstance(usage.versioning, Unknown) else usage.versioning,
        ""
        if isinstance(usage.lifecycle, Unknown)
        else _inert(
            "; ".join(
                f"{', '.join(rule.actions)}{'' if rule.whole else ' (in part)'}"
                for rule in usage.lifecycle
                if rule.enabled
            )
            or "none"
        ),
        "" if isinstance(usage.tiering, Unknown) else _inert("; ".join(usage.tiering) or "none"),
        _inert(
            "; ".join(
                [
                    *([costs.reason] if costs.reason else []),
                    *(f"{name}: {reason}" for name, reason in usage.unknowns().items()),
                ]
            )
        ),
    ]


def _inert(text: str) -> str:
    """Return the text as no spreadsheet takes for a formula: it may begin with a user's words."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
