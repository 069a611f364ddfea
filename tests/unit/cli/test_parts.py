"""How a file is cut into parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate_cli import parts
from tidegate_cli.errors import UsageError

TIB = 1024**4


@given(st.integers(0, parts.MAX_OBJECT_BYTES))
def test_any_size_gives_parts_that_s3_takes(size: int) -> None:
    """No more than 10,000 parts, each of a size that S3 takes, in whole mebibytes."""
    length = parts.part_bytes(size)
    assert parts.MIN_PART_BYTES <= length <= parts.MAX_PART_BYTES
    assert length % parts.MEBIBYTE == 0
    assert -(-size // length) <= parts.MAX_PARTS


@pytest.mark.parametrize(
    ("size", "mebibytes"),
    [
        (0, 16),
        (10_000 * 16 * parts.MEBIBYTE, 16),
        (10_000 * 16 * parts.MEBIBYTE + 1, 17),
        (1_000_000_000_000, 96),
        (5 * TIB, 525),
        (parts.MAX_OBJECT_BYTES, 5 * 1024),
    ],
)
def test_part_is_the_usual_one_until_there_would_be_too_many(size: int, mebibytes: int) -> None:
    """Above 156 GiB parts grow; 1 TB and 5 TiB fit as well as S3's largest object."""
    assert parts.part_bytes(size) == mebibytes * parts.MEBIBYTE


def test_wanted_part_is_raised_but_never_lowered() -> None:
    """A larger part than needed is left as the user wants it."""
    assert parts.part_bytes(100, 64 * parts.MEBIBYTE) == 64 * parts.MEBIBYTE
    assert parts.part_bytes(5 * TIB, 64 * parts.MEBIBYTE) == 525 * parts.MEBIBYTE


def test_larger_file_than_s3_takes_is_refused() -> None:
    """One byte more than S3's largest object is refused before anything is sent."""
    with pytest.raises(UsageError, match="at most"):
        parts.part_bytes(parts.MAX_OBJECT_BYTES + 1)


@pytest.mark.parametrize("wanted", [0, parts.MIN_PART_BYTES - 1, parts.MAX_PART_BYTES + 1])
def test_part_that_s3_does_not_take_is_refused(wanted: int) -> None:
    """A part has 5 MiB to 5 GiB."""
    with pytest.raises(UsageError, match="5 MiB to 5 GiB"):
        parts.part_bytes(100, wanted)


@pytest.mark.parametrize(
    ("size", "count"),
    [(0, 1), (parts.THRESHOLD_BYTES - 1, 1), (parts.THRESHOLD_BYTES, 1), (20_000_000, 2)],
)
def test_count_is_that_of_the_requests(size: int, count: int) -> None:
    """Small files are one request, larger ones as many as there are parts."""
    assert parts.part_count(size, parts.part_bytes(size)) == count
