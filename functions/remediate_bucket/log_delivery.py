"""Whether S3 can deliver the access logs of other buckets into this one."""

from __future__ import annotations

from functions.remediate_bucket import default_encryption, policy_document, public_access
from functions.remediate_bucket.bucket_state import BucketState, Section, Unreadable
from functions.remediate_bucket.control import Finding, Profile
from functions.remediate_bucket.policy_conditions import Context, hold
from functions.remediate_bucket.policy_statements import (
    Statement,
    conditions,
    covers_action,
    covers_everybody,
    covers_keys,
    is_allow,
    is_deny,
    principals,
    reaches_action,
    reaches_keys,
)

SERVICE = "logging.s3.amazonaws.com"

_ACTION = "s3:PutObject"
_LOG_DELIVERY_GROUP = "/groups/s3/LogDelivery"
# What a request of this service surely lacks: it comes from no network, account or organization,
# and names no encryption, so that the bucket's default applies.
_ABSENT = frozenset(
    {
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principalorgid",
        "aws:principalorgpaths",
        "aws:sourceip",
        "aws:sourcevpc",
        "aws:sourcevpce",
        "aws:userid",
        "aws:username",
        "aws:vpcsourceip",
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-server-side-encryption-customer-algorithm",
    }
)


def exemption(state: BucketState, profile: Profile) -> Finding | None:
    """Return why a control that would stop the delivery of logs asks nothing here; None: it does.

    What may be a log target is treated as one: the finding is UNKNOWN then.
    """
    if state.is_log_target or state.name == profile.log_target_bucket or state.access_log_sources:
        return Finding.not_applicable("logs are delivered to the bucket")
    if state.is_log_target is None:
        return Finding.unknown(Unreadable("whether logs are delivered here is not known"))
    return None


def sources(state: BucketState, profile: Profile) -> dict[str, str]:
    """Return the buckets whose logs come here, each with the prefix of its logs.

    For the profile's own log target that includes every bucket of the account, as "*".
    """
    found = dict(state.access_log_sources or {})
    if state.name == profile.log_target_bucket:
        found["*"] = profile.log_prefix
    return found


def hindrance(state: BucketState, profile: Profile) -> str | None:
    """Return what stops the delivery although it is allowed, and what to do; None: nothing."""
    if default_encryption.algorithm(state) not in {None, default_encryption.SSE_S3}:
        return "set the default encryption to SSE-S3: S3 does not deliver access logs under KMS"
    rule = (state.known(Section.OBJECT_LOCK) or {}).get("Rule") or {}
    if rule.get("DefaultRetention"):
        return "remove Object Lock's default retention: S3 does not deliver access logs under it"
    for bucket, prefix in sources(state, profile).items():
        for statement in policy_document.statements(state):
            if _may_deny(statement, state, bucket, prefix):
                sid = statement.get("Sid") or "without a Sid"
                return f"let {SERVICE} through the Deny statement {sid} of the bucket policy"
    return None


def refused_sources(state: BucketState, profile: Profile) -> list[str]:
    """Return the buckets whose logs neither the policy nor the ACL lets in."""
    if _acl_allows(state):
        return []
    return sorted(
        bucket
        for bucket, prefix in sources(state, profile).items()
        if not any(
            _surely_allows(statement, state, bucket, prefix)
            for statement in policy_document.statements(state)
        )
    )


def statement(state: BucketState) -> Statement:
    """Return the statement that lets S3 deliver the logs of the account's own buckets."""
    return {
        "Sid": f"{policy_document.OWNED_PREFIX}AllowAccessLogDelivery",
        "Effect": "Allow",
        "Principal": {"Service": SERVICE},
        "Action": _ACTION,
        "Resource": f"{state.arn}/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": state.account_id}},
    }


def _acl_allows(state: BucketState) -> bool:
    if public_access.acls_are_disabled(state):
        return False
    return any(
        str(grant.get("Grantee", {}).get("URI", "")).endswith(_LOG_DELIVERY_GROUP)
        and grant.get("Permission") in {"WRITE", "FULL_CONTROL"}
        for grant in (state.known(Section.ACL) or {}).get("Grants", ())
    )


def _surely_allows(statement: Statement, state: BucketState, bucket: str, prefix: str) -> bool:
    return (
        is_allow(statement)
        and ("Service", SERVICE) in principals(statement)
        and covers_action(statement, _ACTION)
        and covers_keys(statement, state.arn, prefix)
        and hold(conditions(statement), _request(state, bucket)) is True
    )


def _may_deny(statement: Statement, state: BucketState, bucket: str, prefix: str) -> bool:
    if "NotPrincipal" in statement:
        left_out = principals({"Principal": statement["NotPrincipal"]})
        concerns = ("Service", SERVICE) not in left_out
    else:
        concerns = covers_everybody(statement) or ("Service", SERVICE) in principals(statement)
    return (
        is_deny(statement)
        and concerns
        and reaches_action(statement, _ACTION)
        and reaches_keys(statement, state.arn, prefix)
        and hold(conditions(statement), _request(state, bucket)) is not False
    )


def _request(state: BucketState, bucket: str) -> Context:
    return Context(
        {
            "aws:principalisawsservice": "true",
            "aws:principalservicename": SERVICE,
            "aws:securetransport": "true",
            "aws:sourceaccount": state.account_id,
            "aws:sourcearn": f"arn:{state.arn_partition}:s3:::{bucket}",
            "aws:viaawsservice": "false",
            "s3:tlsversion": "1.3",
        },
        _ABSENT,
    )
