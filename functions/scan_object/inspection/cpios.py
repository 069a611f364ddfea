"""CPIO: refuses archives that are cut off or whose headers are broken.

Measured on ClamAV 1.4.6: it reads all forms, and stops in silence at the first header that is not
as it should be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from functions.scan_object.inspection.limits import Budget
from functions.scan_object.inspection.reasons import Reason, RefusedError
from functions.scan_object.inspection.streams import Limited, Reader, drain, read_exactly

_NEW: Final = re.compile(rb"07070[12]([0-9A-Fa-f]{104})\Z")
_OLD: Final = re.compile(rb"070707([0-7]{70})\Z")
_NEW_BYTES, _OLD_BYTES = 110, 76
_END: Final = b"TRAILER!!!"
_LONGEST_NAME: Final = 64 * 1024


def looks_like_cpio(head: bytes) -> bool:
    """Tells the two forms whose headers are in letters."""
    return head.startswith((b"070701", b"070702", b"070707"))


def members(source: Reader, budget: Budget) -> Iterator[Reader]:
    """Yields the content of each member; what the caller leaves unread is skipped."""
    while True:
        name_bytes, size, alignment, header_bytes = _header(source)
        if not 0 < name_bytes <= _LONGEST_NAME:
            raise RefusedError(Reason.UNREADABLE_FORMAT, "a cpio member has no proper name")
        budget.spend_entry()
        name = _exactly(source, name_bytes)
        if not name.endswith(b"\0") or name.startswith(b"\0"):
            raise RefusedError(Reason.UNREADABLE_FORMAT, "a cpio member has no proper name")
        _exactly(source, -(header_bytes + name_bytes) % alignment)
        if name.rstrip(b"\0") == _END:
            return
        content = Limited(source, size)
        yield content
        drain(content)
        if content.left:
            raise RefusedError(Reason.TRUNCATED, "the cpio archive is cut off")
        _exactly(source, -size % alignment)


def _header(source: Reader) -> tuple[int, int, int, int]:
    """Returns the lengths of name and content, what both are aligned to, and the header's own."""
    head = _exactly(source, _OLD_BYTES)
    if match := _OLD.match(head):
        digits = match[1]
        return int(digits[53:59], 8), int(digits[59:70], 8), 1, _OLD_BYTES
    head += _exactly(source, _NEW_BYTES - _OLD_BYTES)
    match = _NEW.match(head)
    if match is None:
        raise RefusedError(Reason.UNREADABLE_FORMAT, "a cpio header is broken")
    fields = [int(match[1][at : at + 8], 16) for at in range(0, 104, 8)]
    return fields[11], fields[6], 4, _NEW_BYTES


def _exactly(source: Reader, size: int) -> bytes:
    data = read_exactly(source, size)
    if len(data) < size:
        raise RefusedError(Reason.TRUNCATED, "the cpio archive is cut off")
    return data
