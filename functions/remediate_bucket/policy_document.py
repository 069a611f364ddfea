"""A bucket policy as a whole: one statement of ours merged by its Sid, all others as they were."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call
from functions.remediate_bucket.policy_statements import (
    Statement,
    as_list,
    covers_bucket,
    covers_every_action,
    covers_everybody,
    covers_keys,
    is_deny,
)

# Statements whose Sid begins so are Tidegate's, to be replaced when somebody altered them.
OWNED_PREFIX = "Tidegate"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
MAX_POLICY_BYTES = 20 * 1024


def statements(state: BucketState) -> tuple[Statement, ...]:
    """Return the statements of the bucket's policy; none where it has no policy."""
    return tuple(as_list((state.known(Section.POLICY) or {}).get("Statement")))


def resources(state: BucketState) -> list[str]:
    """Return what names the bucket and every object in it."""
    return [state.arn, f"{state.arn}/*"]


def denies_all(state: BucketState, applies: Callable[[Statement], bool]) -> bool:
    """Tell whether everybody is denied everything, on bucket and objects, where `applies` says.

    Anybody's statements count, and one for the bucket with another for its objects do as well.
    """
    denials = [
        one
        for one in statements(state)
        if is_deny(one) and covers_everybody(one) and covers_every_action(one) and applies(one)
    ]
    return any(covers_bucket(one, state.arn) for one in denials) and any(
        covers_keys(one, state.arn) for one in denials
    )


def merge(state: BucketState, statement: Statement) -> tuple[Call, ...]:
    """Return the call that puts the statement in place; none where there is an obstacle."""
    if obstacle(state, statement):
        return ()
    arguments = {"Policy": _text(_merged(state, statement))}
    return (Call(Section.POLICY, "put_bucket_policy", arguments),)


def obstacle(state: BucketState, statement: Statement) -> str | None:
    """Return what a person must do before the statement can be merged; None: nothing."""
    size = len(_text(_merged(state, statement)).encode())
    if size > MAX_POLICY_BYTES:
        return (
            f"shorten the bucket policy: with the statement {statement['Sid']} it would have "
            f"{size} bytes, and S3 takes {MAX_POLICY_BYTES}"
        )
    if _is_public(state) and _refuses_public(state):
        return (
            "make the bucket policy private: it allows public access, and the public access "
            "block refuses every change to such a policy"
        )
    return None


def _merged(state: BucketState, statement: Statement) -> dict[str, Any]:
    policy = dict(state.known(Section.POLICY) or {"Version": "2012-10-17"})
    kept = list(statements(state))
    places = [index for index, one in enumerate(kept) if one.get("Sid") == statement["Sid"]]
    if places:
        kept[places[0]] = statement
        kept = [one for index, one in enumerate(kept) if index not in places[1:]]
    else:
        kept.append(statement)
    policy["Statement"] = kept
    return policy


def _text(policy: Mapping[str, Any]) -> str:
    return json.dumps(policy, separators=(",", ":"), ensure_ascii=False)


def _is_public(state: BucketState) -> bool:
    status = state.setting(Section.POLICY_STATUS)
    return isinstance(status, Mapping) and status.get("IsPublic") is True


def _refuses_public(state: BucketState) -> bool:
    # What could not be read is left for S3 to decide: it refuses, and nothing is lost.
    blocks = (
        state.setting(section)
        for section in (Section.PUBLIC_ACCESS_BLOCK, Section.ACCOUNT_PUBLIC_ACCESS_BLOCK)
    )
    return any(isinstance(one, Mapping) and one.get("BlockPublicPolicy") is True for one in blocks)
