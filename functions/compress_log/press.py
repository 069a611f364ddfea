"""Streams a log through the compressor, in little memory whatever its size.

Several threads each read a block of 4 MiB and pack it in pieces of 512 KiB; one takes the results
in their order, hashes what was read and hands on what was packed. At most `BLOCKS` blocks are in
memory at once.

Memory that comes from the kernel for each piece and goes back to it costs as much time as packing:
the template's MALLOC_ variables have the C library keep it.
"""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from threading import Semaphore
from typing import BinaryIO, Protocol, cast

from isal import isal_zlib

from functions.compress_log.blocks import (
    PIECE_BYTES,
    BlockStream,
    Ranges,
    in_order,
    read_block,
    spans,
)
from functions.compress_log.formats import HEAD_BYTES, compressed_format
from functions.compress_log.packing import Packing
from functions.compress_log.report import LogLeftError, Outcome
from tidegate.errors import CopyMismatchError
from tidegate.stored import Stored

BLOCK_BYTES = 4 * 1024**2
# Waiting for S3 takes longer than packing: more threads than cores, of which only as many pack.
READERS = 3
BLOCKS = 4


class Sink(Protocol):
    """Where packed pieces go."""

    def write(self, piece: bytes) -> None:
        """Take the next piece."""


@dataclass(frozen=True, slots=True)
class Streamed:
    """What went through. `crc32` and `sha256` are of the plain content, the latter in hex."""

    plain_bytes: int
    packed_bytes: int
    sha256: str
    crc32: int

    @property
    def crc32_base64(self) -> str:
        """The CRC32 as S3 writes it."""
        return base64.b64encode(self.crc32.to_bytes(4, "big")).decode()


class Press:
    """Packs, hashes and unpacks objects. Errors are those of tidegate.objects.Objects."""

    def __init__(self, ranges: Ranges, packing: Packing, cores: int) -> None:
        self._ranges = ranges
        self._packing = packing
        self._cores = Semaphore(cores)

    def run(self, original: Stored, sink: Sink, out_of_time: Callable[[], bool]) -> Streamed:
        """Pack the original into the sink.

        Raises LogLeftError for content that is compressed already, before anything is written,
        and when there is no time left.
        """
        sha256, crc32, plain_bytes, packed_bytes = hashlib.sha256(), 0, 0, 0
        with self._each_block(original, self._packed, out_of_time) as packed:
            for plain, piece in chain.from_iterable(packed):
                if plain_bytes == 0:
                    _refuse_compressed(plain[:HEAD_BYTES])
                sink.write(piece)
                sha256.update(plain)
                crc32 = isal_zlib.crc32(plain, crc32)
                plain_bytes += len(plain)
                packed_bytes += len(piece)
        return Streamed(plain_bytes, packed_bytes, sha256.hexdigest(), crc32)

    def digest(self, original: Stored, out_of_time: Callable[[], bool]) -> str:
        """Return the SHA-256 of the original in hex, read once for it alone."""
        sha256 = hashlib.sha256()
        with self._each_block(original, lambda pieces: pieces, out_of_time) as blocks:
            for number, plain in enumerate(chain.from_iterable(blocks)):
                if number == 0:
                    _refuse_compressed(plain[:HEAD_BYTES])
                sha256.update(plain)
        return sha256.hexdigest()

    def unpacked(self, copy: Stored, out_of_time: Callable[[], bool]) -> tuple[int, str]:
        """Return length and SHA-256 of what a packed object unpacks to, read back whole.

        Raises CopyMismatchError (retried) where it does not unpack.
        """
        sha256, plain_bytes = hashlib.sha256(), 0
        with self._each_block(copy, lambda pieces: pieces, out_of_time) as blocks:
            stream = io.BufferedReader(BlockStream(chain.from_iterable(blocks)), PIECE_BYTES)
            try:
                with self._packing.opened(cast("BinaryIO", stream)) as plain:
                    while content := plain.read(PIECE_BYTES):
                        sha256.update(content)
                        plain_bytes += len(content)
            except self._packing.errors as error:
                raise CopyMismatchError(f"{copy.ref} does not unpack: {error}") from error
        return plain_bytes, sha256.hexdigest()

    @contextmanager
    def _each_block[Result](
        self, stored: Stored, work: Callable[[list[bytes]], Result], out_of_time: Callable[[], bool]
    ) -> Iterator[Iterator[Result]]:
        """Give the results of `work` for all blocks in their order, read and done by threads."""

        def read_and_work(span: tuple[int, int]) -> Result:
            return work(read_block(self._ranges, stored.ref, *span))

        def in_time(results: Iterator[Result]) -> Iterator[Result]:
            for result in results:
                if out_of_time():
                    raise LogLeftError(
                        Outcome.OUT_OF_TIME, "one invocation has not the time for all of it"
                    )
                yield result

        pool = ThreadPoolExecutor(READERS, thread_name_prefix="block")
        try:
            blocks = spans(stored.size_bytes, BLOCK_BYTES)
            yield in_time(in_order(pool, read_and_work, blocks, BLOCKS))
        finally:
            pool.shutdown(cancel_futures=True)

    def _packed(self, pieces: list[bytes]) -> list[tuple[bytes, bytes]]:
        with self._cores:
            return [(plain, self._packing.pack(plain)) for plain in pieces]


def _refuse_compressed(head: bytes) -> None:
    form = compressed_format(head)
    if form is not None:
        raise LogLeftError(Outcome.ALREADY_COMPRESSED, f"its content is {form} already")
