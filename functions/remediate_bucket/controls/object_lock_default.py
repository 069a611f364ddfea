"""New versions cannot be deleted for a time."""

from __future__ import annotations

from functions.remediate_bucket import log_delivery
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.OBJECT_LOCK, Section.VERSIONING})


def evaluate(state: BucketState, profile: Profile) -> Finding:
    """Judge whether a default retention is set, in whichever mode; it would stop access logs."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if exempt := log_delivery.exemption(state, profile):
        return exempt
    mode = _retention(state).get("Mode")
    if mode:
        return Finding.compliant(f"new versions are retained in {mode} mode")
    return Finding.non_compliant("new versions are not retained", _obstacle(state))


def plan(state: BucketState, profile: Profile) -> tuple[Call, ...]:
    """Retain new versions in GOVERNANCE mode, which those with the permission can lift."""
    if _obstacle(state):
        return ()
    retention = {**_retention(state), "Mode": "GOVERNANCE", "Days": profile.lock_days}
    lock = {"ObjectLockEnabled": "Enabled", "Rule": {"DefaultRetention": retention}}
    arguments = {"ObjectLockConfiguration": lock}
    return (Call(Section.OBJECT_LOCK, "put_object_lock_configuration", arguments),)


def _retention(state: BucketState) -> dict[str, object]:
    rule = (state.known(Section.OBJECT_LOCK) or {}).get("Rule") or {}
    return dict(rule.get("DefaultRetention") or {})


def _obstacle(state: BucketState) -> str | None:
    if (state.known(Section.VERSIONING) or {}).get("Status") != "Enabled":
        return "turn versioning on first: Object Lock retains versions"
    return None


CONTROL = Control(
    id="object-lock-default",
    title="New versions are retained by default",
    mode=Mode.OPT_IN,
    references=References("S3.15", None, "S3_BUCKET_DEFAULT_LOCK_ENABLED"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketObjectLockConfiguration"}),
)
