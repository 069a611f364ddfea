"""ZIP: refuses whatever ordinary tools would read otherwise than the engine does.

Measured on ClamAV 1.4.6: it goes by the *local* headers that the central directory points to,
knows the methods stored, deflated and bzip2 (and two that nothing here can verify), and passes in
silence over a member whose local header is missing, has other sizes or another method than the
directory says, or whose data break off with an error, even where all that matters came before it.
"""

from __future__ import annotations

import bz2
import itertools
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from functions.scan_object.inspection.limits import Budget
from functions.scan_object.inspection.reasons import Reason, RefusedError
from functions.scan_object.inspection.streams import (
    CHUNK_BYTES,
    Decompressor,
    Inflater,
    Reader,
    Unpacked,
    Window,
)

LOCAL_MAGIC: Final = b"PK\x03\x04"
CENTRAL_MAGIC: Final = b"PK\x01\x02"
END_MAGIC: Final = b"PK\x05\x06"
ZIP64_LOCATOR_MAGIC: Final = b"PK\x06\x07"

STORED, DEFLATED, BZIP2 = 0, 8, 12
ENCRYPTED_FLAG, DESCRIPTOR_FLAG, PATCH_FLAG = 0x1, 0x8, 0x20
STRONG_ENCRYPTION_FLAG, MASKED_FLAG = 0x40, 0x2000

_END = struct.Struct("<4sHHHHIIH")
_CENTRAL = struct.Struct("<4sHHHHHHIIIHHHHHII")
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_IN_ZIP64 = 0xFFFFFFFF
_MAX_COMMENT_BYTES = 0xFFFF


@dataclass(frozen=True, slots=True)
class Directory:
    """Where the central directory lies, how far all offsets are off, and where the archive ends."""

    start: int
    size: int
    entries: int
    shift: int
    end: int


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of the central directory."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed_bytes: int
    bytes: int
    offset: int


def find_directory(window: Window) -> Directory | None:
    """Returns the central directory that ordinary tools would use, None where there is none."""
    tail_start = max(0, window.size - _END.size - _MAX_COMMENT_BYTES)
    tail = window.read_at(tail_start, window.size - tail_start)
    at = tail.rfind(END_MAGIC)
    while at >= 0:
        if at + _END.size <= len(tail):
            return _directory(tail_start + at, tail[at : at + _END.size], window)
        at = tail.rfind(END_MAGIC, 0, at)
    return None


def _directory(end: int, record: bytes, window: Window) -> Directory:
    _, disk, first_disk, here, entries, size, offset, comment_bytes = _END.unpack(record)
    if window.read_at(end - 20, 4) == ZIP64_LOCATOR_MAGIC or _IN_ZIP64 in (size, offset):
        raise RefusedError(Reason.UNREADABLE_FORMAT, "zip64 archive")
    if disk or first_disk or here != entries:
        raise RefusedError(Reason.TRUNCATED, "one part of a split zip archive")
    start = end - size
    shift = start - offset
    if start < 0 or shift < 0:
        raise RefusedError(Reason.UNREADABLE_FORMAT, "the zip directory lies outside of the file")
    return Directory(start, size, entries, shift, end + _END.size + comment_bytes)


def members(window: Window, budget: Budget, *, prefixed: bool) -> Iterator[tuple[Member, Reader]]:
    """Yields each member with its unpacked content, which the caller must read to the end.

    `prefixed`: the file begins with something else (a script, a program, a picture), so the engine
    finds members one by one, and those without sizes in front not at all.
    """
    directory = find_directory(window)
    if directory is None:
        raise RefusedError(Reason.TRUNCATED, "the zip archive has no directory at its end")
    if directory.shift and not prefixed:
        detail = "another zip archive precedes the one that the directory describes"
        raise RefusedError(Reason.UNREADABLE_FORMAT, detail)
    ends: list[tuple[int, int]] = []
    for member in _central(window, directory, budget):
        start, stop = _data(window, member, directory, prefixed=prefixed)
        ends.append((member.offset + directory.shift, stop))
        yield member, _content(window.part(start, member.packed_bytes), member, budget)
    _check_order(ends)


def _central(window: Window, directory: Directory, budget: Budget) -> Iterator[Member]:
    at, stop, count = directory.start, directory.start + directory.size, 0
    while at < stop:
        header = window.read_at(at, _CENTRAL.size)
        if len(header) < _CENTRAL.size or header[:4] != CENTRAL_MAGIC:
            raise RefusedError(Reason.UNREADABLE_FORMAT, "the zip directory is broken")
        fields = _CENTRAL.unpack(header)
        flags, method, crc, packed, size = fields[3], fields[4], *fields[7:10]
        name_bytes, extra_bytes, comment_bytes, disk = fields[10:14]
        if disk:
            raise RefusedError(Reason.TRUNCATED, "one part of a split zip archive")
        name = window.read_at(at + _CENTRAL.size, name_bytes)
        budget.spend_entry()
        yield Member(name, flags, method, crc, packed, size, fields[16])
        at += _CENTRAL.size + name_bytes + extra_bytes + comment_bytes
        count += 1
    if at != stop or count != directory.entries:
        raise RefusedError(Reason.UNREADABLE_FORMAT, "the zip directory is broken")


