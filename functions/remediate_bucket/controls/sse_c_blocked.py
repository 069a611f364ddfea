"""Nobody stores objects under a key that only they have."""

from __future__ import annotations

from functions.remediate_bucket import default_encryption
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.ENCRYPTION})

_SSE_C = "SSE-C"


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge which kinds of encryption the bucket blocks."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if _SSE_C in _blocked(state):
        return Finding.compliant("customer-provided keys are blocked")
    return Finding.non_compliant("customer-provided keys are not blocked")


def plan(state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Block SSE-C; algorithm, key and bucket key stay as they are."""
    # "NONE" says that nothing is blocked.
    others = [kind for kind in _blocked(state) if kind != "NONE"]
    blocked = {"EncryptionType": [*others, _SSE_C]}
    rule = default_encryption.rule(state)
    by_default = rule.get("ApplyServerSideEncryptionByDefault")
    return default_encryption.put(
        state,
        ApplyServerSideEncryptionByDefault=by_default
        or {"SSEAlgorithm": default_encryption.SSE_S3},
        BlockedEncryptionTypes=blocked,
    )


def _blocked(state: BucketState) -> list[str]:
    blocked = default_encryption.rule(state).get("BlockedEncryptionTypes") or {}
    return list(blocked.get("EncryptionType") or ())


CONTROL = Control(
    id="sse-c-blocked",
    title="Customer-provided encryption keys are blocked",
    mode=Mode.OPT_IN,
    references=References(),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutEncryptionConfiguration"}),
)
