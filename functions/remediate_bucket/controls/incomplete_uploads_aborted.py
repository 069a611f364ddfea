"""Uploads that nobody finished do not stay, unseen and paid for."""

from __future__ import annotations

from functions.remediate_bucket import lifecycle_rules, mfa_delete
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References
from functions.remediate_bucket.lifecycle_rules import Rule

SECTIONS = frozenset({Section.VERSIONING, Section.LIFECYCLE})

RULE_ID = "tidegate-abort-incomplete-uploads"


def evaluate(state: BucketState, profile: Profile) -> Finding:
    """Judge whether any rule for the whole bucket aborts them soon enough."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if mfa_delete.is_on(state):
        return Finding.not_applicable("MFA delete is on, which rules lifecycle rules out")
    if any(_satisfies(rule, profile) for rule in lifecycle_rules.rules(state)):
        return Finding.compliant("incomplete uploads are aborted")
    return Finding.non_compliant(
        f"incomplete uploads are not aborted within {profile.abort_uploads_days} days",
        lifecycle_rules.obstacle(state, _rule(profile)),
    )


def plan(state: BucketState, profile: Profile) -> tuple[Call, ...]:
    """Merge the rule that aborts them."""
    return lifecycle_rules.merge(state, _rule(profile))


def _rule(profile: Profile) -> Rule:
    return {
        "ID": RULE_ID,
        "Status": "Enabled",
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": profile.abort_uploads_days},
    }


def _satisfies(rule: Rule, profile: Profile) -> bool:
    days = (rule.get("AbortIncompleteMultipartUpload") or {}).get("DaysAfterInitiation")
    return (
        days is not None
        and days <= profile.abort_uploads_days
        and lifecycle_rules.is_enabled(rule)
        and lifecycle_rules.covers_bucket(rule)
    )


CONTROL = Control(
    id="incomplete-uploads-aborted",
    title="Incomplete uploads are aborted",
    mode=Mode.AUTOMATIC,
    references=References("S3.13", None, "S3_LIFECYCLE_POLICY_CHECK"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutLifecycleConfiguration"}),
)
