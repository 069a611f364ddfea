"""The words by which people are told what was done with a bucket, or found on all of them.

Everything that others chose (reasons quote tags and policies) is shown as a Python literal where
it would show something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from functions.remediate_bucket.change import Change, Outcome
from functions.remediate_bucket.result import Result

# SNS: fewer than 100 characters of ASCII without control characters, in an e-mail's subject.
MAX_SUBJECT_CHARACTERS = 99
# Of what a run has for people to see to; the report has all of it.
MAX_ALERTS = 30
_STORY = {
    Outcome.APPLIED: "was changed",
    Outcome.FAILED: "could not be changed",
    Outcome.REFUSED: "was NOT changed",
}


def subject(result: Result) -> str:
    """Return the subject of a bucket's summary."""
    counted = Counter(change.outcome for change in result.worth_telling)
    told = ", ".join(f"{number} {outcome.value.lower()}" for outcome, number in counted.items())
    return _subject(f"Tidegate: bucket {result.bucket}: {told}")


def text(result: Result) -> str:
    """Return the text of a bucket's summary."""
    lines = [f"Bucket {result.bucket} in {result.region}", ""]
    for change in result.worth_telling:
        lines += _about(change)
    lines.append("To take a change back: invoke the function with")
    lines.append('{"mode": "undo", "change": "<its id>"}')
    return "\n".join(lines) + "\n"


def _about(change: Change) -> list[str]:
    lines = [
        f"{change.section} {_STORY.get(change.outcome, change.outcome.value)}",
        f"  Control:  {change.control}",
        f"  Call:     {change.operation}",
        f"  Why:      {_plain(change.reason)}",
        f"  Because:  {_plain(f'{change.trigger.kind} {change.trigger.event}')}"
        + (f" by {_plain(change.trigger.by)}" if change.trigger.by else ""),
    ]
    if change.id:
        lines.append(f"  Change:   {change.id}")
    return [*lines, ""]


def run_subject(report: Mapping[str, Any]) -> str:
    """Return the subject of a run's summary."""
    summary = report["summary"]
    return _subject(
        f"Tidegate: {summary['buckets']} buckets looked at, {summary['score']} % of controls met"
    )


def run_text(report: Mapping[str, Any], page: str) -> str:
    """Return the text of a run's summary."""
    summary = report["summary"]
    worst = [
        f"  {item['title']}: {item['NON_COMPLIANT']} not met"
        for item in sorted(report["controls"], key=lambda item: -item["NON_COMPLIANT"])[:10]
        if item["NON_COMPLIANT"]
    ]
    lines = [
        f"Account {report['account']}, run {report['run']} ({report['mode']})",
        "",
        f"Buckets:    {summary['buckets']}, {summary['compliant']} as they should be",
        f"Not known:  {summary['errors']} could not be looked at",
        *(f"Changes:    {number} {name}" for name, number in summary["changes"].items()),
        f"Exemptions: {summary['exemptions']}",
        "",
        "Controls that most buckets do not meet:",
        *(worst or ["  none"]),
        "",
        *_alerts(report),
        f"The whole report: {page}",
    ]
    return "\n".join(lines) + "\n"


def _alerts(report: Mapping[str, Any]) -> list[str]:
    """Return what failed, or was held back so that people have to be told: each thing once."""
    told: dict[tuple[str, str], list[str]] = {}
    for item in report["buckets"]:
        for change in item.get("changes", ()):
            if change["outcome"] == Outcome.FAILED.value or change.get("alert"):
                about = item["bucket"], _plain(change["reason"])
                told.setdefault(about, []).append(change["control"])
    if not told:
        return []
    lines = [
        f"  {bucket}: {', '.join(names)}: {reason}" for (bucket, reason), names in told.items()
    ]
    if len(lines) > MAX_ALERTS:
        lines[MAX_ALERTS:] = [f"  and {len(lines) - MAX_ALERTS} more in the report"]
    return ["Failed, or held back for people to see to:", *lines, ""]


def _subject(told: str) -> str:
    plain = "".join(character if " " <= character <= "~" else "?" for character in told)
    return plain[:MAX_SUBJECT_CHARACTERS]


def _plain(value: str | None) -> str:
    if not value:
        return "not told"
    return value if value.isprintable() else repr(value)
