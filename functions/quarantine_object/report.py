"""What became of an object that was to be quarantined, as value, event and ledger entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from functions.quarantine_object.custody import record_key
from tidegate.copies import Copy
from tidegate.verdicts import ScanResult, to_detail

QUARANTINED = "Object Quarantined"
NOT_QUARANTINED = "Object Not Quarantined"


class Outcome(StrEnum):
    """Where the object is now.

    QUARANTINED: in the quarantine bucket alone. LEFT_BLOCKED: where it was, its verdict tag with
    it, because S3 does not let us copy or delete it. GONE: it was deleted or replaced before a
    copy was made, by somebody else. UNFINISHED: given up after the last try; LEFT_BLOCKED too.
    """

    QUARANTINED = "QUARANTINED"
    LEFT_BLOCKED = "LEFT_BLOCKED"
    GONE = "GONE"
    UNFINISHED = "UNFINISHED"


@dataclass(frozen=True, slots=True)
class Report:
    """What was done with one object. `reason` says why no more was done, or is None.

    `copy` is the proven copy, where there is one. `changed` is False where this run found all
    done by an earlier one.
    """

    result: ScanResult
    outcome: Outcome
    at: datetime
    copy: Copy | None = None
    reason: str | None = None
    changed: bool = True

    @property
    def detail_type(self) -> str:
        """The type of the event that tells it."""
        return QUARANTINED if self.outcome is Outcome.QUARANTINED else NOT_QUARANTINED


def to_event_detail(report: Report) -> dict[str, Any]:
    """Return the event's detail: the verdict's, with what was done about it."""
    return {
        **to_detail(report.result),
        "quarantine": {
            "outcome": report.outcome.value,
            "reason": report.reason,
            "at": report.at.isoformat(),
            "copy": _copy_facts(report),
        },
    }


def to_ledger(report: Report) -> dict[str, Any]:
    """Return the entry for the object's row; the ETag tells of which content it speaks."""
    facts: dict[str, Any] = {
        "outcome": report.outcome.value,
        "etag": report.result.ref.etag or "",
        "at": report.at.isoformat(),
    }
    if report.reason:
        facts["reason"] = report.reason
    copy = _copy_facts(report)
    if copy:
        facts["copy"] = copy
    return facts


def _copy_facts(report: Report) -> dict[str, Any] | None:
    if report.copy is None:
        return None
    ref = report.copy.stored.ref
    return {
        "bucket": ref.bucket,
        "key": ref.key,
        "versionId": ref.version_id,
        "record": record_key(report.result.ref),
        "provenBy": list(report.copy.proofs),
        "notCarriedOver": list(report.copy.lost),
    }
