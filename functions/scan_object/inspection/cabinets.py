"""CAB: refuses cabinets that are cut off or one of a set; the engine unpacks all else."""

from __future__ import annotations

import struct
from typing import Final

from functions.scan_object.inspection.reasons import Reason, RefusedError
from functions.scan_object.inspection.streams import Window

MAGIC: Final = b"MSCF"
_HEADER: Final = struct.Struct("<4sIIIIIBBHHHHH")
_OF_A_SET: Final = 0x0001 | 0x0002


def check(window: Window) -> None:
    """Raises RefusedError unless the header fits the file."""
    header = window.read_at(0, _HEADER.size)
    if len(header) < _HEADER.size:
        raise RefusedError(Reason.TRUNCATED, "the cabinet ends within its header")
    _, reserved, size, _, first_file, _, _, _, _, _, flags, _, _ = _HEADER.unpack(header)
    if reserved:
        raise RefusedError(Reason.UNREADABLE_FORMAT, "the cabinet's header is not of this kind")
    if size > window.size or first_file > window.size:
        raise RefusedError(Reason.TRUNCATED, "the cabinet is longer than the file")
    if flags & _OF_A_SET:
        raise RefusedError(Reason.TRUNCATED, "one cabinet of a set")
