"""The bucket keeps every version of its objects."""

from __future__ import annotations

from functions.remediate_bucket import mfa_delete
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.VERSIONING})


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge whether versioning is on; suspended is not."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    status = (state.known(Section.VERSIONING) or {}).get("Status")
    if status == "Enabled":
        return Finding.compliant("versioning is on")
    reason = "versioning is suspended" if status == "Suspended" else "versioning was never on"
    if mfa_delete.is_on(state):
        return Finding.non_compliant(reason, mfa_delete.advice(state))
    return Finding.non_compliant(reason)


def plan(state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Turn versioning on, unless that needs the root user; MFA delete is not mentioned, so kept."""
    if mfa_delete.is_on(state):
        return ()
    arguments = {"VersioningConfiguration": {"Status": "Enabled"}}
    return (Call(Section.VERSIONING, "put_bucket_versioning", arguments),)


CONTROL = Control(
    id="versioning",
    title="Versioning is on",
    mode=Mode.OPT_IN,
    references=References("S3.14", None, "S3_BUCKET_VERSIONING_ENABLED"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketVersioning"}),
)
