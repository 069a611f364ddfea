"""ACLs count for nothing: the bucket's owner owns every object."""

from __future__ import annotations

from functions.remediate_bucket import log_delivery, public_access
from functions.remediate_bucket.bucket_state import BucketState, Section
from functions.remediate_bucket.control import Call, Control, Finding, Mode, Profile, References

SECTIONS = frozenset({Section.OWNERSHIP, Section.ACL})


def evaluate(state: BucketState, _profile: Profile) -> Finding:
    """Judge the object ownership; S3 refuses to change it while the ACL grants others something."""
    if unreadable := state.unreadable(SECTIONS):
        return Finding.unknown(unreadable)
    if public_access.acls_are_disabled(state):
        return Finding.compliant("ACLs are disabled")
    others = _others(state)
    if not others:
        return Finding.non_compliant("ACLs are in force")
    advice = (
        f"write a bucket policy in place of the ACL's grants to {', '.join(others)}, "
        "then remove these grants"
    )
    if any(one.endswith("LogDelivery") for one in others):
        advice += f"; for log delivery the policy lets {log_delivery.SERVICE} put objects"
    return Finding.non_compliant("ACLs are in force, and the bucket's grants others access", advice)


def plan(state: BucketState, _profile: Profile) -> tuple[Call, ...]:
    """Disable ACLs, unless the bucket's own grants anything to anybody but its owner."""
    if _others(state):
        return ()
    ownership = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    arguments = {"OwnershipControls": ownership}
    return (Call(Section.OWNERSHIP, "put_bucket_ownership_controls", arguments),)


def _others(state: BucketState) -> list[str]:
    acl = state.known(Section.ACL) or {}
    owner = (acl.get("Owner") or {}).get("ID")
    grantees = [grant.get("Grantee") or {} for grant in acl.get("Grants", ())]
    return sorted(
        {
            str(one.get("URI") or one.get("ID") or one.get("EmailAddress") or "somebody unnamed")
            for one in grantees
            if owner is None or one.get("ID") != owner
        }
    )


CONTROL = Control(
    id="acls-disabled",
    title="ACLs are disabled",
    mode=Mode.OPT_IN,
    references=References("S3.12", None, "S3_BUCKET_ACL_PROHIBITED"),
    sections=SECTIONS,
    evaluate=evaluate,
    plan=plan,
    actions=frozenset({"s3:PutBucketOwnershipControls"}),
)
