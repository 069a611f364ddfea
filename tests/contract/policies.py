"""Decides requests by a resource policy, as IAM does, for the operators that the suite uses.

By https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
and …/reference_policies_multi-value-conditions.html: operators and keys are ANDed; several values
of one key are ORed, under a negated operator NORed; a key that the request lacks makes a plain
operator false and a negated one true; `ForAnyValue:` is false for a key that is lacking; names of
keys, and so those of tags within them, are compared without regard to case. An operator not known
here is an error. This is the documented rule, not AWS itself: docs/security-model.md says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """One S3 call as the policy sees it. `context` holds condition keys; a list is multivalued."""

    action: str
    resource: str
    context: Mapping[str, str | list[str]] = field(default_factory=dict)

    def value(self, key: str) -> str | list[str] | None:
        """Return what the request says for a condition key, whatever the key's case."""
        found = [value for name, value in self.context.items() if name.lower() == key.lower()]
        assert len(found) <= 1, f"AWS leaves open which of two {key} counts"
        return found[0] if found else None


def denied_by(policy: Mapping[str, Any], request: Request) -> list[str]:
    """Return the Sids of the Deny statements that meet the request."""
    return [
        statement["Sid"]
        for statement in policy["Statement"]
        if statement["Effect"] == "Deny" and _matches(statement, request)
    ]


def allowed_by(policy: Mapping[str, Any], service: str, request: Request) -> list[str]:
    """Return the Sids of the Allow statements that let a service of AWS make the request."""
    return [
        statement["Sid"]
        for statement in policy["Statement"]
        if statement["Effect"] == "Allow"
        and statement["Principal"] == {"Service": service}
        and _meets(statement, request)
    ]


def _matches(statement: Mapping[str, Any], request: Request) -> bool:
    assert statement["Principal"] == "*", "the suite's denials name nobody; conditions do"
    return _meets(statement, request)


def _meets(statement: Mapping[str, Any], request: Request) -> bool:
    return (
        any(_like(action, request.action) for action in _listed(statement["Action"]))
        and any(_like(resource, request.resource) for resource in _listed(statement["Resource"]))
        and all(
            _condition(operator, request.value(key), _listed(values))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _condition(operator: str, actual: str | list[str] | None, values: list[str]) -> bool:
    if operator == "Null":
        return (actual is None) == (values == ["true"])
    if operator == "ForAnyValue:StringEqualsIgnoreCase":
        wanted = {value.casefold() for value in values}
        return any(value.casefold() in wanted for value in _listed(actual or []))
    assert not isinstance(actual, list), f"{operator} does not take a multivalued key"
    if operator in ("StringEquals", "ArnEquals", "Bool"):
        return actual in values
    if operator == "StringNotEquals":
        return actual not in values
    if operator in ("StringLike", "ArnLike"):
        return actual is not None and any(_like(value, actual) for value in values)
    if operator in ("StringNotLike", "ArnNotLike"):
        return actual is None or not any(_like(value, actual) for value in values)
    raise AssertionError(f"{operator} is not known here")


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _like(pattern: str, text: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text, re.DOTALL) is not None
