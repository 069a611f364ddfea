"""Ordinary users' files, each of a kind that must stay clean."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import random
import sqlite3
import struct
import tarfile
import wave
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from tests.blind_spots.documents import compound, message, pdf
from tests.blind_spots.made_by_tools import made_by_tools
from tests.blind_spots.variant import PAYLOAD, Variant
from tests.blind_spots.zips import Zip, zipped

TEXT = b"The quick brown fox jumps over the lazy dog.\n" * 200
_NOISE = random.Random(2).randbytes(200_000)
_XML = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

# Made by 7-Zip, gcab and arj of a text; base85.
_SEVEN_ZIP = (
    b"H+sCUCma9-{&W)Rb^rhX00000S^xk500000<tzMM-~;jiZe0L07)q;;lIeVKgb&=6S^a+Ss56bU4FZIQI@HpySdN"
    b"Sa>(0nV5dJk{l7C5#*spo+&hG+@&9mN91hQt0xoX7x`anodreq^OkrUwx@-pJE&U3V&y;1mRDC1CUZ8TA*03k8el"
    b"(qD2xrR}<000351^@vGb^r$p0RRCZAprmkgYy6g3IW@Jf8qcD1pyfg00000000000000H6##AkZvb=vWdL&kE&y}"
    b"@cmQ+&000yU0RRBNiFQRi+5r^?0RSL?q=5hc"
)
_CABINET = (
    b"O;bZg00000;{X5v00000EC2ui000000|5a50RR9100000MgRZ+0RRC2^8)|?00000001Fa001BWZf|sDb1rmvbO7"
    b"s?Uf-1f^8-UmWz#zj!axi_!Jboa1pEtd9EwOm3KVdEiJD3IT#fAA?eTf->-T%!pYQb?r|qwkF1qQV7y3%y=sO)32"
    b"MR-CXbh2|GGvC%5E@ETX&!c|G?k{(RGLatX(~;nrL>gR;p|FFX(=tGrL>fm(pK6^TWKF&sM1#2N?U0wZKb1hl#bF"
    b"-I)~4sbd-+LQ94SO%jpL"
)
_ARJ = (
    b"VCpFVA`1Zm5C8&N9Q6Wg9Q6Wg00000000000000000000003w%VRC8!06A4ul>h)>>Nx-|3jqQU0RS9;0Fq^t000"
    b"2<0{{Tqfq&uv0HhHB00000037uKYaI0gYXATM0B&z|Wpgfccys^&L4;1w0001lQ<1gAq4?&2Ov3*Dis($h=>|b?6"
    b"HsmUEC3V$xz8WIb&mVjuYYl@Y5wZ(H+OfdzW09@e>Z<uc-Y_wU?PBy0!Rs9CV-v-hzd|rvy#G;6riOAC@Dco3Q$u"
    b"aOocO@>=ejTAxwob6v$H{OA1(0!k3>=g)AvyOA1(0!kP+bDWIl;n$Ob$nhIzspr(SI_RwJJHUKUQ0Rj*K0300k0&"
    b"A22008p?007&8f8qcDq!9oB000009Q6Wg9Q6Wg00000ZZa-(cys^&>i)oH0001lQ<1gAq4?&2Ov3*Dis($h=>|b?"
    b"6HsmUEC3V$xz8WIb&mVjuYYl@Y5wZ(H+OfdzW09@e>Z<uc-Y_wU?PBy0!Rs9CV-v-hzd|rvy#G;6riOAC@Dco3Q$"
    b"uaOocO@>=ejTAxwob6v$H{OA1(0!k3>=g)AvyOA1(0!kP+bDWIl;n$Ob$nhIzspr(SI_RwJJ000"
)


def png(width: int = 64, height: int = 64) -> bytes:
    """Returns a picture of noise."""
    rows = b"".join(b"\0" + _NOISE[at * 3 * width : (at + 1) * 3 * width] for at in range(height))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _jpeg() -> bytes:
    head = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    table = b"\xff\xdb\x00\x43\x00" + bytes([16] * 64)
    frame = b"\xff\xc0\x00\x0b\x08\x00\x08\x00\x08\x01\x01\x11\x00"
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + _NOISE[:2000].replace(b"\xff", b"\xfe")
    return head + table + frame + scan + b"\xff\xd9"


def _wav() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(_NOISE[:16000])
    return buffer.getvalue()


def _boxes(*boxes: tuple[bytes, bytes]) -> bytes:
    return b"".join(struct.pack(">I", len(body) + 8) + kind + body for kind, body in boxes)


def _database() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("create table notes (id integer primary key, text text)")
    connection.executemany("insert into notes (text) values (?)", [("a note",)] * 500)
    connection.commit()
    return connection.serialize()


def _tar(members: Iterable[tuple[str, bytes]], mode: str = "w", form: int | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode, format=form) as archive:  # type: ignore[call-overload]
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "folder"
        archive.addfile(link)
    return buffer.getvalue()


def _word() -> bytes:
    body = b"<w:document><w:body>" + b"<w:p><w:r><w:t>Report</w:t></w:r></w:p>" * 300
    return zipped(
        {
            "[Content_Types].xml": _XML + b"<Types></Types>",
            "_rels/.rels": _XML + b"<Relationships></Relationships>",
            "word/document.xml": _XML + body + b"</w:body></w:document>",
            "word/media/image1.png": png(),
        }
    )


def _open_document(kind: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        mimetype = zipfile.ZipInfo("mimetype")
        archive.writestr(mimetype, b"application/" + kind)
        for name in (
            "content.xml",
            "styles.xml",
            "META-INF/manifest.xml",
            "META-INF/container.xml",
        ):
            archive.writestr(name, _XML + b"<office/>" * 200, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _jar() -> bytes:
    classfile = b"\xca\xfe\xba\xbe\0\0\0\x41" + _NOISE[:3000]
    return zipped(
        {
            "META-INF/MANIFEST.MF": b"Manifest-Version: 1.0\r\nMain-Class: Main\r\n",
            "Main.class": classfile,
            "lib/inner.jar": zipped({"Inner.class": classfile}),
        },
        seekable=False,
    )


def _wheel() -> bytes:
    return zipped(
        {
            "package/__init__.py": b'"""A package."""\n',
            "package-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: package\n",
            "package-1.0.dist-info/RECORD": b"package/__init__.py,sha256=x,18\n",
        }
    )


def _pdf_with_picture() -> bytes:
    plain = pdf(b"<< /Length LEN /Filter /FlateDecode >>", zlib.compress(TEXT))
    picture = zlib.compress(b"\2" + bytes(30))
    stream = (
        b"<< /Type /XObject /Subtype /Image /Width 10 /Height 1 /BitsPerComponent 8 "
        b"/ColorSpace /DeviceRGB /DecodeParms << /Predictor 15 /Colors 3 /Columns 10 >> "
        b"/Filter /FlateDecode /Length %d >>\nstream\n" % len(picture)
    ) + picture
    index = b"<< /DecodeParms << /Columns 4 /Predictor 12 >> /Filter /FlateDecode "
    index += b"/ID [<aa><bb>] /Length 9 /Size 9 /Type /XRef /W [1 2 1] >>\nstream\n123456789"
    more = b"7 0 obj\n" + stream + b"\nendstream\nendobj\n"
    more += b"8 0 obj\n" + index + b"\nendstream\nendobj\n"
    return plain.replace(b"xref\n", more + b"xref\n", 1)


def _texts() -> dict[str, bytes]:
    rows = [{"id": number, "name": "somebody", "value": number / 7} for number in range(500)]
    html = b"<!doctype html><html><head><title>x</title></head><body>" + b"<p>hello</p>" * 300
    picture = b'<img src="data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ">'
    return {
        "plain text": TEXT,
        "text in UTF-16": TEXT.decode().encode("utf-16"),
        "csv": b"id,name\n" + b"1,somebody\n" * 900,
        "json": json.dumps(rows).encode(),
        "page": html + picture + b"</body></html>",
        "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0L9 9"/></svg>',
        "source code": b"import zipfile\n\nMAGIC = b'PK\\x03\\x04'\n\nprint('begin 644 of it')\n"
        * 9,
        "shell script": b"#!/bin/sh\nset -e\necho hello\n",
        "log": b"2026-01-01T00:00:00Z INFO started in 3 ms\n" * 500,
        "certificate": b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "PGP signature": b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHello\n",
        "mail": message(png(), name="picture.png").as_bytes(),
        "mail with a zip": message(zipped({"a.txt": TEXT}), name="a.zip").as_bytes(),
        "mail with a 7z": message(base64.b85decode(_SEVEN_ZIP), name="a.7z").as_bytes(),
        "mail within a mail": message(message(TEXT).as_bytes(), name="a.eml").as_bytes(),
        "rtf": b"{\\rtf1\\ansi Hello\\par}",
        "empty": b"",
        "one byte": b"x",
    }


def _media() -> dict[str, bytes]:
    return {
        "png": png(),
        "jpeg": _jpeg(),
        "gif": bytes.fromhex(
            "474946383961010001008000000000ffffff2c00000000010001000002024401003b"
        ),
        "bmp": b"BM"
        + struct.pack("<IHHIIiiHH6I", 70, 0, 0, 54, 40, 2, 2, 1, 24, *[0] * 6)
        + bytes(16),
        "tiff": b"II*\0\x08\0\0\0\0\0\0\0\0\0",
        "webp": b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f" + bytes(12),
        "wav": _wav(),
        "mp3": b"ID3\x04\0\0\0\0\0\0" + (b"\xff\xfb\x90\x64" + _NOISE[:413]) * 40,
        "ogg": b"OggS\0\x02" + _NOISE[:9000],
        "mp4": _boxes((b"ftyp", b"isom\0\0\2\0isomiso2"), (b"moov", bytes(90)), (b"mdat", _NOISE)),
        "woff2": b"wOF2\0\1\0\0" + _NOISE[:4000],
        "noise": _NOISE,
        "zeros": bytes(300_000),
    }


def _data() -> dict[str, bytes]:
    return {
        "sqlite": _database(),
        "parquet": b"PAR1" + _NOISE[:20_000] + struct.pack("<I", 900) + b"PAR1",
        "avro": b"Obj\x01\x04\x14avro.codec\x08null\0" + _NOISE[:4000],
        "hdf5": b"\x89HDF\r\n\x1a\n" + bytes(2000),
        "npy": b"\x93NUMPY\x01\0"
        + b"v\0{'descr': '<f8', 'fortran_order': False}".ljust(120)
        + bytes(800),
        "pickle": b"\x80\x04\x95\x10\0\0\0\0\0\0\0]\x94(K\x01K\x02e.",
        "wasm": b"\0asm\x01\0\0\0" + bytes(30),
        "class file": b"\xca\xfe\xba\xbe\0\0\0\x41" + _NOISE[:3000],
        "program": Path("/bin/true").read_bytes(),
    }


def _archives() -> dict[str, bytes]:
    tools = made_by_tools()
    files = [("a.txt", TEXT), ("b/c.png", png()), ("d/inner.zip", zipped({"x.txt": TEXT}))]
    return {
        "zip": zipped({"a.txt": TEXT, "b/c.png": png(), "e.tar.gz": gzip.compress(_tar(files))}),
        "zip, streamed": zipped({"a.txt": TEXT, "b.txt": b""}, seekable=False),
        "zip, stored": Zip(method=0, content=TEXT).build(),
        "zip, empty": zipped({}),
        "zip, comment": Zip(content=TEXT, comment=b"made today").build(),
        "zip of a folder": zipped({"folder/": b"", "folder/a.txt": TEXT}),
        "zip of zip": zipped({"a.zip": zipped({"b.zip": zipped({"c.txt": TEXT})})}),
        "script with a zip behind": b"#!/usr/bin/env python3\n" + zipped({"__main__.py": TEXT}),
        "jar": _jar(),
        "wheel": _wheel(),
        "docx": _word(),
        "odt": _open_document(b"vnd.oasis.opendocument.text"),
        "epub": _open_document(b"epub+zip"),
        "doc": compound({"WordDocument": struct.pack("<HHHHHH", 0xA5EC, 0xC1, 0, 9, 0, 0x1200)}),
        "xls": compound({"Workbook": struct.pack("<HH16xHH", 0x809, 16, 0x42, 2) + bytes(90)}),
        "tar": _tar(files),
        "tar, pax": _tar([("ü" * 120, TEXT)], form=tarfile.PAX_FORMAT),
        "tar, GNU, long names": _tar([("d/" * 90 + "x", TEXT)], form=tarfile.GNU_FORMAT),
        "tar ending with a zip": _tar([("a.zip", zipped({"x": TEXT}, seekable=False))]),
        "tar.gz": _tar(files, "w:gz"),
        "tar.bz2": _tar(files, "w:bz2"),
        "tar.xz": _tar(files, "w:xz"),
        "gzip": gzip.compress(TEXT),
        "gzip of several members": gzip.compress(TEXT) * 3,
        "gzip, padded": gzip.compress(TEXT) + bytes(100),
        "bzip2": bz2.compress(TEXT),
        "xz": lzma.compress(TEXT),
        "xz of several streams": lzma.compress(TEXT) * 2,
        "7z": base64.b85decode(_SEVEN_ZIP),
        "iso": _tame(tools["iso: Joliet and Rock Ridge"]),
        "cpio": _tame(tools["cpio: newc"]),
        "cab": base64.b85decode(_CABINET),
        "arj": base64.b85decode(_ARJ),
        "pdf": pdf(stream=zlib.compress(TEXT)),
        "pdf with a picture": _pdf_with_picture(),
    }


def _tame(archive: bytes) -> bytes:
    """Replaces the payload in a stored archive by as many harmless bytes."""
    return archive.replace(PAYLOAD, b"-" * len(PAYLOAD))


def benign() -> list[Variant]:
    """Files of the kinds that people really upload."""
    made = _texts() | _media() | _data() | _archives()
    return [Variant(name, content) for name, content in made.items()]
