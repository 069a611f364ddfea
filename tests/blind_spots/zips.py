"""ZIP archives, sound and tampered with, written byte by byte."""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass

from tests.blind_spots.variant import PAYLOAD, Variant

UNKNOWN = 0xFFFFFFFF
DESCRIPTOR = 0x8


@dataclass(frozen=True, slots=True, kw_only=True)
class Zip:
    """An archive of one member; what is None is written as it should be."""

    content: bytes = PAYLOAD
    name: bytes = b"payload.com"
    method: int = 8
    packed: bytes | None = None
    flags: int = 0
    central_flags: int | None = None
    local_method: int | None = None
    local_name: bytes | None = None
    sizes: tuple[int, int] | None = None
    central_sizes: tuple[int, int] | None = None
    descriptor: bytes = b""
    extra: bytes = b""
    central_extra: bytes = b""
    prefix: bytes = b""
    gap: bytes = b""
    suffix: bytes = b""
    comment: bytes = b""
    offset: int | None = None
    disk: int = 0
    entries: int = 1
    directory: bool = True
    end: bool = True

    def build(self) -> bytes:
        """Returns the archive."""
        packed = deflate(self.content) if self.method == 8 else self.content
        packed = packed if self.packed is None else self.packed
        crc = zlib.crc32(self.content)
        sizes = (len(packed), len(self.content))
        name = self.name if self.local_name is None else self.local_name
        method = self.method if self.local_method is None else self.local_method
        local = struct.pack(
            "<4sHHHHHIIIHH",
            b"PK\x03\x04",
            20,
            self.flags,
            method,
            0,
            33,
            0 if self.flags & DESCRIPTOR else crc,
            *(self.sizes or ((0, 0) if self.flags & DESCRIPTOR else sizes)),
            len(name),
            len(self.extra),
        )
        body = self.prefix + local + name + self.extra + packed + self.descriptor + self.gap
        central = struct.pack(
            "<4sHHHHHHIIIHHHHHII",
            b"PK\x01\x02",
            20,
            20,
            self.flags if self.central_flags is None else self.central_flags,
            self.method,
            0,
            33,
            crc,
            *(self.central_sizes or sizes),
            len(self.name),
            len(self.central_extra),
            0,
            self.disk,
            0,
            0,
            len(self.prefix) if self.offset is None else self.offset,
        )
        directory = central + self.name + self.central_extra if self.directory else b""
        end = struct.pack(
            "<4sHHHHIIH",
            b"PK\x05\x06",
            self.disk,
            self.disk,
            self.entries,
            self.entries,
            len(directory),
            len(body),
            len(self.comment),
        )
        return body + directory + (end + self.comment if self.end else b"") + self.suffix


