"""What the function is asked to do.

    {} or {"action": "update"}                             fetch what the vendor has new
    {"action": "rollback"}                                 go back to the release before
    {"action": "publish", "source": "s3://bucket/prefix"}  take the files under this prefix

Given directly, or as the body of an SQS message. A scheduled event of EventBridge means update.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from enum import StrEnum

from tidegate.errors import MalformedEventError

TAKEN = (
    '{} or {"action": "update"}, {"action": "rollback"}, '
    'or {"action": "publish", "source": "s3://bucket/prefix"}'
)
_SOURCE = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(\S*)")


class Action(StrEnum):
    """The three things that can be done."""

    UPDATE = "update"
    ROLLBACK = "rollback"
    PUBLISH = "publish"


@dataclass(frozen=True, slots=True)
class Source:
    """Where the files to publish lie. `prefix` is empty or ends with a slash."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True, slots=True)
class Request:
    """One thing to do. `source` is given with PUBLISH and with nothing else."""

    action: Action
    source: Source | None = None


def parse_body(body: str) -> Request:
    """Return what an SQS message's body asks for; MalformedEventError for anything else."""
    try:
        payload = json.loads(body)
    except ValueError as error:
        raise MalformedEventError(f"the message is not JSON; expected {TAKEN}") from error
    return parse(payload)


def parse(payload: object) -> Request:
    """Return what an event asks for; MalformedEventError (not retried) for anything else."""
    if not isinstance(payload, dict):
        raise MalformedEventError(f"the event is not a JSON object; expected {TAKEN}")
    if payload.get("detail-type") == "Scheduled Event":
        return Request(Action.UPDATE)
    if unknown := payload.keys() - {"action", "source"}:
        raise MalformedEventError(f"unknown: {', '.join(sorted(unknown))}; expected {TAKEN}")
    named = payload.get("action", "update")
    if named not in list(Action):
        raise MalformedEventError(f"unknown action {named!r}; expected {TAKEN}")
    action = Action(named)
    if ("source" in payload) != (action is Action.PUBLISH):
        raise MalformedEventError(f"a source goes with publish alone; expected {TAKEN}")
    return Request(action, _source(payload["source"]) if action is Action.PUBLISH else None)


def _source(text: object) -> Source:
    match = _SOURCE.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise MalformedEventError(f"{text!r} is no s3://bucket/prefix; expected {TAKEN}")
    bucket, prefix = match.groups()
    return Source(bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else "")
