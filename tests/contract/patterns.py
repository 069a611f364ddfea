"""Matches events against EventBridge patterns of the kinds that the suite uses.

Exact values, `prefix` and `$or`; any other operator is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def matches(pattern: Mapping[str, Any], event: Mapping[str, Any]) -> bool:
    """Whether EventBridge would send the event to the rule's targets."""
    return all(
        any(matches(choice, event) for choice in wanted)
        if name == "$or"
        else _field(wanted, event.get(name))
        for name, wanted in pattern.items()
    )


def _field(wanted: Any, actual: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(actual, dict) and matches(wanted, actual)
    values = actual if isinstance(actual, list) else [actual]
    return any(_value(choice, value) for choice in wanted for value in values)


def _value(wanted: Any, actual: Any) -> bool:
    if isinstance(wanted, dict):
        assert set(wanted) == {"prefix"}, f"{wanted} needs a fuller matcher"
        return isinstance(actual, str) and actual.startswith(wanted["prefix"])
    assert isinstance(wanted, str), f"{wanted} needs a fuller matcher"
    return bool(wanted == actual)
