"""Looks at one bucket and puts right what may be put right.

Always in this order: read the live state, evaluate, plan, guard, keep a snapshot, apply, read
again, evaluate. What is only planned is worked through as if it were made, each control on the
state that the ones before would leave; before anything is made, the bucket's lease is taken and
the live state and what is noted of it are read anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from functions.remediate_bucket import exemptions, guards, sections
from functions.remediate_bucket.bucket_state import BucketState, Section, Unreadable
from functions.remediate_bucket.change import (
    DETAIL_TYPE,
    Change,
    Outcome,
    to_event_detail,
)
from functions.remediate_bucket.control import Call, Compliance, Control, Mode, Profile
from functions.remediate_bucket.execution import Step
from functions.remediate_bucket.guards import Circumstances, Proposal, Refusal
from functions.remediate_bucket.lockout import Guardians
from functions.remediate_bucket.notes import Notes
from functions.remediate_bucket.permissions import Permissions
from functions.remediate_bucket.regions import Bucket
from functions.remediate_bucket.result import Judged, Result
from functions.remediate_bucket.trigger import ACCOUNT, SCHEDULE, BucketRequest, RequestMode
from tidegate.errors import MalformedEventError

# What the guards judge by, beside what each control reads.
_GUARDED_BY = frozenset({Section.TAGS, Section.WEBSITE})
_OF_ACCOUNT = frozenset({Section.ACCOUNT_PUBLIC_ACCESS_BLOCK})


class _Reader(Protocol):
    def find(self, name: str) -> Bucket: ...
    def read(self, bucket: Bucket, sections: frozenset[Section]) -> BucketState: ...
    def open_buckets(self) -> tuple[str, ...] | None: ...


class _Changes(Protocol):
    def notes(self, bucket: str) -> Notes | Unreadable: ...
    def close(self, change_id: str) -> None: ...


class _Leases(Protocol):
    def take(self, bucket: str, holder: str, now: datetime) -> None: ...
    def release(self, bucket: str, holder: str) -> None: ...


class _Execution(Protocol):
    def make(
        self, step: Step, state: BucketState, change: Change, holder: str
    ) -> tuple[Change, BucketState]: ...
    def settle(self, bucket: Bucket, open_changes: tuple[str, ...]) -> tuple[Change, ...]: ...


class _Bus(Protocol):
    def publish(self, detail_type: str, detail: dict[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class _Work:
    """One request, with all that is known before the bucket is looked at."""

    request: BucketRequest
    bucket: Bucket
    controls: tuple[Control, ...]
    notes: Notes | Unreadable
    profile: Profile
    holder: str

    @property
    def known_notes(self) -> Notes:
        return Notes() if isinstance(self.notes, Unreadable) else self.notes


@dataclass(frozen=True, slots=True)
class Remediation:
    """The remediation, with all that it works on.

    `targets` adds to a profile the Regions in which its targets are.
    """

    controls: tuple[Control, ...]
    permissions: Permissions
    profile: Profile
    targets: Callable[[Profile], Profile]
    exemption_tag_key: str
    guardians: Guardians
    reader: _Reader
    changes: _Changes
    leases: _Leases
    execution: _Execution
    bus: _Bus
    now: Callable[[], datetime]

    def run(self, request: BucketRequest, holder: str, *, bucket: Bucket | None = None) -> Result:
        """Look at the bucket, change what may be changed, and return how it stands in the end.

        Raises BucketMissingError for a bucket that is gone, TransientError where another run is
        at work on it or AWS does not answer, MalformedEventError for a control not known.
        """
        work = self._work(request, holder, bucket or self.reader.find(request.bucket))
        state = self._read(work)
        work = self._with_tag(work, state)
        planned = self._work_through(work, state, write=False)[1]
        # A report or a plan leaves the open changes to a run that may change something: one may be
        # at work on them right now.
        unsettled = request.mode is RequestMode.APPLY and work.known_notes.open_changes
        if not unsettled and not any(
            change.outcome is Outcome.PLANNED and self._may(work, change.control)
            for change in planned
        ):
            return self._result(work, state, self._told(work, planned), untold=())
        with self._leased(work):
            # What was noted meanwhile counts: an exemption, the hold of an undo that was at work.
            work = self._work(request, holder, work.bucket)
            settled = self.execution.settle(work.bucket, work.known_notes.open_changes)
            state = self._read(work)
            state, changes = self._work_through(self._with_tag(work, state), state, write=True)
        changes = (*settled, *self._told(work, changes))
        untold = {*(change.id for change in changes if change.id), *work.known_notes.open_changes}
        return self._result(work, state, changes, untold=tuple(sorted(untold)))

    def finish(self, result: Result) -> None:
        """Note that people were told of the result's changes."""
        for change_id in result.untold:
            self.changes.close(change_id)

    def select(self, bucket: str, named: frozenset[str] | None) -> tuple[Control, ...]:
        """Return the controls of a bucket, or of ACCOUNT, or those of them that are named."""
        fitting = tuple(
            control
            for control in self.controls
            if (control.sections == _OF_ACCOUNT) == (bucket == ACCOUNT)
        )
        if named is None:
            return fitting
        unknown = named - {control.id for control in fitting}
        if unknown:
            what = "the account" if bucket == ACCOUNT else "a bucket"
            raise MalformedEventError(f"no control of {what}: {', '.join(sorted(unknown))}")
        return tuple(control for control in fitting if control.id in named)

    def _work(self, request: BucketRequest, holder: str, bucket: Bucket) -> _Work:
        notes = self.changes.notes(request.bucket)
        narrowed = Notes() if isinstance(notes, Unreadable) else notes
        return _Work(
            request=request,
            bucket=bucket,
            controls=self.select(request.bucket, request.controls),
            notes=notes,
            profile=self.targets(narrowed.narrowed(self.profile)),
            holder=holder,
        )

    def _read(self, work: _Work) -> BucketState:
        judged = frozenset().union(*(control.sections for control in work.controls))
        return self.reader.read(work.bucket, judged | _GUARDED_BY)

    def _with_tag(self, work: _Work, state: BucketState) -> _Work:
        """Return the work with the exemption that the bucket's own tag tells."""
        tags = state.setting(Section.TAGS)
        if isinstance(work.notes, Unreadable) or isinstance(tags, Unreadable) or tags is None:
            return work
        value = tags["Tags"].get(self.exemption_tag_key)
        if value is None:
            return work
        known = frozenset(control.id for control in self.controls)
        told = exemptions.from_tag(self.exemption_tag_key, value, known)
        others = tuple(item for item in work.notes.exemptions if item != told)
        return replace(work, notes=replace(work.notes, exemptions=(*others, told)))

    def _may(self, work: _Work, control_id: str) -> bool:
        (control,) = [control for control in work.controls if control.id == control_id]
        return self.permissions.allow(control, work.request, work.known_notes)

    def _work_through(
        self, work: _Work, state: BucketState, *, write: bool
    ) -> tuple[BucketState, tuple[Change, ...]]:
        """Take the controls one by one, each on the state that the ones before have left.

        Without `write` that is the state as their calls would leave it.
        """
        changes: list[Change] = []
        live = state
        for control in work.controls:
            finding = control.evaluate(state, work.profile)
            if finding.compliance is not Compliance.NON_COMPLIANT or (
                control.mode is Mode.REPORT_ONLY
            ):
                continue
            calls = control.plan(state, work.profile)
            for number, call in enumerate(calls, 1):
                change = self._considered(work, state, control, call, finding.reason)
                if change.outcome is Outcome.PLANNED:
                    if not write:
                        state = _with(state, call)
                    elif self._may(work, control.id):
                        last = number == len(calls)
                        step = Step(work.bucket, control, call, work.profile, is_last=last)
                        change, state = self.execution.make(step, state, change, work.holder)
                changes.append(change)
                if change.outcome in (Outcome.REFUSED, Outcome.FAILED):
                    break
        return (state if write else live), tuple(changes)

    def _considered(
        self, work: _Work, state: BucketState, control: Control, call: Call, why: str
    ) -> Change:
        """Return the change as PLANNED, or as REFUSED where a guard is against it."""
        whole_before = state.setting(call.section)
        whole_after = sections.projected(whole_before, call)
        refused = self._refusal(work, Proposal(state, control.id, call, whole_before, whole_after))
        identifier = sections.configuration_id(call)
        before = sections.affected(call.section, whole_before, identifier)
        after = sections.affected(call.section, whole_after, identifier)
        return Change(
            id=None,
            bucket=work.bucket.name,
            region=work.bucket.region,
            control=control.id,
            section=call.section,
            operation=call.operation,
            outcome=Outcome.REFUSED if refused else Outcome.PLANNED,
            at=self.now(),
            trigger=work.request.trigger,
            before=sections.to_json(before),
            after=sections.to_json(after),
            before_sha256=sections.fingerprint(before),
            after_sha256=sections.fingerprint(after),
            reason=refused.reason if refused else why,
            patch=refused.patch if refused else None,
            identifier=identifier,
            alert=bool(refused and refused.alert and self._may(work, control.id)),
        )

    def _refusal(self, work: _Work, proposal: Proposal) -> Refusal | None:
        of_account = proposal.call.section is Section.ACCOUNT_PUBLIC_ACCESS_BLOCK
        around = Circumstances(
            notes=work.notes,
            guardians=self.guardians,
            now=self.now(),
            force=work.request.force,
            open_buckets=self.reader.open_buckets() if of_account else None,
        )
        return guards.refusal(proposal, around)

    def _told(self, work: _Work, planned: tuple[Change, ...]) -> tuple[Change, ...]:
        """Tell the bus what an event asked for and was not done; a sweep's report tells its own."""
        trigger = work.request.trigger
        if trigger.automatic and trigger.kind != SCHEDULE:
            for change in planned:
                if change.id is None:
                    self.bus.publish(DETAIL_TYPE, to_event_detail(change))
        return planned

    @contextmanager
    def _leased(self, work: _Work) -> Iterator[None]:
        self.leases.take(work.bucket.name, work.holder, self.now())
        try:
            yield
        finally:
            self.leases.release(work.bucket.name, work.holder)

    def _result(
        self,
        work: _Work,
        state: BucketState,
        changes: tuple[Change, ...],
        *,
        untold: tuple[str, ...],
    ) -> Result:
        told = self._with_tag(work, state).known_notes.exemptions
        return Result(
            bucket=work.bucket.name,
            region=work.bucket.region,
            mode=work.request.mode.value,
            findings=tuple(
                Judged(control, control.evaluate(state, work.profile)) for control in work.controls
            ),
            changes=changes,
            exemptions=exemptions.in_force(told, self.now()),
            untold=untold,
        )


def _with(state: BucketState, call: Call) -> BucketState:
    """Return the state as the call would leave it."""
    after = sections.projected(state.setting(call.section), call)
    return replace(state, settings={**state.settings, call.section: after})
