"""Nobody reads from the bucket unless somebody named them."""

from __future__ import annotations

from functions.remediate_bucket import public_access
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = public_access.SECTIONS


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge policy and ACL as S3 applies them; a website is read by everybody on purpose."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    ways = public_access.ways(state, public_access.Access.READ)
    if not ways:
        return Finding.compliant("neither the policy nor the ACL lets everybody read")
    if state.known(Section.WEBSITE) is not None:
        return Finding.not_applicable("the bucket is a website")
    return Finding.non_compliant(f"everybody may read, by {' and '.join(ways)}")


def plan(_state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Block public access; the policy and the ACL stay as they are, without effect on strangers."""
    return public_access.block_call(Section.PUBLIC_ACCESS_BLOCK)


CONTROL = Control(
    id="no-public-read",
    title="The bucket cannot be read by everybody",
    mode=Mode.AUTOMATIC,
    references=References("S3.2", None, "S3_BUCKET_PUBLIC_READ_PROHIBITED"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketPublicAccessBlock"}),
)
