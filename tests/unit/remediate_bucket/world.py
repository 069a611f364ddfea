"""An account of buckets in memory, with the whole remediation at work on it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.remediate_bucket import controls
from functions.remediate_bucket.bucket_state import BucketState, Section, Setting, Unreadable
from functions.remediate_bucket.change import Change, Outcome
from functions.remediate_bucket.control import Call, Control, Profile
from functions.remediate_bucket.errors import BucketMissingError
from functions.remediate_bucket.execution import Execution
from functions.remediate_bucket.lease import Budget
from functions.remediate_bucket.lockout import Guardians
from functions.remediate_bucket.notes import Notes, from_rows
from functions.remediate_bucket.permissions import Permissions
from functions.remediate_bucket.regions import Bucket
from functions.remediate_bucket.remediation import Remediation
from functions.remediate_bucket.result import Result
from functions.remediate_bucket.trigger import ACCOUNT as THE_ACCOUNT
from functions.remediate_bucket.trigger import BucketRequest, RequestMode, Trigger
from functions.remediate_bucket.undo import Undo, Undone
from tests.unit.remediate_bucket import fake_s3
from tests.unit.remediate_bucket.buckets import ACCOUNT, NAME, PROFILE, bucket, with_section
from tidegate.errors import MisconfiguredError, PermanentError, TransientError

ROLE = f"arn:aws:iam::{ACCOUNT}:role/RemediateBucketRole"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
KNOWN = frozenset(control.id for control in controls.ALL)
DRIFT = Trigger("cloudtrail", "PutBucketPolicy", "event-1", "arn:aws:iam::1:user/jane")
OPERATOR = Trigger("direct", "mode apply", automatic=False)


@dataclass
class FakeAccount:
    """Buckets as S3 holds them; reads and writes them as Reader and Writer do.

    `refusals`: what the next calls of an operation raise. `stale`: so many reads after a write
    still show what was there before it.
    """

    states: dict[str, BucketState] = field(default_factory=dict)
    refusals: dict[str, Exception] = field(default_factory=dict)
    written: list[tuple[str, str]] = field(default_factory=list)
    stale: int = 0
    closed: tuple[str, ...] | None = ()
    _before: dict[str, BucketState] = field(default_factory=dict)

    def find(self, name: str) -> Bucket:
        if name not in self.states:
            raise BucketMissingError(f"there is no bucket {name}")
        return Bucket(name, self.states[name].region)

    def buckets(self) -> list[Bucket]:
        names = sorted(name for name in self.states if name != THE_ACCOUNT)
        return [Bucket(name, self.states[name].region) for name in names]

    def read(self, bucket: Bucket, sections: Iterable[Section]) -> BucketState:
        state = self._seen(bucket.name)
        wanted = {section: state.setting(section) for section in sections}
        return replace(state, settings=wanted)

    def again(self, state: BucketState, sections: Iterable[Section]) -> BucketState:
        live = self._seen(state.name)
        return replace(
            state,
            settings={**state.settings, **{each: live.setting(each) for each in sections}},
        )

    def open_buckets(self) -> tuple[str, ...] | None:
        return self.closed

    def apply(self, bucket: Bucket, call: Call) -> None:
        if call.operation in self.refusals:
            raise self.refusals.pop(call.operation)
        self._before[bucket.name] = self.states[bucket.name]
        self.written.append((bucket.name, call.operation))
        if call.operation.startswith("delete_"):
            self._delete(bucket.name, call)
            return
        try:
            self.states[bucket.name] = fake_s3.apply(self.states[bucket.name], call)
        except fake_s3.RefusedError as error:
            raise PermanentError(str(error)) from error

    def set(self, name: str, section: Section, setting: Setting) -> None:
        """Let somebody else configure a bucket."""
        self.states[name] = with_section(self.states[name], section, setting)

    def _delete(self, name: str, call: Call) -> None:
        setting: Setting = {"Tags": {}} if call.section is Section.TAGS else None
        if "Id" in call.arguments:
            present = self.states[name].known(call.section) or {}
            kept = [one for one in present["Configurations"] if one["Id"] != call.arguments["Id"]]
            setting = {"Configurations": kept}
        self.set(name, call.section, setting)

    def _seen(self, name: str) -> BucketState:
        if name not in self.states:
            raise BucketMissingError(f"there is no bucket {name}")
        if self.stale and name in self._before:
            self.stale -= 1
            return self._before[name]
        return self.states[name]


@dataclass
class FakeChanges:
    """The changes table in memory."""

    rows: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    records: dict[str, Change] = field(default_factory=dict)
    unreadable: str | None = None

    def put(self, bucket: str, entry: str, **values: Any) -> None:
        """Let an operator write a row."""
        self.rows[bucket, entry] = {"bucket": bucket, "entry": entry, **values}

    def notes(self, bucket: str) -> Notes | Unreadable:
        if self.unreadable:
            return Unreadable(self.unreadable)
        return from_rows([row for (name, _), row in self.rows.items() if name == bucket], KNOWN)

    def begin(self, change: Change) -> None:
        self.put(change.bucket, f"open#{change.id}")
        self.end(change)

    def end(self, change: Change) -> None:
        assert change.id
        self.records[change.id] = change

    def close(self, change_id: str) -> None:
        self.rows.pop((change_id.rpartition(":")[0], f"open#{change_id}"), None)

    def find(self, change_id: str) -> Change | None:
        return self.records.get(change_id)

    def hold(self, change: Change, until: datetime) -> None:
        self.put(
            change.bucket,
            f"hold#{change.control}",
            change=change.id,
            afterSha256=change.after_sha256,
            expiresAt=int(until.timestamp()),
        )

    def lift(self, change: Change) -> None:
        self.rows.pop((change.bucket, f"hold#{change.control}"), None)

    def open(self) -> list[str]:
        """Return the changes of which nobody was told."""
        return [entry for _, entry in self.rows if entry.startswith("open#")]


@dataclass
class FakeLeases:
    """Leases and budgets in memory."""

    budget: int = 3
    holders: dict[str, str] = field(default_factory=dict)
    spent: dict[tuple[str, str], int] = field(default_factory=dict)

    def take(self, bucket: str, holder: str, now: datetime) -> None:
        if self.holders.setdefault(bucket, holder) != holder:
            raise TransientError(f"another run is at work on {bucket}")

    def renew(self, bucket: str, holder: str, now: datetime) -> None:
        if self.holders.get(bucket) != holder:
            raise TransientError(f"another run is at work on {bucket}")

    def release(self, bucket: str, holder: str) -> None:
        if self.holders.get(bucket) == holder:
            del self.holders[bucket]

    def spend(self, bucket: str, control: str, now: datetime) -> Budget:
        spent = self.spent[bucket, control] = self.spent.get((bucket, control), 0) + 1
        if spent <= self.budget:
            return Budget.WITHIN
        return Budget.EXCEEDED_FIRST if spent == self.budget + 1 else Budget.EXCEEDED

    def refund(self, bucket: str, control: str, now: datetime) -> None:
        self.spent[bucket, control] -= 1


@dataclass
class FakeSnapshots:
    """Snapshots in memory."""

    kept: dict[str, Any] = field(default_factory=dict)

    def put(self, change: Change) -> str:
        self.kept[str(change.id)] = change.before
        return f"changes/{change.id}.json"

    def before(self, change: Change) -> Any:
        return self.kept[str(change.id)]


@dataclass
class FakeBus:
    """Keeps the events."""

    events: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        assert detail_type == "Bucket Remediation"
        self.events.append(dict(detail))


@dataclass
class World:
    """The remediation with all its fakes, and one bucket on which nobody configured anything."""

    account: FakeAccount = field(default_factory=lambda: FakeAccount({NAME: bucket()}))
    changes: FakeChanges = field(default_factory=FakeChanges)
    leases: FakeLeases = field(default_factory=FakeLeases)
    snapshots: FakeSnapshots = field(default_factory=FakeSnapshots)
    bus: FakeBus = field(default_factory=FakeBus)
    controls: tuple[Control, ...] = controls.ALL
    permissions: Permissions = field(default_factory=lambda: Permissions(safe_controls=True))
    profile: Profile = PROFILE
    slept: list[float] = field(default_factory=list)
    now: datetime = NOW

    def __post_init__(self) -> None:
        numbers = itertools.count(1)
        guardians = Guardians(ROLE, ACCOUNT)
        execution = Execution(
            reader=self.account,
            writer=self.account,
            changes=self.changes,
            leases=self.leases,
            snapshots=self.snapshots,
            bus=self.bus,
            now=lambda: self.now,
            random=lambda: f"{next(numbers):08x}",
            sleep=self.slept.append,
        )
        self.remediation = Remediation(
            controls=self.controls,
            permissions=self.permissions,
            profile=self.profile,
            targets=lambda profile: profile,
            exemption_tag_key="tidegate-exempt",
            guardians=guardians,
            reader=self.account,
            changes=self.changes,
            leases=self.leases,
            execution=execution,
            bus=self.bus,
            now=lambda: self.now,
        )
        self.undo = Undo(
            hold_days=30,
            guardians=guardians,
            reader=self.account,
            writer=self.account,
            changes=self.changes,
            leases=self.leases,
            snapshots=self.snapshots,
            bus=self.bus,
            now=lambda: self.now,
        )

    def run(
        self,
        mode: RequestMode = RequestMode.APPLY,
        *names: str,
        trigger: Trigger = DRIFT,
        force: bool = False,
        bucket: str = NAME,
    ) -> Result:
        """Look at a bucket; `names` are controls asked for by name."""
        named = frozenset(names) or None
        request = BucketRequest(bucket, mode, trigger, named, force)
        return self.remediation.run(request, "run-1")

    def apply(self, *names: str, force: bool = False, bucket: str = NAME) -> Result:
        """Apply controls as an operator who names them."""
        return self.run(RequestMode.APPLY, *names, trigger=OPERATOR, force=force, bucket=bucket)

    def take_back(self, change_id: str | None) -> Undone:
        """Undo a change."""
        return self.undo.run(str(change_id), "undo-1")

    def state(self, name: str = NAME) -> BucketState:
        """Return a bucket as it is."""
        return self.account.states[name]

    def later(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


def outcomes(result: Result) -> dict[str, Outcome]:
    """Return the outcome for each control that had something to change."""
    return {change.control: change.outcome for change in result.changes}


def refuses(reason: str = "AccessDenied") -> Exception:
    """Return what a refused call raises."""
    return MisconfiguredError(reason)
