"""Pieces stand alone, join to one file of their format, and are proven when they are made."""

from __future__ import annotations

import gzip
import io
import subprocess
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.compress_log import packing as subject
from functions.compress_log.packing import Compression, Gzip, Packing, Zstd, packing_of
from tidegate.errors import CopyMismatchError

LINES = b"".join(b"2026-11-25T00:00:%02d GET /%d 200\n" % (n % 60, n) for n in range(20_000))

both = pytest.mark.parametrize("packing", [Gzip(), Zstd()], ids=["gzip", "zstd"])


def unpacked(packing: Packing, content: bytes) -> bytes:
    """Return what the stream reader makes of the pieces."""
    with packing.opened(io.BytesIO(content)) as stream:
        return stream.read()


@both
@pytest.mark.parametrize("plain", [b"", b"x", b"no newline", LINES, b"\x00" * 5_000_000])
def test_piece_unpacks_to_its_block(packing: Packing, plain: bytes) -> None:
    """Whatever is in it, and however well it packs."""
    assert unpacked(packing, packing.pack(plain)) == plain


@both
def test_pieces_join_to_one_file(packing: Packing) -> None:
    """Any number of them, one after the other, read to the end."""
    pieces = [packing.pack(LINES[first : first + 5000]) for first in range(0, len(LINES), 5000)]

    assert unpacked(packing, b"".join(pieces)) == LINES


def test_gzip_is_read_by_the_standard_library_and_by_gzip_itself(tmp_path: Path) -> None:
    """Of many members, by readers that have nothing to do with the writer."""
    content = b"".join(Gzip().pack(LINES[first : first + 9000]) for first in range(0, 90_000, 9000))
    path = tmp_path / "a.log.gz"
    path.write_bytes(content)

    assert gzip.decompress(content) == LINES[:90_000]
    done = subprocess.run(["gzip", "-dc", str(path)], capture_output=True, check=True)
    assert done.stdout == LINES[:90_000]


def test_zstd_frame_carries_length_and_checksum() -> None:
    """So that a reader notices what is missing or wrong."""
    frame = Zstd().pack(LINES)
    # The flag of https://datatracker.ietf.org/doc/html/rfc8878#name-frame_header_descriptor.
    has_checksum = bool(frame[4] & 0b100)

    assert (zstd.get_frame_info(frame).decompressed_size, has_checksum) == (len(LINES), True)


@both
def test_same_block_gives_the_same_piece(packing: Packing) -> None:
    """No time and no name is in it: two runs on one log make the same object."""
    assert packing.pack(LINES) == packing.pack(LINES)


@settings(max_examples=50)
@given(blocks=st.lists(st.binary(max_size=2000), min_size=1, max_size=5))
@both
def test_whatever_the_blocks_they_come_back(packing: Packing, blocks: list[bytes]) -> None:
    """Joined pieces unpack to joined blocks."""
    joined = b"".join(packing.pack(block) for block in blocks)

    assert unpacked(packing, joined) == b"".join(blocks)


@both
@pytest.mark.parametrize("damage", ["flipped", "cut", "tail"])
def test_damaged_piece_is_noticed_by_its_reader(packing: Packing, damage: str) -> None:
    """A changed bit, a missing end, or something foreign after it: an error, or less than all."""
    piece = bytearray(packing.pack(LINES))
    if damage == "flipped":
        piece[len(piece) // 2] ^= 1
    if damage == "cut":
        del piece[-20:]
    if damage == "tail":
        piece += b"something else"
    try:
        found = unpacked(packing, bytes(piece))
    except packing.errors:
        return
    assert found != LINES


def test_member_that_does_not_unpack_to_its_block_is_no_member() -> None:
    """A fault of the packer or the memory is seen before anything is sent."""
    with pytest.raises(CopyMismatchError, match="does not unpack"):
        subject._compare(LINES[:-1] + b"?", LINES)


def test_format_is_chosen_by_name() -> None:
    """The parameter's words, and what objects of the format are called."""
    assert (packing_of(Compression.GZIP).suffix, packing_of(Compression.ZSTD).suffix) == (
        ".gz",
        ".zst",
    )
