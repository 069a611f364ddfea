"""New objects are encrypted, whatever the client asks for."""

from __future__ import annotations

from functions.remediate_bucket import default_encryption
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.ENCRYPTION})


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge whether a default is set, whichever it is."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    algorithm = default_encryption.algorithm(state)
    if algorithm:
        return Finding.compliant(f"the default encryption is {algorithm}")
    return Finding.non_compliant("no default encryption is set")


def plan(state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Set SSE-S3, which nobody needs a permission for."""
    by_default = {"SSEAlgorithm": default_encryption.SSE_S3}
    return default_encryption.put(state, ApplyServerSideEncryptionByDefault=by_default)


CONTROL = Control(
    id="default-encryption",
    title="New objects are encrypted by default",
    mode=Mode.AUTOMATIC,
    references=References(None, None, "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutEncryptionConfiguration"}),
)
