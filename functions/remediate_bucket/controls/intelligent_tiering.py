"""What nobody reads for months is archived, where its owner allows that."""

from __future__ import annotations

from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.configurations import OWNED_ID, configurations, obstacle
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.INTELLIGENT_TIERING})

# Only objects with this tag: whoever reads an archived one has to restore it first.
CONSENT_TAG = {"Key": "tidegate-archive", "Value": "allowed"}
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_Tiering.html
MIN_ARCHIVE_DAYS = 90
MAX_ARCHIVE_DAYS = 730


def evaluate(state: BucketState, profile: Profile) -> Finding:
    """Judge whether any archive configuration is in force."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    found = configurations(state, Section.INTELLIGENT_TIERING)
    if any(one.get("Status") == "Enabled" for one in found):
        return Finding.compliant("an Intelligent-Tiering configuration is in force")
    return Finding.non_compliant(
        "no Intelligent-Tiering configuration is in force", _obstacle(state, profile)
    )


def plan(state: BucketState, profile: Profile) -> tuple[Call, ...]:
    """Archive what carries the tag of consent and is in the Intelligent-Tiering class."""
    if _obstacle(state, profile):
        return ()
    configuration = {
        "Id": OWNED_ID,
        "Status": "Enabled",
        "Filter": {"Tag": dict(CONSENT_TAG)},
        "Tierings": [{"Days": profile.archive_after_days, "AccessTier": "ARCHIVE_ACCESS"}],
    }
    arguments = {"Id": OWNED_ID, "IntelligentTieringConfiguration": configuration}
    operation = "put_bucket_intelligent_tiering_configuration"
    return (Call(Section.INTELLIGENT_TIERING, operation, arguments),)


def _obstacle(state: BucketState, profile: Profile) -> str | None:
    if not MIN_ARCHIVE_DAYS <= profile.archive_after_days <= MAX_ARCHIVE_DAYS:
        return f"let the profile archive after {MIN_ARCHIVE_DAYS} to {MAX_ARCHIVE_DAYS} days"
    return obstacle(state, Section.INTELLIGENT_TIERING)


CONTROL = Control(
    id="intelligent-tiering",
    title="Objects that allow it are archived when nobody reads them",
    mode=Mode.OPT_IN,
    references=References(),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutIntelligentTieringConfiguration"}),
)
