"""Compressed streams that begin with no magic worth the name; the engine opens none of them."""

from __future__ import annotations

import lzma
import zlib
from typing import Final

from functions.scan_object.inspection.limits import Budget
from functions.scan_object.inspection.reasons import Reason, RefusedError
from functions.scan_object.inspection.streams import CHUNK_BYTES, Reader

_ZLIB_HEADERS: Final = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_LZMA_HEADER_BYTES: Final = 13
_MOST_LZMA_SETTINGS: Final = 9 * 5 * 5
_UNKNOWN_SIZE: Final = (1 << 64) - 1
_LARGEST_SIZE: Final = 1 << 38
_PROBE_BYTES: Final = 64 * 1024


def is_zlib(head: bytes) -> bool:
    """Tells whether the first bytes unpack as a zlib stream."""
    if head[:2] not in _ZLIB_HEADERS:
        return False
    try:
        zlib.decompressobj().decompress(head, _PROBE_BYTES)
    except zlib.error:
        return False
    return True


def refuse_zlib(reader: Reader, budget: Budget) -> None:
    """Raises RefusedError if the whole content is one zlib stream, else leaves it at that."""
    inflate = zlib.decompressobj()
    pending = b""
    while not inflate.eof:
        pending = inflate.unconsumed_tail or reader.read(CHUNK_BYTES)
        if not pending:
            return
        try:
            output = inflate.decompress(pending, CHUNK_BYTES)
        except zlib.error:
            return
        budget.spend_bytes(len(output))
    raise RefusedError(Reason.UNSUPPORTED_COMPRESSION, "a bare zlib stream")


def is_lzma_alone(head: bytes) -> bool:
    """Tells a .lzma file by the marks that xz uses: settings, dictionary, size and first byte."""
    if len(head) <= _LZMA_HEADER_BYTES or head[0] >= _MOST_LZMA_SETTINGS or head[13]:
        return False
    dictionary = int.from_bytes(head[1:5], "little")
    size = int.from_bytes(head[5:13], "little")
    if dictionary == 0 or size == 0 or (_LARGEST_SIZE < size < _UNKNOWN_SIZE):
        return False
    lowest = dictionary & -dictionary
    # Dictionaries are 2^n or 2^n + 2^(n-1) bytes long.
    if dictionary not in (lowest, 3 * lowest, (1 << 32) - 1):
        return False
    try:
        lzma.LZMADecompressor(lzma.FORMAT_ALONE).decompress(head, _PROBE_BYTES)
    except lzma.LZMAError:
        return False
    return True
