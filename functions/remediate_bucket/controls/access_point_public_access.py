"""Every access point to the bucket blocks public access."""

from __future__ import annotations

from functions.remediate_bucket import public_access
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.ACCESS_POINTS})


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge the blocks of all access points, which nobody can change once they are made."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    points = (state.known(Section.ACCESS_POINTS) or {}).get("AccessPoints", ())
    if not points:
        return Finding.not_applicable("the bucket has no access points")
    open_points = [
        str(point.get("Name"))
        for point in points
        if public_access.off(point.get("PublicAccessBlock"))
    ]
    if not open_points:
        return Finding.compliant("every access point blocks public access")
    return Finding.non_compliant(
        f"not all four settings are on: {', '.join(open_points)}",
        "delete the access point and make it again with all four settings on: they cannot be "
        "changed later",
    )


CONTROL = Control(
    id="access-point-public-access",
    title="Access points block public access",
    mode=Mode.REPORT_ONLY,
    references=References("S3.19", None, "S3_ACCESS_POINT_PUBLIC_ACCESS_BLOCKS"),
    sections=SECTIONS,
    evaluate=evaluate,
)
