"""Buckets for tests: a bare one of which everything could be read, changed section by section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from functions.remediate_bucket.bucket_state import BucketState, Section, Setting, Unreadable
from functions.remediate_bucket.control import Profile

NAME = "papers"
REGION = "eu-central-1"
ACCOUNT = "111122223333"
OTHER_ACCOUNT = "444455556666"
ARN = f"arn:aws:s3:::{NAME}"
OWNER = "c" * 64
OWN_GRANT: Mapping[str, Any] = {
    "Grantee": {"Type": "CanonicalUser", "ID": OWNER},
    "Permission": "FULL_CONTROL",
}
ALL_USERS = "http://acs.amazonaws.com/groups/global/AllUsers"
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
WEBSITE: Mapping[str, Any] = {"IndexDocument": {"Suffix": "index.html"}}
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"
ALL_ON = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True
)

# A bucket made long ago, on which nobody configured anything.
BARE: Mapping[Section, Setting] = {
    Section.ACCOUNT_PUBLIC_ACCESS_BLOCK: None,
    Section.PUBLIC_ACCESS_BLOCK: None,
    Section.POLICY: None,
    Section.POLICY_STATUS: None,
    Section.ACL: {"Owner": {"ID": OWNER}, "Grants": [OWN_GRANT]},
    Section.OWNERSHIP: None,
    Section.ENCRYPTION: None,
    Section.VERSIONING: {},
    Section.LIFECYCLE: None,
    Section.LOGGING: None,
    Section.NOTIFICATION: {},
    Section.OBJECT_LOCK: None,
    Section.REPLICATION: None,
    Section.INTELLIGENT_TIERING: {"Configurations": []},
    Section.INVENTORY: {"Configurations": []},
    Section.METRICS: {"Configurations": []},
    Section.WEBSITE: None,
    Section.TAGS: {"Tags": {}},
    Section.ACCESS_POINTS: {"AccessPoints": []},
    Section.TRAILS: {"WritesRecorded": False, "ReadsRecorded": False},
}

# Asks for everything that a control can bring about.
PROFILE = Profile(
    log_target_bucket="logs",
    log_target_region=REGION,
    log_prefix="access/",
    kms_key_arn=KEY_ARN,
    required_tags={"owner": "nobody yet", "cost-center": "unknown"},
    inventory_target_bucket="lists",
    inventory_target_region=REGION,
)


def bucket(
    name: str = NAME,
    *,
    is_log_target: bool | None = False,
    access_log_sources: Mapping[str, str] | None = None,
    **settings: Setting,
) -> BucketState:
    """Return the bare bucket with some sections changed, named as in Section, in lower case."""
    changed = {Section[section.upper()]: setting for section, setting in settings.items()}
    sources = {} if is_log_target is False and access_log_sources is None else access_log_sources
    return BucketState(name, REGION, ACCOUNT, {**BARE, **changed}, is_log_target, sources)


def with_section(state: BucketState, section: Section, setting: Setting) -> BucketState:
    """Return the bucket with one section changed."""
    return replace(state, settings={**state.settings, section: setting})


def denied(state: BucketState, section: Section) -> BucketState:
    """Return the bucket with one section that nobody may read."""
    return with_section(state, section, Unreadable(f"{section}: AccessDenied"))


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    """Return a bucket policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def grant(uri: str, permission: str) -> dict[str, Any]:
    """Return an ACL's grant to a group."""
    return {"Grantee": {"Type": "Group", "URI": uri}, "Permission": permission}


def acl(*grants: Mapping[str, Any]) -> dict[str, Any]:
    """Return an ACL that grants the owner everything, and more."""
    return {"Owner": {"ID": OWNER}, "Grants": [OWN_GRANT, *grants]}
