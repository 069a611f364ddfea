"""What everybody may do with a bucket, after everything that keeps everybody out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from functions.remediate_bucket import policy_document
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call
from functions.remediate_bucket.policy_statements import is_public, reaches_actions

ALL_ON: Mapping[str, bool] = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}

# What must be read to tell whether a bucket is public.
SECTIONS = frozenset(
    {
        Section.ACCOUNT_PUBLIC_ACCESS_BLOCK,
        Section.PUBLIC_ACCESS_BLOCK,
        Section.POLICY,
        Section.POLICY_STATUS,
        Section.ACL,
        Section.OWNERSHIP,
        Section.WEBSITE,
    }
)

_BLOCKS = (Section.PUBLIC_ACCESS_BLOCK, Section.ACCOUNT_PUBLIC_ACCESS_BLOCK)
_GROUPS = "/groups/global/AllUsers", "/groups/global/AuthenticatedUsers"


class Access(StrEnum):
    """A kind of access that everybody may have."""

    READ = "read"
    WRITE = "write"


_ACL_PERMISSIONS = {
    Access.READ: {"READ", "READ_ACP", "FULL_CONTROL"},
    Access.WRITE: {"WRITE", "WRITE_ACP", "FULL_CONTROL"},
}
# How the actions begin that S3 itself counts when it calls a policy public.
_ACTIONS = {
    Access.READ: ("s3:Get", "s3:List"),
    Access.WRITE: ("s3:Put", "s3:Delete", "s3:AbortMultipartUpload", "s3:Restore", "s3:Replicate"),
}


def off(block: Mapping[str, bool] | None) -> list[str]:
    """Return which of the four settings a public access block leaves off."""
    return [name for name in ALL_ON if not (block or {}).get(name)]


def block_call(section: Section) -> tuple[Call, ...]:
    """Return the call that turns all four settings on, for the bucket or for its account."""
    arguments = {"PublicAccessBlockConfiguration": dict(ALL_ON)}
    return (Call(section, "put_public_access_block", arguments),)


def ways(state: BucketState, access: Access) -> list[str]:
    """Return by which ways everybody has this access: by the policy, by the ACL, or neither."""
    found = []
    if not _is_on(state, "RestrictPublicBuckets") and _policy_gives(state, access):
        found.append("the bucket policy")
    if not _is_on(state, "IgnorePublicAcls") and _acl_gives(state, access):
        found.append("the ACL")
    return found


def public_grants(acl: Mapping[str, Any] | None) -> set[str]:
    """Return what an ACL gives to everybody."""
    return {
        grant["Permission"]
        for grant in (acl or {}).get("Grants", ())
        if str(grant.get("Grantee", {}).get("URI", "")).endswith(_GROUPS)
    }


def acls_are_disabled(state: BucketState) -> bool:
    """Tell whether the bucket's owner owns every object and no ACL counts."""
    rules: Iterable[Mapping[str, str]] = (state.known(Section.OWNERSHIP) or {}).get("Rules", ())
    return any(one.get("ObjectOwnership") == "BucketOwnerEnforced" for one in rules)


def _is_on(state: BucketState, setting: str) -> bool:
    return any((state.known(section) or {}).get(setting) is True for section in _BLOCKS)


def _policy_gives(state: BucketState, access: Access) -> bool:
    # S3 itself says whether the policy is public, conditions honoured; it does not say for what.
    if not (state.known(Section.POLICY_STATUS) or {}).get("IsPublic"):
        return False
    public = [one for one in policy_document.statements(state) if is_public(one)]
    gives = {
        kind: any(reaches_actions(one, start) for one in public for start in _ACTIONS[kind])
        for kind in Access
    }
    # Where no statement shows what S3 saw, everything is suspected.
    return gives[access] or not any(gives.values())


def _acl_gives(state: BucketState, access: Access) -> bool:
    permissions = _ACL_PERMISSIONS[access]
    return not acls_are_disabled(state) and bool(
        permissions & public_grants(state.known(Section.ACL))
    )
