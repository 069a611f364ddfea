"""The part of the 7z format that tells how members are packed (7zFormat.txt of the LZMA SDK)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from functions.scan_object.inspection.reasons import Reason, RefusedError

COPY: Final = b"\x00"
LZMA2: Final = b"\x21"
LZMA: Final = b"\x03\x01\x01"
X86_FILTER: Final = b"\x03\x03\x01\x03"
AES: Final = b"\x06\xf1\x07\x01"

_END, _HEADER, _ARCHIVE_PROPERTIES, _ADDITIONAL, _MAIN = 0, 1, 2, 3, 4
_PACK_INFO, _UNPACK_INFO, _SUBSTREAMS, _SIZE, _CRC = 6, 7, 8, 9, 10
_FOLDER, _CODERS_SIZE, _MEMBERS, _ENCODED_HEADER = 11, 12, 13, 23
_MAX_COUNT: Final = 1_000_000
_MAX_CODERS: Final = 8


@dataclass(frozen=True, slots=True)
class Coder:
    """One step of unpacking."""

    method: bytes
    properties: bytes


@dataclass(frozen=True, slots=True)
class Folder:
    """Members packed together; coders are in the order from output to input.

    A member's checksum is None where the archive has none.
    """

    coders: tuple[Coder, ...]
    packed_sizes: tuple[int, ...]
    size: int
    members: Members

    @property
    def methods(self) -> tuple[bytes, ...]:
        """The coders' method numbers."""
        return tuple(coder.method for coder in self.coders)


type Members = tuple[tuple[int, int | None], ...]


@dataclass(frozen=True, slots=True)
class Streams:
    """Where the packed data begin, after the first header, and how each folder is packed."""

    pack_start: int
    folders: tuple[Folder, ...]


@dataclass(frozen=True, slots=True)
class _Shape:
    """A folder before the sizes are known."""

    coders: tuple[Coder, ...]
    outputs: int
    final_output: int
    packed_streams: int


def _broken() -> RefusedError:
    return RefusedError(Reason.UNREADABLE_FORMAT, "the 7z archive's header is broken")


