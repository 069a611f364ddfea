"""Which log an event asks to have compressed.

Taken are the verdict NO_THREATS_FOUND as scan_object tells it ("Object Scan Result"), and all that
says an object was created (`tidegate.events`), the direct form
`{"bucket": …, "key": …, "versionId": …}` among them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from tidegate.errors import MalformedEventError
from tidegate.events import ObjectCreated, parse
from tidegate.objectref import ObjectRef
from tidegate.verdicts import DETAIL_TYPE, ScanResult, ScanStatus, from_event


@dataclass(frozen=True, slots=True)
class Log:
    """One object that is to be compressed, as exactly as its event names it.

    `sha256` is what the scanner computed of that content, None where no scanner did.
    """

    ref: ObjectRef
    sha256: str | None = None
    correlation_id: str | None = None


def logs_of_body(body: str) -> tuple[Log, ...]:
    """Return the logs that a message speaks of; none for `s3:TestEvent`.

    Raises MalformedEventError (not retried) for anything that is not of the shapes above.
    """
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedEventError("the message is not JSON") from error
    return logs_of(payload)


def logs_of(payload: object) -> tuple[Log, ...]:
    """Return the logs that an event speaks of; raises as `logs_of_body` does."""
    if isinstance(payload, dict) and payload.get("detail-type") == DETAIL_TYPE:
        return (_of_verdict(from_event(payload)),)
    return tuple(_of_creation(created) for created in parse(payload))


def _of_verdict(result: ScanResult) -> Log:
    if result.status is not ScanStatus.NO_THREATS_FOUND:
        raise MalformedEventError(f"the verdict on {result.ref} is {result.status}, not clean")
    return Log(result.ref, result.sha256, result.correlation_id)


def _of_creation(created: ObjectCreated) -> Log:
    return Log(created.ref, correlation_id=created.correlation_id)
