"""S3 writes down who asked for what, in another bucket."""

from __future__ import annotations

from functions.remediate_bucket import log_delivery
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.LOGGING})


def evaluate(state: BucketState, profile: Profile) -> Finding:
    """Judge whether access is logged, wherever to; a log target is not asked to log itself."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    logging = state.known(Section.LOGGING)
    if logging and logging.get("TargetBucket") == state.name:
        return Finding.non_compliant(
            "the bucket logs to itself, so that every log is logged again",
            "let it log to another bucket, or turn its logging off",
        )
    if exempt := log_delivery.exemption(state, profile):
        return exempt
    if logging:
        return Finding.compliant(f"access is logged to {logging.get('TargetBucket')}")
    return Finding.non_compliant("access is not logged", _obstacle(state, profile))


def plan(state: BucketState, profile: Profile) -> tuple[Call, ...]:
    """Log to the profile's target, under keys that tell account, Region, bucket and day."""
    if state.known(Section.LOGGING) or _obstacle(state, profile):
        return ()
    logging = {
        "TargetBucket": profile.log_target_bucket,
        "TargetPrefix": profile.log_prefix,
        "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}},
    }
    arguments = {"BucketLoggingStatus": {"LoggingEnabled": logging}}
    return (Call(Section.LOGGING, "put_bucket_logging", arguments),)


def _obstacle(state: BucketState, profile: Profile) -> str | None:
    if profile.log_target_bucket is None:
        return "name a bucket for the logs in the profile"
    if profile.log_target_region != state.region:
        return (
            f"name a bucket of {state.region} for the logs: S3 delivers within a Region, and "
            f"{profile.log_target_bucket} is in {profile.log_target_region or 'an unknown one'}"
        )
    return None


CONTROL = Control(
    id="access-logging",
    title="Access is logged to another bucket",
    mode=Mode.AUTOMATIC,
    references=References("S3.9", "3.4", "S3_BUCKET_LOGGING_ENABLED"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketLogging"}),
)
