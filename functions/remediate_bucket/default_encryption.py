"""A bucket's default encryption: the one rule that S3 keeps, changed in one part at a time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call

SSE_S3 = "AES256"
SSE_KMS = "aws:kms"
DSSE_KMS = "aws:kms:dsse"


def rule(state: BucketState) -> Mapping[str, Any]:
    """Return the bucket's one rule; empty where it has none."""
    rules = (state.known(Section.ENCRYPTION) or {}).get("Rules") or [{}]
    return dict(rules[0])


def algorithm(state: BucketState) -> str | None:
    """Return the algorithm by which new objects are encrypted unless they ask for another."""
    by_default = rule(state).get("ApplyServerSideEncryptionByDefault") or {}
    return by_default.get("SSEAlgorithm")


def put(state: BucketState, **changes: Any) -> tuple[Call, ...]:
    """Return the call that changes these parts of the rule and repeats all others."""
    configuration = {"Rules": [{**rule(state), **changes}]}
    arguments = {"ServerSideEncryptionConfiguration": configuration}
    return (Call(Section.ENCRYPTION, "put_bucket_encryption", arguments),)
