"""The access logs of other buckets arrive here."""

from __future__ import annotations

from functions.remediate_bucket import log_delivery, policy_document
from functions.remediate_bucket.bucket_state import BucketState, Section, Unreadable
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset(
    {Section.POLICY, Section.ACL, Section.OWNERSHIP, Section.ENCRYPTION, Section.OBJECT_LOCK}
)


def evaluate(state: BucketState, profile: Profile) -> Finding:
    """Judge whether S3 is let in and nothing keeps it out; S3 itself loses logs without a word."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if state.access_log_sources is None:
        return Finding.unknown(Unreadable("whose access logs are delivered here is not known"))
    if not log_delivery.sources(state, profile):
        return Finding.not_applicable("no bucket's access logs are delivered here")
    hindrance = log_delivery.hindrance(state, profile)
    if hindrance:
        return Finding.non_compliant("S3 is kept from delivering access logs", hindrance)
    refused = log_delivery.refused_sources(state, profile)
    if not refused:
        return Finding.compliant("S3 may deliver access logs")
    advice = policy_document.obstacle(state, log_delivery.statement(state))
    whose = ", ".join(f"any bucket of {state.account_id}" if one == "*" else one for one in refused)
    return Finding.non_compliant(f"S3 may not deliver the access logs of {whose}", advice)


def plan(state: BucketState, profile: Profile) -> tuple[Call, ...]:
    """Merge the statement that lets S3 deliver the logs of the account's own buckets."""
    if log_delivery.hindrance(state, profile):
        return ()
    return policy_document.merge(state, log_delivery.statement(state))


CONTROL = Control(
    id="log-target-healthy",
    title="S3 can deliver the access logs that other buckets send here",
    mode=Mode.AUTOMATIC,
    references=References(),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketPolicy"}),
)
