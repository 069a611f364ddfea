"""What keeps a planned change from being made, however right the plan is.

In the order of asking: notes or tags that cannot be read, exemptions, holds after an undo, a
website, a bucket that is public on purpose, a target of logs, an owner who would take the change
back, a policy that could lock people out. `force` lets a change pass an owner and a hold, nothing
else. All pure; the budget of the loop breaker is asked after them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from functions.remediate_bucket import lockout, patches
from functions.remediate_bucket.bucket_state import BucketState, Section, Setting, Unreadable
from functions.remediate_bucket.control import Call
from functions.remediate_bucket.exemptions import PUBLIC, InvalidExemption, in_force
from functions.remediate_bucket.lockout import Guardians
from functions.remediate_bucket.notes import Notes
from functions.remediate_bucket.sections import fingerprint, to_json

# Blocking public access, or denying requests, would take a website off the air.
_CLOSES_WEBSITES = frozenset(
    {
        Section.ACCOUNT_PUBLIC_ACCESS_BLOCK,
        Section.PUBLIC_ACCESS_BLOCK,
        Section.POLICY,
        Section.OWNERSHIP,
    }
)
# Without ACLs, objects that an ACL makes public are so no longer.
_BLOCKS_PUBLIC = frozenset(
    {Section.ACCOUNT_PUBLIC_ACCESS_BLOCK, Section.PUBLIC_ACCESS_BLOCK, Section.OWNERSHIP}
)
# S3 delivers no access logs into a bucket with default retention, and none under a KMS key that
# its service may not use; a bucket that logs to itself grows for ever.
_BREAKS_DELIVERY = frozenset({Section.LOGGING, Section.OBJECT_LOCK})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a change is not made. `alert`: people have to be told. `patch`: what they can do."""

    reason: str
    alert: bool = False
    patch: str | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that somebody planned. `before` and `after` are the whole section."""

    state: BucketState
    control: str
    call: Call
    before: Setting
    after: Setting


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else the guards judge by.

    `open_buckets`: buckets of the account that are websites or public, which a block of the
    account would close; None where that was not asked or could not be read.
    """

    notes: Notes | Unreadable
    guardians: Guardians
    now: datetime
    force: bool = False
    open_buckets: tuple[str, ...] | None = None


def refusal(proposal: Proposal, around: Circumstances) -> Refusal | None:
    """Return why the change must not be made, or None where nothing is against it."""
    for guard in _GUARDS:
        refused = guard(proposal, around)
        if refused:
            return refused
    return None


def _unreadable(proposal: Proposal, around: Circumstances) -> Refusal | None:
    if isinstance(around.notes, Unreadable):
        return Refusal(f"the exemptions cannot be read: {around.notes.reason}", alert=True)
    if proposal.call.section is Section.ACCOUNT_PUBLIC_ACCESS_BLOCK:
        return None
    tags = proposal.state.setting(Section.TAGS)
    if isinstance(tags, Unreadable):
        return Refusal(f"the bucket's tags cannot be read: {tags.reason}", alert=True)
    if isinstance(proposal.before, Unreadable):
        return Refusal(f"the setting to change cannot be read: {proposal.before.reason}")
    return None


def _exempt(proposal: Proposal, around: Circumstances) -> Refusal | None:
    for exemption in in_force(_notes(around).exemptions, around.now):
        if isinstance(exemption, InvalidExemption):
            return Refusal(exemption.said, alert=True)
        if exemption.covers(proposal.control, around.now):
            return Refusal(exemption.said)
        if PUBLIC in exemption.controls and proposal.call.section in _BLOCKS_PUBLIC:
            return Refusal(f"public on purpose, {exemption.said}")
    return None


def _held(proposal: Proposal, around: Circumstances) -> Refusal | None:
    if around.force:
        return None
    wanted = fingerprint(proposal.after)
    for hold in _notes(around).holds:
        same = hold.control == proposal.control or hold.after_sha256 == wanted
        if same and around.now < hold.until:
            return Refusal(
                f"held until {hold.until.date()} since change {hold.change} was undone; "
                "a forced request, or deleting the row, lifts it"
            )
    return None


def _website(proposal: Proposal, _around: Circumstances) -> Refusal | None:
    section = proposal.call.section
    if section not in _CLOSES_WEBSITES or section is Section.ACCOUNT_PUBLIC_ACCESS_BLOCK:
        return None
    website = proposal.state.setting(Section.WEBSITE)
    if isinstance(website, Unreadable):
        return Refusal(f"whether it is a website cannot be read: {website.reason}")
    if website is not None:
        return Refusal("the bucket is a website: serve it through CloudFront first")
    return None


def _open_buckets(proposal: Proposal, around: Circumstances) -> Refusal | None:
    if proposal.call.section is not Section.ACCOUNT_PUBLIC_ACCESS_BLOCK:
        return None
    if around.open_buckets is None:
        return Refusal("whether buckets of the account are websites or public is not known")
    if around.open_buckets:
        named = ", ".join(around.open_buckets[:5])
        return Refusal(f"websites or public buckets would be closed: {named}")
    return None


def _log_target(proposal: Proposal, _around: Circumstances) -> Refusal | None:
    call = proposal.call
    by_key = (
        call.section is Section.ENCRYPTION
        and "aws:kms" in json.dumps(to_json(proposal.after))
        # Delivered under a key already, as CloudTrail's logs may be.
        and "aws:kms" not in json.dumps(to_json(proposal.before))
    )
    if (call.section not in _BREAKS_DELIVERY and not by_key) or (
        proposal.state.is_log_target is False
    ):
        return None
    if proposal.state.is_log_target is None:
        return Refusal("whether logs are delivered here is not known, and this could stop them")
    return Refusal("logs are delivered here, and this would stop them or feed on itself")


def _owned(proposal: Proposal, around: Circumstances) -> Refusal | None:
    tags = proposal.state.setting(Section.TAGS)
    if around.force or not tags or isinstance(tags, Unreadable):
        return None
    owner = patches.owner_of(tags["Tags"])
    if owner is None:
        return None
    return Refusal(
        f"owned by {owner.said}, which would take the change back: change it there",
        patch=patches.patch(owner, proposal.call.section, proposal.after),
    )


def _lockout(proposal: Proposal, around: Circumstances) -> Refusal | None:
    if proposal.call.section is not Section.POLICY:
        return None
    before, after = proposal.before, proposal.after
    if isinstance(before, Unreadable) or isinstance(after, Unreadable) or after is None:
        return Refusal("the policy cannot be read")
    if len(json.dumps(after, separators=(",", ":")).encode()) > lockout.MAX_POLICY_BYTES:
        return Refusal("the policy would be longer than S3's 20 KB", alert=True)
    locking = lockout.locking_statements(before, after, proposal.state.arn, around.guardians)
    if locking:
        return Refusal(f"{', '.join(locking)} could lock everybody out of the policy", alert=True)
    return None


def _notes(around: Circumstances) -> Notes:
    """Return the notes; those that cannot be read have been refused before."""
    return Notes() if isinstance(around.notes, Unreadable) else around.notes


_GUARDS: tuple[Callable[[Proposal, Circumstances], Refusal | None], ...] = (
    _unreadable,
    _exempt,
    _held,
    _website,
    _open_buckets,
    _log_target,
    _owned,
    _lockout,
)
