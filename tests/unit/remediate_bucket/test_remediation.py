"""The flow on one bucket: read, evaluate, plan, guard, keep, apply, read again, evaluate."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from functions.remediate_bucket import controls
from functions.remediate_bucket.bucket_state import BucketState, Section, Unreadable
from functions.remediate_bucket.change import Change, Outcome
from functions.remediate_bucket.control import Compliance, Mode
from functions.remediate_bucket.errors import BucketMissingError
from functions.remediate_bucket.permissions import Permissions
from functions.remediate_bucket.trigger import ACCOUNT, RequestMode
from tests.unit.remediate_bucket.buckets import (
    ALL_ON,
    NAME,
    WEBSITE,
    bucket,
    policy,
    with_section,
)
from tests.unit.remediate_bucket.world import DRIFT, OPERATOR, FakeAccount, World, outcomes, refuses
from tidegate.errors import MalformedEventError, TransientError

BLOCK = "bucket-public-access-block"
SAFE = {control.id for control in controls.ALL if control.mode is Mode.AUTOMATIC}


def compliance(result: object, control: str) -> Compliance:
    """Return a control's finding in a result."""
    (found,) = [item for item in result.findings if item.control.id == control]  # type: ignore[attr-defined]
    compliance: Compliance = found.finding.compliance
    return compliance


def test_report_changes_nothing_and_tells_nobody() -> None:
    """A report has no effect at all, and says what would change."""
    world = World()
    before = world.state()

    result = world.run(RequestMode.REPORT, trigger=OPERATOR)

    assert world.state() == before
    assert not world.bus.events
    assert not world.changes.rows
    assert compliance(result, BLOCK) is Compliance.NON_COMPLIANT
    assert outcomes(result)[BLOCK] is Outcome.PLANNED


def test_plan_shows_each_control_on_what_the_ones_before_leave() -> None:
    """Two controls that write the policy are planned one upon the other, as they would be made."""
    result = World().run(RequestMode.PLAN, "tls-only", "tls-1-2-or-later", trigger=OPERATOR)

    sizes = [len(change.after["Statement"]) for change in result.changes]
    assert sizes == [1, 2]
    assert all(change.operation == "put_bucket_policy" for change in result.changes)


def test_plan_comes_true() -> None:
    """What a plan shows as the end is what applying it leaves."""
    world = World()
    names = [control.id for control in controls.ALL if control.sections != ACCOUNT_SECTIONS]

    planned = world.run(RequestMode.PLAN, *names, trigger=OPERATOR).changes
    made = world.apply(*names).changes

    assert [(one.control, one.operation) for one in planned] == [
        (one.control, one.operation) for one in made
    ]
    assert {one.outcome for one in made} == {Outcome.APPLIED}


ACCOUNT_SECTIONS = frozenset({Section.ACCOUNT_PUBLIC_ACCESS_BLOCK})


def test_safe_controls_are_applied_by_events_where_the_stack_says_so() -> None:
    """An event applies exactly the controls that are safe by themselves; the rest is planned."""
    world = World()

    result = world.run()

    applied = {name for name, outcome in outcomes(result).items() if outcome is Outcome.APPLIED}
    assert applied <= SAFE
    assert BLOCK in applied
    assert outcomes(result)["versioning"] is Outcome.PLANNED
    assert compliance(result, BLOCK) is Compliance.COMPLIANT
    assert world.state().known(Section.VERSIONING) == {}


def test_nothing_is_applied_by_default() -> None:
    """Without the parameters an event says what it would do, on the bus as well."""
    world = World(permissions=Permissions())

    result = world.run()

    assert set(outcomes(result).values()) == {Outcome.PLANNED}
    assert world.account.written == []
    assert {event["outcome"] for event in world.bus.events} == {"PLANNED"}


def test_opted_in_control_is_applied_by_events() -> None:
    """ApplyControls adds single controls to what events apply."""
    world = World(permissions=Permissions(opted_in=frozenset({"versioning"})))

    result = world.run()

    assert [name for name, made in outcomes(result).items() if made is Outcome.APPLIED] == [
        "versioning"
    ]


def test_profile_row_opts_a_bucket_in() -> None:
    """A bucket's own profile asks for controls, and for values of its own."""
    world = World(permissions=Permissions())
    world.changes.put(NAME, "profile", apply=["incomplete-uploads-aborted"], abortUploadsDays=3)

    world.run()

    (rule,) = (world.state().known(Section.LIFECYCLE) or {})["Rules"]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 3}
    assert len(world.account.written) == 1


