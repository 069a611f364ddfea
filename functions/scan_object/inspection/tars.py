"""TAR: refuses headers that tar reads and the engine does not.

Measured on ClamAV 1.4.6: it stops at the first block of zeros or bad checksum, reads sizes in octal
only, passes over member types it does not know, and ignores what pax headers say about sizes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from functions.scan_object.inspection.limits import Budget
from functions.scan_object.inspection.reasons import Reason, RefusedError
from functions.scan_object.inspection.streams import (
    CHUNK_BYTES,
    Limited,
    Reader,
    drain,
    read_exactly,
)

BLOCK_BYTES: Final = 512
_MAX_PAX_BYTES: Final = 1024 * 1024
_MARK: Final = b"ustar"
_REGULAR: Final = b"07\0"
_EMPTY: Final = b"123456"
_METADATA: Final = b"LKxg"
_OCTAL: Final = re.compile(rb" *([0-7]+)[ \0]*\Z|[ \0]*\Z")
_PAX_SIZE: Final = re.compile(rb"(?:^|\n)\d+ (?:size|GNU\.sparse\.[a-z.]+)=")


def looks_like_tar(head: bytes) -> bool:
    """Tells by mark or checksum whether this begins a tar archive.

    A block of zeros in front counts too: tar reads on behind it, the engine does not.
    """
    if len(head) < BLOCK_BYTES:
        return False
    first, second = head[:BLOCK_BYTES], head[BLOCK_BYTES : 2 * BLOCK_BYTES]
    if not any(first):
        return len(second) == BLOCK_BYTES and any(second) and _checksum_holds(second)
    return first[257:262] == _MARK or _checksum_holds(first)


def members(source: Reader, budget: Budget) -> Iterator[Reader]:
    """Yields the content of each regular member; what the caller leaves unread is skipped."""
    while True:
        header = read_exactly(source, BLOCK_BYTES)
        if len(header) < BLOCK_BYTES:
            raise RefusedError(Reason.TRUNCATED, "the tar archive has no end mark")
        if not any(header):
            _check_rest(source, budget)
            return
        if not _checksum_holds(header):
            detail = "a tar header's checksum does not hold"
            raise RefusedError(Reason.UNREADABLE_FORMAT, detail)
        budget.spend_entry()
        content = Limited(source, _size(header))
        padding = -content.left % BLOCK_BYTES
        kind = header[156:157]
        if kind in (b"x", b"g"):
            _check_pax(content)
        elif kind in _REGULAR:
            yield content
        elif kind not in _METADATA and (kind not in _EMPTY or content.left):
            detail = f"tar member of type {kind!r}"
            raise RefusedError(Reason.UNSUPPORTED_COMPRESSION, detail)
        drain(content)
        if content.left or len(read_exactly(source, padding)) < padding:
            raise RefusedError(Reason.TRUNCATED, "the tar archive ends within a member")


def _size(header: bytes) -> int:
    match = _OCTAL.match(header[124:136])
    if match is None:
        raise RefusedError(Reason.UNREADABLE_FORMAT, "a tar member's size is not in octal digits")
    return int(match[1] or b"0", 8)


def _check_pax(content: Limited) -> None:
    if content.left > _MAX_PAX_BYTES:
        raise RefusedError(Reason.UNREADABLE_FORMAT, "a pax header is too long")
    if _PAX_SIZE.search(read_exactly(content, content.left)):
        detail = "a pax header gives a tar member another size"
        raise RefusedError(Reason.UNREADABLE_FORMAT, detail)


def _checksum_holds(header: bytes) -> bool:
    match = _OCTAL.match(header[148:156])
    if match is None or not match[1]:
        return False
    given = int(match[1], 8)
    rest = header[:148] + header[156:BLOCK_BYTES]
    unsigned = sum(rest) + 8 * ord(" ")
    # Some old writers added the bytes up as signed numbers.
    return given == unsigned or given == unsigned - 256 * sum(byte >> 7 for byte in rest)


def _check_rest(source: Reader, budget: Budget) -> None:
    while data := source.read(CHUNK_BYTES):
        budget.check_time()
        if data.count(0) != len(data):
            raise RefusedError(Reason.UNREADABLE_FORMAT, "data follow the end of the tar archive")
