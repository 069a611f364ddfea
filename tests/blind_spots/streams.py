"""Compressed streams and tar archives, sound and tampered with."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zlib

from tests.blind_spots.variant import PAYLOAD, Variant
from tests.blind_spots.zips import Zip

HALVES = PAYLOAD[:30], PAYLOAD[30:]
NOISE = random.Random(1).randbytes(3000)
XZ_FILTERS = {
    "delta": lzma.FILTER_DELTA,
    "x86": lzma.FILTER_X86,
    "PowerPC": lzma.FILTER_POWERPC,
    "Itanium": lzma.FILTER_IA64,
    "ARM": lzma.FILTER_ARM,
    "ARM Thumb": lzma.FILTER_ARMTHUMB,
    "SPARC": lzma.FILTER_SPARC,
}


def tarred(
    name: str = "payload.com",
    content: bytes = PAYLOAD,
    form: int = tarfile.USTAR_FORMAT,
) -> bytes:
    """Returns what Python's own writer makes of one member."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def retouched(archive: bytes, at: int, field: bytes) -> bytes:
    """Replaces a field of the first header and puts its checksum right."""
    header = bytearray(archive[:512])
    header[at : at + len(field)] = field
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + archive[512:]


def gzip_with(flags: int, field: bytes) -> bytes:
    """Returns a gzip stream with optional header fields."""
    return (
        b"\x1f\x8b\x08" + bytes([flags]) + bytes(5) + b"\x03" + field + gzip.compress(PAYLOAD)[10:]
    )


def _pax_size() -> bytes:
    size = b"11 size=68\n"
    header = retouched(tarred("PaxHeaders/payload.com", size.ljust(512, b"\0")), 156, b"x")
    header = retouched(header, 124, b"%011o\0" % len(size))
    return header[:1024] + retouched(tarred(), 124, b"%011o\0" % 0)


def _sparse() -> bytes:
    archive = retouched(tarred(), 156, b"S")
    archive = retouched(archive, 257, b"ustar  \0")
    return retouched(archive, 386, b"%011o\0%011o\0" % (0, len(PAYLOAD)))


def _gzip_variants() -> dict[str, bytes]:
    whole = gzip.compress(PAYLOAD)
    first, second = HALVES
    header = b"\x1f\x8b\x08\x02" + bytes(5) + b"\x03"
    return {
        "plain": whole,
        "in several members": gzip.compress(first) + gzip.compress(second),
        "zeros between members": gzip.compress(first) + bytes(64) + gzip.compress(second),
        "an empty member first": gzip.compress(b"") + whole,
        "data behind": whole + b"trailing data" * 10,
        "zeros behind": whole + bytes(512),
        "cut": gzip.compress(PAYLOAD + NOISE)[:-1500],
        "cut in the checksum": whole[:-6],
        "wrong checksum": whole[:-8] + b"abcd" + whole[-4:],
        "broken behind the payload": gzip.compress(PAYLOAD + NOISE)[:1000] + b"\xff" * 60,
        "with a name": gzip_with(8, b"payload.com\0"),
        "with an extra field": gzip_with(4, b"\x05\0extra"),
        "with a comment": gzip_with(16, b"comment\0"),
        "with a header checksum": gzip_with(2, struct.pack("<H", zlib.crc32(header) & 0xFFFF)),
        "reserved flag": gzip_with(0x20, b""),
        "zip archive behind": gzip.compress(b"harmless" * 9) + Zip().build(),
        "of tar": gzip.compress(tarred()),
        "of tar, cut": gzip.compress(tarred(content=PAYLOAD + NOISE))[:-1500],
        "of gzip of bzip2": gzip.compress(gzip.compress(bz2.compress(PAYLOAD))),
    }


def _other_streams() -> dict[str, bytes]:
    first, second = HALVES
    made = {
        "bzip2: plain": bz2.compress(PAYLOAD),
        "bzip2: in several streams": bz2.compress(first) + bz2.compress(second),
        "bzip2: data behind": bz2.compress(PAYLOAD) + b"trailing data",
        "bzip2: cut": bz2.compress(PAYLOAD + NOISE)[:-1500],
        "bzip2: cut in the checksum": bz2.compress(PAYLOAD)[:-4],
        "bzip2: zip archive behind": bz2.compress(b"harmless") + Zip().build(),
        "xz: plain": lzma.compress(PAYLOAD),
        "xz: no checksum": lzma.compress(PAYLOAD, check=lzma.CHECK_NONE),
        "xz: in several streams": lzma.compress(first) + lzma.compress(second),
        "xz: padding between streams": lzma.compress(first) + bytes(4) + lzma.compress(second),
        "xz: data behind": lzma.compress(PAYLOAD) + b"junk",
        "xz: cut": lzma.compress(PAYLOAD + NOISE)[:-1500],
        "xz: cut in the index": lzma.compress(PAYLOAD)[:-12],
        "xz: of tar": lzma.compress(tarred()),
        "lzma alone": lzma.compress(PAYLOAD, format=lzma.FORMAT_ALONE),
        "zlib stream": zlib.compress(PAYLOAD),
    }
    for title, number in XZ_FILTERS.items():
        filters = [{"id": number}, {"id": lzma.FILTER_LZMA2}]
        made[f"xz: {title} filter"] = lzma.compress(PAYLOAD, filters=filters)
    return made


def _tar_variants() -> dict[str, bytes]:
    plain = tarred()
    two = tarred(content=b"harmless")[:1024]
    made = {
        "plain": plain,
        "pax": tarred(form=tarfile.PAX_FORMAT),
        "GNU": tarred(form=tarfile.GNU_FORMAT),
        "without a mark": retouched(plain, 257, bytes(255)),
        "wrong checksum": plain[:148] + b"777777\0 " + plain[156:],
        "long name, pax": tarred("d/" * 200 + "x", form=tarfile.PAX_FORMAT),
        "long name, GNU": tarred("d/" * 200 + "x", form=tarfile.GNU_FORMAT),
        "binary size": retouched(plain, 124, b"\x80" + bytes(10) + b"\x44"),
        "size behind zeros": retouched(plain, 124, b"\0\0000000000104"[:12]),
        "size behind spaces": retouched(plain, 124, b"        104 "),
        "size in a pax header": _pax_size(),
        "sparse": _sparse(),
        "member of an unknown type": retouched(plain, 156, b"A"),
        "contiguous member": retouched(plain, 156, b"7"),
        "link with content": retouched(plain, 156, b"1"),
        "cut in the member": plain[:560],
        "without an end": plain[:1024],
        "behind a block of zeros": bytes(512) + plain,
        "block of zeros between": two + bytes(512) + plain,
        "zip archive behind": tarred(content=b"harmless") + Zip().build(),
    }
    for title, begin in {
        "a PDF": "%PDF-1.4",
        "RTF": "{\\rtf1",
        "a GIF": "GIF89a",
        "a TIFF": "MM.txt",
        "a Flash film": "CWS",
        "7z": "7z\u00bc\u00af'\u001c",
        "cpio": "070701",
        "PostScript": "%!PS-Adobe-",
        "a program": "MZ",
        "an MP3": "ID3",
    }.items():
        name = begin.encode("latin-1").ljust(20, b"x")
        made[f"first name begins like {title}"] = retouched(plain, 0, name)
    return made


def hostile() -> list[Variant]:
    """Streams and tar archives with the payload in them, or too broken to tell."""
    made = {f"gzip: {name}": content for name, content in _gzip_variants().items()}
    made |= _other_streams()
    made |= {f"tar: {name}": content for name, content in _tar_variants().items()}
    return [Variant(name, content) for name, content in made.items()]
