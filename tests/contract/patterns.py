"""Matches events against EventBridge patterns of the kind that the suite uses: values, suffixes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether EventBridge would send the event to the rule's targets."""
    return all(_field(wanted, event.get(name)) for name, wanted in pattern.items())


def _field(wanted: Any, actual: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and matches(wanted, actual)
    suffixes = [value["suffix"] for value in wanted if isinstance(value, dict)]
    values = [value for value in wanted if isinstance(value, str)]
    assert len(suffixes) + len(values) == len(wanted), f"{wanted} needs a fuller matcher"
    return actual in values or (isinstance(actual, str) and actual.endswith(tuple(suffixes)))
