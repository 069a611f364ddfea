"""Objects are copied to another bucket."""

from __future__ import annotations

from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.REPLICATION})


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge whether a rule is in force; in which Region its destination is, it does not say."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    rules = (state.known(Section.REPLICATION) or {}).get("Rules", ())
    enabled = [rule for rule in rules if rule.get("Status") == "Enabled"]
    if enabled:
        return Finding.compliant(f"replication rules in force: {len(enabled)}")
    return Finding.non_compliant(
        "no replication rule is in force",
        "replicate by template (stacks/storage.yaml): it takes a second bucket, a role and, for "
        "what is there already, a batch job",
    )


CONTROL = Control(
    id="replication",
    title="Objects are replicated to another bucket",
    mode=Mode.REPORT_ONLY,
    references=References("S3.7", None, "S3_BUCKET_CROSS_REGION_REPLICATION_ENABLED"),
    sections=SECTIONS,
    evaluate=evaluate,
)
