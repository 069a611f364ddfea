"""Configurations of which a bucket has many, each with an Id: ours beside all others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from functions.remediate_bucket.bucket_state import BucketState, Section

type Configuration = Mapping[str, Any]

OWNED_ID = "tidegate"
# The same for inventory, metrics and Intelligent-Tiering:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/configure-inventory.html
MAX_CONFIGURATIONS = 1000


def configurations(state: BucketState, section: Section) -> tuple[Configuration, ...]:
    """Return the bucket's configurations of one kind."""
    return tuple((state.known(section) or {}).get("Configurations", ()))


def obstacle(state: BucketState, section: Section) -> str | None:
    """Return what a person must do before ours can be added; None: nothing."""
    others = [one for one in configurations(state, section) if one.get("Id") != OWNED_ID]
    if len(others) >= MAX_CONFIGURATIONS:
        return f"remove one: the bucket has the {MAX_CONFIGURATIONS} that S3 takes"
    return None
