"""Stand-ins for what the quarantine works on; each can be told to refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from functions.quarantine_object.quarantine import Quarantine, Storage
from functions.quarantine_object.report import Report
from tidegate.copies import Copy, Target
from tidegate.errors import ObjectMissingError
from tidegate.events import Uploader
from tidegate.objectref import ObjectRef
from tidegate.stored import Stored
from tidegate.verdicts import Action, ScanResult, ScanStatus

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
REF = ObjectRef("uploads", "in/box.bin", "version-1", "etag-1")


def scan_result(**more: Any) -> ScanResult:
    """A verdict that sends REF to quarantine."""
    facts: dict[str, Any] = {
        "ref": REF,
        "status": ScanStatus.THREATS_FOUND,
        "action": Action.QUARANTINE,
        "scanned_at": NOW,
        "threats": ("Win.Test.EICAR_HDB-1",),
        "sha256": "ab" * 32,
        "size_bytes": 68,
        "engine": "ClamAV 1.4.6",
        "definitions_release": "20261122T110000Z-0123abcd",
        "uploader": Uploader("123456789012", "203.0.113.9"),
        "correlation_id": "corr-1",
    }
    return ScanResult(**(facts | more))


def stored(ref: ObjectRef = REF, **more: Any) -> Stored:
    """What S3 tells of an object."""
    facts: dict[str, Any] = {
        "ref": ref,
        "size_bytes": 68,
        "storage_class": "STANDARD",
        "modified_at": NOW,
        "headers": {"ContentType": "text/plain"},
        "expires_text": None,
        "metadata": {},
        "tags": {},
        "checksums": {},
        "encryption": "AES256",
    }
    return Stored(**(facts | more))


@dataclass
class FakeCopies:
    """One original, at most one copy. `refusals` are raised by the step that they are named for."""

    original: Stored | None = field(default_factory=stored)
    copy: Stored | None = None
    refusals: dict[str, Exception] = field(default_factory=dict)

    def look(self, ref: ObjectRef) -> Stored:
        self._refuse("look")
        if self.original is None:
            raise ObjectMissingError(f"could not look up {ref}: 404")
        return self.original

    def find(self, target: Target) -> Stored | None:
        self._refuse("find")
        return self.copy

    def ensure(
        self,
        original: Stored,
        target: Target,
        metadata: Mapping[str, str],
        *,
        sha256: str | None,
        out_of_time: Callable[[], bool],
    ) -> Copy:
        self._refuse("ensure")
        made = self.copy is None
        self.copy = self.copy or stored(
            ObjectRef(target.bucket, target.key, "copy-1", "copy-etag"), metadata=dict(metadata)
        )
        return Copy(self.copy, ("SHA256", "size"), lost=(), made=made)

    def _refuse(self, step: str) -> None:
        if step in self.refusals:
            raise self.refusals[step]


@dataclass
class FakeOriginals:
    """Deletes from FakeCopies, unless told to refuse."""

    copies: FakeCopies
    refusal: Exception | None = None
    removed: list[ObjectRef] = field(default_factory=list)

    def remove(self, ref: ObjectRef) -> None:
        if self.refusal:
            raise self.refusal
        self.removed.append(ref)
        self.copies.original = None


@dataclass
class FakeRecords:
    """Records in memory."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: list[Target] = field(default_factory=list)

    def put(self, place: Target, document: Mapping[str, Any]) -> None:
        self.places.append(place)
        self.documents[place.key] = dict(document)

    def get(self, place: Target) -> dict[str, Any] | None:
        return self.documents.get(place.key)


@dataclass
class FakeLedger:
    """One row."""

    entries: dict[str, Any] = field(default_factory=dict)

    def annotate(self, ref: ObjectRef, name: str, facts: Mapping[str, Any]) -> None:
        self.entries[name] = dict(facts)

    def row(self, ref: ObjectRef) -> dict[str, Any] | None:
        return dict(self.entries) or None


@dataclass
class FakeAlerts:
    """Keeps the reports; `refusal` is raised instead, once."""

    refusal: Exception | None = None
    reports: list[Report] = field(default_factory=list)

    def publish(self, report: Report) -> None:
        if self.refusal:
            refusal, self.refusal = self.refusal, None
            raise refusal
        self.reports.append(report)


@dataclass
class FakeBus:
    """Keeps the events; `refusal` is raised instead, once."""

    refusal: Exception | None = None
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def publish(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        if self.refusal:
            refusal, self.refusal = self.refusal, None
            raise refusal
        self.events.append((detail_type, dict(detail)))


@dataclass
class Scene:
    """A quarantine with all its fakes."""

    copies: FakeCopies = field(default_factory=FakeCopies)
    records: FakeRecords = field(default_factory=FakeRecords)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    alerts: FakeAlerts = field(default_factory=FakeAlerts)
    bus: FakeBus = field(default_factory=FakeBus)
    removal_refusal: Exception | None = None

    def __post_init__(self) -> None:
        self.originals = FakeOriginals(self.copies, self.removal_refusal)
        self.quarantine = Quarantine(
            storage=Storage("quarantine", "GLACIER_IR", None),
            copies=self.copies,
            originals=self.originals,
            records=self.records,
            ledger=self.ledger,
            alerts=self.alerts,
            bus=self.bus,
            now=lambda: NOW,
        )

    def run(self, result: ScanResult | None = None) -> Report:
        return self.quarantine.run(result or scan_result(), lambda: False)