def test_direct_request_applies_what_it_names() -> None:
    """An opt-in control is applied for who names it; one not named is not."""
    world = World(permissions=Permissions())

    result = world.apply("versioning")

    assert outcomes(result) == {"versioning": Outcome.APPLIED}
    assert world.state().known(Section.VERSIONING) == {"Status": "Enabled"}


def test_direct_request_without_names_applies_what_is_safe() -> None:
    """Naming none means the safe controls, whatever the stack's parameters say."""
    world = World(permissions=Permissions())

    result = world.apply()

    applied = {name for name, made in outcomes(result).items() if made is Outcome.APPLIED}
    assert applied
    assert applied <= SAFE


def test_event_that_comes_twice_finds_nothing_to_do() -> None:
    """A redelivered event changes nothing, and leaves nothing untold."""
    world = World()
    world.remediation.finish(world.run())
    written = list(world.account.written)

    again = world.run()

    assert world.account.written == written
    assert Outcome.APPLIED not in outcomes(again).values()
    assert world.changes.open() == []


def test_each_change_is_recorded_with_what_was_and_what_is() -> None:
    """The record has both settings with their hashes, the event and who caused it, the snapshot."""
    world = World()

    result = world.run(RequestMode.APPLY, BLOCK, trigger=DRIFT)

    (change,) = result.changes
    record = world.changes.records[str(change.id)]
    assert record.outcome is Outcome.APPLIED
    assert (record.before, record.after) == (None, ALL_ON)
    assert record.before_sha256 != record.after_sha256
    assert record.trigger == DRIFT
    assert record.snapshot
    assert world.snapshots.kept == {str(change.id): None}
    (event,) = world.bus.events
    assert (event["outcome"], event["change"]) == ("APPLIED", change.id)
    assert event["trigger"]["by"] == DRIFT.by


def test_change_that_s3_refuses_is_recorded_as_failed() -> None:
    """A denied call fails its own change, and the other controls go on."""
    world = World()
    world.account.refusals["put_public_access_block"] = refuses("not authorized")

    result = world.run()

    (failed,) = [one for one in result.changes if one.outcome is Outcome.FAILED]
    assert failed.control == BLOCK
    assert "not authorized" in str(failed.reason)
    assert world.changes.records[str(failed.id)].outcome is Outcome.FAILED
    assert Outcome.APPLIED in outcomes(result).values()
    assert failed in result.worth_telling


def test_change_whose_fate_is_unknown_stays_open_and_is_settled() -> None:
    """A time-out is raised; the next run finds the setting in place, records and tells it."""
    world = World()
    real_apply = world.account.apply

    class Times:
        out = True

    def apply_then_fail(bucket: object, call: object) -> None:
        real_apply(bucket, call)  # type: ignore[arg-type]
        if Times.out:
            Times.out = False
            raise TransientError("timed out")

    world.account.apply = apply_then_fail  # type: ignore[method-assign]
    with pytest.raises(TransientError):
        world.run(RequestMode.APPLY, BLOCK)
    assert len(world.changes.open()) == 1
    assert not world.leases.holders

    result = world.run(RequestMode.APPLY, BLOCK)

    (settled,) = result.changes
    assert settled.outcome is Outcome.APPLIED
    assert "interrupted" in str(settled.reason)
    world.remediation.finish(result)
    assert world.changes.open() == []


@pytest.mark.parametrize("mode", [RequestMode.REPORT, RequestMode.PLAN])
def test_looking_waits_for_no_run_and_settles_nothing(mode: RequestMode) -> None:
    """A run at work has a change open and the lease: who only looks needs neither."""
    world = World()
    world.account.refusals["put_public_access_block"] = TransientError("timed out")
    with pytest.raises(TransientError):
        world.run(RequestMode.APPLY, BLOCK)
    world.leases.holders[NAME] = "another run"
    events = len(world.bus.events)

    result = world.run(mode, BLOCK, trigger=OPERATOR)

    assert outcomes(result) == {BLOCK: Outcome.PLANNED}
    assert result.untold == ()
    assert len(world.changes.open()) == 1
    assert len(world.bus.events) == events


def test_interrupted_change_does_not_pass_off_somebody_elses_as_its_own() -> None:
    """What another configured after the stop is no change of ours, and no undo takes it away."""
    world = World()
    world.account.refusals["put_public_access_block"] = TransientError("timed out")
    with pytest.raises(TransientError):
        world.run(RequestMode.APPLY, BLOCK)
    theirs = {**ALL_ON, "RestrictPublicBuckets": False}
    world.account.set(NAME, Section.PUBLIC_ACCESS_BLOCK, theirs)

    settled = world.run(RequestMode.APPLY, "tls-only").changes[0]

    assert (settled.control, settled.outcome) == (BLOCK, Outcome.FAILED)
    assert world.take_back(settled.id).outcome is Outcome.REFUSED
    assert world.state().known(Section.PUBLIC_ACCESS_BLOCK) == theirs


