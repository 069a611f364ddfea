"""Makes the compressed copy of one log, or proves the one that an earlier run left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from functions.compress_log import provenance
from functions.compress_log.packing import Packing
from functions.compress_log.press import Sink, Streamed
from functions.compress_log.report import ArchivedLog, LogLeftError, Outcome
from functions.compress_log.upload import PART_BYTES, Written
from tidegate.copies import Target
from tidegate.errors import CopyMismatchError, ObjectError, TransientError
from tidegate.objectref import ObjectRef
from tidegate.stored import Stored


class _Tags(Protocol):
    def put_tags(self, ref: ObjectRef, wanted: Mapping[str, str]) -> None: ...


class _Press(Protocol):
    def run(self, original: Stored, sink: Sink, out_of_time: Callable[[], bool]) -> Streamed: ...
    def digest(self, original: Stored, out_of_time: Callable[[], bool]) -> str: ...
    def unpacked(self, copy: Stored, out_of_time: Callable[[], bool]) -> tuple[int, str]: ...


class _Upload(Protocol):
    def write(self, piece: bytes) -> None: ...
    def finish(self, metadata: Mapping[str, str]) -> Written: ...


class _Uploads(Protocol):
    def begin(
        self, target: Target, metadata: Mapping[str, str] | None, size_bytes: int
    ) -> AbstractContextManager[_Upload]: ...


@dataclass(frozen=True, slots=True)
class Copier:
    """The press between a log and its place in the archive."""

    packing: Packing
    press: _Press
    uploads: _Uploads
    tags: _Tags

    def make(
        self,
        original: Stored,
        target: Target,
        known_sha256: str | None,
        *,
        check_verdict: Callable[[], object],
        out_of_time: Callable[[], bool],
    ) -> ArchivedLog:
        """Stream the original into the archive, where it appears only if all is proven.

        `known_sha256` is what others say of the content, None where nobody does. `check_verdict`
        raises where the log may not go any more; it is asked last of all.
        Raises LogLeftError, CopyMismatchError and TransientError (both retried), CopyPresentError
        where there is a copy by now, and for the original what `Objects` raises.
        """
        sha256 = known_sha256
        if sha256 is None and original.size_bytes > PART_BYTES:
            # S3 takes the metadata before the first part, and nobody has read all of it yet.
            sha256 = self.press.digest(original, out_of_time)
        metadata = provenance.metadata(original, sha256)[0] if sha256 else None
        with self.uploads.begin(target, metadata, original.size_bytes) as upload:
            streamed = self.press.run(original, upload, out_of_time)
            _check(streamed, original, sha256)
            if streamed.packed_bytes >= original.size_bytes:
                raise LogLeftError(
                    Outcome.WOULD_GROW,
                    f"{original.size_bytes} bytes would become {streamed.packed_bytes}",
                )
            check_verdict()
            written = upload.finish(provenance.metadata(original, streamed.sha256)[0])
        self._carry_tags(written.ref, {}, original.tags)
        return self._archived(
            original, written.ref, written.size_bytes, written.storage_class, streamed.sha256
        )

    def prove(
        self,
        present: Stored,
        original: Stored,
        known_sha256: str | None,
        *,
        out_of_time: Callable[[], bool],
    ) -> ArchivedLog:
        """Return the copy that another run left, after reading it back and unpacking all of it.

        Raises CopyMismatchError (retried) where it is not what it must be; it is left as it is.
        """
        if not provenance.is_of(present, original):
            raise CopyMismatchError(f"another object lies at {present.ref}")
        wanted = (original.size_bytes, known_sha256 or provenance.told_sha256(present))
        with _about_the_copy():
            found = self.press.unpacked(present, out_of_time)
        if found != wanted:
            raise CopyMismatchError(
                f"{present.ref} unpacks to length and SHA-256 {found}, the original has {wanted}"
            )
        self._carry_tags(present.ref, present.tags, original.tags)
        return self._archived(
            original, present.ref, present.size_bytes, present.storage_class, found[1]
        )

    def _carry_tags(
        self, ref: ObjectRef, present: Mapping[str, str], wanted: Mapping[str, str]
    ) -> None:
        """Give the copy the original's tags, each as it is: S3 took them once, empty ones too."""
        tags = {**present, **wanted}
        if tags != present:
            with _about_the_copy():
                self.tags.put_tags(ref, tags)

    def _archived(
        self, original: Stored, ref: ObjectRef, packed_bytes: int, storage_class: str, sha256: str
    ) -> ArchivedLog:
        return ArchivedLog(
            ref=ref,
            plain_bytes=original.size_bytes,
            packed_bytes=packed_bytes,
            sha256=sha256,
            compression=self.packing.compression.value,
            storage_class=storage_class,
            lost=provenance.metadata(original, sha256)[1],
        )


@contextmanager
def _about_the_copy() -> Iterator[None]:
    """Keep what is wrong with the copy from being taken for what is wrong with the original."""
    try:
        yield
    except ObjectError as error:
        raise TransientError(f"the copy in the archive: {error}") from error


def _check(streamed: Streamed, original: Stored, sha256: str | None) -> None:
    """Raise CopyMismatchError (retried) unless all of the original went through, unchanged."""
    for name, wanted, found in (
        ("length", original.size_bytes, streamed.plain_bytes),
        ("SHA-256", sha256, streamed.sha256),
        ("CRC32", original.checksums.get("CRC32"), streamed.crc32_base64),
    ):
        if wanted is not None and wanted != found:
            raise CopyMismatchError(
                f"the {name} of what was read of {original.ref} is {found}, not {wanted}"
            )