class HeaderReader:
    """Reads one header; anything unexpected raises RefusedError."""

    def __init__(self, data: bytes) -> None:
        """Begins at the header's first byte."""
        self._data = data
        self._at = 0

    def is_encoded(self) -> bool:
        """Whether this only tells how the real header is packed."""
        return self._data[:1] == bytes([_ENCODED_HEADER])

    def encoded(self) -> Streams:
        """Returns how the real header is packed."""
        self._at = 1
        return self._streams()

    def streams(self) -> Streams:
        """Returns how the members are packed; an archive of empty files has no folder."""
        self._at = 0
        if not self._data:
            return Streams(0, ())
        self._expect(_HEADER)
        kind = self._byte()
        if kind == _MAIN:
            return self._streams()
        if kind in (_ARCHIVE_PROPERTIES, _ADDITIONAL):
            raise _broken()
        return Streams(0, ())

    def _streams(self) -> Streams:
        pack_start = 0
        packed_sizes: tuple[int, ...] = ()
        shapes: list[_Shape] = []
        sizes: list[int] = []
        checksums: list[int | None] = []
        members: list[Members] | None = None
        while (kind := self._byte()) != _END:
            if kind == _PACK_INFO:
                pack_start, packed_sizes = self._pack_info()
            elif kind == _UNPACK_INFO:
                shapes, sizes, checksums = self._unpack_info()
            elif kind == _SUBSTREAMS:
                members = self._substreams(sizes, checksums)
            else:
                raise _broken()
        if members is None:
            members = [(pair,) for pair in zip(sizes, checksums, strict=True)]
        return Streams(pack_start, self._folders(shapes, packed_sizes, sizes, members))

    def _folders(
        self,
        shapes: list[_Shape],
        packed_sizes: tuple[int, ...],
        sizes: list[int],
        members: list[Members],
    ) -> tuple[Folder, ...]:
        folders: list[Folder] = []
        used = 0
        for shape, size, parts in zip(shapes, sizes, members, strict=True):
            packed = packed_sizes[used : used + shape.packed_streams]
            used += shape.packed_streams
            if len(packed) != shape.packed_streams:
                raise _broken()
            folders.append(Folder(shape.coders, packed, size, parts))
        if used != len(packed_sizes):
            raise _broken()
        return tuple(folders)

    def _pack_info(self) -> tuple[int, tuple[int, ...]]:
        start, count = self._number(), self._count()
        sizes: tuple[int, ...] = ()
        while (kind := self._byte()) != _END:
            if kind == _SIZE:
                sizes = tuple(self._number() for _ in range(count))
            elif kind == _CRC:
                self._checksums(count)
            else:
                raise _broken()
        return start, sizes

    def _unpack_info(self) -> tuple[list[_Shape], list[int], list[int | None]]:
        self._expect(_FOLDER)
        count = self._count()
        if self._byte():
            raise _broken()
        shapes = [self._folder() for _ in range(count)]
        self._expect(_CODERS_SIZE)
        sizes: list[int] = []
        for shape in shapes:
            outputs = [self._number() for _ in range(shape.outputs)]
            sizes.append(outputs[shape.final_output])
        checksums: list[int | None] = [None] * count
        while (kind := self._byte()) != _END:
            if kind != _CRC:
                raise _broken()
            checksums = self._checksums(count)
        return shapes, sizes, checksums

    def _folder(self) -> _Shape:
        coders: list[Coder] = []
        inputs = outputs = 0
        for _ in range(self._count(_MAX_CODERS)):
            flags = self._byte()
            method = self._take(flags & 0x0F)
            ins = outs = 1
            if flags & 0x10:
                ins, outs = self._count(_MAX_CODERS), self._count(_MAX_CODERS)
            properties = self._take(self._number()) if flags & 0x20 else b""
            if flags & 0xC0:
                raise _broken()
            if method == AES:
                raise RefusedError(Reason.ENCRYPTED, "the 7z archive is encrypted")
            if (ins, outs) != (1, 1):
                detail = f"7z method {method.hex()} with several streams"
                raise RefusedError(Reason.UNSUPPORTED_COMPRESSION, detail)
            coders.append(Coder(method, properties))
            inputs, outputs = inputs + ins, outputs + outs
        if not coders:
            raise _broken()
        # A chain binds each coder's input to its neighbour's output; another shape is refused.
        pairs = [(self._number(), self._number()) for _ in range(outputs - 1)]
        packed = inputs - len(pairs)
        if pairs == [(index, index + 1) for index in range(outputs - 1)]:
            return _Shape(tuple(coders), outputs, 0, packed)
        if pairs == [(index + 1, index) for index in range(outputs - 1)]:
            return _Shape(tuple(reversed(coders)), outputs, outputs - 1, packed)
        raise RefusedError(Reason.UNSUPPORTED_COMPRESSION, "7z coders in an unusual order")

    def _substreams(self, sizes: list[int], checksums: list[int | None]) -> list[Members]:
        counts = [1] * len(sizes)
        kind = self._byte()
        if kind == _MEMBERS:
            counts = [self._count() for _ in sizes]
            kind = self._byte()
        given = kind == _SIZE
        parts: list[tuple[int, ...]] = []
        for count, size in zip(counts, sizes, strict=True):
            if count > 1 and not given:
                raise _broken()
            known = [self._number() for _ in range(count - 1)]
            last = size - sum(known)
            if last < 0:
                raise _broken()
            parts.append((*known, last) if count else ())
        if given:
            kind = self._byte()
        # A folder of one member has its checksum already.
        own = [
            count == 1 and known is not None for count, known in zip(counts, checksums, strict=True)
        ]
        missing = sum(0 if has else count for count, has in zip(counts, own, strict=True))
        given_later: list[int | None] = [None] * missing
        while kind != _END:
            if kind != _CRC:
                raise _broken()
            given_later = self._checksums(missing)
            kind = self._byte()
        later = iter(given_later)
        return [
            tuple((size, folder if has else next(later)) for size in part)
            for part, folder, has in zip(parts, checksums, own, strict=True)
        ]

    def _checksums(self, count: int) -> list[int | None]:
        if self._byte():
            known = [True] * count
        else:
            bits = self._take((count + 7) // 8)
            known = [bool(bits[i // 8] & (0x80 >> i % 8)) for i in range(count)]
        return [int.from_bytes(self._take(4), "little") if has else None for has in known]

    def _expect(self, kind: int) -> None:
        if self._byte() != kind:
            raise _broken()

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, count: int) -> bytes:
        data = self._data[self._at : self._at + count]
        if len(data) != count:
            raise _broken()
        self._at += count
        return data

    def _count(self, most: int = _MAX_COUNT) -> int:
        count = self._number()
        if count > most:
            raise _broken()
        return count

    def _number(self) -> int:
        """Reads a number whose first byte's leading ones tell how many bytes follow."""
        first = self._byte()
        value = 0
        mask = 0x80
        for index in range(8):
            if not first & mask:
                return value | (first & (mask - 1)) << (8 * index)
            value |= self._byte() << (8 * index)
            mask >>= 1
        return value