@pytest.mark.parametrize("name", ["default-encryption", "incomplete-uploads-aborted", "tls-only"])
def test_interrupted_change_is_known_in_s3s_own_spelling(name: str) -> None:
    """S3 writes down what it takes in its own way; the next run knows it all the same."""
    world = World()
    real_end = world.changes.end

    def end_then_stop(change: Change) -> None:
        if change.outcome is not Outcome.PLANNED:
            raise TransientError("stopped")
        real_end(change)

    world.changes.end = end_then_stop  # type: ignore[method-assign]
    with pytest.raises(TransientError):
        world.run(RequestMode.APPLY, name)
    world.changes.end = real_end  # type: ignore[method-assign]

    (settled,) = world.run(RequestMode.APPLY, name).changes

    assert settled.outcome is Outcome.APPLIED
    assert world.take_back(settled.id).outcome is Outcome.UNDONE


def test_setting_that_s3_shows_late_is_waited_for() -> None:
    """A configuration may take a moment to show; the change counts once it is seen."""
    world = World()
    world.account.stale = 2

    result = world.run(RequestMode.APPLY, BLOCK)

    assert outcomes(result) == {BLOCK: Outcome.APPLIED}
    assert world.slept == [0.5, 1.0]


def test_setting_that_s3_never_shows_is_a_failure() -> None:
    """A call that S3 takes without effect is not called applied."""
    world = World()
    world.account.stale = 1000

    result = world.run(RequestMode.APPLY, BLOCK)

    assert outcomes(result) == {BLOCK: Outcome.FAILED}


def test_setting_that_s3_shows_after_the_run_can_be_taken_back() -> None:
    """It was called a failure, and is there in the end: the undo knows it by the plan."""
    world = World()
    world.account.stale = 1000
    (change,) = world.run(RequestMode.APPLY, BLOCK).changes
    world.account.stale = 0
    assert world.state().known(Section.PUBLIC_ACCESS_BLOCK) == ALL_ON

    assert world.take_back(change.id).outcome is Outcome.UNDONE
    assert world.state().setting(Section.PUBLIC_ACCESS_BLOCK) is None


def test_setting_that_cannot_be_read_after_its_change_can_be_taken_back() -> None:
    """It is no success, for nobody saw it; once it can be read again the undo knows it."""
    world = World()
    real_again = world.account.again

    def again(state: BucketState, sections: Iterable[Section]) -> BucketState:
        denied = Unreadable("denied")
        return with_section(real_again(state, sections), Section.PUBLIC_ACCESS_BLOCK, denied)

    world.account.again = again  # type: ignore[method-assign]
    (change,) = world.run(RequestMode.APPLY, BLOCK).changes

    assert (change.outcome, "denied" in str(change.reason)) == (Outcome.FAILED, True)
    assert world.take_back(change.id).outcome is Outcome.UNDONE


def test_control_that_is_fought_stops_and_tells_once() -> None:
    """Beyond its budget a control stops, however often events come, and people hear of it once."""
    world = World()
    told = []
    for _ in range(6):
        world.account.set(NAME, Section.PUBLIC_ACCESS_BLOCK, None)
        result = world.run(RequestMode.APPLY, BLOCK)
        world.remediation.finish(result)
        told.append([(one.outcome, one.alert) for one in result.changes])

    applied, refused = (Outcome.APPLIED, False), Outcome.REFUSED
    assert told == [[applied]] * 3 + [[(refused, True)]] + [[(refused, False)]] * 2
    assert len(world.account.written) == 3


def test_conflict_with_another_call_is_no_fight() -> None:
    """S3 refuses two configurations at once: however often that happens, the change is made."""
    world = World()
    for _ in range(world.leases.budget + 1):
        world.account.refusals["put_public_access_block"] = TransientError("OperationAborted")
        with pytest.raises(TransientError):
            world.run(RequestMode.APPLY, BLOCK)

    made = world.run(RequestMode.APPLY, BLOCK).changes[-1]

    assert made.outcome is Outcome.APPLIED


