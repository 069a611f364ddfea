"""Wrappers of single files: of mail programs, of office suites in XML, of the Macintosh."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
import zlib

from tests.blind_spots.documents import compound, pdf
from tests.blind_spots.variant import PAYLOAD, Variant
from tests.blind_spots.zips import Zip

_BINHEX_LETTERS = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"


def xar(encoding: str, packed: bytes) -> bytes:
    """Returns an archive of one member, as installers of the Macintosh are."""
    contents = (
        '<?xml version="1.0" encoding="UTF-8"?><xar><toc><checksum style="sha1"><size>20</size>'
        f'<offset>0</offset></checksum><file id="1"><data><length>{len(packed)}</length>'
        f'<encoding style="application/{encoding}"/><offset>20</offset><size>{len(PAYLOAD)}</size>'
        f'<extracted-checksum style="sha1">{_sha1(PAYLOAD).hex()}</extracted-checksum>'
        f'<archived-checksum style="sha1">{_sha1(packed).hex()}</archived-checksum></data>'
        "<type>file</type><name>payload.com</name></file></toc></xar>"
    ).encode()
    toc = zlib.compress(contents)
    head = struct.pack(">IHHQQI", 0x78617221, 28, 1, len(toc), len(contents), 1)
    return head + toc + _sha1(toc) + packed


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


def tnef() -> bytes:
    """Returns what some mail programs put all attachments into (winmail.dat)."""

    def attribute(level: int, number: int, kind: int, data: bytes) -> bytes:
        head = struct.pack("<BHHI", level, number, kind, len(data))
        return head + data + struct.pack("<H", sum(data) & 0xFFFF)

    return (
        struct.pack("<IH", 0x223E9F78, 1)
        + attribute(1, 0x9006, 8, struct.pack("<I", 0x10000))
        + attribute(2, 0x9002, 6, b"\1\0" + bytes(12))
        + attribute(2, 0x8010, 1, b"payload.com\0")
        + attribute(2, 0x800F, 6, PAYLOAD)
    )


def binhex() -> bytes:
    """Returns the payload in BinHex 4.0."""

    def checksum(data: bytes) -> bytes:
        return struct.pack(">H", binascii.crc_hqx(data, 0))

    name = b"payload.com"
    head = bytes([len(name)]) + name + b"\0TEXTttxt" + struct.pack(">HII", 0, len(PAYLOAD), 0)
    raw = head + checksum(head) + PAYLOAD + checksum(PAYLOAD) + checksum(b"")
    raw = raw.replace(b"\x90", b"\x90\0")
    bits = "".join(f"{byte:08b}" for byte in raw)
    bits += "0" * (-len(bits) % 6)
    letters = bytes(_BINHEX_LETTERS[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6))
    lines = b"\n".join(letters[at : at + 64] for at in range(0, len(letters), 64))
    return b"(This file must be converted with BinHex 4.0)\n\n:" + lines + b":\n"


def _onenote() -> bytes:
    section = bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3")
    blob = bytes.fromhex("e716e3bd65261145a4c48d4d0b7a9eac")
    return section + bytes(1024) + blob + struct.pack("<QIQ", len(PAYLOAD), 0, 0) + PAYLOAD


def _in_xml() -> dict[str, bytes]:
    macro = base64.b64encode(compound({"VBA": PAYLOAD}))
    return {
        "XDP": b'<?xml version="1.0"?><xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><pdf><document>'
        b"<chunk>" + base64.b64encode(pdf()) + b"</chunk></document></pdf></xdp:xdp>",
        "Flat OPC": b'<?xml version="1.0"?><?mso-application progid="Word.Document"?>'
        b'<pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage">'
        b'<pkg:part pkg:name="/word/vbaProject.bin"><pkg:binaryData>' + macro + b"</pkg:binaryData>"
        b"</pkg:part></pkg:package>",
        "Word 2003 XML": b'<?xml version="1.0"?><w:wordDocument xmlns:w="urn:x">'
        b'<w:binData w:name="x.mso">' + macro + b"</w:binData></w:wordDocument>",
        "flat OpenDocument": b'<?xml version="1.0"?><office:document><office:binary-data>'
        + base64.b64encode(Zip().build())
        + b"</office:binary-data></office:document>",
    }


def hostile() -> list[Variant]:
    """The payload in each wrapper."""
    single = bytes.fromhex("0005160000020000") + bytes(16)
    single += struct.pack(">HIII", 1, 1, 38, len(PAYLOAD))
    made = _in_xml() | {
        "xar: stored": xar("octet-stream", PAYLOAD),
        "xar: zlib": xar("x-gzip", zlib.compress(PAYLOAD)),
        "xar: unknown version": xar("octet-stream", PAYLOAD).replace(
            b"\0\x1c\0\1", b"\0\x1c\0\2", 1
        ),
        "TNEF": tnef(),
        "OneNote": _onenote(),
        "BinHex": binhex(),
        "BinHex behind words": b"Here it is:\n\n" + binhex(),
        "ActiveMime": b"ActiveMime\0\0\1\xf0\4\0\0\0\xff\xff\xff\xff" + zlib.compress(PAYLOAD),
        "AppleSingle": single + PAYLOAD,
        "MacBinary III": b"\0\x0bpayload.com".ljust(102, b"\0") + b"mBIN" + bytes(22) + PAYLOAD,
        "DMG": zlib.compress(PAYLOAD) + b"koly\0\0\0\4" + bytes(504),
    }
    return [Variant(name, content) for name, content in made.items()]
