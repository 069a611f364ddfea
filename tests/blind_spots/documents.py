"""Documents and messages with the payload inside, written byte by byte."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from email.message import EmailMessage

from tests.blind_spots.made_by_tools import made_by_tools
from tests.blind_spots.variant import PAYLOAD, Variant
from tests.blind_spots.zips import Zip, zipped

_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
_SECTOR = 512
# Streams of this length are kept outside of the mini stream, in sectors of their own.
_STREAM_BYTES = 4096


def compound(streams: dict[str, bytes]) -> bytes:
    """Returns an OLE2 file with these streams, as old Office documents are."""
    padded = {name: content.ljust(_STREAM_BYTES, b"\0") for name, content in streams.items()}
    per_stream = _STREAM_BYTES // _SECTOR
    folder_sectors = (len(padded) + 1 + 3) // 4
    fat = [_FAT] + [index + 2 for index in range(folder_sectors - 1)] + [_END]
    entries = [_entry("Root Entry", 5, _END, 0, child=1)]
    for number, (name, content) in enumerate(padded.items(), start=1):
        start = len(fat)
        fat += [start + index + 1 for index in range(per_stream - 1)] + [_END]
        following = number + 1 if number < len(padded) else _FREE
        entries.append(_entry(name, 2, start, len(content), right=following))
    table = struct.pack("<128I", *(fat + [_FREE] * (128 - len(fat))))
    folder = b"".join(entries).ljust(folder_sectors * _SECTOR, b"\0")
    head = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        0x3E,
        3,
        0xFFFE,
        9,
        6,
        0,
        1,
        1,
        0,
        4096,
        _END,
        0,
        _END,
        0,
    ) + struct.pack("<109I", 0, *[_FREE] * 108)
    return head + table + folder + b"".join(padded.values())


def _entry(
    name: str, kind: int, start: int, size: int, *, right: int = _FREE, child: int = _FREE
) -> bytes:
    encoded = (name + "\0").encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16x4x16xIQ", encoded, len(encoded), kind, 1, _FREE, right, child, start, size
    )


def pdf(
    dictionary: bytes = b"<< /Length LEN /Filter /FlateDecode >>",
    stream: bytes | None = None,
    *,
    head: bytes = b"%PDF-1.4\n",
) -> bytes:
    """Returns a document with one attached file, which is the given stream."""
    stream = zlib.compress(PAYLOAD) if stream is None else stream
    dictionary = dictionary.replace(b"LEN", b"%d" % len(stream))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles 6 0 R >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99] >>",
        b"<< /Type /Filespec /F (payload.com) /EF << /F 5 0 R >> >>",
        dictionary + b"\nstream\n" + stream + b"\nendstream",
        b"<< /Names [(payload.com) 4 0 R] >>",
        b"/FlateDecode",
    ]
    document, places = head, []
    for number, content in enumerate(objects, start=1):
        places.append(len(document))
        document += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return document + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Root 1 0 R /Size %d >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(places) + 1, table, len(places) + 1, len(document))
    )


def _predicted() -> bytes:
    rows = (b"\0" + PAYLOAD[at : at + 17] for at in range(0, len(PAYLOAD), 17))
    return zlib.compress(b"".join(rows))


def message(attachment: bytes = PAYLOAD, *, name: str = "payload.com") -> EmailMessage:
    """Returns a message with one attachment."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@example.com", "b@example.com", "Files"
    mail.set_content("See the attachment.")
    mail.add_attachment(attachment, maintype="application", subtype="octet-stream", filename=name)
    return mail


def uuencoded() -> bytes:
    """Returns the payload between `begin` and `end`."""
    lines = (binascii.b2a_uu(PAYLOAD[at : at + 45]) for at in range(0, len(PAYLOAD), 45))
    return b"begin 644 payload.com\n" + b"".join(lines) + b"`\nend\n"


def _yenc() -> bytes:
    body = bytes((byte + 42) % 256 for byte in PAYLOAD)
    return b"=ybegin line=128 size=68 name=payload.com\r\n" + body + b"\r\n=yend size=68\r\n"


def _rtf() -> bytes:
    package = (
        b"\2\0payload.com\0payload.com\0\0\0\3\0"
        + struct.pack("<I", 12)
        + b"payload.com\0"
        + struct.pack("<I", len(PAYLOAD))
        + PAYLOAD
    )
    data = struct.pack("<III8sIII", 0x501, 2, 8, b"Package\0", 0, 0, len(package)) + package
    return b"{\\rtf1{\\object\\objemb{\\*\\objdata " + data.hex().encode() + b"}}}"


def _office() -> dict[str, bytes]:
    word = struct.pack("<HHHHHH", 0xA5EC, 0x00C1, 0, 0x0409, 0, 0x1300)
    excel = struct.pack("<HH16x", 0x0809, 16)
    token = struct.pack("<HHIII", 0, 0x0FF6, 20, 20, 0xF3D1C4DF)
    return {
        "OOXML, encrypted": compound(
            {"EncryptionInfo": b"\x04\x00\x04\x00", "EncryptedPackage": b"\x5a" * 900}
        ),
        "rights managed": compound({"\tDRMContent": b"\x5a" * 900}),
        "Word 97, encrypted": compound({"WordDocument": word + b"\x5a" * 900}),
        "Excel 97, encrypted with RC4": compound(
            {"Workbook": excel + struct.pack("<HHHHH", 0x2F, 54, 1, 1, 1) + b"\x5a" * 900}
        ),
        "Excel 97, encrypted with XOR": compound(
            {"Workbook": excel + struct.pack("<HHHHH", 0x2F, 6, 0, 0x1234, 0x4321)}
        ),
        "PowerPoint 97, encrypted": compound({"Current User": token}),
        "embedded in OLE2": compound({"Contents": PAYLOAD}),
        "OpenDocument, encrypted": zipped(
            {
                "mimetype": b"application/vnd.oasis.opendocument.text",
                "content.xml": b"\x5a\xa5" * 300,
                "META-INF/manifest.xml": b'<?xml version="1.0"?><manifest:manifest>'
                b'<manifest:file-entry manifest:full-path="content.xml">'
                b"<manifest:encryption-data/></manifest:file-entry></manifest:manifest>",
            }
        ),
        "book, encrypted": zipped(
            {
                "mimetype": b"application/epub+zip",
                "META-INF/encryption.xml": b'<encryption xmlns="urn:x"><enc:EncryptedData>'
                b'<enc:EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
                b"</enc:EncryptedData></encryption>",
            }
        ),
        "RTF object": _rtf(),
    }


