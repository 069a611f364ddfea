"""What a bucket policy decides about one request. Shares no line with the code under test."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Decision(StrEnum):
    """What the policy says."""

    ALLOWED = "allowed"
    DENIED = "denied"
    SILENT = "silent"


@dataclass(frozen=True)
class Request:
    """Somebody does something to the bucket or to an object in it.

    `names` are all the ways in which a policy may name the requester; a stranger has none.
    """

    action: str
    resource: str
    names: frozenset[tuple[str, str]] = frozenset()
    context: Mapping[str, str] = field(default_factory=dict)


def decide(policy: Mapping[str, Any] | None, request: Request) -> Decision:
    """Return the decision: one Deny outweighs every Allow."""
    effects = {
        one["Effect"] for one in _list((policy or {}).get("Statement")) if _hits(one, request)
    }
    if "Deny" in effects:
        return Decision.DENIED
    return Decision.ALLOWED if "Allow" in effects else Decision.SILENT


def _hits(statement: Mapping[str, Any], request: Request) -> bool:
    actions = [str(one).lower() for one in _list(statement.get("Action"))]
    no_actions = [str(one).lower() for one in _list(statement.get("NotAction"))]
    by_action = (
        not _any_like(no_actions, request.action.lower())
        if no_actions
        else _any_like(actions, request.action.lower())
    )
    by_resource = (
        not _any_like(_list(statement["NotResource"]), request.resource)
        if "NotResource" in statement
        else _any_like(_list(statement["Resource"]), request.resource)
    )
    by_principal = (
        not _is_named(statement["NotPrincipal"], request)
        if "NotPrincipal" in statement
        else _is_named(statement["Principal"], request)
    )
    conditions = statement.get("Condition", {})
    by_condition = all(
        _holds(operator, request.context.get(key.lower()), [_text(one) for one in _list(values)])
        for operator, keys in conditions.items()
        for key, values in keys.items()
    )
    return by_action and by_resource and by_principal and by_condition


def _is_named(principal: Any, request: Request) -> bool:
    if principal == "*":
        return True
    named = {(kind, name) for kind, names in principal.items() for name in _list(names)}
    return ("AWS", "*") in named or bool(named & request.names)


def _holds(operator: str, value: str | None, wanted: list[str]) -> bool:
    if operator == "Null":
        return (value is None) == (wanted[0] == "true")
    plain = operator.removesuffix("IfExists")
    if value is None:
        return plain != operator or "Not" in plain
    test = _TESTS[plain.replace("Not", "")]
    return any(test(value, one) for one in wanted) != ("Not" in plain)


def _like(pattern: str, text: str) -> bool:
    escaped = re.escape(pattern).replace(r"\*", "(?s:.*)").replace(r"\?", "(?s:.)")
    return re.fullmatch(escaped, text) is not None


def _any_like(patterns: list[Any], text: str) -> bool:
    return any(_like(str(one), text) for one in patterns)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "Bool": lambda value, wanted: value == wanted.lower(),
    "StringEquals": lambda value, wanted: value == wanted,
    "ArnLike": lambda value, wanted: _like(wanted, value),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "IpAddress": lambda value, wanted: (
        ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    ),
}
