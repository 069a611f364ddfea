"""New objects are encrypted under a KMS key, with a bucket key that keeps KMS cheap."""

from __future__ import annotations

from typing import Any

from functions.remediate_bucket import default_encryption, log_delivery
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.ENCRYPTION, Section.WEBSITE})

_REGION_OF_ARN = 3


def evaluate(state: BucketState, profile: Profile) -> Finding:
    """Judge the default encryption; whichever KMS key somebody chose is right.

    Log targets and websites are not judged: S3 delivers no access logs under KMS, and strangers
    cannot read what a KMS key encrypts.
    """
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if exempt := log_delivery.exemption(state, profile):
        return exempt
    if state.known(Section.WEBSITE) is not None:
        return Finding.not_applicable("the bucket is a website, which strangers read")
    if default_encryption.algorithm(state) != default_encryption.SSE_KMS:
        return _judge_other(state, profile)
    if default_encryption.rule(state).get("BucketKeyEnabled"):
        return Finding.compliant("the default encryption is SSE-KMS with a bucket key")
    return Finding.non_compliant("the default encryption is SSE-KMS without a bucket key")


def plan(state: BucketState, profile: Profile) -> tuple[Call, ...]:
    """Turn the bucket key on, and set the profile's key where there is none under KMS."""
    changes: dict[str, Any] = {"BucketKeyEnabled": True}
    if default_encryption.algorithm(state) != default_encryption.SSE_KMS:
        if _obstacle(state, profile):
            return ()
        changes["ApplyServerSideEncryptionByDefault"] = {
            "SSEAlgorithm": default_encryption.SSE_KMS,
            "KMSMasterKeyID": profile.kms_key_arn,
        }
    return default_encryption.put(state, **changes)


def _judge_other(state: BucketState, profile: Profile) -> Finding:
    algorithm = default_encryption.algorithm(state)
    if algorithm == default_encryption.DSSE_KMS:
        return Finding.compliant("the default encryption is DSSE-KMS, which has no bucket keys")
    advice = _obstacle(state, profile)
    return Finding.non_compliant(f"the default encryption is {algorithm or 'not set'}", advice)


def _obstacle(state: BucketState, profile: Profile) -> str | None:
    algorithm = default_encryption.algorithm(state)
    if algorithm not in {None, default_encryption.SSE_S3}:
        return f"look into why the default encryption is {algorithm}: Tidegate does not replace it"
    if profile.kms_key_arn is None:
        return "name a KMS key in the profile: who may use the key decides who may read"
    region = (profile.kms_key_arn.split(":") + [""] * _REGION_OF_ARN)[_REGION_OF_ARN]
    if region != state.region:
        return f"name a KMS key of {state.region} in the profile: the bucket is there"
    return None


CONTROL = Control(
    id="kms-with-bucket-key",
    title="New objects are encrypted under a KMS key, with a bucket key",
    mode=Mode.OPT_IN,
    references=References("S3.17", None, "S3_DEFAULT_ENCRYPTION_KMS"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutEncryptionConfiguration"}),
)
