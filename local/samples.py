"""Files of every kind for the demo and the tests: harmless, infected, locked, oversized.

Nothing here is dangerous: EICAR is the industry's standard test file, put together at run time
so that no scanner takes this source for it, and the other "threats" are plain sentences that
only the suite's own test signatures know.
"""

import functools
import gzip
import hashlib
import io
import os
import struct
import tarfile
import zipfile
import zlib

_FIXED_TIME = (2026, 1, 1, 0, 0, 0)
TEST_THREAT = b"This sentence stands for a downloader; only the test signatures mind it.\n"
TEST_THREAT_NAME = "Tidegate.Test.Downloader"
HASHED_THREAT = b"This file stands for a known sample; the test signatures know its hash.\n"
HASHED_THREAT_NAME = "Tidegate.Test.KnownSample"
EICAR_NAME = "Eicar-Test-Signature"


def eicar() -> bytes:
    """Return the standard test file that every engine reports as a threat."""
    return rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"


def definitions() -> dict[str, bytes]:
    """Return a small set of signatures as ClamAV's plain database files, by file name.

    https://docs.clamav.net/manual/Signatures.html: `.ndb` is name:target:offset:hex, `.hdb` is
    md5:size:name.
    """
    body = [
        f"{EICAR_NAME}:0:0:{eicar().hex()}",
        f"{TEST_THREAT_NAME}:0:*:{TEST_THREAT.rstrip().hex()}",
    ]
    digest = hashlib.md5(HASHED_THREAT, usedforsecurity=False).hexdigest()
    return {
        "tidegate-test.ndb": ("\n".join(body) + "\n").encode(),
        "tidegate-test.hdb": f"{digest}:{len(HASHED_THREAT)}:{HASHED_THREAT_NAME}\n".encode(),
    }


def text() -> bytes:
    """Return a harmless text."""
    return b"Minutes of the harbour committee: the gate opens at low water.\n" * 20


def pdf() -> bytes:
    """Return a harmless one-page PDF with a correct cross-reference table."""
    content = b"BT /F1 24 Tf 72 700 Td (The gate opens at low water.) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    output = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(output))
        output += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(output)
    output += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    output += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    output += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    output += b"startxref\n%d\n%%%%EOF\n" % table
    return bytes(output)


def zipped(name: str, content: bytes) -> bytes:
    """Return a zip archive with one deflated member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name, _FIXED_TIME), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def nested_zip(content: bytes, depth: int) -> bytes:
    """Return the content inside `depth` zip archives, one in the other."""
    packed = zipped("innermost.txt", content)
    for level in range(1, depth):
        packed = zipped(f"level-{level}.zip", packed)
    return packed


def tar_gz(name: str, content: bytes) -> bytes:
    """Return a gzip-compressed tar archive with one member."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)


def encrypted_zip(content: bytes, password: bytes = b"low water") -> bytes:
    """Return a zip archive whose member is encrypted (PKWARE's traditional encryption)."""
    plain = zipped("locked.txt", content)
    name_bytes, extra_bytes = struct.unpack_from("<HH", plain, 26)
    start = 30 + name_bytes + extra_bytes
    (packed_bytes,) = struct.unpack_from("<I", plain, 18)
    data = plain[start : start + packed_bytes]
    checksum = zlib.crc32(content)
    header = os.urandom(11) + bytes([checksum >> 24])
    locked = _encrypt(header + data, password)
    output = bytearray(plain[:start] + locked + plain[start + packed_bytes :])
    directory = start + len(locked)
    for flags, size in ((6, 18), (directory + 8, directory + 20)):
        struct.pack_into("<H", output, flags, 1)
        struct.pack_into("<I", output, size, len(locked))
    struct.pack_into("<I", output, len(output) - 6, directory)
    return bytes(output)


def filler(size_bytes: int) -> bytes:
    """Return that many harmless bytes."""
    line = b"0123456789 The gate opens at low water.\n"
    return (line * (size_bytes // len(line) + 1))[:size_bytes]


def _encrypt(data: bytes, password: bytes) -> bytes:
    """Encrypt as APPNOTE.TXT section 6.1 says (https://pkware.cachefly.net/webdocs/APPNOTE)."""
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = _crc_step(keys[0], byte)
        keys[1] = ((keys[1] + (keys[0] & 0xFF)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = _crc_step(keys[2], keys[1] >> 24)

    for byte in password:
        update(byte)
    output = bytearray()
    for byte in data:
        mask = (keys[2] & 0xFFFF) | 2
        output.append(byte ^ (((mask * (mask ^ 1)) >> 8) & 0xFF))
        update(byte)
    return bytes(output)


def _crc_step(value: int, byte: int) -> int:
    return (value >> 8) ^ _crc_table()[(value ^ byte) & 0xFF]


@functools.cache
def _crc_table() -> tuple[int, ...]:
    table = []
    for index in range(256):
        value = index
        for _ in range(8):
            value = (value >> 1) ^ (0xEDB88320 if value & 1 else 0)
        table.append(value)
    return tuple(table)
