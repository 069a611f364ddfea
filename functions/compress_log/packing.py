"""Packs blocks of a log, each into a piece that stands alone and is proven at once.

The pieces of one log, one after the other, are one file of their format: gzip files may have many
members, zstd files many frames. So blocks are packed by as many threads as there are cores, and
nothing has to wait for the end to be proven: each piece is unpacked again and compared, byte for
byte, which costs less than packing it.

isal packs as fast as memory is read and makes somewhat larger files than zlib's level 6; zstd makes
smaller ones at half the speed. Both let go of Python's lock.
"""

from __future__ import annotations

from enum import StrEnum
from gzip import BadGzipFile
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from isal import igzip, isal_zlib

from tidegate.errors import CopyMismatchError

if TYPE_CHECKING:
    from types import ModuleType

GZIP_LEVEL = 2
ZSTD_LEVEL = 3
# zlib's notation for the largest window, with gzip's header and trailer.
_GZIP_WINDOW = 31
# isal's stubs call the class an instance.
_IsalError: type[Exception] = cast("Any", isal_zlib.error)


class Compression(StrEnum):
    """The formats of the archive."""

    GZIP = "gzip"
    ZSTD = "zstd"


class Packing(Protocol):
    """One format. `suffix` is what a file's name ends in, `content_type` what S3 is told.

    `errors` are those that reading a stream which is not of the format raises.
    """

    compression: Compression
    suffix: str
    content_type: str
    errors: tuple[type[Exception], ...]

    def pack(self, plain: bytes) -> bytes:
        """Return the piece for a block; CopyMismatchError (retried) if it does not unpack to it."""

    def opened(self, packed: BinaryIO) -> BinaryIO:
        """Return a stream of what the packed stream, of any number of pieces, unpacks to."""


class Gzip:
    """gzip, by isal."""

    compression = Compression.GZIP
    suffix = ".gz"
    content_type = "application/gzip"
    errors: tuple[type[Exception], ...] = (_IsalError, BadGzipFile, EOFError)

    def pack(self, plain: bytes) -> bytes:
        """Return the block as one member, without a time, so that the same gives the same."""
        member = isal_zlib.compress(plain, GZIP_LEVEL, _GZIP_WINDOW)
        try:
            restored = isal_zlib.decompress(member, _GZIP_WINDOW, max(len(plain), 1))
        except _IsalError as error:
            raise CopyMismatchError(f"a gzip member cannot be unpacked: {error}") from error
        _compare(restored, plain)
        return member

    def opened(self, packed: BinaryIO) -> BinaryIO:
        """Return a stream that reads all members and checks each one's trailer."""
        unpacker: Any = igzip.IGzipFile
        return cast("BinaryIO", unpacker(fileobj=packed, mode="rb"))


class Zstd:
    """Zstandard, by the module that Python has from 3.14 on."""

    compression = Compression.ZSTD
    suffix = ".zst"
    content_type = "application/zstd"

    def __init__(self) -> None:
        from backports import zstd  # noqa: PLC0415 — not needed by the default

        self._library: ModuleType = zstd
        self._options = {
            zstd.CompressionParameter.compression_level: ZSTD_LEVEL,
            zstd.CompressionParameter.checksum_flag: 1,
        }
        self.errors: tuple[type[Exception], ...] = (zstd.ZstdError, EOFError)

    def pack(self, plain: bytes) -> bytes:
        """Return the block as one frame, with its length and a checksum."""
        frame: bytes = self._library.compress(plain, options=self._options)
        try:
            restored = self._library.decompress(frame)
        except self._library.ZstdError as error:
            raise CopyMismatchError(f"a zstd frame cannot be unpacked: {error}") from error
        _compare(restored, plain)
        return frame

    def opened(self, packed: BinaryIO) -> BinaryIO:
        """Return a stream that reads all frames and checks each one's checksum."""
        return cast("BinaryIO", self._library.ZstdFile(packed))


def packing_of(compression: Compression) -> Packing:
    """Return the format."""
    return Gzip() if compression is Compression.GZIP else Zstd()


def _compare(restored: bytes, plain: bytes) -> None:
    if restored != plain:
        raise CopyMismatchError("a packed block does not unpack to what was packed")
