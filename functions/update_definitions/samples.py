"""Harmless files of common formats, made here, in none of which a release may find anything."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

_TEXT = "Minutes of the meeting\n\n1. The harbour opens at high tide.\n2. Nothing else.\n"
_CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType="application/'
    'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONSHIPS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="r1" Target="word/document.xml" Type="http://schemas.openxmlformats.org/'
    'officeDocument/2006/relationships/officeDocument"/></Relationships>'
)
_DOCUMENT = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body><w:p><w:r><w:t>The harbour opens at high tide.</w:t></w:r></w:p></w:body></w:document>"
)


def harmless_files() -> Mapping[str, bytes]:
    """Return the samples, each under a name for error messages."""
    return {
        "text": _TEXT.encode(),
        "HTML page": (
            b"<!DOCTYPE html><html><head><title>Tides</title></head>"
            b"<body><p>High at <b>04:12</b>.</p><a href='https://example.com/'>more</a></body></html>"
        ),
        "shell script": b'#!/bin/sh\nset -eu\nfor f in *.txt; do wc -l "$f"; done\n',
        "table": b"port,high,low\nHusum,04:12,10:31\nBrest,05:50,12:02\n",
        "mail": (
            b"From: harbour@example.com\r\nTo: pilot@example.com\r\nSubject: Tides\r\n"
            b"MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\nHigh at 04:12.\r\n"
        ),
        "PDF": _pdf(),
        "PNG image": _png(),
        "ZIP archive": _zip({"minutes.txt": _TEXT, "notes/empty.txt": ""}),
        "Word document": _zip(
            {
                "[Content_Types].xml": _CONTENT_TYPES,
                "_rels/.rels": _RELATIONSHIPS,
                "word/document.xml": _DOCUMENT,
            }
        ),
        "gzip file": gzip.compress(_TEXT.encode(), mtime=0),
    }


def _zip(members: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _png() -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)

    side = 8
    rows = b"".join(b"\0" + bytes([16 * row, 96, 160] * side) for row in range(side))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def _pdf() -> bytes:
    stream = b"BT /F1 18 Tf 72 720 Td (High at 04:12) Tj ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Font << /F1 5 0 R >> >>",
    )
    document = b"%PDF-1.4\n"
    table = [b"0000000000 65535 f \n"]
    for number, content in enumerate(objects, start=1):
        table.append(b"%010d 00000 n \n" % len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    return (
        document
        + b"xref\n0 %d\n%s" % (len(table), b"".join(table))
        + b"trailer\n<< /Size %d /Root 1 0 R >>\n" % len(table)
        + b"startxref\n%d\n%%%%EOF\n" % len(document)
    )
