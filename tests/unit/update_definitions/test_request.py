"""What the function takes, from its sample events, and what it says to anything else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from functions.update_definitions.request import Action, Request, Source, parse, parse_body
from tidegate.errors import MalformedEventError

EVENTS = Path(__file__).parents[3] / "events" / "update_definitions"
UPDATE = Request(Action.UPDATE)


def event(name: str) -> Any:
    return json.loads((EVENTS / name).read_text())


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("empty.json", UPDATE),
        ("update.json", UPDATE),
        ("scheduled.json", UPDATE),
        ("rollback.json", Request(Action.ROLLBACK)),
        (
            "publish.json",
            Request(Action.PUBLISH, Source("tidegate-definitions", "incoming/demo/")),
        ),
    ],
)
def test_sample_event_is_understood(name: str, request_: Request) -> None:
    """Each sample event of a direct call means what its name says."""
    assert parse(event(name)) == request_


def test_sample_message_is_understood() -> None:
    """The scheduled message's body means update."""
    assert parse_body(event("queued_update.json")["Records"][0]["body"]) == UPDATE


@pytest.mark.parametrize("name", ["unknown_action.json", "publish_without_source.json"])
def test_malformed_sample_is_answered_with_what_is_taken(name: str) -> None:
    """The error tells all that would have been taken."""
    with pytest.raises(MalformedEventError, match=r"rollback.*publish.*s3://bucket/prefix"):
        parse(event(name))


@pytest.mark.parametrize(
    "payload",
    [
        [],
        None,
        "update",
        {"action": None},
        {"action": ["update"]},
        {"action": "update", "source": "s3://bucket/x"},
        {"action": "publish", "source": "https://bucket/x"},
        {"action": "publish", "source": "s3://bucket"},
        {"action": "publish", "source": "s3://B/x"},
        {"action": "publish", "source": 7},
        {"action": "update", "force": True},
        {"Records": []},
    ],
)
def test_anything_else_is_malformed(payload: object) -> None:
    """No guess is made at what may have been meant."""
    with pytest.raises(MalformedEventError):
        parse(payload)


def test_body_that_is_not_json_is_malformed() -> None:
    """A message's text that cannot be read is named as such."""
    with pytest.raises(MalformedEventError, match="not JSON"):
        parse_body("update")


@pytest.mark.parametrize(
    ("source", "prefix"),
    [("s3://bucket/", ""), ("s3://bucket/a", "a/"), ("s3://bucket/a/b/", "a/b/")],
)
def test_prefix_ends_with_a_slash_or_is_empty(source: str, prefix: str) -> None:
    """So that a prefix names a folder and nothing that merely begins like it."""
    request = parse({"action": "publish", "source": source})
    assert request.source == Source("bucket", prefix)
