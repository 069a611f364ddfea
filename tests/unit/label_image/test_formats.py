"""An image is told by its bytes: what it is, how large, and whether it can be sent as it is."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.label_image.formats import HEAD_BYTES, Format, Header, read_header, with_end
from local import pictures

DRAWN = {
    Format.JPEG: pictures.photograph(),
    Format.PNG: pictures.encoded(pictures.drawing(), "PNG"),
    Format.GIF: pictures.animation(),
    Format.WEBP: pictures.encoded(pictures.drawing(), "WEBP"),
    Format.TIFF: pictures.encoded(pictures.drawing(), "TIFF"),
    Format.BMP: pictures.encoded(pictures.drawing(), "BMP"),
    Format.HEIC: pictures.photograph("HEIF"),
    Format.AVIF: pictures.encoded(pictures.drawing(), "AVIF"),
    Format.JPEG_2000: pictures.encoded(pictures.drawing(), "JPEG2000"),
    Format.PHOTOSHOP: b"8BPS\0\x01" + bytes(40),
    Format.JPEG_XL: b"\xff\x0a" + bytes(40),
}


@pytest.mark.parametrize("expected", DRAWN)
def test_each_format_is_told_by_its_content(expected: Format) -> None:
    """Nobody asks for a name or a content type."""
    header = read_header(DRAWN[expected][:HEAD_BYTES])

    assert header is not None
    assert header.format is expected


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8",
        b"hello",
        b"%PDF-1.4\n",
        b"PK\x03\x04" + bytes(60),
        b"BMW is a maker of cars and motor cycles",
        b"RIFF\0\0\0\0WAVEfmt ",
        struct.pack(">I4s4sI4s", 20, b"ftyp", b"isom", 0, b"mp41"),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"II*",
    ],
)
def test_what_is_no_image_is_told(content: bytes) -> None:
    """Texts, archives, sounds, films and beginnings that only look alike are no images."""
    assert read_header(content) is None


@pytest.mark.parametrize(
    ("orientation", "upright"),
    [(1, (640, 400)), (3, (640, 400)), (6, (400, 640)), (8, (400, 640))],
)
def test_size_and_orientation_of_a_photograph_are_read(
    orientation: int, upright: tuple[int, int]
) -> None:
    """What is stored lying is known to stand."""
    header = read_header(pictures.photograph(orientation=orientation))

    assert header == Header(Format.JPEG, 640, 400, orientation, plain=True)
    assert header.upright_size == upright


@pytest.mark.parametrize(
    ("options", "plain"),
    [
        ({}, True),
        ({"progressive": True}, True),
        ({"mode": "L"}, True),
        ({"mode": "CMYK"}, False),
    ],
)
def test_jpegs_that_rekognition_might_not_know_are_not_plain(
    options: dict[str, str], *, plain: bool
) -> None:
    """Four colours are for printers."""
    drawn = pictures.drawing(mode=str(options.pop("mode", "RGB")))
    header = read_header(pictures.encoded(drawn, "JPEG", **options))

    assert header is not None
    assert (header.width, header.height, header.plain) == (640, 400, plain)


def test_size_behind_large_metadata_is_found() -> None:
    """A profile of 60 KB and another stand before the size in many photographs."""
    content = pictures.encoded(pictures.drawing(), "JPEG", icc_profile=bytes(100_000))

    assert read_header(content[:HEAD_BYTES]) == Header(Format.JPEG, 640, 400, plain=True)


def test_size_that_does_not_come_early_is_unknown() -> None:
    """The first quarter of a megabyte is read, and no more."""
    content = pictures.encoded(pictures.drawing(), "JPEG", icc_profile=bytes(300_000))

    assert read_header(content[:HEAD_BYTES]) == Header(Format.JPEG)


@pytest.mark.parametrize("kept", [Format.JPEG, Format.PNG])
def test_what_ends_early_is_not_plain(kept: Format) -> None:
    """A cut image is not sent as it is, however good its beginning; nor one with a tail."""
    content = DRAWN[kept]
    header = read_header(content)
    assert header is not None

    assert with_end(header, content[-16:]).plain
    assert not with_end(header, content[-17:-1]).plain
    assert not with_end(header, content[-8:] + b"appended").plain


@given(st.binary(max_size=300), st.sampled_from(sorted(DRAWN)))
def test_hostile_headers_are_read_without_an_error(garbage: bytes, image_format: Format) -> None:
    """Whatever follows a good beginning, the answer is a header of that format."""
    header = read_header(DRAWN[image_format][:20] + garbage)

    assert header is not None
    assert header.format is image_format


@given(st.binary(max_size=64))
def test_hostile_orientations_are_upright(garbage: bytes) -> None:
    """An EXIF block may hold anything."""
    exif = b"Exif\0\0MM\0*" + garbage
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    header = read_header(b"\xff\xd8" + segment + DRAWN[Format.JPEG][2:])

    assert header is not None
    assert header.orientation in range(1, 9)
