"""A log goes through the press in blocks: packed, hashed, in order, within memory and time."""

from __future__ import annotations

import gzip
import hashlib
import random
import tracemalloc
import zlib
from dataclasses import dataclass, field

import pytest

from functions.compress_log import press
from functions.compress_log.blocks import PIECE_BYTES
from functions.compress_log.packing import Gzip, Packing, Zstd
from functions.compress_log.press import BLOCK_BYTES, Press
from functions.compress_log.report import LogLeftError, Outcome
from tests.unit.compress_log.fakes import REF, FakeObjects, stored
from tidegate.errors import CopyMismatchError, ObjectMissingError


@dataclass
class Pieces:
    """Keeps what is written."""

    written: list[bytes] = field(default_factory=list)

    def write(self, piece: bytes) -> None:
        self.written.append(piece)


def always() -> bool:
    return True


def never() -> bool:
    return False


def made(content: bytes, packing: Packing | None = None) -> tuple[Press, FakeObjects]:
    """Return a press over one object."""
    objects = FakeObjects({REF.key: content})
    return Press(objects, packing or Gzip(), 2), objects


def lines(size: int) -> bytes:
    """Return text of exactly this size, the same each time."""
    generator = random.Random(7)
    line = b"".join(b"%08x GET /orders 200\n" % generator.getrandbits(32) for _ in range(40_000))
    return (line * (size // len(line) + 1))[:size]


@pytest.mark.parametrize("packing", [Gzip(), Zstd()], ids=["gzip", "zstd"])
@pytest.mark.parametrize(
    "size", [1, 100, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 5 * BLOCK_BYTES + 17]
)
def test_log_of_any_size_is_packed_and_hashed_whole(packing: Packing, size: int) -> None:
    """In one block or in many; length, CRC32 and SHA-256 are those of the content."""
    content = lines(size)
    subject, _ = made(content, packing)
    sink = Pieces()
    streamed = subject.run(stored(size_bytes=size), sink, never)

    assert streamed.plain_bytes == size
    assert streamed.packed_bytes == sum(map(len, sink.written))
    assert streamed.sha256 == hashlib.sha256(content).hexdigest()
    assert streamed.crc32 == zlib.crc32(content)
    copy, objects = made(b"".join(sink.written), packing)
    assert objects.contents[REF.key]
    unpacked = copy.unpacked(stored(size_bytes=streamed.packed_bytes), never)
    assert unpacked == (size, streamed.sha256)


def test_pieces_become_members_of_one_gzip_file() -> None:
    """Each of half a MiB of the log, whichever thread packed it, in their order."""
    content = lines(3 * BLOCK_BYTES)
    subject, _ = made(content)
    sink = Pieces()
    subject.run(stored(size_bytes=len(content)), sink, never)

    assert [gzip.decompress(piece) for piece in sink.written] == [
        content[first : first + PIECE_BYTES] for first in range(0, len(content), PIECE_BYTES)
    ]


def test_compressed_content_is_left_before_anything_is_written() -> None:
    """The first bytes decide, and the upload has nothing to abort."""
    content = gzip.compress(random.Random(7).randbytes(3 * BLOCK_BYTES))
    subject, _ = made(content)
    sink = Pieces()

    with pytest.raises(LogLeftError) as left:
        subject.run(stored(size_bytes=len(content)), sink, never)
    assert left.value.outcome is Outcome.ALREADY_COMPRESSED
    assert sink.written == []
    with pytest.raises(LogLeftError):
        subject.digest(stored(size_bytes=len(content)), never)


def test_time_that_runs_out_ends_the_stream() -> None:
    """No more blocks are waited for, in whatever direction it goes."""
    content = lines(20 * BLOCK_BYTES)
    subject, objects = made(content)
    original = stored(size_bytes=len(content))
    sink = Pieces()

    for run in (
        lambda: subject.run(original, sink, always),
        lambda: subject.digest(original, always),
        lambda: subject.unpacked(original, always),
    ):
        objects.reads.clear()
        with pytest.raises(LogLeftError) as left:
            run()
        assert left.value.outcome is Outcome.OUT_OF_TIME
        assert len(objects.reads) <= press.BLOCKS + press.READERS
    assert sink.written == []


def test_digest_is_that_of_the_content() -> None:
    """Read once for it alone, where nobody has hashed a large log yet."""
    content = lines(2 * BLOCK_BYTES + 5)
    subject, _ = made(content)

    assert subject.digest(stored(size_bytes=len(content)), never) == (
        hashlib.sha256(content).hexdigest()
    )


@pytest.mark.parametrize("packing", [Gzip(), Zstd()], ids=["gzip", "zstd"])
def test_copy_that_does_not_unpack_is_a_mismatch(packing: Packing) -> None:
    """What lies in the archive is judged as it is."""
    subject, _ = made(b"neither gzip nor zstd", packing)

    with pytest.raises(CopyMismatchError, match="does not unpack"):
        subject.unpacked(stored(size_bytes=21), never)


def test_object_that_vanishes_while_it_is_read_ends_the_stream() -> None:
    """The error is the one that reading raised."""
    subject, objects = made(lines(3 * BLOCK_BYTES))
    objects.refusals[REF.key] = ObjectMissingError("404")

    with pytest.raises(ObjectMissingError):
        subject.run(stored(size_bytes=3 * BLOCK_BYTES), Pieces(), never)


def test_well_packed_copy_is_unpacked_in_little_memory() -> None:
    """A log of zeros packs a thousand times: reading it back must not fill the memory."""
    plain_bytes = 200 * 1024**2
    member = Gzip().pack(bytes(BLOCK_BYTES))
    content = member * (plain_bytes // BLOCK_BYTES)
    subject, _ = made(content)
    tracemalloc.start()
    try:
        found, _ = subject.unpacked(stored(size_bytes=len(content)), never)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert found == plain_bytes
    assert peak < 8 * BLOCK_BYTES
