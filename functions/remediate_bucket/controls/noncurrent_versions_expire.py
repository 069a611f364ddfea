"""Versions that were overwritten or deleted do not stay, and cost, for ever."""

from __future__ import annotations

from functions.remediate_bucket import lifecycle_rules, mfa_delete
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References
from functions.remediate_bucket.lifecycle_rules import Rule

SECTIONS = frozenset({Section.VERSIONING, Section.LIFECYCLE})

RULE_ID = "tidegate-expire-noncurrent-versions"


def evaluate(state: BucketState, profile: Profile) -> Finding:
    """Judge whether a rule for the whole bucket expires them, after whatever time others chose."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if not (state.known(Section.VERSIONING) or {}).get("Status"):
        return Finding.not_applicable("the bucket keeps no versions")
    if mfa_delete.is_on(state):
        return Finding.not_applicable("MFA delete is on, which rules lifecycle rules out")
    if any(_satisfies(rule, profile) for rule in lifecycle_rules.rules(state)):
        return Finding.compliant("noncurrent versions of every object expire")
    return Finding.non_compliant(
        "noncurrent versions of some objects never expire", _obstacle(state, profile)
    )


def plan(state: BucketState, profile: Profile) -> tuple[Call, ...]:
    """Merge the rule that expires them, unless it would delete what another rule keeps longer."""
    if _obstacle(state, profile):
        return ()
    return lifecycle_rules.merge(state, _rule(profile))


def _rule(profile: Profile) -> Rule:
    return {
        "ID": RULE_ID,
        "Status": "Enabled",
        "NoncurrentVersionExpiration": {"NoncurrentDays": profile.noncurrent_days},
    }


def _satisfies(rule: Rule, profile: Profile) -> bool:
    expiration = rule.get("NoncurrentVersionExpiration") or {}
    days = expiration.get("NoncurrentDays")
    if not days or not lifecycle_rules.is_enabled(rule) or not lifecycle_rules.covers_bucket(rule):
        return False
    return rule.get("ID") != RULE_ID or expiration == _rule(profile)["NoncurrentVersionExpiration"]


def _obstacle(state: BucketState, profile: Profile) -> str | None:
    # Where rules overlap, S3 follows the one that deletes first.
    longer = [
        str(rule.get("ID"))
        for rule in lifecycle_rules.rules(state)
        if rule.get("ID") != RULE_ID and _keeps_longer(rule, profile)
    ]
    if longer:
        return (
            f"add a rule by hand: one for the whole bucket, after {profile.noncurrent_days} days, "
            f"would delete versions that these rules keep longer: {', '.join(longer)}"
        )
    return lifecycle_rules.obstacle(state, _rule(profile))


def _keeps_longer(rule: Rule, profile: Profile) -> bool:
    if not lifecycle_rules.is_enabled(rule):
        return False
    expiration = rule.get("NoncurrentVersionExpiration")
    if not expiration:
        return bool(rule.get("NoncurrentVersionTransitions"))
    return bool(expiration.get("NewerNoncurrentVersions")) or (
        expiration.get("NoncurrentDays", 0) > profile.noncurrent_days
    )


CONTROL = Control(
    id="noncurrent-versions-expire",
    title="Noncurrent versions expire",
    mode=Mode.OPT_IN,
    references=References("S3.10", None, "S3_VERSION_LIFECYCLE_POLICY_CHECK"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutLifecycleConfiguration"}),
)
