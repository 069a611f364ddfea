"""Recognises content that is compressed already, by its first bytes."""

from __future__ import annotations

HEAD_BYTES = 16
# Only signatures that no text begins with.
_SIGNATURES = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"PK\x03\x04", "zip"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\xff\x06\x00\x00sNaPpY", "snappy"),
    (b"\x89LZO\x00\r\n\x1a\n", "lzop"),
    (b"\x1f\x9d", "compress"),
)
# The digit is the block size, 1 to 9 times 100 kB.
_BZIP2 = tuple(b"BZh%d1AY&SY" % size for size in range(1, 10))
# Zstandard's skippable frames, which may stand before the first real one.
_ZSTD_SKIPPABLE = tuple(bytes([number]) + b"\x2a\x4d\x18" for number in range(0x50, 0x60))


def compressed_format(head: bytes) -> str | None:
    """Return the name of the format that content beginning with `head` has, or None for none."""
    if head.startswith(_BZIP2):
        return "bzip2"
    if head.startswith(_ZSTD_SKIPPABLE):
        return "zstd"
    return next((name for signature, name in _SIGNATURES if head.startswith(signature)), None)
