"""Deleting a version asks for a second factor."""

from __future__ import annotations

from functions.remediate_bucket import lifecycle_rules, mfa_delete
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.VERSIONING, Section.LIFECYCLE})


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge MFA delete; a bucket with lifecycle rules cannot have it.

    No role can switch it: S3 asks for the root user and a code, so that trying only fails.
    """
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if mfa_delete.is_on(state):
        return Finding.compliant("MFA delete is on")
    if lifecycle_rules.rules(state):
        return Finding.not_applicable("the bucket has lifecycle rules, which rule MFA delete out")
    return Finding.non_compliant("MFA delete is off", mfa_delete.advice(state))


CONTROL = Control(
    id="mfa-delete",
    title="Deleting versions asks for a second factor",
    mode=Mode.REPORT_ONLY,
    references=References("S3.20", "2.1.2", "S3_BUCKET_MFA_DELETE_ENABLED"),
    sections=SECTIONS,
    evaluate=evaluate,
)
