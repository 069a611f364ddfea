"""Moves one log into the archive, compressed, and tells of it.

The steps, in this order: look at the exact version; ask whether it may go; stream it, packed, into
an upload; ask again; let the copy appear and prove it; enter it in the ledger; ask once more;
delete that version; tell the bus; enter that. A stop after any of them loses nothing: the message
comes back, every step is safe to repeat, and the ones done are recognised by what they left behind
(the copy under a key that only this content has, the ledger's entry, the version gone). A copy that
a repeat finds is read back whole and unpacked before the original goes. That is why Powertools'
idempotency is not used: a key-value marker could only claim what S3 itself can be asked.

What is told comes last because it says what was done: told at least once, twice only after a stop
between the event and the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from functions.compress_log import provenance
from functions.compress_log.admission import Admission
from functions.compress_log.copier import Copier
from functions.compress_log.days import day_of
from functions.compress_log.destination import archive_key
from functions.compress_log.log import Log
from functions.compress_log.report import (
    ArchivedLog,
    LogLeftError,
    Outcome,
    Report,
    copy_of_ledger,
    to_event_detail,
    to_ledger,
)
from functions.compress_log.upload import CopyPresentError
from tidegate.copies import Target
from tidegate.errors import (
    ObjectMissingError,
    ObjectReplacedError,
    PermanentError,
    TidegateError,
)
from tidegate.objectref import ObjectRef
from tidegate.objects import is_pinned_by_version
from tidegate.stored import Stored
from tidegate.verdicts import ScanStatus

LEDGER_ENTRY = "archive"
_WITH_PROVEN_COPY = (Outcome.COPIED, Outcome.ARCHIVED, Outcome.ORIGINAL_KEPT)


class _Copies(Protocol):
    def look(self, ref: ObjectRef) -> Stored: ...
    def find(self, target: Target) -> Stored | None: ...


class _Originals(Protocol):
    def remove(self, ref: ObjectRef) -> None: ...


class _Ledger(Protocol):
    def annotate(self, ref: ObjectRef, name: str, facts: Mapping[str, Any]) -> None: ...
    def row(self, ref: ObjectRef) -> dict[str, Any] | None: ...


class _Bus(Protocol):
    def publish(self, detail_type: str, detail: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, slots=True)
class Place:
    """Where compressed logs are kept, and how."""

    bucket: str
    prefix: str
    storage_class: str
    kms_key_arn: str | None


@dataclass(frozen=True, slots=True)
class Archive:
    """The archive, with all that it works on."""

    place: Place
    admission: Admission
    copier: Copier
    copies: _Copies
    originals: _Originals
    ledger: _Ledger
    bus: _Bus
    now: Callable[[], datetime]

    def run(self, log: Log, out_of_time: Callable[[], bool]) -> Report:
        """Move the log into the archive and tell of it; return what was done.

        Whatever is wrong with the object itself is reported, not raised: it then stays as it is.
        Raises MalformedEventError for what is no log, TransientError and MisconfiguredError
        (both retried).
        """
        suffix = self.admission.suffix_of(log.ref)
        report = self._secure(log, suffix, out_of_time)
        self._tell(report)
        return report

    def give_up(self, log: Log, error: TidegateError) -> Report:
        """Tell that the last try failed; the message goes to the dead-letter queue.

        What an earlier try entered in the ledger stays: it may be where the copy is.
        """
        report = Report(log, Outcome.UNFINISHED, self.now(), reason=str(error))
        self.bus.publish(report.detail_type, to_event_detail(report))
        standing = self._standing(log.ref)
        if "copy" not in standing and not _is_on(standing, log.ref):
            self.ledger.annotate(log.ref, LEDGER_ENTRY, to_ledger(report))
        return report

    def _secure(self, log: Log, suffix: str, out_of_time: Callable[[], bool]) -> Report:
        copy: ArchivedLog | None = None
        facts: dict[str, Any] = {}
        try:
            original = self.copies.look(log.ref)
            log, facts = replace(log, ref=original.ref), provenance.facts(original)
            self.admission.check(original)
            copy = self._copy(original, log, suffix, out_of_time)
            self._enter(Report(log, Outcome.COPIED, self.now(), copy=copy, original=facts))
            # Putting parts together, or reading a copy back, takes minutes for a large log: what
            # was found infected by now is quarantine's, which needs the original.
            self._vouched(original)
            self.originals.remove(original.ref)
        except LogLeftError as error:
            where = f"; a copy lies at {copy.ref}" if copy else ""
            return Report(log, error.outcome, self.now(), reason=f"{error}{where}")
        except (ObjectMissingError, ObjectReplacedError) as error:
            return self._too_late(log, copy, facts, error)
        except PermanentError as error:
            outcome = Outcome.UNREADABLE if copy is None else Outcome.ORIGINAL_KEPT
            return Report(log, outcome, self.now(), copy=copy, reason=str(error), original=facts)
        return Report(log, Outcome.ARCHIVED, self.now(), copy=copy, original=facts)

    def _copy(
        self, original: Stored, log: Log, suffix: str, out_of_time: Callable[[], bool]
    ) -> ArchivedLog:
        """Return the proven copy of the original, made now or by another run."""
        target = self._target(original, suffix)
        present = self.copies.find(target)
        try:
            row = self._vouched(original)
            known = log.sha256 or (row or {}).get("sha256") or original.sha256
            if present is None:
                try:
                    return self.copier.make(
                        original,
                        target,
                        known,
                        # It may be found infected while it is streamed.
                        check_verdict=lambda: self._vouched(original),
                        out_of_time=out_of_time,
                    )
                except CopyPresentError:
                    # A duplicate of this message was quicker.
                    present = self.copies.find(target)
                    if present is None:
                        raise
            return self.copier.prove(present, original, known, out_of_time=out_of_time)
        except LogLeftError as error:
            if present is None:
                raise
            raise LogLeftError(error.outcome, f"{error}; a copy lies at {present.ref}") from error

    def _target(self, original: Stored, suffix: str) -> Target:
        day = day_of(original.ref.key, original.modified_at).day
        packed_suffix = self.copier.packing.suffix
        return Target(
            self.place.bucket,
            archive_key(original.ref, suffix, day, self.place.prefix, packed_suffix),
            self.place.storage_class,
            self.place.kms_key_arn,
        )

    def _vouched(self, original: Stored) -> dict[str, Any] | None:
        """Return what the ledger knows of this content, after asking whether it lets the log go."""
        row = self.ledger.row(original.ref)
        self.admission.check_verdict(original.ref, original.tags, row)
        return row if row and row.get("etag") == (original.ref.etag or "") else None

    def _too_late(
        self,
        log: Log,
        copy: ArchivedLog | None,
        facts: dict[str, Any],
        error: TidegateError,
    ) -> Report:
        """Report on a log that is no longer there: an earlier run, or somebody, took it."""
        entry = self._entry(log.ref)
        if copy is None and entry.get("outcome") in _WITH_PROVEN_COPY:
            # Entered before the original was deleted: the copy had been proven by then.
            log = replace(log, ref=replace(log.ref, etag=entry["etag"] or None))
            copy, facts = copy_of_ledger(entry["copy"]), entry.get("original", {})
            reason = None
        else:
            reason = str(error)
        if copy is None:
            return Report(log, Outcome.GONE, self.now(), reason=reason)
        if self._is_infected(log.ref):
            # Then it was quarantine that took it, after an earlier scan had let it go.
            found = f"its verdict is {ScanStatus.THREATS_FOUND}; a copy lies at {copy.ref}"
            return Report(log, Outcome.NOT_CLEAN, self.now(), reason=found)
        return Report(log, Outcome.ARCHIVED, self.now(), copy=copy, reason=reason, original=facts)

    def _is_infected(self, ref: ObjectRef) -> bool:
        row = self.ledger.row(ref) or {}
        return row.get("etag") == (ref.etag or "") and row.get("status") == ScanStatus.THREATS_FOUND

    def _enter(self, report: Report) -> None:
        """Write down where the copy is, unless an earlier run has."""
        facts = to_ledger(report)
        if self._entry(report.log.ref).get("copy") != facts["copy"]:
            self.ledger.annotate(report.log.ref, LEDGER_ENTRY, facts)

    def _entry(self, ref: ObjectRef) -> dict[str, Any]:
        """Return what the ledger tells of an earlier run on this very content, if there was one."""
        standing = self._standing(ref)
        return standing if _is_on(standing, ref) else {}

    def _standing(self, ref: ObjectRef) -> dict[str, Any]:
        """Return the row's entry, which may tell of what lay under this name before."""
        entry: dict[str, Any] = (self.ledger.row(ref) or {}).get(LEDGER_ENTRY, {})
        return entry

    def _tell(self, report: Report) -> None:
        ref = report.log.ref
        standing = self._standing(ref)
        entry = standing if _is_on(standing, ref) else {}
        if entry.get("outcome") == report.outcome and "publishedAt" in entry:
            return
        self.bus.publish(report.detail_type, to_event_detail(report))
        if "copy" in standing and not entry and report.copy is None:
            # Of other content: where its copy lies is worth more than what this run left.
            return
        # Where a copy lies is never forgotten, whatever a later run comes to.
        kept: dict[str, Any] = {name: entry[name] for name in entry.keys() & {"copy", "original"}}
        facts: dict[str, Any] = {**kept, **to_ledger(report)}
        facts["publishedAt"] = self.now().isoformat()
        self.ledger.annotate(ref, LEDGER_ENTRY, facts)


def _is_on(entry: Mapping[str, Any], ref: ObjectRef) -> bool:
    """Whether the entry is on this very content, which a version names without an ETag too."""
    if not entry:
        return False
    return entry.get("etag") == (ref.etag or "") or (ref.etag is None and is_pinned_by_version(ref))
