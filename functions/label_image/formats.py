"""Tells an image by its first bytes: its format, its size, and whether it is an ordinary one.

The name and the content type are the uploader's words and are not looked at. Nothing is decoded
here: of JPEG and PNG, which Rekognition takes as they are, the header is read far enough to know
what is in it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from enum import StrEnum

# Enough for the size of a JPEG behind a thumbnail, an ICC profile and XMP.
HEAD_BYTES = 256 * 1024
TAIL_BYTES = 16


class Format(StrEnum):
    """The formats that are told apart."""

    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    WEBP = "WEBP"
    TIFF = "TIFF"
    BMP = "BMP"
    HEIC = "HEIC"
    AVIF = "AVIF"
    JPEG_2000 = "JPEG_2000"
    JPEG_XL = "JPEG_XL"
    PHOTOSHOP = "PHOTOSHOP"


DECODED = frozenset(
    {
        Format.JPEG,
        Format.PNG,
        Format.GIF,
        Format.WEBP,
        Format.TIFF,
        Format.BMP,
        Format.HEIC,
    }
)


@dataclass(frozen=True, slots=True)
class Header:
    """What an image's first bytes say.

    `width` and `height` are in pixels as they are stored, None where they were not looked for or
    not found. `orientation` is EXIF's, 1 to 8. `plain` says that Rekognition can be expected to
    read it: a PNG, or a JPEG of the usual kinds in grey or colour (CMYK is not one of them), that
    ends where it should.
    """

    format: Format
    width: int | None = None
    height: int | None = None
    orientation: int = 1
    plain: bool = False

    @property
    def upright_size(self) -> tuple[int, int] | None:
        """Width and height as the image is meant to be seen."""
        if self.width is None or self.height is None:
            return None
        turned = self.orientation in _TURNED
        return (self.height, self.width) if turned else (self.width, self.height)


# EXIF's orientations that swap width and height.
_TURNED = frozenset({5, 6, 7, 8})
_SIGNATURES = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"II*\0", Format.TIFF),
    (b"MM\0*", Format.TIFF),
    (b"II+\0", Format.TIFF),
    (b"MM\0+", Format.TIFF),
    (b"8BPS\0\x01", Format.PHOTOSHOP),
    (b"\xff\x0a", Format.JPEG_XL),
    (b"\0\0\0\x0cJXL \r\n\x87\n", Format.JPEG_XL),
    (b"\0\0\0\x0cjP  \r\n\x87\n", Format.JPEG_2000),
    (b"\xff\x4f\xff\x51", Format.JPEG_2000),
)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
# Sizes of the headers that a bitmap can have: https://en.wikipedia.org/wiki/BMP_file_format.
_BMP_HEADERS = frozenset(struct.pack("<I", size) for size in (12, 40, 52, 56, 64, 108, 124))
_ENDS = {Format.JPEG: b"\xff\xd9", Format.PNG: b"IEND\xaeB`\x82"}
_MOST_BRANDS_BYTES = 256
_IHDR_SIZE = struct.Struct(">II")


def read_header(head: bytes) -> Header | None:
    """Return what the first bytes of an object say of an image; None where it is none."""
    found = _format(head)
    match found:
        case None:
            return None
        case Format.PNG:
            return _png(head)
        case Format.JPEG:
            return _jpeg(head)
        case _:
            return Header(found)


def with_end(header: Header, tail: bytes) -> Header:
    """Return the header in the light of the object's last bytes.

    One that ends otherwise is truncated, or has something behind it: decoding tells which.
    """
    return replace(header, plain=header.plain and tail.endswith(_ENDS[header.format]))


def _format(head: bytes) -> Format | None:
    for signature, found in _SIGNATURES:
        if head.startswith(signature):
            return found
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP
    if head[4:8] == b"ftyp":
        return _of_brands(head)
    # Two letters prove little: what is reserved has to be zero, and the header of a known size.
    if head[:2] == b"BM" and head[6:10] == bytes(4) and head[14:18] in _BMP_HEADERS:
        return Format.BMP
    return None


def _of_brands(head: bytes) -> Format | None:
    """Return the format of an ISO base media file by its brands; films have others."""
    (size,) = struct.unpack_from(">I", head)
    listed = head[16 : min(size, _MOST_BRANDS_BYTES)]
    brands = {head[8:12], *(listed[at : at + 4] for at in range(0, len(listed), 4))}
    if head[8:12] not in {b"mif1", b"msf1", *_HEIC_BRANDS, *_AVIF_BRANDS}:
        return None
    if brands & _AVIF_BRANDS:
        return Format.AVIF
    return Format.HEIC if brands & _HEIC_BRANDS else None


def _png(head: bytes) -> Header:
    # The first chunk is IHDR: length, name, width, height …
    if head[12:16] != b"IHDR" or len(head) < _IHDR_SIZE.size + 16:
        return Header(Format.PNG)
    width, height = _IHDR_SIZE.unpack_from(head, 16)
    return Header(Format.PNG, width, height, plain=True)


_SOI_BYTES = 2
_MARK = 0xFF
# Bits, height, width, components.
_FRAME = struct.Struct(">BHHB")
_FRAMES = frozenset(
    {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, *range(0xC9, 0xCC), 0xCD, 0xCE, 0xCF}
)
# Baseline, extended, progressive; the others are lossless, hierarchical or arithmetic.
_PLAIN_FRAMES = frozenset({0xC0, 0xC1, 0xC2})
_PLAIN_COMPONENTS = frozenset({1, 3})
_PLAIN_BITS = 8
_APP1 = 0xE1
_START_OF_SCAN = 0xDA
_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})


def _jpeg(head: bytes) -> Header:
    """Walk the segments up to the frame header, which has the size."""
    at, orientation = _SOI_BYTES, 1
    while at + 4 <= len(head):
        if head[at] != _MARK:
            break
        marker = head[at + 1]
        if marker == _MARK or marker in _WITHOUT_LENGTH:
            at += 1 if marker == _MARK else 2
            continue
        if marker == _START_OF_SCAN:
            break
        (length,) = struct.unpack_from(">H", head, at + 2)
        segment = head[at + 4 : at + 2 + length]
        if marker in _FRAMES:
            return _frame(marker, segment, orientation)
        if marker == _APP1 and segment.startswith(b"Exif\0\0"):
            orientation = _orientation(segment[6:])
        at += 2 + max(length, 2)
    return Header(Format.JPEG, orientation=orientation)


def _frame(marker: int, segment: bytes, orientation: int) -> Header:
    if len(segment) < _FRAME.size:
        return Header(Format.JPEG, orientation=orientation)
    bits, height, width, components = _FRAME.unpack_from(segment)
    plain = marker in _PLAIN_FRAMES and bits == _PLAIN_BITS and components in _PLAIN_COMPONENTS
    return Header(Format.JPEG, width, height, orientation, plain)


_ORIENTATION_TAG = 0x0112
_SHORT = 3
_ORIENTATIONS = range(1, 9)


def _orientation(tiff: bytes) -> int:
    """Return EXIF's orientation; 1, which is upright, where there is none or a wrong one."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    try:
        if order is None:
            return 1
        (directory,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, directory)
        for number in range(entries):
            tag, kind, _, value = struct.unpack_from(
                f"{order}HHIH", tiff, directory + 2 + 12 * number
            )
            if tag == _ORIENTATION_TAG:
                return value if kind == _SHORT and value in _ORIENTATIONS else 1
    except struct.error:
        pass
    return 1
