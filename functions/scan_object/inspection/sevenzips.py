"""7z: refuses compression methods that the engine does not know, and broken archives.

Measured on ClamAV 1.4.6: it unpacks stored, LZMA and LZMA2 folders, and LZMA behind the x86 filter;
it passes in silence over bzip2, deflate, BCJ2, delta and further filters, over archives that are
cut off, and over what follows an error in a folder. PPMd, which it knows, cannot be verified here.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from functions.scan_object.inspection.limits import Budget
from functions.scan_object.inspection.reasons import Reason, RefusedError
from functions.scan_object.inspection.sevenzip_header import (
    COPY,
    LZMA,
    LZMA2,
    X86_FILTER,
    Coder,
    Folder,
    HeaderReader,
    Streams,
)
from functions.scan_object.inspection.streams import (
    Decompressor,
    Limited,
    Peeked,
    Reader,
    Unpacked,
    Window,
    drain,
    read_exactly,
)

MAGIC: Final = b"7z\xbc\xaf\x27\x1c"
_START: Final = struct.Struct("<6sBBIQQI")
_MAX_HEADER_BYTES: Final = 64 * 1024 * 1024
_MAX_DICTIONARY_BYTES: Final = 256 * 1024 * 1024
_LARGEST_LZMA2_BITS: Final = 40
_LZMA_PROPERTIES_BYTES: Final = 5
# liblzma's x86 filter holds back the last bytes of a stream that has no end mark.
_HELD_BACK_BYTES: Final = 5


def members(window: Window, budget: Budget) -> Iterator[Reader]:
    """Yields the content of each member; the folder's rest is verified when the next is asked."""
    streams = _header(window, budget)
    place = _START.size + streams.pack_start
    for folder in streams.folders:
        packed = sum(folder.packed_sizes)
        if place + packed > window.size:
            raise RefusedError(Reason.TRUNCATED, "the 7z archive's content is cut off")
        content = _unpack(window.part(place, packed), folder, budget)
        for size, checksum in folder.members:
            budget.spend_entry()
            member = _Checked(Limited(content, size))
            yield member
            drain(member)
            if member.left > (_HELD_BACK_BYTES if _filtered(folder) else 0):
                raise RefusedError(Reason.TRUNCATED, "a 7z member is shorter than promised")
            if member.left == 0 and checksum not in (None, member.checksum):
                detail = "a 7z member is not what its checksum promises"
                raise RefusedError(Reason.UNREADABLE_FORMAT, detail)
        drain(content)
        place += packed


def _header(window: Window, budget: Budget) -> Streams:
    start = window.read_at(0, _START.size)
    if len(start) < _START.size:
        raise RefusedError(Reason.TRUNCATED, "the 7z archive ends within its header")
    _, _, _, start_crc, offset, size, crc = _START.unpack(start)
    if zlib.crc32(start[12:]) != start_crc:
        raise RefusedError(Reason.UNREADABLE_FORMAT, "the 7z archive's first header is broken")
    header = _next_header(window, _START.size + offset, size, crc)
    for _ in range(4):
        reader = HeaderReader(header)
        if not reader.is_encoded():
            return reader.streams()
        (folder,) = reader.encoded().folders or (None,)
        if folder is None or len(reader.encoded().folders) != 1:
            raise RefusedError(Reason.UNREADABLE_FORMAT, "the 7z archive's header is broken")
        header = _decode_header(window, reader.encoded().pack_start, folder, budget)
    raise RefusedError(Reason.UNREADABLE_FORMAT, "the 7z archive's header is packed too often")


def _next_header(window: Window, at: int, size: int, crc: int) -> bytes:
    if at + size > window.size:
        raise RefusedError(Reason.TRUNCATED, "the 7z archive is cut off before its header")
    if size > _MAX_HEADER_BYTES:
        raise RefusedError(Reason.ENGINE_LIMIT, "the 7z archive's header is too long")
    header = window.read_at(at, size)
    if zlib.crc32(header) != crc:
        raise RefusedError(Reason.UNREADABLE_FORMAT, "the 7z archive's header is broken")
    return header


