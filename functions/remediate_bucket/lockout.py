"""Whether a bucket policy could shut out those who can mend it.

Asked before a policy is written: may this function's role and the account's root still read and
write the policy afterwards? Conservative: a denial counts unless it is certain not to meet them.
On AWS the root user can always read, write and delete a bucket policy, whatever it denies
(https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html); a role cannot.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions.remediate_bucket.sections import fingerprint

MAX_POLICY_BYTES = 20_480
_NEEDED = ("s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy")
# What is true of each of our own calls: they use TLS 1.2 or later.
_TLS = "aws:securetransport"
_TLS_VERSION = "s3:tlsversion"
_OWN_TLS_VERSION = 1.2


@dataclass(frozen=True, slots=True)
class Guardians:
    """Who must keep access to the policy."""

    role_arn: str
    account_id: str

    @property
    def arns(self) -> tuple[str, ...]:
        """The ARNs by which policies and conditions name them."""
        partition = self.role_arn.split(":")[1]
        return (self.role_arn, f"arn:{partition}:iam::{self.account_id}:root")


def locking_statements(
    before: Mapping[str, Any] | None, after: Mapping[str, Any], bucket_arn: str, who: Guardians
) -> tuple[str, ...]:
    """Return the denials, by Sid, that are new and could shut one of the guardians out.

    What stood there before is not ours to judge: it did not keep this role from its work.
    """
    old = {fingerprint(statement) for statement in _statements(before or {})}
    return tuple(
        str(statement.get("Sid", f"statement {number}"))
        for number, statement in enumerate(_statements(after), 1)
        if fingerprint(statement) not in old and _could_lock(statement, bucket_arn, who)
    )


def _statements(policy: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [item for item in _listed(policy.get("Statement", ())) if isinstance(item, dict)]


def _could_lock(statement: Mapping[str, Any], bucket_arn: str, who: Guardians) -> bool:
    if statement.get("Effect") != "Deny":
        return False
    return (
        _meets_actions(statement)
        and _meets_resource(statement, bucket_arn)
        and any(_meets_principal(statement, arn, who) for arn in who.arns)
        and not _certainly_not_met(statement.get("Condition") or {}, who)
    )


def _meets_actions(statement: Mapping[str, Any]) -> bool:
    if "NotAction" in statement:
        left_out = _listed(statement["NotAction"])
        return not all(any(_like(item, action) for item in left_out) for action in _NEEDED)
    named = _listed(statement.get("Action", "*"))
    return any(_like(item, action) for item in named for action in _NEEDED)


def _meets_resource(statement: Mapping[str, Any], bucket_arn: str) -> bool:
    if "NotResource" in statement:
        return not any(_like(item, bucket_arn) for item in _listed(statement["NotResource"]))
    return any(_like(item, bucket_arn) for item in _listed(statement.get("Resource", "*")))


def _meets_principal(statement: Mapping[str, Any], arn: str, who: Guardians) -> bool:
    if "NotPrincipal" in statement:
        return not _names(statement["NotPrincipal"], arn, who)
    return _names(statement.get("Principal", "*"), arn, who)


def _names(principal: Any, arn: str, who: Guardians) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, dict):
        return True
    if "CanonicalUser" in principal:
        return True
    account = {who.account_id, who.arns[1]}
    for value in _listed(principal.get("AWS", ())):
        # A denial of the account is one of everybody in it. AIDA… and AROA… ids stand for
        # principals whose name is not known here.
        if value in ("*", arn) or value in account or not str(value).startswith("arn:"):
            return True
        if ":assumed-role/" in str(value) and arn == who.role_arn:
            return str(value).split("/")[1] == arn.rpartition("/")[2]
    return False


def _certainly_not_met(condition: Mapping[str, Any], who: Guardians) -> bool:
    """Whether one of the conditions is false for every call of each guardian."""
    return any(
        _certainly_false(operator, key.lower(), [str(item) for item in _listed(values)], who)
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _certainly_false(operator: str, key: str, values: list[str], who: Guardians) -> bool:
    plain = operator.removesuffix("IfExists")
    if key == _TLS and plain == "Bool":
        return all(value.lower() == "false" for value in values)
    if key == _TLS_VERSION and plain == "NumericLessThan":
        return all(_number(value) <= _OWN_TLS_VERSION for value in values)
    if key == "aws:principalarn" and plain in ("ArnNotLike", "ArnNotEquals", "StringNotLike"):
        return all(any(_like(value, arn) for value in values) for arn in who.arns)
    if key == "aws:principalarn" and plain == "StringNotEquals":
        return set(who.arns) <= set(values)
    if key == "aws:principalaccount" and plain == "StringNotEquals":
        return who.account_id in values
    return False


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _like(pattern: Any, text: str) -> bool:
    expression = re.escape(str(pattern).lower()).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, text.lower(), re.DOTALL) is not None
