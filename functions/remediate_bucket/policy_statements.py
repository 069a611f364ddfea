"""What a statement of a bucket policy means: whom it concerns, which actions, which keys, when.

Two directions of doubt. What `covers` is surely included, which is what a Deny is held to before it
counts as protection; what `reaches` may be included, which is what an Allow is suspected of.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

type Statement = Mapping[str, Any]

# No name holds this character: a pattern that matches both tails matches every tail.
_TAILS = ("\0", "\0\0/\0\0")

_FIXING_OPERATORS = frozenset(
    {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike"}
)
# A condition on one of these with a fixed value makes a statement for everybody one for somebody:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
_FIXING_KEYS = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceaccount",
        "aws:sourcearn",
        "aws:sourceorgid",
        "aws:sourceowner",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "s3:dataaccesspointaccount",
        "s3:dataaccesspointarn",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
    }
)
# The same page: wider ranges of addresses are everybody.
_WIDEST_RANGE_BITS = {4: 8, 6: 32}
_ACCOUNT_OF_ARN = 4


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator on one key. Operator and key in lower case, values as text."""

    operator: str
    key: str
    values: tuple[str, ...]


def as_list(value: Any) -> list[Any]:
    """Return a policy's value as the list that it stands for: one element may stand alone."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def conditions(statement: Statement) -> tuple[Condition, ...]:
    """Return the conditions of a statement, all of which must hold."""
    return tuple(
        Condition(operator.lower(), key.lower(), tuple(_text(value) for value in as_list(values)))
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, values in keys.items()
    )


def is_allow(statement: Statement) -> bool:
    """Tell whether the statement allows."""
    return statement.get("Effect") == "Allow"


def is_deny(statement: Statement) -> bool:
    """Tell whether the statement denies."""
    return statement.get("Effect") == "Deny"


def principals(statement: Statement) -> tuple[tuple[str, str], ...]:
    """Return whom the statement names, each with its kind, such as AWS or Service."""
    principal = statement.get("Principal")
    if not isinstance(principal, Mapping):
        return tuple(("AWS", str(one)) for one in as_list(principal))
    return tuple((kind, str(one)) for kind, names in principal.items() for one in as_list(names))


def covers_everybody(statement: Statement) -> bool:
    """Tell whether the statement concerns every principal there is."""
    return any(kind in {"AWS", "*"} and name == "*" for kind, name in principals(statement))


def matches(pattern: str, text: str) -> bool:
    """Tell whether a policy's pattern, with * and ?, matches the whole of a text."""
    parts = (
        ".*" if part == "*" else "." if part == "?" else re.escape(part)
        for part in re.split(r"([*?])", pattern)
    )
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def covers_action(statement: Statement, action: str) -> bool:
    """Tell whether the statement concerns an action by name or pattern."""
    return any(
        matches(str(pattern).lower(), action.lower())
        for pattern in as_list(statement.get("Action"))
    )


def covers_every_action(statement: Statement) -> bool:
    """Tell whether the statement concerns everything that S3 can do."""
    return all(covers_action(statement, f"s3:{tail}") for tail in _TAILS)


def reaches_action(statement: Statement, action: str) -> bool:
    """Tell whether the statement may concern an action, be it by not leaving it out."""
    if "NotAction" in statement:
        patterns = as_list(statement["NotAction"])
        return not any(matches(str(pattern).lower(), action.lower()) for pattern in patterns)
    return covers_action(statement, action)


def reaches_actions(statement: Statement, start: str) -> bool:
    """Tell whether the statement may concern an action whose name begins so."""
    start = start.lower()
    if "NotAction" in statement:
        patterns = [str(one).lower() for one in as_list(statement["NotAction"])]
        return not any(all(matches(one, f"{start}{tail}") for tail in _TAILS) for one in patterns)
    return _reaches([str(one).lower() for one in as_list(statement.get("Action"))], start)


def covers_bucket(statement: Statement, bucket_arn: str) -> bool:
    """Tell whether the statement concerns the bucket itself."""
    return any(matches(str(one), bucket_arn) for one in as_list(statement.get("Resource")))


def covers_keys(statement: Statement, bucket_arn: str, prefix: str = "") -> bool:
    """Tell whether the statement concerns every object whose key begins with the prefix."""
    return any(
        all(matches(str(one), f"{bucket_arn}/{prefix}{tail}") for tail in _TAILS)
        for one in as_list(statement.get("Resource"))
    )


def reaches_keys(statement: Statement, bucket_arn: str, prefix: str = "") -> bool:
    """Tell whether the statement may concern an object whose key begins with the prefix."""
    if "NotResource" in statement:
        left_out = {"Resource": statement["NotResource"]}
        return not covers_keys(left_out, bucket_arn, prefix)
    return _reaches(as_list(statement.get("Resource")), f"{bucket_arn}/{prefix}")


def is_public(statement: Statement) -> bool:
    """Tell whether the statement gives something to everybody, its conditions honoured."""
    if not is_allow(statement):
        return False
    if "NotPrincipal" not in statement and not covers_everybody(statement):
        return False
    return not any(_narrows(condition) for condition in conditions(statement))


def fixes(condition: Condition, key: str, value: str) -> bool:
    """Tell whether the condition demands exactly this value of a key that must be there."""
    return (
        condition.operator in _FIXING_OPERATORS
        and condition.key == key
        and condition.values == (value,)
    )


def _reaches(patterns: list[Any], start: str) -> bool:
    """Tell whether one of the patterns may match a text that begins so."""
    for pattern in patterns:
        fixed, *wild = re.split(r"[*?$]", str(pattern), maxsplit=1)
        if fixed.startswith(start) or (wild and start.startswith(fixed)):
            return True
    return False


def _narrows(condition: Condition) -> bool:
    operator = condition.operator.removeprefix("foranyvalue:")
    if operator == "ipaddress" and condition.key == "aws:sourceip":
        return all(_is_narrow_range(value) for value in condition.values)
    return (
        operator in _FIXING_OPERATORS
        and condition.key in _FIXING_KEYS
        and all(_is_fixed(value) for value in condition.values)
    )


def _is_fixed(value: str) -> bool:
    parts = value.split(":")
    if value.startswith("arn:") and len(parts) > _ACCOUNT_OF_ARN:
        # The rest of an ARN may hold patterns, as long as it is somebody's.
        value = parts[_ACCOUNT_OF_ARN] or value
    return not any(wild in value for wild in ("*", "?", "${"))


def _is_narrow_range(value: str) -> bool:
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _WIDEST_RANGE_BITS[network.version]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
