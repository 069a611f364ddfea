"""Content that is compressed already is told by its first bytes."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile

import pytest
from backports import zstd

from functions.compress_log.formats import HEAD_BYTES, compressed_format

TEXT = b"2026-11-25T00:00:00Z INFO started\n" * 100


def _zip() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("app.log", TEXT)
    return target.getvalue()


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (gzip.compress(TEXT), "gzip"),
        (bz2.compress(TEXT, 1), "bzip2"),
        (bz2.compress(TEXT, 9), "bzip2"),
        (lzma.compress(TEXT), "xz"),
        (zstd.compress(TEXT), "zstd"),
        (b"\x50\x2a\x4d\x18\x04\x00\x00\x00note" + zstd.compress(TEXT), "zstd"),
        (_zip(), "zip"),
        (b"\x04\x22\x4d\x18\x64\x40\xa7" + TEXT, "lz4"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04" + TEXT, "7z"),
        (b"Rar!\x1a\x07\x01\x00" + TEXT, "rar"),
        (b"\xff\x06\x00\x00sNaPpY" + TEXT, "snappy"),
        (b"\x1f\x9d\x90" + TEXT, "compress"),
    ],
)
def test_compressed_content_is_recognised(content: bytes, name: str) -> None:
    """By the head alone, whatever the object is called."""
    assert compressed_format(content[:HEAD_BYTES]) == name


@pytest.mark.parametrize(
    "content",
    [TEXT, b"", b"\x1f", b"\x1f\x8b", b"BZh", b"BZhello", b"PK is a name", b"Rar!", b"\x00" * 16],
)
def test_other_content_is_not(content: bytes) -> None:
    """No text, and no beginning of a signature, passes for one."""
    assert compressed_format(content[:HEAD_BYTES]) is None
