"""Downloads one S3 object into an open file, in parts and in parallel, hashing it on the way."""

from __future__ import annotations

import hashlib
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from functions.scan_object.deadline import Deadline
from tidegate.errors import TransientError, object_errors
from tidegate.objects import Objects, ObjectState

if TYPE_CHECKING:
    from botocore.response import StreamingBody

PART_BYTES = 16 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
CONNECTIONS = 6


class StorageFullError(TransientError):
    """Ephemeral storage has no room for the object now; retried, perhaps elsewhere."""


def download(
    objects: Objects, state: ObjectState, body: StreamingBody, fd: int, deadline: Deadline
) -> str:
    """Fill the file with the object from the start, and return its SHA-256 in hexadecimal.

    `body` is the answer to a GET of the whole object: it gives the first part, further GETs of
    the very same content give the rest. Raises TransientError for a stream that ends early,
    StorageFullError, DeadlineError, and what `Objects` raises.
    """
    return _Download(objects, state, fd, deadline).run(body)


class _Download:
    """Fills a file from the start through several connections, hashing in order on the way."""

    def __init__(self, objects: Objects, state: ObjectState, fd: int, deadline: Deadline) -> None:
        self._objects = objects
        self._state = state
        self._fd = fd
        self._deadline = deadline
        self._sha256 = hashlib.sha256()

    def run(self, body: StreamingBody) -> str:
        """Return the SHA-256, in hexadecimal, of all the object's bytes.

        The answer to the first GET, `body`, gives the first part; further GETs the rest.
        """
        size = self._state.size_bytes
        if size <= PART_BYTES:
            self._copy(body, 0, size, hashed=True)
            return self._sha256.hexdigest()
        starts = deque(range(PART_BYTES, size, PART_BYTES))
        pending: deque[tuple[int, Future[None]]] = deque()
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            try:
                # One more part than connections, so that none waits for the hash.
                while starts and len(pending) <= CONNECTIONS:
                    pending.append(self._submit(pool, starts.popleft()))
                self._copy(body, 0, PART_BYTES, hashed=True)
                body.close()
                while pending:
                    start, part = pending.popleft()
                    part.result()
                    if starts:
                        pending.append(self._submit(pool, starts.popleft()))
                    self._hash(start, min(PART_BYTES, size - start))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return self._sha256.hexdigest()

    def _submit(self, pool: ThreadPoolExecutor, start: int) -> tuple[int, Future[None]]:
        return start, pool.submit(self._fetch_part, start)

    def _fetch_part(self, start: int) -> None:
        length = min(PART_BYTES, self._state.size_bytes - start)
        body = self._objects.open_range(self._state.ref, start, start + length - 1)
        try:
            self._copy(body, start, length, hashed=False)
        finally:
            body.close()

    def _copy(self, body: StreamingBody, start: int, length: int, *, hashed: bool) -> None:
        """Write `length` bytes of the stream at `start`; a stream that ends early is an error."""
        done = 0
        while done < length:
            self._deadline.remaining_seconds(f"download {self._state.ref}")
            with object_errors(f"read {self._state.ref}"):
                chunk = body.read(min(CHUNK_BYTES, length - done))
            if not chunk:
                raise TransientError(
                    f"{self._state.ref} ended after {start + done} of {start + length} bytes"
                )
            if hashed:
                self._sha256.update(chunk)
            _write_all(self._fd, chunk, start + done)
            done += len(chunk)

    def _hash(self, start: int, length: int) -> None:
        for offset in range(start, start + length, CHUNK_BYTES):
            wanted = min(CHUNK_BYTES, start + length - offset)
            self._sha256.update(os.pread(self._fd, wanted, offset))


def _write_all(fd: int, chunk: bytes, offset: int) -> None:
    view = memoryview(chunk)
    while view:
        try:
            written = os.pwrite(fd, view, offset)
        except OSError as error:
            raise StorageFullError(
                f"could not write to ephemeral storage: {error.strerror}; "
                "raise ScanEphemeralStorageMb or lower MaxObjectBytes"
            ) from error
        view, offset = view[written:], offset + written
