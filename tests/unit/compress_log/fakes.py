"""Stand-ins for what the archive works on; each can be told to refuse."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from botocore.response import StreamingBody

from functions.compress_log.admission import Admission, Trigger
from functions.compress_log.archive import Archive, Place
from functions.compress_log.copier import Copier
from functions.compress_log.log import Log
from functions.compress_log.packing import Gzip
from functions.compress_log.press import Press
from functions.compress_log.report import Report
from functions.compress_log.upload import Written
from tidegate.copies import Target
from tidegate.errors import ObjectMissingError
from tidegate.objectref import ObjectRef
from tidegate.stored import Stored
from tidegate.verdicts import Action, ScanResult, ScanStatus, to_detail

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
REF = ObjectRef("uploads", "web/access-2026-11-25.log", "version-1", "etag-1")
CONTENT = b"GET / 200\n" * 1000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
CLEAN = "NO_THREATS_FOUND"


def verdict_event(status: str = CLEAN, **more: Any) -> dict[str, Any]:
    """The event by which scan_object tells its verdict on REF."""
    facts: dict[str, Any] = {
        "ref": REF,
        "status": ScanStatus(status),
        "action": Action.NONE,
        "scanned_at": NOW,
        "sha256": SHA256,
        "correlation_id": "corr-1",
    }
    detail = to_detail(ScanResult(**(facts | more)))
    return {"source": "tidegate", "detail-type": "Object Scan Result", "detail": detail}


def stored(ref: ObjectRef = REF, **more: Any) -> Stored:
    """What S3 tells of an object."""
    facts: dict[str, Any] = {
        "ref": ref,
        "size_bytes": 11,
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
class FakeObjects:
    """A few objects in memory, read in ranges and tagged; `refusals` are raised by their key."""

    contents: dict[str, bytes] = field(default_factory=dict)
    refusals: dict[str, Exception] = field(default_factory=dict)
    reads: list[tuple[str, int, int]] = field(default_factory=list)
    tagged: dict[str, dict[str, str]] = field(default_factory=dict)

    def open_range(self, ref: ObjectRef, first: int, last: int) -> StreamingBody:
        self.reads.append((ref.key, first, last))
        if ref.key in self.refusals:
            raise self.refusals[ref.key]
        part = self.contents[ref.key][first : last + 1]
        return StreamingBody(BytesIO(part), len(part))

    def put_tags(self, ref: ObjectRef, wanted: Mapping[str, str]) -> None:
        if "tags" in self.refusals:
            raise self.refusals["tags"]
        self.tagged[ref.key] = dict(wanted)


@dataclass
class FakeBucket:
    """The originals and the archive: `look`, `find`, `begin` and `remove` in memory."""

    objects: FakeObjects
    present: dict[str, Stored] = field(default_factory=dict)
    refusals: dict[str, Exception] = field(default_factory=dict)
    before_finish: Callable[[], object] = lambda: None
    removed: list[ObjectRef] = field(default_factory=list)
    aborted: int = 0

    def look(self, ref: ObjectRef) -> Stored:
        self._refuse("look")
        found = self.present.get(ref.key)
        if found is None:
            raise ObjectMissingError(f"could not look up {ref}: 404")
        return found

    def find(self, target: Target) -> Stored | None:
        self._refuse("find")
        return self.present.get(target.key)

    @contextmanager
    def begin(
        self, target: Target, metadata: Mapping[str, str] | None, size_bytes: int
    ) -> Iterator[FakeUpload]:
        self._refuse("begin")
        try:
            yield FakeUpload(self, target)
        except Exception:
            self.aborted += 1
            raise

    def remove(self, ref: ObjectRef) -> None:
        self._refuse("remove")
        self.removed.append(ref)
        self.present.pop(ref.key, None)

    def _refuse(self, step: str) -> None:
        if step in self.refusals:
            raise self.refusals[step]


@dataclass
class FakeUpload:
    """Pieces in memory until the object appears."""

    bucket: FakeBucket
    target: Target
    pieces: list[bytes] = field(default_factory=list)

    def write(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def finish(self, metadata: Mapping[str, str]) -> Written:
        self.bucket.before_finish()
        self.bucket._refuse("finish")
        content = b"".join(self.pieces)
        ref = ObjectRef(self.target.bucket, self.target.key, "copy-1", "copy-etag")
        self.bucket.objects.contents[self.target.key] = content
        self.bucket.present[self.target.key] = stored(
            ref, size_bytes=len(content), metadata=dict(metadata), storage_class="STANDARD"
        )
        return Written(ref, len(content), "STANDARD")


@dataclass
class FakeLedger:
    """One row. `refusal` is raised by the writes from then on."""

    entries: dict[str, Any] = field(default_factory=lambda: {"status": CLEAN, "etag": "etag-1"})
    written: list[dict[str, Any]] = field(default_factory=list)
    refusal: Exception | None = None

    def annotate(self, ref: ObjectRef, name: str, facts: Mapping[str, Any]) -> None:
        if self.refusal:
            raise self.refusal
        self.entries[name] = dict(facts)
        self.written.append(dict(facts))

    def row(self, ref: ObjectRef) -> dict[str, Any] | None:
        return dict(self.entries) or None


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


class Scene:
    """An archive on fakes, with one log that waits for it."""

    def __init__(self, content: bytes = CONTENT, trigger: Trigger = Trigger.AFTER_SCAN) -> None:
        self.objects = FakeObjects({REF.key: content})
        original = stored(
            size_bytes=len(content), tags={"scan-status": CLEAN, "team": "a"}, metadata={"a": "b"}
        )
        self.bucket = FakeBucket(self.objects, {REF.key: original})
        self.ledger = FakeLedger()
        self.bus = FakeBus()
        packing = Gzip()
        self.archive = Archive(
            place=Place("archive", "logs", "GLACIER_IR", None),
            admission=Admission(trigger, (".log",), "archive", "scan-status", 1 << 40),
            copier=Copier(packing, Press(self.objects, packing, 2), self.bucket, self.objects),
            copies=self.bucket,
            originals=self.bucket,
            ledger=self.ledger,
            bus=self.bus,
            now=lambda: NOW,
        )

    def run(self, sha256: str | None = None, *, out_of_time: bool = False) -> Report:
        """Compress the log."""
        return self.archive.run(Log(REF, sha256, "corr-1"), lambda: out_of_time)

    @property
    def copies(self) -> list[Stored]:
        """What lies in the archive."""
        return [found for found in self.bucket.present.values() if found.ref.bucket == "archive"]
