"""Nobody writes to the bucket unless somebody named them."""

from __future__ import annotations

from functions.remediate_bucket import public_access
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = public_access.SECTIONS


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge policy and ACL as S3 applies them, for websites too."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    ways = public_access.ways(state, public_access.Access.WRITE)
    if not ways:
        return Finding.compliant("neither the policy nor the ACL lets everybody write")
    reason = f"everybody may write, by {' and '.join(ways)}"
    if _is_website(state):
        advice = f"take writing out of {' and '.join(ways)}: a block would end the website as well"
        return Finding.non_compliant(reason, advice)
    return Finding.non_compliant(reason)


def plan(state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Block public access, unless that would end a website; policy and ACL stay as they are."""
    return () if _is_website(state) else public_access.block_call(Section.PUBLIC_ACCESS_BLOCK)


def _is_website(state: BucketState) -> bool:
    return state.known(Section.WEBSITE) is not None


CONTROL = Control(
    id="no-public-write",
    title="The bucket cannot be written by everybody",
    mode=Mode.AUTOMATIC,
    references=References("S3.3", None, "S3_BUCKET_PUBLIC_WRITE_PROHIBITED"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketPublicAccessBlock"}),
)
