"""Taking a change back."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from functions.remediate_bucket import controls
from functions.remediate_bucket.bucket_state import Section
from functions.remediate_bucket.change import Outcome
from functions.remediate_bucket.control import Compliance
from functions.remediate_bucket.sections import fingerprint
from functions.remediate_bucket.trigger import RequestMode
from tests.unit.remediate_bucket.buckets import ALL_ON, ARN, NAME, PROFILE, bucket, policy
from tests.unit.remediate_bucket.world import NOW, World, outcomes, refuses
from tidegate.errors import TransientError

BLOCK = "bucket-public-access-block"
# What S3 does not let go back to never.
ONE_WAY = {"versioning", "object-lock-default", "eventbridge-events-on"}


# Those that have something to change on a bucket on which nobody configured anything.
CHANGING = [
    control.id
    for control in controls.ALL
    if control.evaluate(bucket(), PROFILE).compliance is Compliance.NON_COMPLIANT
    and control.plan(bucket(), PROFILE)
    and control.id not in ONE_WAY | {"account-public-access-block"}
]


@pytest.mark.parametrize("name", CHANGING)
def test_undo_restores_exactly_what_was_there(name: str) -> None:
    """For each control the setting is, in the end, what it was before the change."""
    world = World()
    before = {section: fingerprint(world.state().setting(section)) for section in Section}
    changes = world.apply(name).changes

    undone = [world.take_back(change.id).outcome for change in reversed(changes)]

    assert set(undone) == {Outcome.UNDONE}
    for change in changes:
        assert fingerprint(world.state().setting(change.section)) == before[change.section]


def test_undo_refuses_when_the_setting_has_moved_on() -> None:
    """What somebody configured after the change is not thrown away."""
    world = World()
    (change,) = world.apply(BLOCK).changes
    theirs = {**ALL_ON, "BlockPublicPolicy": False}
    world.account.set(NAME, Section.PUBLIC_ACCESS_BLOCK, theirs)

    undone = world.take_back(change.id)

    assert undone.outcome is Outcome.REFUSED
    assert "changed again since" in str(undone.reason)
    assert world.state().known(Section.PUBLIC_ACCESS_BLOCK) == theirs


def test_undone_change_is_not_made_again_by_events() -> None:
    """A hold keeps the next event and sweep from applying the control, until it ends."""
    world = World()
    result = world.run(RequestMode.APPLY, BLOCK)
    world.remediation.finish(result)
    world.take_back(result.changes[0].id)

    (held,) = world.run(RequestMode.APPLY, BLOCK).changes
    assert held.outcome is Outcome.REFUSED
    assert "held until" in str(held.reason)

    world.later(days=31)
    assert outcomes(world.run(RequestMode.APPLY, BLOCK)) == {BLOCK: Outcome.APPLIED}


def test_undone_change_is_not_made_again_by_another_control() -> None:
    """Three controls block public access by the same call: the hold of one holds them all."""
    everybody = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"{ARN}/*",
    }
    world = World()
    world.account.set(NAME, Section.POLICY, policy(everybody))
    world.account.set(NAME, Section.POLICY_STATUS, {"IsPublic": True})
    changes = {change.control: change for change in world.run(RequestMode.APPLY).changes}
    world.take_back(changes[BLOCK].id)

    again = outcomes(world.run(RequestMode.APPLY))

    assert again["no-public-read"] is Outcome.REFUSED
    assert world.state().setting(Section.PUBLIC_ACCESS_BLOCK) is None
    world.apply("no-public-read", force=True)
    assert world.state().setting(Section.PUBLIC_ACCESS_BLOCK) == ALL_ON


def test_hold_written_while_an_event_waits_for_its_turn_counts() -> None:
    """The undo was at work when the event had read what is noted, and is done before its turn."""
    world = World()
    (change,) = world.apply(BLOCK).changes
    world.account.set(NAME, Section.PUBLIC_ACCESS_BLOCK, None)
    real_take = world.leases.take

    def take(bucket: str, holder: str, now: datetime) -> None:
        real_take(bucket, holder, now)
        world.changes.hold(change, NOW + timedelta(days=30))

    world.leases.take = take  # type: ignore[method-assign]

    assert outcomes(world.run(RequestMode.APPLY, BLOCK)) == {BLOCK: Outcome.REFUSED}
    assert world.state().setting(Section.PUBLIC_ACCESS_BLOCK) is None


def test_hold_is_lifted_by_a_forced_request() -> None:
    """Who insists gets the control applied before the hold ends."""
    world = World()
    (change,) = world.apply(BLOCK).changes
    world.remediation.finish(world.apply(BLOCK))
    world.take_back(change.id)

    assert outcomes(world.apply(BLOCK)) == {BLOCK: Outcome.REFUSED}
    assert outcomes(world.apply(BLOCK, force=True)) == {BLOCK: Outcome.APPLIED}


def test_undo_twice_undoes_once() -> None:
    """A second undo of one change finds it undone."""
    world = World()
    (change,) = world.apply(BLOCK).changes

    first, second = world.take_back(change.id), world.take_back(change.id)

    assert (first.outcome, second.outcome) == (Outcome.UNDONE, Outcome.REFUSED)
    assert world.account.written.count((NAME, "delete_public_access_block")) == 1


def test_undo_of_what_nobody_did_is_refused() -> None:
    """An id that is not known changes nothing."""
    assert World().take_back(f"{NAME}:20261122T120000Z-x").outcome is Outcome.REFUSED


def test_undo_that_s3_refuses_leaves_no_hold() -> None:
    """Where nothing could be restored the control goes on as before."""
    world = World()
    (change,) = world.apply(BLOCK).changes
    world.account.refusals["delete_public_access_block"] = refuses()

    undone = world.take_back(change.id)

    assert undone.outcome is Outcome.REFUSED
    assert not [entry for _, entry in world.changes.rows if entry.startswith("hold#")]
    assert world.changes.records[str(change.id)].outcome is Outcome.APPLIED


def test_undo_stopped_after_its_write_is_finished_by_the_next() -> None:
    """The setting is back and the record not yet written: asking again writes it, with the hold."""
    world = World()
    (change,) = world.apply(BLOCK).changes
    world.account.set(NAME, Section.PUBLIC_ACCESS_BLOCK, None)

    undone = world.take_back(change.id)

    assert undone.outcome is Outcome.UNDONE
    assert world.changes.records[str(change.id)].outcome is Outcome.UNDONE
    assert (NAME, f"hold#{BLOCK}") in world.changes.rows


def test_undo_leaves_a_bucket_to_the_run_that_works_on_it() -> None:
    """An undo and an event do not cross each other."""
    world = World()
    (change,) = world.apply(BLOCK).changes
    world.leases.holders[NAME] = "another"

    with pytest.raises(TransientError):
        world.take_back(change.id)


def test_undo_does_not_bring_back_a_policy_that_locks_out() -> None:
    """A former policy that could shut everybody out stays where it is: in the snapshot."""
    world = World()
    (change,) = world.apply("tls-only").changes
    locking = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Nobody",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": f"arn:aws:s3:::{NAME}",
            }
        ],
    }
    world.snapshots.kept[str(change.id)] = locking

    undone = world.take_back(change.id)

    assert undone.outcome is Outcome.REFUSED
    assert "Nobody" in str(undone.reason)
    assert "Nobody" not in json.dumps(world.state().known(Section.POLICY))
