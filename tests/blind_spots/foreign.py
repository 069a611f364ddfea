"""Containers that the engine cannot open: whole where a tool made them, else their headers."""

from __future__ import annotations

import struct
import zlib

from tests.blind_spots.made_by_tools import made_by_tools
from tests.blind_spots.variant import PAYLOAD, Variant
from tests.blind_spots.zips import Zip


def rar4(*, encrypted: bool = False) -> bytes:
    """Returns a RAR 4 archive with the payload stored."""
    main = _rar4_block(0x73, 0, bytes(6))
    flags = 0x8000 | (0x4 if encrypted else 0)
    fields = struct.pack(
        "<IIBIIBBHI", len(PAYLOAD), len(PAYLOAD), 2, zlib.crc32(PAYLOAD), 0, 20, 0x30, 11, 32
    )
    member = _rar4_block(0x74, flags, fields + b"payload.com")
    return b"Rar!\x1a\x07\x00" + main + member + PAYLOAD + _rar4_block(0x7B, 0x4000, b"")


def _rar4_block(kind: int, flags: int, fields: bytes) -> bytes:
    body = struct.pack("<BHH", kind, flags, 7 + len(fields)) + fields
    return struct.pack("<H", zlib.crc32(body) & 0xFFFF) + body


def rar5() -> bytes:
    """Returns a RAR 5 archive with the payload stored."""
    main = _rar5_block(bytes([1, 0, 0]))
    name = b"payload.com"
    fields = bytes([2, 2, len(PAYLOAD), 0, len(PAYLOAD), 0, 0, 0, len(name)]) + name
    return b"Rar!\x1a\x07\x01\x00" + main + _rar5_block(fields) + PAYLOAD + _rar5_block(b"\5\0\0")


def _rar5_block(fields: bytes) -> bytes:
    body = bytes([len(fields)]) + fields
    return struct.pack("<I", zlib.crc32(body)) + body


def lha(method: bytes = b"-lh0-") -> bytes:
    """Returns an LHA archive with the payload stored."""
    name = b"payload.com"
    body = method + struct.pack("<IIIBB", len(PAYLOAD), len(PAYLOAD), 0, 0x20, 0)
    body += bytes([len(name)]) + name + b"\0\0"
    return bytes([len(body), sum(body) & 0xFF]) + body + PAYLOAD + b"\0"


def changed(archive: bytes, at: int, byte: int) -> bytes:
    """Replaces one byte."""
    return archive[:at] + bytes([byte]) + archive[at + 1 :]


def ar() -> bytes:
    """Returns a Unix archive, which Debian packages and static libraries are."""
    head = b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (b"payload.com/", 0, 0, 0, b"100644", len(PAYLOAD))
    return b"!<arch>\n" + head + PAYLOAD


