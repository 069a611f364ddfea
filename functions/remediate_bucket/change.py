"""One change of one setting: what it was, what it became, why, and what came of it.

As a row of the changes table (`bucket`, `entry` = "record#<id>"), as the detail of the event
"Bucket Remediation" on the suite's bus, and as part of an answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from functions.remediate_bucket.bucket_state import Section
from functions.remediate_bucket.trigger import Trigger

DETAIL_TYPE = "Bucket Remediation"
# An event and a row have their limits (256 and 400 KB): what is longer is in the snapshot alone.
MAX_TOLD_CHARACTERS = 40_000


class Outcome(StrEnum):
    """What became of a change.

    PLANNED: not made, it would be; in a row: begun. REFUSED: a guard is against it. FAILED: S3
    refused it, or the bucket is not compliant with it. UNDONE: was APPLIED, and taken back.
    """

    PLANNED = "PLANNED"
    APPLIED = "APPLIED"
    REFUSED = "REFUSED"
    FAILED = "FAILED"
    UNDONE = "UNDONE"


@dataclass(frozen=True, slots=True)
class Change:
    """A change. `before` and `after` are settings as JSON; `identifier` is the configuration's Id.

    `id` is None for what was not begun. It starts with the bucket's name, so that it finds its
    row. `before_sha256` and `after_sha256` are fingerprints (see sections). `alert`: people are
    to be told.
    """

    id: str | None
    bucket: str
    region: str
    control: str
    section: Section
    operation: str
    outcome: Outcome
    at: datetime
    trigger: Trigger
    before: Any
    after: Any
    before_sha256: str
    after_sha256: str
    reason: str | None = None
    patch: str | None = None
    identifier: str | None = None
    snapshot: str | None = None
    alert: bool = False

    def ended(self, outcome: Outcome, reason: str | None, at: datetime) -> Change:
        """Return the change with another outcome."""
        return replace(self, outcome=outcome, reason=reason, at=at)


def new_id(bucket: str, now: datetime, random: str) -> str:
    """Return the id of a new change."""
    return f"{bucket}:{now.strftime('%Y%m%dT%H%M%S.%fZ')}-{random}"


def bucket_of(change_id: str) -> str:
    """Return the bucket that a change's id names."""
    return change_id.rpartition(":")[0]


def to_answer(change: Change) -> dict[str, Any]:
    """Return the change as an answer has it."""
    return {
        "change": change.id,
        "control": change.control,
        "operation": change.operation,
        "outcome": change.outcome.value,
        "reason": change.reason,
        "before": change.before,
        "after": change.after,
        "patch": change.patch,
    }


def to_event_detail(change: Change) -> dict[str, Any]:
    """Return the detail of the event that tells of the change."""
    return {
        "schemaVersion": "1.0",
        "bucket": change.bucket,
        "region": change.region,
        **to_answer(change),
        "before": _short(change.before),
        "after": _short(change.after),
        "section": change.section.value,
        "beforeSha256": change.before_sha256,
        "afterSha256": change.after_sha256,
        "snapshot": change.snapshot,
        "trigger": asdict(change.trigger),
        "at": change.at.isoformat(),
    }


def to_row(change: Change) -> dict[str, Any]:
    """Return the row; settings are JSON text, for a number may be one that DynamoDB refuses."""
    row = {
        "bucket": change.bucket,
        "entry": f"record#{change.id}",
        "region": change.region,
        "control": change.control,
        "section": change.section.value,
        "operation": change.operation,
        "outcome": change.outcome.value,
        "reason": change.reason,
        "at": change.at.isoformat(),
        "trigger": {name: value for name, value in asdict(change.trigger).items() if value},
        "before": json.dumps(_short(change.before)),
        "after": json.dumps(_short(change.after)),
        "beforeSha256": change.before_sha256,
        "afterSha256": change.after_sha256,
        "identifier": change.identifier,
        "snapshot": change.snapshot,
    }
    return {name: value for name, value in row.items() if value is not None}


def from_row(row: Mapping[str, Any]) -> Change:
    """Return the change that a row tells of."""
    trigger = row.get("trigger", {})
    return Change(
        id=str(row["entry"]).partition("#")[2],
        bucket=row["bucket"],
        region=row["region"],
        control=row["control"],
        section=Section(row["section"]),
        operation=row["operation"],
        outcome=Outcome(row["outcome"]),
        at=datetime.fromisoformat(row["at"]),
        trigger=Trigger(
            kind=trigger.get("kind", ""),
            event=trigger.get("event", ""),
            id=trigger.get("id"),
            by=trigger.get("by"),
            automatic=bool(trigger.get("automatic", False)),
        ),
        before=json.loads(row["before"]),
        after=json.loads(row["after"]),
        before_sha256=row["beforeSha256"],
        after_sha256=row["afterSha256"],
        reason=row.get("reason"),
        identifier=row.get("identifier"),
        snapshot=row.get("snapshot"),
    )


def _short(setting: Any) -> Any:
    text = json.dumps(setting)
    if len(text) <= MAX_TOLD_CHARACTERS:
        return setting
    return {"tooLong": len(text), "see": "the snapshot"}
