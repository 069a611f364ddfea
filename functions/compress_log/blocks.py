"""Reads an object block by block, in order, some blocks ahead and several at a time."""

from __future__ import annotations

import io
import time
from collections import deque
from collections.abc import Buffer, Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from contextlib import closing
from typing import Protocol

from botocore.response import StreamingBody

from tidegate.errors import TransientError, object_errors
from tidegate.objectref import ObjectRef

# Small enough for the processor's cache, together with what it packs to and what that unpacks to,
# and all of a size, so that the memory of one is good for the next. With pieces of 4 MiB packing
# and proving took half as long again, and the peak of memory rose with the log's size; its objects
# were 0.4 % smaller.
PIECE_BYTES = 512 * 1024
# botocore retries a request, but not a body that breaks off.
READ_ATTEMPTS = 3
_PAUSE_SECONDS = 0.5


class Ranges(Protocol):
    """Where parts of objects are read."""

    def open_range(self, ref: ObjectRef, first: int, last: int) -> StreamingBody:
        """Return bytes `first` to `last`, both included."""


def spans(size_bytes: int, block_bytes: int) -> Iterator[tuple[int, int]]:
    """Return first and last byte of each block of an object."""
    for first in range(0, size_bytes, block_bytes):
        yield first, min(first + block_bytes, size_bytes) - 1


def read_block(ranges: Ranges, ref: ObjectRef, first: int, last: int) -> list[bytes]:
    """Return one block, whole, in pieces.

    Raises what `Objects.open_range` does, a TransientError only after the last attempt. Each
    attempt asks for the same content (version or ETag) again, or for none.
    """
    for attempt in range(1, READ_ATTEMPTS):
        try:
            return _read(ranges, ref, first, last)
        except TransientError:
            time.sleep(_PAUSE_SECONDS * attempt)
    return _read(ranges, ref, first, last)


def in_order[Item, Result](
    pool: Executor, work: Callable[[Item], Result], items: Iterable[Item], ahead: int
) -> Iterator[Result]:
    """Yield the result for each item in the items' order, with at most `ahead` under way.

    An error of one is raised at its turn; what was not begun by then never is.
    """
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) == ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


class BlockStream(io.RawIOBase):
    """Blocks as one stream that can be read."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Return True: it is for reading."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Fill the buffer with as much as the block at hand has."""
        if not self._rest:
            self._rest = memoryview(next(self._blocks, b""))
        target = memoryview(buffer).cast("B")
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def _read(ranges: Ranges, ref: ObjectRef, first: int, last: int) -> list[bytes]:
    length = last - first + 1
    with closing(ranges.open_range(ref, first, last)) as body, object_errors(f"read {ref}"):
        pieces = [body.read(end - start + 1) for start, end in spans(length, PIECE_BYTES)]
    found = sum(map(len, pieces))
    if found != length:
        raise TransientError(f"{ref} ended after {found} of {length} bytes from {first} on")
    return pieces