def _data(
    window: Window, member: Member, directory: Directory, *, prefixed: bool
) -> tuple[int, int]:
    """Returns where the member's packed data begin and end, having held both headers together."""
    _check_readable(member)
    at = member.offset + directory.shift
    header = window.read_at(at, _LOCAL.size)
    if len(header) < _LOCAL.size or header[:4] != LOCAL_MAGIC:
        raise _mismatch(member, "there is no header where the directory says")
    fields = _LOCAL.unpack(header)
    flags, method, packed, size, name_bytes, extra_bytes = fields[2], fields[3], *fields[7:11]
    compared = ENCRYPTED_FLAG | DESCRIPTOR_FLAG | PATCH_FLAG | STRONG_ENCRYPTION_FLAG | MASKED_FLAG
    if method != member.method or (flags ^ member.flags) & compared:
        raise _mismatch(member, "its header and the directory name different methods")
    if flags & DESCRIPTOR_FLAG:
        if prefixed:
            raise _mismatch(member, "its sizes follow the data, and the archive is appended")
    elif (packed, size) != (member.packed_bytes, member.bytes):
        raise _mismatch(member, "its header and the directory tell different sizes")
    if window.read_at(at + _LOCAL.size, name_bytes) != member.name:
        raise _mismatch(member, "its header and the directory tell different names")
    start = at + _LOCAL.size + name_bytes + extra_bytes
    stop = start + member.packed_bytes
    if stop > directory.start:
        raise RefusedError(Reason.TRUNCATED, f"{_shown(member)} reaches beyond the zip's content")
    return start, stop


def _check_readable(member: Member) -> None:
    if member.flags & (ENCRYPTED_FLAG | STRONG_ENCRYPTION_FLAG | MASKED_FLAG):
        raise RefusedError(Reason.ENCRYPTED, f"{_shown(member)} is encrypted")
    if member.flags & PATCH_FLAG or member.method not in {STORED, DEFLATED, BZIP2}:
        detail = f"{_shown(member)} is packed by zip method {member.method}"
        raise RefusedError(Reason.UNSUPPORTED_COMPRESSION, detail)
    if _IN_ZIP64 in (member.packed_bytes, member.bytes, member.offset):
        raise RefusedError(Reason.UNREADABLE_FORMAT, f"{_shown(member)} has zip64 sizes")
    if member.method == STORED and member.packed_bytes != member.bytes:
        raise _mismatch(member, "it is stored, but its two sizes differ")


def _content(packed: Window, member: Member, budget: Budget) -> Reader:
    if member.method == STORED:
        return _Checked(packed, member)
    if member.method == DEFLATED:
        return _Checked(Unpacked(packed, _raw_inflater, budget, "deflated"), member)
    return _Checked(Unpacked(packed, bz2.BZ2Decompressor, budget, "bzip2"), member)


def _raw_inflater() -> Decompressor:
    return Inflater(-zlib.MAX_WBITS)


class _Checked:
    """The member's content; a wrong size or checksum at its end raises RefusedError."""

    def __init__(self, content: Reader, member: Member) -> None:
        self._content = content
        self._member = member
        self._bytes = 0
        self._crc = 0

    def read(self, size: int, /) -> bytes:
        data = self._content.read(min(size, CHUNK_BYTES))
        self._bytes += len(data)
        self._crc = zlib.crc32(data, self._crc)
        if not data and (self._bytes, self._crc) != (self._member.bytes, self._member.crc):
            raise _mismatch(self._member, "its content is not what the directory promises")
        return data


def _check_order(parts: list[tuple[int, int]]) -> None:
    parts.sort()
    for (start, stop), (next_start, next_stop) in itertools.pairwise(parts):
        if next_start < stop and (start, stop) != (next_start, next_stop):
            raise RefusedError(Reason.UNREADABLE_FORMAT, "members of the zip archive overlap")


def _mismatch(member: Member, what: str) -> RefusedError:
    return RefusedError(Reason.UNREADABLE_FORMAT, f"{_shown(member)}: {what}")


def _shown(member: Member) -> str:
    return f"zip member {member.name[:80].decode('utf-8', 'replace')!r}"
