"""The report on all buckets: what is counted, and its page for people.

Both are made from one row for each bucket: the answer of a direct invocation with its `score`, or
`error` where the bucket could not be looked at. The page is one file without scripts, pictures or
fonts from elsewhere, and fits a telephone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from functions.remediate_bucket.control import Compliance, Control
from functions.remediate_bucket.result import Result, score, to_response
from functions.remediate_bucket.trigger import ACCOUNT

_TEMPLATE = "report.html.j2"
# The page stays within what a telephone opens at once: what is left out stands in the JSON.
MAX_DETAIL_CHARACTERS = 220_000
MAX_LISTED_BUCKETS = 1000
MAX_EXEMPTIONS = 300
# A row keeps a setting only where it is short.
_MAX_SETTING_CHARACTERS = 2000

type Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Head:
    """Which run the report is of."""

    run: str
    mode: str
    account_id: str
    started_at: datetime
    finished_at: datetime


def row(result: Result) -> dict[str, Any]:
    """Return the bucket's row."""
    answer = to_response(result)
    for change, made in zip(answer["changes"], result.changes, strict=True):
        change["alert"] = made.alert
        for name in ("before", "after"):
            if len(json.dumps(change[name])) > _MAX_SETTING_CHARACTERS:
                change[name] = {"tooLong": True}
    return {**answer, "score": result.score}


def failed_row(bucket: str, region: str, error: str) -> dict[str, Any]:
    """Return the row of a bucket that could not be looked at."""
    return {"bucket": bucket, "region": region, "error": error, "score": None}


def build(head: Head, rows: Sequence[Row], controls: Iterable[Control]) -> dict[str, Any]:
    """Return the report as JSON."""
    return {
        "schemaVersion": "1.0",
        "run": head.run,
        "mode": head.mode,
        "account": head.account_id,
        "startedAt": head.started_at.isoformat(),
        "finishedAt": head.finished_at.isoformat(),
        "summary": _summary(rows),
        "controls": [_of_control(control, rows) for control in controls],
        "buckets": sorted(rows, key=_worst_first),
    }


def _summary(rows: Sequence[Row]) -> dict[str, Any]:
    looked_at = [item for item in rows if "error" not in item]
    found = [finding["compliance"] for item in looked_at for finding in item["findings"]]
    outcomes = Counter(change["outcome"] for item in looked_at for change in item["changes"])
    return {
        "buckets": sum(item["bucket"] != ACCOUNT for item in rows),
        "errors": len(rows) - len(looked_at),
        "score": score([Compliance(text) for text in found]),
        "compliant": sum(_is_clean(item) for item in looked_at if item["bucket"] != ACCOUNT),
        "findings": dict(Counter(found)),
        "changes": dict(outcomes),
        "exemptions": sum(len(item["exemptions"]) for item in looked_at),
    }


def _is_clean(item: Row) -> bool:
    return all(
        finding["compliance"] in (Compliance.COMPLIANT, Compliance.NOT_APPLICABLE)
        for finding in item["findings"]
    )


def _of_control(control: Control, rows: Sequence[Row]) -> dict[str, Any]:
    found = Counter(
        finding["compliance"]
        for item in rows
        for finding in item.get("findings", ())
        if finding["control"] == control.id
    )
    return {
        "control": control.id,
        "title": control.title,
        "mode": control.mode.value,
        "fsbp": control.references.fsbp,
        "cis": control.references.cis,
        "score": score([Compliance(text) for text in found.elements()]),
        "changes": dict(
            Counter(
                change["outcome"]
                for item in rows
                for change in item.get("changes", ())
                if change["control"] == control.id
            )
        ),
        **{compliance.value: found[compliance] for compliance in Compliance},
    }


def _worst_first(item: Row) -> tuple[bool, int, str]:
    """Order rows: those that could not be looked at, then by score, then by name."""
    return ("error" not in item, 101 if item["score"] is None else item["score"], item["bucket"])


def page(report: Mapping[str, Any]) -> str:
    """Return the report as one HTML file."""
    # Slow to import, and needed by a run over all buckets alone.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    buckets = [_shown(item) for item in report["buckets"]]
    detailed = _how_many_fit(buckets)
    exemptions = _exemptions(report["buckets"])
    return environment.get_template(_TEMPLATE).render(
        report=report,
        summary=report["summary"],
        controls=report["controls"],
        detailed=buckets[:detailed],
        listed=buckets[detailed:MAX_LISTED_BUCKETS],
        left_out=max(0, len(buckets) - max(detailed, MAX_LISTED_BUCKETS)),
        exemptions=exemptions[:MAX_EXEMPTIONS],
        exemptions_left_out=max(0, len(exemptions) - MAX_EXEMPTIONS),
    )


def _shown(item: Row) -> dict[str, Any]:
    """Return what the page shows of a bucket: what is not as it should be, and what would be."""
    if "error" in item:
        return {**item, "wrong": [], "changes": [], "exempt": False}
    wrong = [
        finding
        for finding in item["findings"]
        if finding["compliance"] in (Compliance.NON_COMPLIANT, Compliance.UNKNOWN)
    ]
    return {
        "bucket": item["bucket"],
        "region": item["region"],
        "score": item["score"],
        "wrong": wrong,
        "changes": item["changes"],
        "exempt": bool(item["exemptions"]),
    }


def _how_many_fit(buckets: Sequence[Row]) -> int:
    room = MAX_DETAIL_CHARACTERS
    for number, item in enumerate(buckets):
        # Beside its words each line has about as much of markup again.
        room -= 400 + sum(
            160 + len(line["control"]) + len(line["reason"] or "")
            for line in (*item["wrong"], *item["changes"])
        )
        if room < 0:
            return number
    return len(buckets)


def _exemptions(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return all exemptions, those that cannot be understood first, then by their end."""
    found = [
        {"bucket": item["bucket"], **exemption}
        for item in rows
        for exemption in item.get("exemptions", ())
    ]
    return sorted(found, key=lambda item: (item["valid"], item.get("until", ""), item["bucket"]))
