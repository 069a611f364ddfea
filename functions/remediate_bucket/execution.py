"""Makes one change of one setting, so that no stop between two steps loses track of it.

    snapshot → open row, record (PLANNED) → S3 → read again → record (APPLIED, FAILED) → event
    … → people told → open row deleted

Whatever the moment of a stop, the record of what was begun is there and its open row says that
nobody was told: `settle`, on the next run, finds out what became of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from functions.remediate_bucket import sections
from functions.remediate_bucket.bucket_state import BucketState, Section, Setting, Unreadable
from functions.remediate_bucket.change import (
    DETAIL_TYPE,
    Change,
    Outcome,
    new_id,
    to_event_detail,
)
from functions.remediate_bucket.control import Call, Compliance, Control, Profile
from functions.remediate_bucket.lease import Budget
from functions.remediate_bucket.regions import Bucket
from tidegate.errors import MisconfiguredError, PermanentError, TransientError

# S3 takes a moment to show a new configuration.
_REREAD_SECONDS = (0.5, 1.0, 2.0, 4.0)
_TOO_OFTEN = (
    "the control has changed this bucket too often today: something else changes it back. "
    "Nothing more is done until tomorrow"
)


class _Reader(Protocol):
    def read(self, bucket: Bucket, sections: frozenset[Section]) -> BucketState: ...
    def again(self, state: BucketState, sections: Sequence[Section]) -> BucketState: ...


class _Writer(Protocol):
    def apply(self, bucket: Bucket, call: Call) -> None: ...


class _Changes(Protocol):
    def begin(self, change: Change) -> None: ...
    def end(self, change: Change) -> None: ...
    def find(self, change_id: str) -> Change | None: ...


class _Leases(Protocol):
    def renew(self, bucket: str, holder: str, now: datetime) -> None: ...
    def spend(self, bucket: str, control: str, now: datetime) -> Budget: ...
    def refund(self, bucket: str, control: str, now: datetime) -> None: ...


class _Snapshots(Protocol):
    def put(self, change: Change) -> str: ...


class _Bus(Protocol):
    def publish(self, detail_type: str, detail: dict[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a control's plan. After the last one the control has to be met."""

    bucket: Bucket
    control: Control
    call: Call
    profile: Profile
    is_last: bool


@dataclass(frozen=True, slots=True)
class Execution:
    """Makes changes, with all that it works on. Raises TransientError and MisconfiguredError."""

    reader: _Reader
    writer: _Writer
    changes: _Changes
    leases: _Leases
    snapshots: _Snapshots
    bus: _Bus
    now: Callable[[], datetime]
    random: Callable[[], str]
    sleep: Callable[[float], None]

    def make(
        self, step: Step, state: BucketState, change: Change, holder: str
    ) -> tuple[Change, BucketState]:
        """Make the change, and return what came of it with the state as it is then.

        A call that S3 refuses is a FAILED change. One of which nobody knows whether S3 took it
        (a time-out) raises TransientError and stays open.
        """
        self.leases.renew(step.bucket.name, holder, self.now())
        exceeded = self._budget_refusal(change)
        if exceeded:
            return exceeded, state
        change = replace(change, id=new_id(step.bucket.name, self.now(), self.random()))
        change = replace(change, snapshot=self.snapshots.put(change))
        self.changes.begin(change)
        try:
            self.writer.apply(step.bucket, step.call)
        except (MisconfiguredError, PermanentError) as error:
            return self._ended(change.ended(Outcome.FAILED, str(error), self.now())), state
        except TransientError:
            # Throttled, or somebody else configures the bucket at this moment: that is no fight.
            if change.trigger.automatic:
                self.leases.refund(change.bucket, change.control, self.now())
            raise
        state, shown = self._read_again(state, change, step.control)
        if shown is None:
            # `after` stays as it was planned: shown later, it can still be taken back.
            fault = "S3 took the call, and still shows the former setting"
            return self._ended(change.ended(Outcome.FAILED, fault, self.now())), state
        return self._ended(self._proven(step, state, shown)), state

    def settle(self, bucket: Bucket, open_changes: tuple[str, ...]) -> tuple[Change, ...]:
        """Find out what became of changes that an earlier run began and did not tell of."""
        settled = []
        for change_id in open_changes:
            change = self.changes.find(change_id)
            if change is None:
                # Stopped between the open row and the record: nothing was written.
                continue
            if change.outcome is Outcome.PLANNED:
                change = self._settled(bucket, change)
            settled.append(self._ended(change))
        return tuple(settled)

    def _budget_refusal(self, change: Change) -> Change | None:
        if not change.trigger.automatic:
            return None
        budget = self.leases.spend(change.bucket, change.control, self.now())
        if budget is Budget.WITHIN:
            return None
        refused = change.ended(Outcome.REFUSED, _TOO_OFTEN, self.now())
        return replace(refused, alert=budget is Budget.EXCEEDED_FIRST)

    def _read_again(
        self, state: BucketState, change: Change, control: Control
    ) -> tuple[BucketState, Change | None]:
        """Return the state, and the change with `after`, as S3 shows them; None: it shows none."""
        wanted = sorted({change.section, *control.sections})
        for seconds in (0.0, *_REREAD_SECONDS):
            if seconds:
                self.sleep(seconds)
            state = self.reader.again(state, wanted)
            live = _affected(change, state.setting(change.section))
            if isinstance(live, Unreadable):
                return state, change
            shown = sections.fingerprint(live)
            if shown != change.before_sha256:
                return state, replace(change, after=sections.to_json(live), after_sha256=shown)
        return state, None

    def _proven(self, step: Step, state: BucketState, change: Change) -> Change:
        """Return the change as APPLIED where the control is met after its last call."""
        finding = step.control.evaluate(state, step.profile)
        if step.is_last and finding.compliance is not Compliance.COMPLIANT:
            fault = f"written, but the bucket is not compliant: {finding.reason}"
            return change.ended(Outcome.FAILED, fault, self.now())
        return change.ended(Outcome.APPLIED, change.reason, self.now())

    def _settled(self, bucket: Bucket, change: Change) -> Change:
        state = self.reader.read(bucket, frozenset({change.section}))
        live = _affected(change, state.setting(change.section))
        if isinstance(live, Unreadable):
            fault = f"interrupted, and now unreadable: {live.reason}"
            return change.ended(Outcome.FAILED, fault, self.now())
        shown = sections.fingerprint(live)
        if shown == change.before_sha256:
            fault = "interrupted before the setting was written"
            return change.ended(Outcome.FAILED, fault, self.now())
        if shown != change.after_sha256:
            # Somebody else's, perhaps: it must not become what an undo throws away.
            fault = "interrupted, and now neither as it was nor as planned: see the snapshot"
            return change.ended(Outcome.FAILED, fault, self.now())
        return change.ended(Outcome.APPLIED, "found in place after an interrupted run", self.now())

    def _ended(self, change: Change) -> Change:
        """Record what became of the change, and tell the bus."""
        self.changes.end(change)
        self.bus.publish(DETAIL_TYPE, to_event_detail(change))
        return change


def _affected(change: Change, setting: Setting) -> Setting:
    return sections.affected(change.section, setting, change.identifier)
