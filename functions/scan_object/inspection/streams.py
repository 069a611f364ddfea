"""Readers: a part of a file, what was peeked at put back, and the output of a decompressor.

All of them keep a constant amount of memory whatever the content claims.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable
from typing import BinaryIO, Protocol

from functions.scan_object.inspection.limits import Budget
from functions.scan_object.inspection.reasons import Reason, RefusedError

CHUNK_BYTES = 256 * 1024
# What is left behind the end of a stream is copied, so that many tiny streams must stay cheap.
_PACKED_CHUNK_BYTES = 32 * 1024


class Reader(Protocol):
    """Anything that is read from front to back; an empty answer means the end."""

    def read(self, size: int, /) -> bytes:
        """Returns at most `size` bytes, fewer only where that is convenient or at the end."""
        ...


class Window:
    """A part of a seekable file, itself read in any order."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        """Covers `size` bytes of the file from `start`."""
        self.file = file
        self.start = start
        self.size = size
        self._position = 0

    def read(self, size: int, /) -> bytes:
        """Returns the next bytes."""
        data = self.read_at(self._position, size)
        self._position += len(data)
        return data

    def read_at(self, offset: int, size: int) -> bytes:
        """Returns the bytes at an offset, fewer than asked for at the end."""
        size = min(size, self.size - offset)
        if offset < 0 or size <= 0:
            return b""
        self.file.seek(self.start + offset)
        return self.file.read(size)

    def part(self, offset: int, size: int) -> Window:
        """Returns a part of this part; the caller has checked that it lies inside."""
        return Window(self.file, self.start + offset, size)


class Peeked:
    """A reader with the bytes put back that were read to tell what it is."""

    def __init__(self, head: bytes, rest: Reader) -> None:
        """Yields `head` first."""
        self._head = head
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        """Returns the next bytes."""
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
            return data
        return self._rest.read(size)


class Limited:
    """The next `size` bytes of another reader; an early end there is an early end here."""

    def __init__(self, source: Reader, size: int) -> None:
        """Leaves the source just behind these bytes when read to the end."""
        self._source = source
        self.left = size

    def read(self, size: int, /) -> bytes:
        """Returns the next bytes."""
        data = self._source.read(min(size, self.left)) if self.left else b""
        self.left -= len(data)
        return data


class Decompressor(Protocol):
    """What bz2 and lzma decompressors have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether more input is needed before there can be more output."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What was given beyond the end of the stream."""
        ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Returns at most `max_length` bytes of output."""
        ...


class Inflater:
    """zlib in the shape of the other decompressors."""

    def __init__(self, window_bits: int) -> None:
        """`window_bits` as in zlib: -15 raw, 31 with a gzip header."""
        self._inflate = zlib.decompressobj(window_bits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""
        return self._inflate.eof

    @property
    def unused_data(self) -> bytes:
        """What was given beyond the end of the stream."""
        return self._inflate.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Returns at most `max_length` bytes of output."""
        given = self._inflate.unconsumed_tail + data if data else self._inflate.unconsumed_tail
        output = self._inflate.decompress(given, max_length)
        self.needs_input = not self._inflate.unconsumed_tail and len(output) < max_length
        return output


class Unpacked:
    """What a compressed reader unpacks to; broken or missing data raise RefusedError.

    One stream must fill the whole source, unless `multiple` lets others follow or `padding` lets
    zeros fill the rest.
    """

    def __init__(
        self,
        source: Reader,
        decompressor: Callable[[], Decompressor],
        budget: Budget,
        what: str,
        *,
        multiple: bool = False,
        padding: bool = False,
    ) -> None:
        """Reads `source`; `what` names the format in refusals."""
        self._source = source
        self._new = decompressor
        self._budget = budget
        self._what = what
        self._multiple = multiple
        self._padding = padding
        self._current: Decompressor | None = decompressor()
        self._pending = b""

    def read(self, size: int, /) -> bytes:
        """Returns the next bytes of output."""
        while self._current is not None:
            try:
                data = self._step(self._current, min(size, CHUNK_BYTES))
            except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
                detail = f"{self._what} data cannot be unpacked: {error}"
                raise RefusedError(Reason.UNREADABLE_FORMAT, detail) from error
            if data:
                self._budget.spend_bytes(len(data))
                return data
        return b""

    def _step(self, current: Decompressor, size: int) -> bytes:
        if current.eof:
            self._end_stream(current)
            return b""
        if current.needs_input and not self._pending:
            self._pending = self._source.read(_PACKED_CHUNK_BYTES)
            self._budget.check_time()
            if not self._pending:
                data = current.decompress(b"", size)
                if not data and not current.eof:
                    raise RefusedError(Reason.TRUNCATED, f"{self._what} data ends too early")
                return data
        data = current.decompress(self._pending if current.needs_input else b"", size)
        self._pending = b""
        return data

    def _end_stream(self, current: Decompressor) -> None:
        rest = current.unused_data + self._pending or self._source.read(_PACKED_CHUNK_BYTES)
        self._pending = b""
        self._current = None
        if not rest:
            return
        if self._padding and not rest.strip(b"\0"):
            self._skip_zeros()
            return
        if not self._multiple:
            detail = f"more data follows the {self._what} stream"
            raise RefusedError(Reason.UNREADABLE_FORMAT, detail)
        self._budget.spend_entry()
        self._current = self._new()
        self._pending = rest

    def _skip_zeros(self) -> None:
        while data := self._source.read(CHUNK_BYTES):
            self._budget.check_time()
            if data.strip(b"\0"):
                detail = f"data follow the padding after the {self._what} stream"
                raise RefusedError(Reason.UNREADABLE_FORMAT, detail)


def gunzip(source: Reader, budget: Budget) -> Unpacked:
    """Unpacks gzip of any number of members; the engine reads all of them too."""
    new: Callable[[], Decompressor] = lambda: Inflater(31)  # noqa: E731
    return Unpacked(source, new, budget, "gzip", multiple=True, padding=True)


def bunzip2(source: Reader, budget: Budget) -> Unpacked:
    """Unpacks bzip2 of one stream: the engine passes over all that follow the first."""
    return Unpacked(source, bz2.BZ2Decompressor, budget, "bzip2")


def unxz(source: Reader, budget: Budget) -> Unpacked:
    """Unpacks xz of any number of streams; the engine reads all of them too."""
    new: Callable[[], Decompressor] = lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ)  # noqa: E731
    return Unpacked(source, new, budget, "xz", multiple=True, padding=True)


def drain(reader: Reader) -> None:
    """Reads to the end, so that everything has been verified."""
    while reader.read(CHUNK_BYTES):
        pass


def read_exactly(reader: Reader, size: int) -> bytes:
    """Returns `size` bytes, fewer only at the end."""
    parts: list[bytes] = []
    while size > 0:
        data = reader.read(size)
        if not data:
            break
        parts.append(data)
        size -= len(data)
    return b"".join(parts)
