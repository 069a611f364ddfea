"""The bucket's own public access block has all four settings on."""

from __future__ import annotations

from functions.remediate_bucket.bucket_state import BucketState, Section, Unreadable
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

ALL_ON = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge the block; a bucket that is a website is not judged."""
    website = state.setting(Section.WEBSITE)
    if isinstance(website, Unreadable):
        return Finding.unknown(website)
    if website is not None:
        return Finding.not_applicable("the bucket is a website")
    block = state.setting(Section.PUBLIC_ACCESS_BLOCK)
    if isinstance(block, Unreadable):
        return Finding.unknown(block)
    off = [name for name in ALL_ON if not (block or {}).get(name)]
    if off:
        return Finding.non_compliant(f"off: {', '.join(off)}")
    return Finding.compliant("all four settings are on")


def plan(_state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Turn all four settings on."""
    arguments = {"PublicAccessBlockConfiguration": dict(ALL_ON)}
    return (Call(Section.PUBLIC_ACCESS_BLOCK, "put_public_access_block", arguments),)


CONTROL = Control(
    id="bucket-public-access-block",
    title="The bucket blocks public access",
    mode=Mode.AUTOMATIC,
    references=References("S3.8", "2.1.4", "S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED"),
    sections=frozenset({Section.PUBLIC_ACCESS_BLOCK, Section.WEBSITE}),
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketPublicAccessBlock"}),
)
