"""The process that is measured: compress_log's handler as it was built, with its layer.

Beside the whole handler it offers the handler's own press over a file on disk, with the packing
that the function has or with another one in its place.
"""

import os
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.response import StreamingBody
from isal import isal_zlib

from benchmarks.context import Context
from benchmarks.serving import serve
from functions.compress_log.handler import lambda_handler
from functions.compress_log.packing import Compression, Gzip, Packing, packing_of
from functions.compress_log.press import Press
from tidegate.objectref import ObjectRef
from tidegate.stored import Stored

TIMEOUT_SECONDS = 900


class StandardGzip(Gzip):
    """What the standard library offers: gzip's own default level, nothing proven."""

    def pack(self, plain: bytes) -> bytes:
        """Return the block as one member."""
        return zlib.compress(plain, 6, 31)


class Unpacked(Gzip):
    """Nothing: for a sink that packs by itself."""

    def pack(self, plain: bytes) -> bytes:
        """Return the block as it is."""
        return plain


class UnprovenGzip(Gzip):
    """The function's packing without its proof."""

    def pack(self, plain: bytes) -> bytes:
        """Return the block as one member."""
        return isal_zlib.compress(plain, 2, 31)


@dataclass(frozen=True, slots=True)
class FileRanges:
    """A file, read as an object is."""

    path: Path

    def open_range(self, ref: ObjectRef, first: int, last: int) -> StreamingBody:  # noqa: ARG002
        """Return bytes `first` to `last`, both included."""
        file = self.path.open("rb", buffering=0)
        file.seek(first)
        return StreamingBody(file, last - first + 1)


@dataclass(slots=True)
class Counter:
    """Counts what is written, and drops it."""

    size: int = field(default=0)

    def write(self, piece: bytes) -> None:
        """Take a piece."""
        self.size += len(piece)

    def finish(self) -> int:
        """Return the size."""
        return self.size


class OneStream:
    """Packs what is written as the standard library does: one gzip stream, by one thread."""

    def __init__(self) -> None:
        self._stream = zlib.compressobj(6, wbits=31)
        self._size = 0

    def write(self, piece: bytes) -> None:
        """Pack a piece."""
        self._size += len(self._stream.compress(piece))

    def finish(self) -> int:
        """Return the size."""
        return self._size + len(self._stream.flush())


PACKINGS: dict[str, Packing] = {
    "isal": Gzip(),
    "isal, unproven": UnprovenGzip(),
    "zlib in members": StandardGzip(),
    "zlib": Unpacked(),
    "zstd": packing_of(Compression.ZSTD),
}


def press(path: str, packing: str) -> dict[str, int]:
    """Run the function's press over a file, and return the sizes before and after."""
    file = Path(path)
    size = file.stat().st_size
    original = cast("Stored", _Sized(size))
    sink = OneStream() if packing == "zlib" else Counter()
    streamed = Press(FileRanges(file), PACKINGS[packing], os.cpu_count() or 1).run(
        original, sink, lambda: False
    )
    return {"plain": streamed.plain_bytes, "packed": sink.finish()}


def invoke(event: dict[str, Any]) -> Any:
    """Return the handler's answer, with the processor seconds that it took."""
    context = Context("00000000-0000-4000-8000-000000000000", time.monotonic() + TIMEOUT_SECONDS)
    before = time.process_time()
    answer = lambda_handler(event, cast("LambdaContext", context))
    return {"answer": answer, "processor_seconds": time.process_time() - before}


@dataclass(frozen=True, slots=True)
class _Sized:
    """As much of a stored object as the press looks at."""

    size_bytes: int
    ref: ObjectRef = field(default_factory=lambda: ObjectRef("bench", "file.log"))


if __name__ == "__main__":
    serve({"press": press, "invoke": invoke})
