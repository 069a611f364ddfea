"""ARJ: refuses archives that are cut off, encrypted or broken; the engine unpacks all else.

Measured on ClamAV 1.4.6: it stops in silence at the first header that is not as it should be, and
says nothing of members that need a password.
"""

from __future__ import annotations

import zlib
from typing import Final

from functions.scan_object.inspection.limits import Budget
from functions.scan_object.inspection.reasons import Reason, RefusedError
from functions.scan_object.inspection.streams import Window

MAGIC: Final = b"\x60\xea"
_LONGEST_HEADER: Final = 2600
_SHORTEST_HEADER: Final = 30
_ENCRYPTED: Final = 0x01
_CONTINUED: Final = 0x04 | 0x08
_METHODS: Final = frozenset({0, 1, 2, 3, 4})
_FILE_TYPES: Final = frozenset({0, 1, 3})


def looks_like_arj(head: bytes) -> bool:
    """Tells by magic and header length whether this begins an ARJ archive."""
    length = int.from_bytes(head[2:4], "little")
    return head.startswith(MAGIC) and _SHORTEST_HEADER <= length <= _LONGEST_HEADER


def check(window: Window, budget: Budget) -> None:
    """Raises RefusedError unless all headers down to the end mark are sound."""
    main, at = _header(window, 0)
    if not main:
        raise _broken()
    while True:
        header, at = _header(window, at)
        if not header:
            return
        budget.spend_entry()
        flags, method, kind = header[4:7]
        if flags & _ENCRYPTED:
            raise RefusedError(Reason.ENCRYPTED, "an ARJ member is encrypted")
        if flags & _CONTINUED:
            raise RefusedError(Reason.TRUNCATED, "one part of a split ARJ archive")
        if method not in _METHODS or kind not in _FILE_TYPES:
            raise RefusedError(Reason.UNSUPPORTED_COMPRESSION, f"ARJ method {method}")
        at += int.from_bytes(header[12:16], "little")
        if at > window.size:
            raise RefusedError(Reason.TRUNCATED, "the ARJ archive is cut off")


def _header(window: Window, at: int) -> tuple[bytes, int]:
    """Returns the header, empty at the end mark, and where what follows it begins."""
    mark = window.read_at(at, 4)
    length = int.from_bytes(mark[2:], "little")
    if len(mark) < len(MAGIC) + 2 or not mark.startswith(MAGIC):
        raise RefusedError(Reason.TRUNCATED, "the ARJ archive has no end mark")
    if not length:
        return b"", at + len(mark)
    header = window.read_at(at + len(mark), length)
    checksum = window.read_at(at + len(mark) + length, 4)
    if length < _SHORTEST_HEADER or zlib.crc32(header) != int.from_bytes(checksum, "little"):
        raise _broken()
    at += len(mark) + length + len(checksum)
    while (size := int.from_bytes(_two(window, at), "little")) != 0:
        at += 2 + size + 4
    return header, at + 2


def _two(window: Window, at: int) -> bytes:
    data = window.read_at(at, 2)
    if len(data) < 2:  # noqa: PLR2004 - the size of a length
        raise RefusedError(Reason.TRUNCATED, "the ARJ archive is cut off")
    return data


def _broken() -> RefusedError:
    return RefusedError(Reason.UNREADABLE_FORMAT, "an ARJ header is broken")
