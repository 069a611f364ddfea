"""Stand-ins for what the labeller works on; each can be told to refuse."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools import Logger

from functions.label_image.decoder import Copy
from functions.label_image.errors import ImageRefusedError
from functions.label_image.formats import Format
from functions.label_image.labeller import Labeller
from functions.label_image.labels import Recognition, recognition
from functions.label_image.once import Done
from functions.label_image.report import Report, Tagging
from functions.label_image.viewing import Viewer
from local import pictures
from tidegate.objectref import ObjectRef
from tidegate.objects import ObjectState

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
REF = ObjectRef("uploads", "in/boat.jpg", "version-1", "etag-1")
REQUEST = {"maxLabels": 25}
BOAT = {
    "Labels": [{"Name": "Boat", "Confidence": 99.0}, {"Name": "Sea", "Confidence": 80.0}],
    "LabelModelVersion": "3.0",
}
SMALL = Copy(640, 400, 640, 400, b"\xff\xd8\xff small \xff\xd9")


@dataclass
class FakeObjects:
    """One object. `refusals` are raised by the call that they are named for."""

    content: bytes = field(default_factory=pictures.photograph)
    version_id: str | None = "version-1"
    refusals: dict[str, Exception] = field(default_factory=dict)
    cut_short: int = 0
    calls: list[str] = field(default_factory=list)

    def head(self, ref: ObjectRef) -> ObjectState:
        self._called("head")
        pinned = ObjectRef(ref.bucket, ref.key, self.version_id, "etag-1")
        return ObjectState(pinned, len(self.content), "STANDARD", "text/plain")

    def open(self, ref: ObjectRef) -> tuple[ObjectState, Any]:
        self._called("open")
        content = self.content[: len(self.content) - self.cut_short]
        return ObjectState(ref, len(self.content), "STANDARD", None), io.BytesIO(content)

    def open_range(self, ref: ObjectRef, first: int, last: int) -> Any:
        self._called("open_range")
        return io.BytesIO(self.content[first : last + 1])

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name in self.refusals:
            raise self.refusals[name]


@dataclass
class FakeRekognition:
    """Sees a boat; refuses references or bytes if told to."""

    refuses_reference: Exception | None = None
    refuses_bytes: Exception | None = None
    references: list[ObjectRef] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)

    def see_object(self, ref: ObjectRef) -> Recognition:
        self.references.append(ref)
        if self.refuses_reference:
            raise self.refuses_reference
        return recognition(BOAT, None)

    def see_bytes(self, content: bytes, ref: ObjectRef) -> Recognition:
        self.contents.append(content)
        if self.refuses_bytes:
            raise self.refuses_bytes
        return recognition(BOAT, None)


@dataclass
class FakeDecoder:
    """Makes a small JPEG, or refuses."""

    refusal: ImageRefusedError | None = None
    formats: list[Format] = field(default_factory=list)

    def copy(self, content: bytes, image_format: Format) -> Copy:
        self.formats.append(image_format)
        if self.refusal:
            raise self.refusal
        return SMALL


@dataclass
class FakeSidecars:
    """Documents in memory."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)

    def put(self, key: str, document: Mapping[str, Any]) -> None:
        self.documents[key] = dict(document)

    def get(self, key: str) -> dict[str, Any] | None:
        return self.documents.get(key)


@dataclass
class FakeTagger:
    """Keeps the texts; `refusal` is raised instead, once."""

    refusal: Exception | None = None
    texts: list[str] = field(default_factory=list)
    settled: list[ObjectRef] = field(default_factory=list)

    def write(self, ref: ObjectRef, text: str) -> Tagging:
        if self.refusal:
            refusal, self.refusal = self.refusal, None
            raise refusal
        self.texts.append(text)
        return Tagging.WRITTEN if text else Tagging.NOTHING_TO_WRITE

    def settle_newcomer(self, ref: ObjectRef) -> None:
        self.settled.append(ref)


@dataclass
class FakeOnce:
    """A memory of results; failed work is not remembered."""

    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    def do(self, identity: Mapping[str, Any], work: Callable[[], dict[str, Any]]) -> Done:
        key = repr(sorted(identity.items()))
        repeated = key in self.results
        if not repeated:
            self.results[key] = work()
        return Done(self.results[key], repeated)


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
    """A labeller with all its fakes."""

    objects: FakeObjects = field(default_factory=FakeObjects)
    rekognition: FakeRekognition = field(default_factory=FakeRekognition)
    decoder: FakeDecoder = field(default_factory=FakeDecoder)
    sidecars: FakeSidecars = field(default_factory=FakeSidecars)
    tagger: FakeTagger = field(default_factory=FakeTagger)
    once: FakeOnce = field(default_factory=FakeOnce)
    bus: FakeBus = field(default_factory=FakeBus)
    max_source_bytes: int = 1_000_000

    def run(self, ref: ObjectRef = REF, *, is_last_try: bool = False) -> Report:
        logger = Logger(service="test")
        viewer = Viewer(
            objects=self.objects,
            rekognition=self.rekognition,
            decoder=self.decoder,
            logger=logger,
            max_source_bytes=self.max_source_bytes,
        )
        labeller = Labeller(
            objects=self.objects,
            viewer=viewer,
            sidecars=self.sidecars,
            tagger=self.tagger,
            once=self.once,
            bus=self.bus,
            logger=logger,
            now=lambda: NOW,
            reports_bucket="reports",
            request=REQUEST,
        )
        return labeller.run(ref, is_last_try=is_last_try)
