"""Tells archives by their first bytes and walks through them, at any depth that can be reached."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import IO, BinaryIO, Final, cast

from functions.scan_object.inspection import arjs, cabinets, cpios, mails, sevenzips, tars, zips
from functions.scan_object.inspection.bare import is_lzma_alone, is_zlib, refuse_zlib
from functions.scan_object.inspection.limits import Budget, InspectionLimits
from functions.scan_object.inspection.reasons import Reason, Refusal, RefusedError
from functions.scan_object.inspection.streams import (
    CHUNK_BYTES,
    Peeked,
    Reader,
    Unpacked,
    Window,
    bunzip2,
    drain,
    gunzip,
    read_exactly,
    unxz,
)

_HEAD_BYTES: Final = 2 * tars.BLOCK_BYTES


class _Format(Enum):
    """The archives that are looked into."""

    ZIP = auto()
    SEVEN_ZIP = auto()
    GZIP = auto()
    BZIP2 = auto()
    XZ = auto()
    TAR = auto()
    CABINET = auto()
    ARJ = auto()
    CPIO = auto()
    ZLIB = auto()
    LZMA_ALONE = auto()
    MAIL = auto()


_MAGIC: Final = (
    (zips.LOCAL_MAGIC, _Format.ZIP),
    (b"PK00PK\x03\x04", _Format.ZIP),
    (sevenzips.MAGIC, _Format.SEVEN_ZIP),
    (b"\x1f\x8b", _Format.GZIP),
    (b"BZh", _Format.BZIP2),
    (b"\xfd7zXZ\0", _Format.XZ),
    (cabinets.MAGIC, _Format.CABINET),
)
_LOOKS: Final[tuple[tuple[Callable[[bytes], bool], _Format], ...]] = (
    (tars.looks_like_tar, _Format.TAR),
    (arjs.looks_like_arj, _Format.ARJ),
    (cpios.looks_like_cpio, _Format.CPIO),
    (is_zlib, _Format.ZLIB),
    (is_lzma_alone, _Format.LZMA_ALONE),
    (mails.looks_like_mail, _Format.MAIL),
)
_STREAMS: Final[dict[_Format, Callable[[Reader, Budget], Unpacked]]] = {
    _Format.GZIP: gunzip,
    _Format.BZIP2: bunzip2,
    _Format.XZ: unxz,
}
_SEQUENCES: Final[dict[_Format, Callable[[Reader, Budget], Iterator[Reader]]]] = {
    _Format.TAR: tars.members,
    _Format.CPIO: cpios.members,
    _Format.MAIL: mails.parts,
}
# Behind these the engine does not look for an appended zip archive.
_NO_ZIP_BEHIND: Final = frozenset({_Format.GZIP, _Format.TAR})


def inspect(
    file: BinaryIO,
    size: int,
    *,
    limits: InspectionLimits | None = None,
    deadline: float | None = None,
) -> Refusal | None:
    """Returns why the engine cannot see the whole of this file, or None.

    `file` is seekable and holds `size` bytes; `deadline` is a moment of `time.monotonic()`, past
    which the file is refused. Whatever the content, this returns: hostile input is refused, not
    raised. Only an OSError of the storage itself (no space left) is passed on.
    """
    budget = Budget(limits or InspectionLimits(), deadline)
    try:
        _inspect_file(Window(file, 0, size), budget)
    except RefusedError as refused:
        return refused.refusal
    return None


def _inspect_file(window: Window, budget: Budget) -> None:
    head = window.read_at(0, _HEAD_BYTES)
    kind = _identify(head)
    if kind is not _Format.ZIP:
        _inspect_appended(window, kind, budget)
    if kind is not None:
        _inspect_archive(window, kind, budget, depth=1)


def _inspect_appended(window: Window, kind: _Format | None, budget: Budget) -> None:
    """Checks a zip archive behind something else: ordinary tools open it from its end."""
    tail = window.read_at(max(0, window.size - CHUNK_BYTES), CHUNK_BYTES)
    if zips.END_MAGIC not in tail:
        return
    try:
        directory = zips.find_directory(window)
        first = directory and window.read_at(directory.start, 4) == zips.CENTRAL_MAGIC
    except RefusedError:
        if zips.CENTRAL_MAGIC in tail:
            raise
        # Not a directory that a tool could use: the four bytes occur by chance.
        return
    ends_the_file = directory is not None and directory.end == window.size
    if not first or (kind is _Format.TAR and not ends_the_file):
        # In a tar archive these are most likely the end of its last member.
        return
    if kind in _NO_ZIP_BEHIND:
        detail = "a zip archive is appended to another archive"
        raise RefusedError(Reason.UNREADABLE_FORMAT, detail)
    _inspect_zip(window, budget, depth=1, prefixed=True)


def _identify(head: bytes) -> _Format | None:
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    return next((kind for looks_like, kind in _LOOKS if looks_like(head)), None)


def _inspect_archive(reader: Reader, kind: _Format, budget: Budget, *, depth: int) -> None:
    budget.check_depth(depth)
    if kind is _Format.LZMA_ALONE:
        raise RefusedError(Reason.UNSUPPORTED_COMPRESSION, "a bare LZMA stream")
    if kind is _Format.ZLIB:
        refuse_zlib(reader, budget)
    elif kind in _STREAMS:
        _inspect_content(_STREAMS[kind](reader, budget), budget, depth=depth)
    elif kind in _SEQUENCES:
        for content in _SEQUENCES[kind](reader, budget):
            _inspect_content(content, budget, depth=depth)
    elif isinstance(reader, Window):
        _inspect_in_any_order(reader, kind, budget, depth=depth)
    else:
        with _spooled(reader, budget) as file:
            window = Window(cast("BinaryIO", file), 0, file.tell())
            _inspect_in_any_order(window, kind, budget, depth=depth)


def _inspect_in_any_order(window: Window, kind: _Format, budget: Budget, *, depth: int) -> None:
    if kind is _Format.ZIP:
        _inspect_zip(window, budget, depth=depth, prefixed=False)
    elif kind is _Format.SEVEN_ZIP:
        for content in sevenzips.members(window, budget):
            _inspect_content(content, budget, depth=depth)
    elif kind is _Format.ARJ:
        arjs.check(window, budget)
    else:
        cabinets.check(window, budget)


def _inspect_zip(window: Window, budget: Budget, *, depth: int, prefixed: bool) -> None:
    for _, content in zips.members(window, budget, prefixed=prefixed):
        _inspect_content(content, budget, depth=depth)


def _inspect_content(content: Reader, budget: Budget, *, depth: int) -> None:
    """Looks into a member if it is an archive itself, and reads it to its end in any case."""
    head = read_exactly(content, _HEAD_BYTES)
    kind = _identify(head)
    if kind is not None:
        _inspect_archive(Peeked(head, content), kind, budget, depth=depth + 1)
    drain(content)


def _spooled(reader: Reader, budget: Budget) -> IO[bytes]:
    """Returns a temporary file with all that the reader yields, positioned at its end."""
    file = tempfile.SpooledTemporaryFile(max_size=budget.limits.memory_bytes)  # noqa: SIM115
    try:
        while data := reader.read(CHUNK_BYTES):
            # The bytes themselves were counted when they were unpacked.
            budget.check_time()
            file.write(data)
    except BaseException:
        file.close()
        raise
    return cast("IO[bytes]", file)