def _pdfs() -> dict[str, bytes]:
    checksum = b"/Params << /CheckSum <44d88612fea8a8f36de82e1278abb02f> /Size 68 >>"
    length = b"/Length LEN"
    return {
        "attachment": pdf(),
        "attachment, as qpdf orders it": pdf(
            b"<< %b %b /Filter /FlateDecode >>" % (checksum, length)
        ),
        "attachment, checksum behind": pdf(
            b"<< %b /Filter /FlateDecode %b >>" % (length, checksum)
        ),
        "filter elsewhere": pdf(b"<< /Length LEN /Filter 7 0 R >>"),
        "filter elsewhere, in a list": pdf(b"<< /Length LEN /Filter [ 7 0 R ] >>"),
        "two filters": pdf(
            b"<< /Length LEN /Filter [/ASCIIHexDecode /FlateDecode] >>",
            zlib.compress(PAYLOAD).hex().encode() + b">",
        ),
        "ASCII85": pdf(
            b"<< /Length LEN /Filter /ASCII85Decode >>", base64.a85encode(PAYLOAD) + b"~>"
        ),
        "RunLength": pdf(
            b"<< /Length LEN /Filter /RunLengthDecode >>", bytes([67]) + PAYLOAD + b"\x80"
        ),
        "predictor": pdf(
            b"<< /Length LEN /Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 17 >> >>",
            _predicted(),
        ),
        "Brotli": pdf(b"<< /Length LEN /Filter /BrotliDecode >>", made_by_tools()["brotli"]),
        "name in hexadecimal": pdf(b"<< /Length LEN /Filter /Fl#61teDecode >>"),
        "length of zero": pdf(b"<< /Length 0 /Filter /FlateDecode >>"),
        "behind text": pdf(head=b"x" * 900 + b"%PDF-1.4\n"),
        "behind a GIF": pdf(head=b"GIF89a....%PDF-1.4\n"),
        "behind an MP3": pdf(head=b"ID3.......%PDF-1.4\n"),
        "old PostScript form": pdf(head=b"%!PS-Adobe-3.0 PDF-1.4\n"),
        "small letters": pdf(head=b"%pdf-1.4\n"),
        "forms data": pdf(head=b"%FDF-1.2\n").replace(b"/Names [", b"/EmbeddedFile [", 1),
    }


def _messages() -> dict[str, bytes]:
    mail = message().as_bytes()
    tools = made_by_tools()
    part = mail[mail.index(b"Content-Type: multipart") :]
    encoded = base64.encodebytes(PAYLOAD)
    return {
        "attachment": mail,
        "quoted-printable": mail.replace(b"base64", b"quoted-printable").replace(encoded, PAYLOAD),
        "begins with Content-Type": part,
        "without MIME-Version": mail.replace(b"MIME-Version: 1.0\n", b""),
        "behind a byte order mark": b"\xef\xbb\xbf" + mail,
        "zip attached": message(Zip().build()).as_bytes(),
        "cut zip attached": message(Zip(end=False).build()).as_bytes(),
        "7z with bzip2 attached": message(tools["7z: BZip2"]).as_bytes(),
        "zstd attached": message(tools["zstd"]).as_bytes(),
        "encrypted (S/MIME)": b"From: a@example.com\nMIME-Version: 1.0\n"
        b'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"\n'
        b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(b"\x30\x80" + b"\x5a" * 90),
        "encrypted (PGP/MIME)": b"From: a@example.com\nMIME-Version: 1.0\n"
        b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="x"'
        b"\n\n--x\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--x--\n",
        "uuencoded": b"From: a@example.com\nSubject: x\n\n" + uuencoded(),
        "yEnc": b"From: a@example.com\nSubject: x\n\n" + _yenc(),
    }


def _texts() -> dict[str, bytes]:
    packed = base64.b64encode(Zip().build())
    return {
        "uuencoded": uuencoded(),
        "uuencoded behind words": b"Please decode this:\n\n" + uuencoded(),
        "yEnc": _yenc(),
        "uuencode -m": b"begin-base64 644 payload.com\n" + base64.encodebytes(PAYLOAD) + b"====\n",
        "PGP message": b"-----BEGIN PGP MESSAGE-----\n\nhQEMA\n-----END PGP MESSAGE-----\n",
        "page with a data URI": b'<html><a href="data:application/zip;base64,'
        + packed
        + b'">x</a>',
        "zip in a script": b"const file = 'data:application/zip;base64," + packed + b"';\n",
    }


def hostile() -> list[Variant]:
    """Documents, messages and texts with the payload inside, or encrypted."""
    made = {f"Office: {name}": content for name, content in _office().items()}
    made |= {f"PDF: {name}": content for name, content in _pdfs().items()}
    made |= {f"mail: {name}": content for name, content in _messages().items()}
    made |= {f"text: {name}": content for name, content in _texts().items()}
    return [Variant(name, content) for name, content in made.items()]
