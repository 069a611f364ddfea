"""What the function is asked to do.

    {} or {"action": "report"}                         report on all buckets of the account
    {"action": "report", "buckets": ["one", "two"]}    report on these alone

Given directly, or as the body of an SQS message. A scheduled event of EventBridge means all.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from tidegate.errors import MalformedEventError

TAKEN = '{} or {"action": "report"}, with "buckets": ["name", …] or without'
REPORT = "report"
MOST_BUCKETS = 1000
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Request:
    """One report. `buckets` are those to report on; None for all."""

    buckets: frozenset[str] | None = None


def parse_body(body: str) -> Request:
    """Return what an SQS message's body asks for; MalformedEventError for anything else."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedEventError(f"the message is not JSON; expected {TAKEN}") from error
    return parse(payload)


def parse(payload: object) -> Request:
    """Return what an event asks for; MalformedEventError (not retried) for anything else."""
    if not isinstance(payload, dict):
        raise MalformedEventError(f"the event is not a JSON object; expected {TAKEN}")
    if payload.get("detail-type") == "Scheduled Event":
        return Request()
    if unknown := payload.keys() - {"action", "buckets"}:
        raise MalformedEventError(f"unknown: {', '.join(sorted(unknown))}; expected {TAKEN}")
    if payload.get("action", REPORT) != REPORT:
        raise MalformedEventError(f"unknown action {payload['action']!r}; expected {TAKEN}")
    if "buckets" not in payload:
        return Request()
    return Request(_buckets(payload["buckets"]))


def _buckets(named: object) -> frozenset[str]:
    if not isinstance(named, list) or not 1 <= len(named) <= MOST_BUCKETS:
        raise MalformedEventError(f"buckets is no list of 1 to {MOST_BUCKETS}; expected {TAKEN}")
    for name in named:
        if not isinstance(name, str) or not _BUCKET.fullmatch(name):
            raise MalformedEventError(f"{name!r} is not the name of a bucket; expected {TAKEN}")
    return frozenset(named)