def _headers() -> dict[str, bytes]:
    body = bytes(64) + PAYLOAD + bytes(600)
    return {
        "ACE": b"\0\0\0\0\0\0\0**ACE**" + body,
        "ZOO": b"ZOO 2.10 Archive.\x1a\0\0\xdc\xa7\xc4\xfd" + body,
        "ALZ": b"ALZ\x01" + body,
        "EGG": b"EGGA\0\x01" + body,
        "StuffIt": b"SIT!\0\x01\0\0\0\x99rLau" + body,
        "StuffIt 5": b"StuffIt (c)1997-" + body,
        "FreeArc": b"ArC\x01" + body,
        "zpaq": b"zPQ\x02" + body,
        "RPM": b"\xed\xab\xee\xdb\x03\0" + body,
        "pbzx": b"pbzx" + body,
        "Apple Archive": b"AA01" + body,
        "lzfse": b"bvx2" + body,
        "pack200": b"\xca\xfe\xd0\x0d" + body,
        "Outlook store": b"!BDN" + body,
        "InstallShield cabinet": b"ISc(" + body,
        "KWAJ": b"KWAJ\x88\xf0\x27\xd1" + body,
        "SZDD of QBasic": bytes.fromhex("535a20883327333d") + body,
        "snappy": b"\xff\x06\x00\x00sNaPpY" + body,
        "skippable frame": b"\x50\x2a\x4d\x18" + body,
        "CramFS": b"\x45\x3d\xcd\x28" + body,
        "romfs": b"-rom1fs-" + body,
        "NTFS": b"\xeb\x52\x90NTFS    " + body,
        "exFAT": b"\xeb\x76\x90EXFAT   " + body,
        "BitLocker": b"\xeb\x58\x90-FVE-FS-" + body,
        "APFS": bytes(32) + b"NXSB" + body,
        "HFS+": bytes(1024) + b"H+\0\x04" + body,
        "LUKS": b"LUKS\xba\xbe" + body,
        "raw CD": b"\0" + b"\xff" * 10 + b"\0" + body,
        "fixed VHD": body + b"conectix" + bytes(504),
        "Expert Witness": b"EVF\x09\x0d\x0a\xff\0" + body,
        "Android sparse image": b"\x3a\xff\x26\xed" + body,
        "UBI": b"UBI#" + body,
        "U-Boot image": b"\x27\x05\x19\x56" + body,
        "AppImage": b"\x7fELF\x02\x01\x01\0AI\x02" + body,
        "makeself": b"#!/bin/sh\n# This script was generated using Makeself 2.4.5\n" + body,
        "OpenSSL": b"Salted__" + body,
        "age": b"age-encryption.org/v1\n" + body,
        "AES Crypt": b"AES\x02\0" + body,
        "OpenPGP, by password": b"\x8c\x0d\x04\x09\x03\x02" + body,
        "OpenPGP, by key": b"\x85\x01\x0c\x03" + body,
    }


def hostile() -> list[Variant]:
    """Containers of other makes."""
    tools = made_by_tools()
    made = dict(tools)
    made |= _headers()
    iso = tools["iso"]
    cabinet = tools["cab: MSZIP"]
    seven = tools["7z: LZMA2"]
    made |= {
        "RAR 4": rar4(),
        "RAR 4, encrypted": rar4(encrypted=True),
        "RAR 5": rar5(),
        "RAR 5 behind a picture": b"\xff\xd8\xff\xe0" + bytes(100) + rar5(),
        "RAR 4 behind a program": b"MZ" + bytes(300) + rar4(),
        "LHA": lha(),
        "LHA, lh5": lha(b"-lh5-"),
        "LHA, lzs": lha(b"-lzs-"),
        "LHA, pm1": lha(b"-pm1-"),
        "ar": ar(),
        "thin ar": ar().replace(b"!<arch>", b"!<thin>"),
        "7z: cut": seven[:-20],
        "7z: cut to its first header": seven[:32],
        "7z: broken content": seven[:34] + b"\xff" * 8 + seven[42:],
        "7z: wrong checksum": changed(tools["7z: Copy"], 500, 0xFF),
        "7z: wrong end mark": changed(seven, 128, 0xFF),
        "cab: folder without blocks": changed(cabinet, 40, 0),
        "cab: member without a name": changed(cabinet, 60, 0),
        "cab: too many folders": changed(cabinet, 26, 3),
        "arj: cut": tools["arj: packed"][:-5],
        "cpio: broken header": changed(tools["cpio: newc"], 20, 0),
        "cpio: cut": tools["cpio: newc"][:900],
        "7z behind a program": b"MZ" + bytes(300) + tools["7z: BCJ2 and LZMA2"],
        "cab: cut": cabinet[:-20],
        "cab: other reserved field": cabinet[:4] + b"\1\0\0\0" + cabinet[8:],
        "cab: one of a set": cabinet[:30] + b"\1\0" + cabinet[32:],
        "cab behind a program": b"MZ" + bytes(300) + cabinet,
        "iso: gzip in front": b"\x1f\x8b\x08" + iso[3:],
        "iso: tar in front": iso[:257] + b"ustar\0" + iso[263:],
        "iso: zip in front": Zip(content=b"harmless").build().ljust(512, b"\0") + iso[512:],
        "iso: MP3 in front": b"ID3" + iso[3:],
        "iso: partition table in front": iso[:510] + b"\x55\xaa" + iso[512:],
    }
    return [Variant(name, content) for name, content in made.items()]
