"""What the function takes, from its sample events, and what it says to anything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from functions.report_storage.request import Request, parse, parse_body
from tidegate.errors import MalformedEventError

EVENTS = Path(__file__).parents[3] / "events" / "report_storage"
NAMED = frozenset({"tidegate-uploads", "tidegate-quarantine"})


def event(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("empty", Request()),
        ("report", Request()),
        ("scheduled", Request()),
        ("named_buckets", Request(NAMED)),
    ],
)
def test_sample_event_is_understood(name: str, request_: Request) -> None:
    """Each sample event of a direct call means what its name says."""
    assert parse(event(name)) == request_


def test_sample_message_is_understood() -> None:
    """The scheduled message's body means all buckets."""
    assert parse_body(event("queued_report")["Records"][0]["body"]) == Request()


@pytest.mark.parametrize("name", ["unknown_action", "unknown_field"])
def test_malformed_sample_is_answered_with_what_is_taken(name: str) -> None:
    """The error tells all that would have been taken."""
    with pytest.raises(MalformedEventError, match=r'"action": "report".*"buckets"'):
        parse(event(name))


@pytest.mark.parametrize(
    "payload",
    [
        [],
        None,
        "report",
        {"action": None},
        {"action": ["report"]},
        {"buckets": []},
        {"buckets": "one"},
        {"buckets": [7]},
        {"buckets": ["One"]},
        {"buckets": ["s3://one"]},
        {"buckets": ["one"] * 1001},
        {"Records": []},
    ],
)
def test_anything_else_is_malformed(payload: object) -> None:
    """No guess is made at what may have been meant."""
    with pytest.raises(MalformedEventError):
        parse(payload)


@pytest.mark.parametrize("body", ["report", "[" * 100_000, ""])
def test_body_that_is_not_json_is_malformed(body: str) -> None:
    """A message's text that cannot be read is named as such."""
    with pytest.raises(MalformedEventError, match="not JSON"):
        parse_body(body)


def test_every_sample_event_is_used() -> None:
    """A sample that nobody runs would rot."""
    used = (
        Path(__file__).read_text()
        + (Path(__file__).parents[2] / "integration" / "test_report_storage_handler.py").read_text()
    )
    assert all(f'"{path.stem}"' in used for path in EVENTS.glob("*.json"))
