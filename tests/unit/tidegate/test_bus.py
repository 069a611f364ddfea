"""Events go on the bus, and a 200 that refuses is no success."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tidegate.bus import Bus
from tidegate.errors import MisconfiguredError, TransientError


@dataclass
class FakeEvents:
    """Answers PutEvents as told."""

    answer: dict[str, Any] = field(default_factory=lambda: {"FailedEntryCount": 0, "Entries": []})
    refusal: Exception | None = None
    entries: list[dict[str, Any]] = field(default_factory=list)

    def put_events(self, *, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        if self.refusal:
            raise self.refusal
        self.entries += Entries
        return self.answer


def bus(events: Any) -> Bus:
    return Bus(events, "tide")


def test_event_is_put_with_source_and_detail() -> None:
    """One entry, its detail as JSON."""
    events = FakeEvents()
    bus(events).publish("Object Scan Result", {"key": "ü\n"})
    (entry,) = events.entries
    assert (entry["Source"], entry["DetailType"], entry["EventBusName"]) == (
        "tidegate",
        "Object Scan Result",
        "tide",
    )
    assert json.loads(entry["Detail"]) == {"key": "ü\n"}


def test_refused_entry_is_retried() -> None:
    """PutEvents answers 200 and names the failure inside."""
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalFailure"}]}
    with pytest.raises(TransientError, match="InternalFailure"):
        bus(FakeEvents(answer=refused)).publish("Object Scan Result", {})


def test_missing_permission_is_named() -> None:
    """An operator has to act."""
    denied = ClientError({"Error": {"Code": "AccessDeniedException"}}, "PutEvents")
    with pytest.raises(MisconfiguredError):
        bus(FakeEvents(refusal=denied)).publish("Object Scan Result", {})
