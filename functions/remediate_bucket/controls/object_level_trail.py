"""CloudTrail records who wrote and who read which object."""

from __future__ import annotations

from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.TRAILS})

_KINDS = {"WritesRecorded": "writes", "ReadsRecorded": "reads"}


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge whether any trail records both kinds of data events of the bucket."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    trails = state.known(Section.TRAILS) or {}
    missing = [words for name, words in _KINDS.items() if not trails.get(name)]
    if not missing:
        return Finding.compliant("a trail records reads and writes of objects")
    return Finding.non_compliant(
        f"no trail records the {' and '.join(missing)} of objects",
        "record data events by template (stacks/governance.yaml): each event costs",
    )


CONTROL = Control(
    id="object-level-trail",
    title="A trail records reads and writes of objects",
    mode=Mode.REPORT_ONLY,
    references=References(
        "S3.22, S3.23", "3.8, 3.9", "CLOUDTRAIL_ALL_WRITE/READ_S3_DATA_EVENT_CHECK"
    ),
    sections=SECTIONS,
    evaluate=evaluate,
)
