"""The report as one self-contained HTML page, small enough to mail, readable on a telephone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from functions.report_storage import charts, storage_classes
from functions.report_storage.charts import Bar, Layer
from functions.report_storage.costs import BucketCosts
from functions.report_storage.price_table import ZERO, cents
from functions.report_storage.recommendations import LONGEST_PAYBACK_DAYS
from functions.report_storage.report import History, Report
from functions.report_storage.usage import (
    LifecycleRule,
    Listing,
    Requests,
    Storage,
    Unknown,
    Uploads,
)
from functions.report_storage.words import counted, money, size, some_of

TEMPLATES = Path(__file__).with_name("templates")
MOST_BARS = 12
# The dearest ones; the CSV beside the page has all.
MOST_BUCKETS = 300
MOST_RECOMMENDATIONS = 100
MOST_BREAK_EVENS = 20
# So that the page stays small where every question is refused, each time in a long sentence.
MOST_REASONS = 300
MOST_RULES = 8
_BLUE, _GREEN = 0, 2
_IN_JSON = "for this and other reasons see report.json"


@dataclass(slots=True)
class Footnotes:
    """Gives each reason a number, the same one each time that it is told."""

    reasons: list[str] = field(default_factory=list)

    def number(self, reason: str) -> int:
        """Return the reason's number; all that find no room have one in common."""
        if reason not in self.reasons and len(self.reasons) >= MOST_REASONS:
            reason = _IN_JSON
        if reason not in self.reasons:
            self.reasons.append(reason)
        return self.reasons.index(reason) + 1


def to_html(report: Report) -> str:
    """Return the page."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"money": money, "size": size, "counted": counted}
    notes = Footnotes()
    rows = [_row(cost, notes) for cost in report.costs[:MOST_BUCKETS]]
    return environment.get_template("page.html.j2").render(
        report=report,
        rows=rows,
        left_out=max(0, len(report.costs) - MOST_BUCKETS),
        recommendations=report.recommendations[:MOST_RECOMMENDATIONS],
        recommendations_left_out=max(0, len(report.recommendations) - MOST_RECOMMENDATIONS),
        break_evens=report.break_evens[:MOST_BREAK_EVENS],
        break_evens_left_out=max(0, len(report.break_evens) - MOST_BREAK_EVENS),
        footnotes=notes.reasons,
        missing=_missing(report),
        unpriced=some_of([name for name in report.unknown if name not in report.account.missing]),
        longest_payback_days=LONGEST_PAYBACK_DAYS,
        # Their labels are escaped where they are drawn.
        history=Markup(_history(report.history)),  # noqa: S704
        legend=_legend(report.history),
        cost_bars=Markup(charts.bars(_cost_bars(report.costs), _BLUE)),  # noqa: S704
        saving_bars=Markup(charts.bars(_saving_bars(report), _GREEN)),  # noqa: S704
    )


def _missing(report: Report) -> list[tuple[str, str]]:
    """Return the reasons why buckets are missing, each with their names."""
    names: dict[str, list[str]] = {}
    for name, reason in sorted(report.account.missing.items()):
        names.setdefault(reason, []).append(name)
    return [(reason, some_of(each)) for reason, each in names.items()]


def _history(history: History) -> str:
    if not history.classes:
        return ""
    layers = [
        Layer(storage_classes.label(name), values) for name, values in _layers(history).items()
    ]
    return charts.stack(layers, history.days, "Bytes by storage class over time")


def _legend(history: History) -> list[tuple[int, str, str]]:
    return [
        (number, storage_classes.label(name), size(values[-1]))
        for number, (name, values) in enumerate(_layers(history).items())
    ]


def _layers(history: History) -> dict[str, Sequence[int]]:
    """Return the largest classes, and all others as one, so that each has a colour of its own."""
    names = list(history.classes)
    if len(names) <= charts.COLOURS:
        return dict(history.classes)
    kept = names[: charts.COLOURS - 1]
    others = [history.classes[name] for name in names[charts.COLOURS - 1 :]]
    layers: dict[str, Sequence[int]] = {name: history.classes[name] for name in kept}
    layers["All other classes"] = [sum(values) for values in zip(*others, strict=True)]
    return layers


def _cost_bars(costs: Sequence[BucketCosts]) -> list[Bar]:
    known = [cost for cost in costs if cost.known and cents(cost.monthly) > 0]
    shown, others = known[:MOST_BARS], known[MOST_BARS:]
    rows = [
        Bar(each.usage.name, float(each.monthly), money(each.monthly), each.usage.region)
        for each in shown
    ]
    if others:
        rest = sum((cost.monthly for cost in others), ZERO)
        rows.append(Bar(f"{len(others):,} other buckets", None, money(rest)))
    return rows


def _saving_bars(report: Report) -> list[Bar]:
    shown = report.recommendations[:MOST_BARS]
    others = report.recommendations[MOST_BARS:]
    rows = [
        Bar(each.bucket, float(each.monthly_saving), money(each.monthly_saving), each.title)
        for each in shown
    ]
    if others:
        rest: Decimal = sum((each.monthly_saving for each in others), ZERO)
        rows.append(Bar(f"{len(others):,} other recommendations", None, money(rest)))
    return rows


def _row(costs: BucketCosts, notes: Footnotes) -> dict[str, Any]:
    usage = costs.usage
    return {
        "name": usage.name,
        "region": usage.region,
        "cost": money(costs.monthly) if costs.known else None,
        "cost_note": notes.number(costs.reason) if costs.reason else None,
        "size": _cell(usage.storage, notes),
        "objects": _cell(usage.objects, notes),
        "requests": _cell(usage.requests, notes),
        "uploads": _cell(usage.uploads, notes),
        "noncurrent": _cell(usage.listing, notes),
        "versioning": _cell(usage.versioning, notes),
        "lifecycle": _cell(usage.lifecycle, notes),
        "tiering": _cell(usage.tiering, notes),
    }


def _cell(value: object, notes: Footnotes) -> tuple[str, int | None]:
    """Return what a cell says, and the number of the reason where it says nothing."""
    if isinstance(value, Unknown):
        return "unknown", notes.number(value.reason)
    return _told(value), None


def _told(value: object) -> str:
    match value:
        case Storage():
            told = size(value.total_bytes)
        case Requests():
            told = f"{value.reads:,} reads, {value.writes:,} writes"
        case Uploads():
            told = _bounded(size(value.total_bytes), value.count, complete=value.complete)
        case Listing():
            count = sum(stock.objects for stock in value.noncurrent.values())
            told = _bounded(size(value.noncurrent_bytes), count, complete=value.complete)
        case int():
            told = f"{value:,}"
        case tuple():
            told = "; ".join(_words(each) for each in value[:MOST_RULES]) or "none"
            told += f"; and {len(value) - MOST_RULES:,} more" if len(value) > MOST_RULES else ""
        case _:
            told = str(value)
    return told


def _bounded(words: str, count: int, *, complete: bool) -> str:
    told = f"{words} in {count:,}" if count else "none"
    if complete:
        return told
    return f"at least {told}" if count else "none among those looked at"


def _words(rule: object) -> str:
    if not isinstance(rule, LifecycleRule):
        return str(rule)
    words = ", ".join(rule.actions)
    part = "" if rule.whole else " (in part)"
    return f"{words}{part}{'' if rule.enabled else ' (disabled)'}"
