"""The bucket carries the tags that the profile asks for."""

from __future__ import annotations

from collections.abc import Mapping

from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.TAGS})

# The user's own: https://docs.aws.amazon.com/AmazonS3/latest/userguide/CostAllocTagging.html
MAX_TAGS = 50
_SYSTEM_PREFIX = "aws:"


def evaluate(state: BucketState, profile: Profile) -> Finding:
    """Judge whether every required key is there; its value is for the bucket's owner to choose."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if not profile.required_tags:
        return Finding.not_applicable("the profile requires no tags")
    missing = _missing(state, profile)
    if not missing:
        return Finding.compliant("every required tag is there")
    return Finding.non_compliant(f"missing: {', '.join(missing)}", _obstacle(state, profile))


def plan(state: BucketState, profile: Profile) -> tuple[Call, ...]:
    """Add the missing tags, with the profile's values, to those that are there."""
    if _obstacle(state, profile):
        return ()
    # All of them again: S3 refuses a set that leaves out the tags of its own services.
    tags = {**_tags(state), **_missing(state, profile)}
    arguments = {"Tagging": {"TagSet": [{"Key": key, "Value": tags[key]} for key in tags]}}
    return (Call(Section.TAGS, "put_bucket_tagging", arguments),)


def _tags(state: BucketState) -> Mapping[str, str]:
    tags: Mapping[str, str] = (state.known(Section.TAGS) or {}).get("Tags", {})
    return tags


def _missing(state: BucketState, profile: Profile) -> dict[str, str]:
    present = _tags(state)
    return {key: value for key, value in profile.required_tags.items() if key not in present}


def _obstacle(state: BucketState, profile: Profile) -> str | None:
    wanted = {**_tags(state), **_missing(state, profile)}
    reserved = [key for key in _missing(state, profile) if _is_system(key)]
    if reserved:
        return f"do not require {', '.join(reserved)}: only AWS itself sets such tags"
    if sum(not _is_system(key) for key in wanted) > MAX_TAGS:
        return f"remove tags: with the required ones there would be more than {MAX_TAGS}"
    return None


def _is_system(key: str) -> bool:
    return key.lower().startswith(_SYSTEM_PREFIX)


CONTROL = Control(
    id="required-tags",
    title="The bucket carries the required tags",
    mode=Mode.OPT_IN,
    references=References(None, None, "S3_BUCKET_TAGGED"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketTagging"}),
)