def deflate(content: bytes) -> bytes:
    """Returns raw deflated data."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def zipped(members: dict[str, bytes], *, seekable: bool = True) -> bytes:
    """Returns what Python's own writer makes; not seekable means sizes behind the data."""
    buffer = io.BytesIO()
    target = buffer if seekable else _Pipe(buffer)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def zipped_with_zip64(content: bytes) -> bytes:
    """Returns an archive whose member has its sizes in a zip64 field, as numpy's .npz files do."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w") as archive,
        archive.open("payload.com", "w", force_zip64=True) as member,
    ):
        member.write(content)
    return buffer.getvalue()


class _Pipe(io.RawIOBase):
    def __init__(self, target: io.BytesIO) -> None:
        self.target = target

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        return self.target.write(bytes(data))


def _descriptor(content: bytes = PAYLOAD, *, marked: bool = True) -> bytes:
    packed = struct.pack("<III", zlib.crc32(content), len(deflate(content)), len(content))
    return (b"PK\x07\x08" if marked else b"") + packed


def _broken_after_payload() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(PAYLOAD) + packer.flush(zlib.Z_FULL_FLUSH) + b"\xff" * 5


def _lzma() -> bytes:
    settings = {"id": lzma.FILTER_LZMA1}
    packed = lzma.compress(PAYLOAD, format=lzma.FORMAT_RAW, filters=[settings])
    return b"\x09\x04\x05\x00" + b"\x5d\x00\x00\x80\x00" + packed


def _encrypted(strong: bool = False) -> bytes:
    flags = 0x41 if strong else 0x01
    return Zip(flags=flags, packed=b"\x5a" * 12 + deflate(PAYLOAD)).build()


def _aes() -> bytes:
    field = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, 8)
    packed = b"\x5a" * 18 + deflate(PAYLOAD) + b"\x5a" * 10
    return Zip(method=99, flags=1, packed=packed, extra=field, central_extra=field).build()


METHODS = {
    1: "shrink",
    2: "reduce 1",
    5: "reduce 4",
    6: "implode",
    9: "deflate64",
    10: "PKWARE implode",
    16: "CMPSC",
    18: "TERSE",
    19: "LZ77",
    93: "zstd",
    94: "mp3",
    95: "xz",
    96: "jpeg",
    97: "WavPack",
    98: "PPMd",
}


def hostile() -> list[Variant]:
    """Archives with the payload in reach of ordinary tools, or refused by the engine itself."""
    benign = Zip(content=b"nothing to see here", name=b"readme.txt").build()
    payload_twice = {"a.txt": b"harmless", "payload.com": PAYLOAD}
    made = {
        "deflated": Zip().build(),
        "stored": Zip(method=0).build(),
        "bzip2": Zip(method=12, packed=bz2.compress(PAYLOAD)).build(),
        "lzma": Zip(method=14, flags=2, packed=_lzma()).build(),
        "ZipCrypto": _encrypted(),
        "strong encryption": _encrypted(strong=True),
        "AES": _aes(),
        "encrypted by local header only": Zip(flags=1, central_flags=0).build(),
        "encrypted by directory only": Zip(central_flags=1).build(),
        "masked headers": Zip(flags=0x2000).build(),
        "patched data": Zip(flags=0x20).build(),
        "no end of directory": Zip(end=False).build(),
        "no directory": Zip(end=False, directory=False).build(),
        "no directory, sizes behind": Zip(
            flags=8, descriptor=_descriptor(), end=False, directory=False
        ).build(),
        "cut in the data": Zip().build()[:60],
        "cut in the directory": Zip().build()[:-40],
        "sizes behind": Zip(flags=8, descriptor=_descriptor()).build(),
        "sizes behind, unmarked": Zip(flags=8, descriptor=_descriptor(marked=False)).build(),
        "sizes behind by directory only": Zip(central_flags=8, sizes=(0, 0)).build(),
        "local sizes zero": Zip(sizes=(0, 0)).build(),
        "local sizes unknown": Zip(sizes=(UNKNOWN, UNKNOWN)).build(),
        "local size too long": Zip(sizes=(99_999, 68)).build(),
        "both sizes short": Zip(sizes=(9, 68), central_sizes=(9, 68)).build(),
        "size unpacked is zero": Zip(sizes=(70, 0), central_sizes=(70, 0)).build(),
        "stored, unpacks to more": Zip(method=0, sizes=(68, 99), central_sizes=(68, 99)).build(),
        "stored, unpacks to less": Zip(method=0, sizes=(68, 9), central_sizes=(68, 9)).build(),
        "zip64 sizes": zipped_with_zip64(PAYLOAD),
        "zip64 sizes in the directory": Zip(
            central_sizes=(UNKNOWN, UNKNOWN), central_extra=struct.pack("<HHQQ", 1, 16, 68, 68)
        ).build(),
        "local method unknown": Zip(local_method=99).build(),
        "local method stored": Zip(local_method=0).build(),
        "directory's method stored": Zip(method=0, local_method=8).build(),
        "two names": Zip(local_name=b"readme.txt").build(),
        "no name": Zip(name=b"").build(),
        "name of 300 bytes": Zip(name=b"d/" * 150 + b"x").build(),
        "name of a folder": Zip(name=b"folder/").build(),
        "duplicate names": zipped(payload_twice).replace(b"payload.com", b"a.txt......"),
        "broken after the payload": Zip(packed=_broken_after_payload()).build(),
        "data after the payload's end": Zip(packed=deflate(PAYLOAD) + b"junk").build(),
        "wrong number of entries": Zip(entries=0).build(),
        "second part of a split archive": Zip(disk=1).build(),
        "mark of a spanned archive": Zip(prefix=b"PK\x07\x08").build(),
        "mark of a spanned archive, sizes behind": Zip(
            prefix=b"PK\x07\x08", flags=8, descriptor=_descriptor()
        ).build(),
        "mark of a single part": Zip(prefix=b"PK00").build(),
        "behind a broken header": b"PK\x03\x04" + bytes(100) + Zip().build(),
        "first header cut off": zipped(payload_twice, seekable=False)[16:],
        "behind another archive": benign + Zip().build(),
        "with a comment": Zip(comment=b"a comment").build(),
        "with data behind": Zip(suffix=b"x" * 100).build(),
        "with a gap": Zip(gap=b"PK\x03\x04" + bytes(60)).build(),
    }
    for method, title in METHODS.items():
        made[f"method {method} ({title})"] = Zip(method=method).build()
    for title, prefix in {
        "a script": b"#!/bin/sh\nexit 0\n",
        "a program": b"MZ" + bytes(300),
        "a picture": b"GIF89a" + bytes(40),
        "an MP3": b"ID3" + bytes(40),
        "an Ogg stream": b"OggS" + bytes(40),
        "a database": b"SQLite format 3\0" + bytes(40),
        "a log": b"SIP-HIT (SIP/H" + bytes(40),
    }.items():
        made[f"behind {title}"] = prefix + Zip().build()
        made[f"behind {title}, sizes behind"] = prefix + zipped(
            {"payload.com": PAYLOAD}, seekable=False
        )
    return [Variant(f"zip: {name}", content) for name, content in made.items()]
