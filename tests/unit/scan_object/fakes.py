"""Stand-ins for what scan_object depends on, each keeping what it was told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from clamav_layer.engine import Examination, Proof
from clamav_layer.replies import Clean, Outcome
from functions.scan_object.deadline import Deadline
from functions.scan_object.scanner import EngineReply
from tidegate.definitions import CurrentRelease
from tidegate.ledger import Kept, Recorded, Superseded
from tidegate.objectref import ObjectRef
from tidegate.verdicts import ScanResult

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RELEASE = "20261122T110000Z-0123abcd"
NEWER_RELEASE = "20261122T120000Z-4567cdef"
PLENTY = Deadline(1e9)
PAST = Deadline(0.0)


def quiet_logger() -> Logger:
    """A logger that says nothing."""
    return Logger(service="test", level="CRITICAL")


@dataclass
class FakeLedger:
    """Answers what it is set up to answer."""

    answer: Recorded | Kept | Superseded = field(default_factory=Recorded)
    results: list[ScanResult] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def record(self, result: ScanResult, limits: Mapping[str, int]) -> Recorded | Kept | Superseded:
        self.steps.append("ledger")
        self.results.append(result)
        return self.answer


@dataclass
class FakeTags:
    """Merges nothing: gives back what it is set up to, or raises it."""

    answer: dict[str, str] | Exception | None = field(
        default_factory=lambda: {"scan-status": "", "scan-detail": "", "scan-definitions": ""}
    )
    written: list[tuple[ObjectRef, dict[str, str], dict[str, str]]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def merge_tags(
        self, ref: ObjectRef, essential: Mapping[str, str], useful: Mapping[str, str]
    ) -> dict[str, str] | None:
        self.steps.append("tags")
        if isinstance(self.answer, Exception):
            raise self.answer
        self.written.append((ref, dict(essential), dict(useful)))
        return self.answer


@dataclass
class FakeBus:
    """Keeps the events, or raises."""

    failure: Exception | None = None
    details: list[dict[str, Any]] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)

    def publish(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        self.steps.append("event")
        if self.failure:
            raise self.failure
        self.details.append(dict(detail))


@dataclass
class FakeScanEngine:
    """A proven engine that says what it is set up to say."""

    outcome: Outcome | Exception = field(default_factory=Clean)
    scanned: int = 0

    def scan(self, fd: int, deadline: Deadline) -> EngineReply:
        self.scanned += 1
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return EngineReply(self.outcome, "ClamAV 1.4.6", RELEASE)


class FakeEngine:
    """The layer's engine: takes any release but those in `refuses`."""

    def __init__(self, *outcomes: Outcome, refuses: Mapping[str, Exception] | None = None) -> None:
        self.outcomes = list(outcomes)
        self.refuses = dict(refuses or {})
        self.calls: list[str] = []
        self.release = ""

    def start(self, definitions: Path) -> None:
        self.calls.append(f"start {definitions.name}")
        self.release = definitions.name

    def wait_until_proven(self, timeout_seconds: float) -> Proof:
        self._raise_if_refused(self.release)
        return Proof("1.4.6", self.release, 0.1)

    def load(self, definitions: Path, timeout_seconds: float) -> Proof:
        self.calls.append(f"load {definitions.name}")
        self._raise_if_refused(definitions.name)
        self.release = definitions.name
        return Proof("1.4.6", self.release, 0.1)

    def ensure_running(self, timeout_seconds: float) -> Proof:
        self.calls.append("ensure")
        self._raise_if_refused(self.release)
        return Proof("1.4.6", self.release, 0.1)

    def examine(self, descriptor: int, timeout_seconds: float) -> Examination:
        self.calls.append("scan")
        return Examination(self.outcomes.pop(0), Proof("1.4.6", self.release, 0.1))

    def resident_bytes(self) -> int:
        return 0

    def _raise_if_refused(self, release: str) -> None:
        if release in self.refuses:
            raise self.refuses[release]


class FakeReleases:
    """A definitions bucket with one release in force."""

    def __init__(self, folder: Path, release: str = RELEASE) -> None:
        self.folder = folder
        self.answer: CurrentRelease | Exception = current(release)
        self.lookups = 0
        self.discarded_but: list[str] = []

    def current(self) -> CurrentRelease:
        self.lookups += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def fetch(self, wanted: CurrentRelease, deadline: Deadline) -> Path:
        return self.folder / wanted.release

    def discard_all_but(self, release: str) -> None:
        self.discarded_but.append(release)


def current(release: str = RELEASE, *, verified: timedelta = timedelta(0)) -> CurrentRelease:
    """A pointer to a release that was verified so long ago."""
    return CurrentRelease(release, None, "0" * 64, NOW - verified, NOW - verified)
