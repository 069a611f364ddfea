"""The account's public access block has all four settings on."""

from __future__ import annotations

from functions.remediate_bucket import public_access
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.ACCOUNT_PUBLIC_ACCESS_BLOCK})


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge the account's block, which holds for this bucket and all others."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    off = public_access.off(state.known(Section.ACCOUNT_PUBLIC_ACCESS_BLOCK))
    if off:
        return Finding.non_compliant(f"off for the account: {', '.join(off)}")
    return Finding.compliant("all four settings are on for the account")


def plan(_state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Turn all four settings on for the account."""
    return public_access.block_call(Section.ACCOUNT_PUBLIC_ACCESS_BLOCK)


CONTROL = Control(
    id="account-public-access-block",
    title="The account blocks public access",
    mode=Mode.OPT_IN,
    references=References("S3.1", "2.1.4", "S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutAccountPublicAccessBlock"}),
)
