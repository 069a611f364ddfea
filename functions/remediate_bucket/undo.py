"""Takes one change back: restores what its snapshot has, unless the setting has moved on since.

A hold keeps the control from being applied to the bucket again for a while, by events and sweeps
alike: a person who undoes a change and a remediator that makes it anew would be two tools that
fight. The hold is written first, so that no stop leaves an undone change without it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from functions.remediate_bucket import lockout, sections
from functions.remediate_bucket.bucket_state import BucketState, Section, Unreadable
from functions.remediate_bucket.change import DETAIL_TYPE, Change, Outcome, to_event_detail
from functions.remediate_bucket.control import Call
from functions.remediate_bucket.errors import BucketMissingError
from functions.remediate_bucket.lockout import Guardians
from functions.remediate_bucket.regions import Bucket
from tidegate.errors import MisconfiguredError, PermanentError


class _Reader(Protocol):
    def find(self, name: str) -> Bucket: ...
    def read(self, bucket: Bucket, sections: frozenset[Section]) -> BucketState: ...


class _Writer(Protocol):
    def apply(self, bucket: Bucket, call: Call) -> None: ...


class _Changes(Protocol):
    def find(self, change_id: str) -> Change | None: ...
    def end(self, change: Change) -> None: ...
    def hold(self, change: Change, until: datetime) -> None: ...
    def lift(self, change: Change) -> None: ...


class _Leases(Protocol):
    def take(self, bucket: str, holder: str, now: datetime) -> None: ...
    def release(self, bucket: str, holder: str) -> None: ...


class _Snapshots(Protocol):
    def before(self, change: Change) -> Any: ...


class _Bus(Protocol):
    def publish(self, detail_type: str, detail: dict[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Undone:
    """What came of an undo: UNDONE or REFUSED. `before` and `after`: the live setting."""

    change: str
    outcome: Outcome
    reason: str | None
    before: Any = None
    after: Any = None


def to_response(undone: Undone) -> dict[str, Any]:
    """Return the answer to a direct invocation."""
    return {
        "schemaVersion": "1.0",
        "mode": "undo",
        "change": undone.change,
        "outcome": undone.outcome.value,
        "reason": undone.reason,
        "before": undone.before,
        "after": undone.after,
    }


@dataclass(frozen=True, slots=True)
class Undo:
    """The undo, with all that it works on."""

    hold_days: int
    guardians: Guardians
    reader: _Reader
    writer: _Writer
    changes: _Changes
    leases: _Leases
    snapshots: _Snapshots
    bus: _Bus
    now: Callable[[], datetime]

    def run(self, change_id: str, holder: str) -> Undone:
        """Take the change back, or say why not. Safe to repeat.

        Raises TransientError, and SnapshotError where what was kept is not what was recorded.
        """
        change = self.changes.find(change_id)
        if change is None:
            return _refused(change_id, "there is no such change")
        if change.outcome is Outcome.UNDONE:
            return _refused(change_id, "it was undone already")
        try:
            bucket = self.reader.find(change.bucket)
        except BucketMissingError as error:
            return _refused(change_id, str(error))
        self.leases.take(bucket.name, holder, self.now())
        try:
            return self._take_back(change, bucket)
        finally:
            self.leases.release(bucket.name, holder)

    def _take_back(self, change: Change, bucket: Bucket) -> Undone:
        state = self.reader.read(bucket, frozenset({change.section}))
        live = sections.affected(change.section, state.setting(change.section), change.identifier)
        if isinstance(live, Unreadable):
            return _refused(str(change.id), live.reason)
        shown = sections.fingerprint(live)
        if shown == change.before_sha256 and change.outcome is Outcome.APPLIED:
            # An earlier undo was stopped after its write, or somebody took the change back.
            self.changes.hold(change, self._until())
            return self._ended(change, live, live, "the setting is as it was before")
        if shown == change.before_sha256:
            return _refused(str(change.id), "the setting is as it was before", live)
        if shown != change.after_sha256:
            return _refused(str(change.id), "the setting has been changed again since", live)
        before = self.snapshots.before(change)
        locking = self._locking(change, state, live, before)
        if locking:
            return _refused(str(change.id), f"{locking} could lock everybody out", live)
        return self._restore(change, bucket, live, before)

    def _restore(self, change: Change, bucket: Bucket, live: Any, before: Any) -> Undone:
        self.changes.hold(change, self._until())
        try:
            call = sections.restoration(change.section, before, change.identifier)
            self.writer.apply(bucket, call)
        except (MisconfiguredError, PermanentError) as error:
            self.changes.lift(change)
            return _refused(str(change.id), str(error), live)
        state = self.reader.read(bucket, frozenset({change.section}))
        after = sections.affected(change.section, state.setting(change.section), change.identifier)
        reason = None
        if sections.fingerprint(after) != change.before_sha256:
            reason = "restored as far as S3 allows, or not shown yet: compare before and after"
        return self._ended(change, live, after, reason)

    def _ended(self, change: Change, live: Any, after: Any, reason: str | None) -> Undone:
        undone = replace(change, outcome=Outcome.UNDONE, reason=reason, at=self.now())
        self.changes.end(undone)
        self.bus.publish(DETAIL_TYPE, to_event_detail(undone))
        return Undone(
            str(change.id),
            Outcome.UNDONE,
            reason,
            before=sections.to_json(live),
            after=sections.to_json(after),
        )

    def _locking(self, change: Change, state: BucketState, live: Any, before: Any) -> str:
        if change.section is not Section.POLICY or before is None:
            return ""
        found = lockout.locking_statements(live, before, state.arn, self.guardians)
        return ", ".join(found)

    def _until(self) -> datetime:
        return self.now() + timedelta(days=self.hold_days)


def _refused(change_id: str, reason: str, live: Any = None) -> Undone:
    shown = sections.to_json(live)
    return Undone(change_id, Outcome.REFUSED, reason, before=shown, after=shown)
