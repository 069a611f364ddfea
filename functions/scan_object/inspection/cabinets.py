"""CAB: refuses cabinets that are cut off, one of a set, or whose parts contradict each other.

Measured on ClamAV 1.4.6: it unpacks all methods, and passes in silence over members whose block
count, sizes or checksums are wrong, which other tools unpack all the same.
"""

from __future__ import annotations

import struct
from functools import reduce
from operator import xor
from typing import Final

from functions.scan_object.inspection.limits import Budget
from functions.scan_object.inspection.reasons import Reason, RefusedError
from functions.scan_object.inspection.streams import Window

MAGIC: Final = b"MSCF"
_HEADER: Final = struct.Struct("<4sIIIIIBBHHHHH")
_RESERVE: Final = struct.Struct("<HBB")
_FOLDER: Final = struct.Struct("<IHH")
_FILE: Final = struct.Struct("<IIHHHH")
_BLOCK: Final = struct.Struct("<IHH")
_OF_A_SET: Final = 0x0001 | 0x0002
_HAS_RESERVE: Final = 0x0004
_LONGEST_NAME: Final = 256


def check(window: Window, budget: Budget) -> None:
    """Raises RefusedError unless headers, blocks and members fit each other and the file."""
    fields = _HEADER.unpack(_exactly(window, 0, _HEADER.size))
    _, reserved, size, _, first_file, _, _, _, folders, files, flags, _, _ = fields
    if reserved:
        raise RefusedError(Reason.UNREADABLE_FORMAT, "the cabinet's header is not of this kind")
    if size > window.size or first_file > window.size:
        raise RefusedError(Reason.TRUNCATED, "the cabinet is longer than the file")
    if flags & _OF_A_SET:
        raise RefusedError(Reason.TRUNCATED, "one cabinet of a set")
    at, per_folder, per_block = _HEADER.size, 0, 0
    if flags & _HAS_RESERVE:
        own, per_folder, per_block = _RESERVE.unpack(_exactly(window, at, _RESERVE.size))
        at += _RESERVE.size + own
    if at + folders * (_FOLDER.size + per_folder) > first_file:
        raise RefusedError(Reason.UNREADABLE_FORMAT, "a cabinet's tables overlap")
    unpacked: list[int] = []
    for _ in range(folders):
        place, blocks, _ = _FOLDER.unpack(_exactly(window, at, _FOLDER.size))
        unpacked.append(_check_blocks(window, place, blocks, per_block, budget))
        at += _FOLDER.size + per_folder
    _check_files(window, first_file, files, unpacked, budget)


def _check_blocks(window: Window, at: int, blocks: int, reserve: int, budget: Budget) -> int:
    """Returns how many bytes the folder's blocks unpack to."""
    total = 0
    for _ in range(blocks):
        budget.check_time()
        head = _exactly(window, at, _BLOCK.size + reserve)
        checksum, packed, unpacked = _BLOCK.unpack_from(head)
        data = _exactly(window, at + len(head), packed)
        if checksum and _checksum(head[4:], _checksum(data)) != checksum:
            raise RefusedError(Reason.UNREADABLE_FORMAT, "a cabinet's checksum does not hold")
        total += unpacked
        at += len(head) + packed
    return total


def _check_files(window: Window, at: int, files: int, unpacked: list[int], budget: Budget) -> None:
    for _ in range(files):
        budget.spend_entry()
        size, start, folder, _, _, _ = _FILE.unpack(_exactly(window, at, _FILE.size))
        if folder >= len(unpacked) or start + size > unpacked[folder]:
            raise RefusedError(Reason.UNREADABLE_FORMAT, "a cabinet's member has no content")
        name = window.read_at(at + _FILE.size, _LONGEST_NAME + 1)
        if name.find(b"\0") < 1:
            raise RefusedError(Reason.UNREADABLE_FORMAT, "a cabinet's member has no name")
        at += _FILE.size + name.index(b"\0") + 1


def _checksum(data: bytes, start: int = 0) -> int:
    """Returns the cabinet checksum: words put together by exclusive or, the rest byte by byte."""
    whole = len(data) - len(data) % 4
    words = struct.unpack(f"<{whole // 4}I", data[:whole])
    return reduce(xor, words, start) ^ int.from_bytes(data[whole:], "big")


def _exactly(window: Window, at: int, size: int) -> bytes:
    data = window.read_at(at, size)
    if len(data) < size:
        raise RefusedError(Reason.TRUNCATED, "the cabinet is cut off")
    return data