def test_operator_has_no_budget() -> None:
    """Who asks by name is no loop."""
    world = World()
    for _ in range(6):
        world.account.set(NAME, Section.PUBLIC_ACCESS_BLOCK, None)
        assert outcomes(world.apply(BLOCK)) == {BLOCK: Outcome.APPLIED}


def test_bucket_at_which_another_run_works_is_left_to_it() -> None:
    """Two events at once: the second comes back later, and nothing is changed meanwhile."""
    world = World()
    world.leases.holders[NAME] = "another"

    with pytest.raises(TransientError):
        world.run()

    assert world.account.written == []
    assert world.leases.holders == {NAME: "another"}


def test_bucket_deleted_meanwhile_is_named() -> None:
    """An event about a bucket that is gone is told from all other failures."""
    with pytest.raises(BucketMissingError):
        World(account=FakeAccount({})).run()


def test_unknown_control_is_a_named_error() -> None:
    """A misspelt control is not passed over."""
    with pytest.raises(MalformedEventError, match="no-such-control"):
        World().apply("no-such-control")


def test_unreadable_setting_is_unknown_and_never_changed() -> None:
    """What cannot be read is neither compliant nor written."""
    world = World()
    world.account.set(NAME, Section.PUBLIC_ACCESS_BLOCK, Unreadable("denied"))

    result = world.run(RequestMode.APPLY, BLOCK)

    assert compliance(result, BLOCK) is Compliance.UNKNOWN
    assert world.account.written == []


def test_website_keeps_its_access() -> None:
    """On a website neither access nor policy is closed, whoever asks and however."""
    world = World(account=FakeAccount({NAME: bucket(website=WEBSITE)}))
    every = [control.id for control in controls.ALL if control.sections != ACCOUNT_SECTIONS]

    result = world.apply(*every, force=True)

    closing = {Section.PUBLIC_ACCESS_BLOCK, Section.POLICY, Section.OWNERSHIP}
    touched = {one.section for one in result.changes if one.outcome is Outcome.APPLIED}
    assert touched
    assert not touched & closing


@pytest.mark.parametrize("is_target", [True, None])
def test_log_target_keeps_receiving(is_target: bool | None) -> None:
    """Where logs arrive, or may arrive, no lock, no key and no logging of its own is set."""
    state = replace(bucket(versioning={"Status": "Enabled"}), is_log_target=is_target)
    world = World(account=FakeAccount({NAME: state}))

    result = world.apply("object-lock-default", "kms-with-bucket-key", "access-logging")

    assert Outcome.APPLIED not in outcomes(result).values()
    assert world.account.written == []


def test_log_target_under_a_key_keeps_it_and_may_change_otherwise() -> None:
    """CloudTrail's logs may lie under a KMS key: what leaves that key alone stops no delivery."""
    world = World()
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key"}
    rule = {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}
    world.account.set(NAME, Section.ENCRYPTION, {"Rules": [rule]})
    world.account.states[NAME] = replace(world.state(), is_log_target=True)

    assert outcomes(world.apply("sse-c-blocked")) == {"sse-c-blocked": Outcome.APPLIED}


def test_account_is_looked_at_by_itself() -> None:
    """The account's block is no control of a bucket, and is set once for all."""
    world = World(account=FakeAccount({ACCOUNT: bucket(ACCOUNT)}))

    result = world.apply("account-public-access-block", bucket=ACCOUNT)

    assert outcomes(result) == {"account-public-access-block": Outcome.APPLIED}
    with pytest.raises(MalformedEventError):
        World().apply("account-public-access-block")


@pytest.mark.parametrize("open_buckets", [("website",), None])
def test_account_with_public_buckets_is_not_closed(open_buckets: tuple[str, ...] | None) -> None:
    """A block of the account would close its websites: it is refused where there are any."""
    world = World(account=FakeAccount({ACCOUNT: bucket(ACCOUNT)}, closed=open_buckets))

    result = world.apply("account-public-access-block", bucket=ACCOUNT, force=True)

    assert outcomes(result) == {"account-public-access-block": Outcome.REFUSED}


def test_other_peoples_statements_stay() -> None:
    """A control adds its own statement to the policy, and undoing takes only that away again."""
    theirs = {
        "Sid": "Theirs",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:role/reader"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{NAME}/*",
    }
    world = World(account=FakeAccount({NAME: bucket(policy=policy(theirs))}))

    (change,) = world.apply("tls-only").changes
    statements = (world.state().known(Section.POLICY) or {})["Statement"]
    assert theirs in statements
    assert len(statements) == 2

    world.take_back(change.id)
    assert world.state().known(Section.POLICY) == policy(theirs)
