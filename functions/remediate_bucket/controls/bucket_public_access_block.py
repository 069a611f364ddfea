"""The bucket's own public access block has all four settings on."""

from __future__ import annotations

from functions.remediate_bucket import public_access
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.PUBLIC_ACCESS_BLOCK, Section.WEBSITE})


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge the block; a website is public on purpose and not judged."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if state.known(Section.WEBSITE) is not None:
        return Finding.not_applicable("the bucket is a website")
    off = public_access.off(state.known(Section.PUBLIC_ACCESS_BLOCK))
    if off:
        return Finding.non_compliant(f"off: {', '.join(off)}")
    return Finding.compliant("all four settings are on")


def plan(_state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Turn all four settings on."""
    return public_access.block_call(Section.PUBLIC_ACCESS_BLOCK)


CONTROL = Control(
    id="bucket-public-access-block",
    title="The bucket blocks public access",
    mode=Mode.AUTOMATIC,
    references=References("S3.8", "2.1.4", "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketPublicAccessBlock"}),
)