def _decode_header(window: Window, pack_start: int, folder: Folder, budget: Budget) -> bytes:
    at, packed = _START.size + pack_start, sum(folder.packed_sizes)
    if at + packed > window.size:
        raise RefusedError(Reason.TRUNCATED, "the 7z archive's header is cut off")
    if folder.size > _MAX_HEADER_BYTES:
        raise RefusedError(Reason.ENGINE_LIMIT, "the 7z archive's header is too long")
    content = _unpack(window.part(at, packed), folder, budget)
    header = read_exactly(content, folder.size)
    if len(header) != folder.size:
        raise RefusedError(Reason.TRUNCATED, "the 7z archive's header is cut off")
    ((_, checksum),) = folder.members
    if checksum not in (None, zlib.crc32(header)):
        raise RefusedError(Reason.UNREADABLE_FORMAT, "the 7z archive's header is broken")
    return header


def _filtered(folder: Folder) -> bool:
    return folder.methods[:1] == (X86_FILTER,)


def _unpack(packed: Window, folder: Folder, budget: Budget) -> Reader:
    methods = folder.methods
    if methods == (COPY,):
        return packed
    compressor = methods[1:] if _filtered(folder) else methods
    if compressor not in {(LZMA,), (LZMA2,)}:
        detail = "7z method " + "+".join(method.hex() for method in methods)
        raise RefusedError(Reason.UNSUPPORTED_COMPRESSION, detail)
    last = folder.coders[-1]
    settings = _lzma_filter(last)
    if methods == (LZMA,):
        # The old file format's header adds nothing, but has the decoder verify the very end.
        head = last.properties + folder.size.to_bytes(8, "little")
        alone: Callable[[], Decompressor] = lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE)  # noqa: E731
        return Unpacked(Peeked(head, packed), alone, budget, "7z")
    filters = [{"id": lzma.FILTER_X86}, settings] if _filtered(folder) else [settings]
    if last.method == LZMA2:
        raw: Callable[[], Decompressor] = lambda: _decoder(filters)  # noqa: E731
        return Unpacked(packed, raw, budget, "7z")
    measured: Callable[[], Decompressor] = lambda: _Measured(_decoder(filters), folder.size)  # noqa: E731
    return Unpacked(packed, measured, budget, "7z")


def _decoder(filters: list[dict[str, int]]) -> lzma.LZMADecompressor:
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)


def _lzma_filter(coder: Coder) -> dict[str, int]:
    if coder.method == LZMA2 and len(coder.properties) == 1:
        bits = coder.properties[0]
        size = 0xFFFFFFFF if bits >= _LARGEST_LZMA2_BITS else (2 | bits & 1) << (bits // 2 + 11)
        found = {"id": lzma.FILTER_LZMA2, "dict_size": size}
    elif (
        coder.method == LZMA
        and len(coder.properties) == _LZMA_PROPERTIES_BYTES
        and coder.properties[0] < 9 * 5 * 5
    ):
        packed, size = coder.properties[0], int.from_bytes(coder.properties[1:], "little")
        lc, lp, pb = packed % 9, packed // 9 % 5, packed // 45
        found = {
            "id": lzma.FILTER_LZMA1,
            "dict_size": max(size, 4096),
            "lc": lc,
            "lp": lp,
            "pb": pb,
        }
    else:
        raise RefusedError(Reason.UNREADABLE_FORMAT, "the 7z archive's LZMA settings are broken")
    if found["dict_size"] > _MAX_DICTIONARY_BYTES:
        raise RefusedError(Reason.ENGINE_LIMIT, "the 7z archive needs too much memory")
    return found


class _Checked:
    """A member with the checksum of what was read of it."""

    def __init__(self, content: Limited) -> None:
        self._content = content
        self.checksum = 0

    @property
    def left(self) -> int:
        return self._content.left

    def read(self, size: int, /) -> bytes:
        data = self._content.read(size)
        self.checksum = zlib.crc32(data, self.checksum)
        return data


class _Measured:
    """A decoder of data without an end mark, whose length is known from outside."""

    def __init__(self, decoder: lzma.LZMADecompressor, size: int) -> None:
        self._decoder = decoder
        self._left = size

    @property
    def eof(self) -> bool:
        return self._left <= 0 or self._decoder.eof

    @property
    def needs_input(self) -> bool:
        return self._decoder.needs_input

    @property
    def unused_data(self) -> bytes:
        return b""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        output = self._decoder.decompress(data, min(max_length, self._left))
        self._left -= len(output)
        if not data and not output and self._left <= _HELD_BACK_BYTES:
            self._left = 0
        return output
