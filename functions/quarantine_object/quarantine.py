"""Moves one object into quarantine and tells of it.

The steps, in this order: look at the exact version; copy it, prove the copy; write the record
beside it; delete that version; enter it in the ledger; alert people; tell the bus. A stop after
any of them loses nothing: the message comes back, every step is safe to repeat, and the ones done
are recognised by what they left behind (the copy under a key that only this version has, the
version gone, the ledger's marks). That is why Powertools' idempotency is not used: a key-value
marker could only claim what S3 itself can be asked.

The alert comes after the deletion because it says what was done, and it is marked in the ledger
only after it was sent: sent at least once, twice only after a stop between those two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from functions.quarantine_object import custody
from functions.quarantine_object.report import Outcome, Report, to_event_detail, to_ledger
from tidegate.copies import Copy, Target
from tidegate.errors import (
    ObjectMissingError,
    ObjectReplacedError,
    PermanentError,
    TidegateError,
)
from tidegate.objectref import ObjectRef
from tidegate.stored import Stored, proofs
from tidegate.verdicts import ScanResult

LEDGER_ENTRY = "quarantine"
# Small objects cost more in the archive classes than here.
_RECORD_STORAGE_CLASS = "STANDARD"


class _Copies(Protocol):
    def look(self, ref: ObjectRef) -> Stored: ...
    def find(self, target: Target) -> Stored | None: ...
    def ensure(
        self,
        original: Stored,
        target: Target,
        metadata: Mapping[str, str],
        *,
        sha256: str | None,
        out_of_time: Callable[[], bool],
    ) -> Copy: ...


class _Originals(Protocol):
    def remove(self, ref: ObjectRef) -> None: ...


class _Records(Protocol):
    def put(self, place: Target, document: Mapping[str, Any]) -> None: ...
    def get(self, place: Target) -> dict[str, Any] | None: ...


class _Ledger(Protocol):
    def annotate(self, ref: ObjectRef, name: str, facts: Mapping[str, Any]) -> None: ...
    def row(self, ref: ObjectRef) -> dict[str, Any] | None: ...


class _Alerts(Protocol):
    def publish(self, report: Report) -> None: ...


class _Bus(Protocol):
    def publish(self, detail_type: str, detail: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Storage:
    """Where quarantined objects are kept, and how."""

    bucket: str
    storage_class: str
    kms_key_arn: str | None


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The quarantine, with all that it works on."""

    storage: Storage
    copies: _Copies
    originals: _Originals
    records: _Records
    ledger: _Ledger
    alerts: _Alerts
    bus: _Bus
    now: Callable[[], datetime]

    def run(self, result: ScanResult, out_of_time: Callable[[], bool]) -> Report:
        """Move the object into quarantine and tell of it; return what was done.

        Whatever is wrong with the object itself is reported, not raised: the object then stays
        blocked by its verdict tag. Raises TransientError and MisconfiguredError (retried).
        """
        report = self._secure(result, out_of_time)
        self._tell(report)
        return report

    def give_up(self, result: ScanResult, error: TidegateError) -> Report:
        """Alert people that the last try failed; the message goes to the dead-letter queue."""
        report = Report(result, Outcome.UNFINISHED, self.now(), reason=str(error))
        self.alerts.publish(report)
        return report

    def _secure(self, result: ScanResult, out_of_time: Callable[[], bool]) -> Report:
        copy: Copy | None = None
        try:
            original = self.copies.look(result.ref)
            copy = self._copy(original, result, out_of_time)
            self.originals.remove(original.ref)
        except (ObjectMissingError, ObjectReplacedError) as error:
            return self._too_late(result, copy, error)
        except PermanentError as error:
            return Report(
                result,
                Outcome.LEFT_BLOCKED,
                self.now(),
                copy=copy,
                reason=str(error),
                changed=copy is not None and copy.made,
            )
        return Report(result, Outcome.QUARANTINED, self.now(), copy=copy)

    def _copy(self, original: Stored, result: ScanResult, out_of_time: Callable[[], bool]) -> Copy:
        now = self.now()
        copy = self.copies.ensure(
            original,
            self._copy_target(result.ref),
            custody.marked_metadata(original.metadata, original.ref, result, now),
            sha256=result.sha256,
            out_of_time=out_of_time,
        )
        if self._recorded_proofs(result.ref, copy.stored) is None:
            place = self._record_target(result.ref)
            self.records.put(place, custody.record(result, original, copy, now))
        return copy

    def _too_late(self, result: ScanResult, copy: Copy | None, error: TidegateError) -> Report:
        """Report on an object that is no longer there: an earlier run, or somebody, took it."""
        if copy is not None:
            # Replaced between copy and deletion: what was infected is in quarantine alone.
            return Report(result, Outcome.QUARANTINED, self.now(), copy=copy, reason=str(error))
        stored = self.copies.find(self._copy_target(result.ref))
        if stored is None:
            return Report(result, Outcome.GONE, self.now(), reason=str(error), changed=False)
        recorded = self._recorded_proofs(result.ref, stored)
        if recorded is not None:
            copy = Copy(stored, recorded, lost=(), made=False)
        else:
            proven = proofs(stored, result.size_bytes, result.sha256, None)
            copy = Copy(stored, proven, lost=(), made=False)
            place = self._record_target(result.ref)
            self.records.put(place, custody.record(result, None, copy, self.now()))
        return Report(result, Outcome.QUARANTINED, self.now(), copy=copy, changed=False)

    def _recorded_proofs(self, ref: ObjectRef, stored: Stored) -> tuple[str, ...] | None:
        """Return what proved this very copy before, or None where its record tells of another."""
        record = self.records.get(self._record_target(ref))
        return custody.recorded_proofs(record, stored) if record else None

    def _tell(self, report: Report) -> None:
        ref = report.result.ref
        facts = to_ledger(report)
        row = self.ledger.row(ref) or {}
        earlier = row.get(LEDGER_ENTRY, {})
        same = ("outcome", "etag")
        if not report.changed and all(earlier.get(name) == facts[name] for name in same):
            facts = dict(earlier)
        else:
            self.ledger.annotate(ref, LEDGER_ENTRY, facts)
        if "alertedAt" not in facts:
            self.alerts.publish(report)
            facts["alertedAt"] = self.now().isoformat()
            self.ledger.annotate(ref, LEDGER_ENTRY, facts)
        if "publishedAt" not in facts:
            self.bus.publish(report.detail_type, to_event_detail(report))
            facts["publishedAt"] = self.now().isoformat()
            self.ledger.annotate(ref, LEDGER_ENTRY, facts)

    def _copy_target(self, ref: ObjectRef) -> Target:
        return Target(
            self.storage.bucket,
            custody.copy_key(ref),
            self.storage.storage_class,
            self.storage.kms_key_arn,
        )

    def _record_target(self, ref: ObjectRef) -> Target:
        return replace(
            self._copy_target(ref),
            key=custody.record_key(ref),
            storage_class=_RECORD_STORAGE_CLASS,
        )
