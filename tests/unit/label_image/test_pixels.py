"""Real image files of every kind become small upright JPEGs without a word of metadata."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from functions.label_image import pixels
from functions.label_image.pixels import Copy, RefusedError, upright_copy
from functions.label_image.reasons import Reason
from local import pictures

MAX_PIXELS = 2_000_000
DRAWN: dict[str, tuple[str, bytes]] = {
    "grey JPEG": ("JPEG", pictures.encoded(pictures.drawing(mode="L"), "JPEG")),
    "progressive JPEG": ("JPEG", pictures.encoded(pictures.drawing(), "JPEG", progressive=True)),
    "CMYK JPEG": ("JPEG", pictures.encoded(pictures.drawing(mode="CMYK"), "JPEG")),
    "PNG": ("PNG", pictures.encoded(pictures.drawing(), "PNG")),
    "PNG with palette": ("PNG", pictures.encoded(pictures.drawing(mode="P"), "PNG")),
    "PNG of one bit": ("PNG", pictures.encoded(pictures.drawing(mode="1"), "PNG")),
    "PNG of 16 bits": ("PNG", pictures.encoded(pictures.deep(), "PNG")),
    "GIF": ("GIF", pictures.animation()),
    "WebP": ("WEBP", pictures.encoded(pictures.drawing(), "WEBP", lossless=True)),
    "animated WebP": ("WEBP", pictures.animation("WEBP")),
    "TIFF": ("TIFF", pictures.encoded(pictures.drawing(), "TIFF", compression="tiff_lzw")),
    "CMYK TIFF": ("TIFF", pictures.encoded(pictures.drawing(mode="CMYK"), "TIFF")),
    "LAB TIFF": ("TIFF", pictures.encoded(Image.new("LAB", (640, 400), (200, 0, 0)), "TIFF")),
    "TIFF of floating point": ("TIFF", pictures.encoded(pictures.drawing(mode="F"), "TIFF")),
    "BMP": ("BMP", pictures.encoded(pictures.drawing(), "BMP")),
    "HEIC": ("HEIC", pictures.photograph("HEIF")),
}
# Names of the JPEG segments that say how to decode: all others are somebody's words.
DECODING = {0xC0, 0xC4, 0xDA, 0xDB, 0xE0}


def copy_of(kind: str) -> Copy:
    """Return the copy of one of the drawn files."""
    image_format, content = DRAWN[kind]
    return upright_copy(content, image_format, MAX_PIXELS)


def colour(copy: Copy, x: int, y: int) -> str:
    """Return which of the drawing's corners is seen there."""
    with Image.open(io.BytesIO(copy.content)) as image:
        pixel: Any = image.convert("RGB").getpixel((x % image.width, y % image.height))
    red, green, blue = pixel
    if red > 150 and blue < 120 and green < 120:
        return "red"
    if blue > 150 and red < 120 and green < 120:
        return "blue"
    return "other"


def segments(content: bytes) -> set[int]:
    """Return the markers of all segments of a JPEG up to its scan."""
    found, at = set(), 2
    while content[at + 1] != 0xDA:
        found.add(content[at + 1])
        at += 2 + int.from_bytes(content[at + 2 : at + 4])
    return found


@pytest.mark.parametrize("kind", DRAWN)
def test_every_kind_becomes_a_jpeg_of_its_size(kind: str) -> None:
    """Rekognition takes a JPEG of one or three colours and eight bits."""
    copy = copy_of(kind)

    assert (copy.width, copy.height) == (copy.sent_width, copy.sent_height) == (640, 400)
    with Image.open(io.BytesIO(copy.content)) as image:
        image.load()
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (640, 400))


@pytest.mark.parametrize("kind", sorted(DRAWN.keys() - {"LAB TIFF"}))
def test_every_kind_shows_what_was_drawn(kind: str) -> None:
    """The sky is lighter than the sea: no kind comes out black, white or inverted."""
    with Image.open(io.BytesIO(copy_of(kind).content)) as image:
        grey = image.convert("L").resize((64, 40))
        sky: Any = grey.getpixel((50, 4))
        sea: Any = grey.getpixel((20, 35))

    assert sky > sea + 20


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_orientation_of_exif_is_put_into_effect(orientation: int, image_format: str) -> None:
    """Whichever way the camera was held, the first corner is where EXIF says that it belongs."""
    content = pictures.photograph(image_format, orientation)
    copy = upright_copy(content, image_format, MAX_PIXELS)

    corner = {1: (1, 1), 2: (-2, 1), 3: (-2, -2), 4: (1, -2)} | {
        5: (1, 1),
        6: (-2, 1),
        7: (-2, -2),
        8: (1, -2),
    }
    assert (copy.width, copy.height) == ((640, 400) if orientation < 5 else (400, 640))
    assert colour(copy, *corner[orientation]) == "red"


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "exif",
    [
        b"Exif\0\0garbage!!",
        b"Exif\0\0II*\0",
        b"Exif\0\0II*\0\x08\0\0\0\x05\0\x12\x01",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x07\0\x04\0\0\0abcd\0\0\0\0",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x0b\0\x01\0\0\0\0\0\xc0\x7f\0\0\0\0",
        b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x05\0\x01\0\0\0\x1a\0\0\0"
        + bytes(4)
        + b"\x01"
        + bytes(7),
    ],
    ids=["no TIFF", "cut", "cut in the tag", "bytes", "NaN", "one divided by zero"],
)
def test_garbled_exif_is_no_fault_of_the_pixels(exif: bytes, image_format: str) -> None:
    """Cameras and editors write much that is wrong: the image is taken as it lies."""
    content = pictures.encoded(pictures.drawing(), image_format, exif=exif)

    copy = upright_copy(content, image_format, MAX_PIXELS)

    assert (copy.width, copy.height) == (640, 400)


def test_heic_is_turned_once() -> None:
    """The container's own rotation and EXIF's speak of the same turn."""
    copy = upright_copy(pictures.photograph("HEIF", 6), "HEIC", MAX_PIXELS)

    assert (copy.width, copy.height) == (400, 640)
    assert colour(copy, -8, 8) == "red"


@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "TIFF", "WEBP", "HEIF"])
def test_nothing_of_the_metadata_is_copied(image_format: str) -> None:
    """Neither place nor owner, nor any segment that is not needed to decode."""
    content = pictures.photograph(image_format)
    assert pictures.OWNER.encode() in content

    name = "HEIC" if image_format == "HEIF" else image_format
    copy = upright_copy(content, name, MAX_PIXELS)

    assert pictures.OWNER.encode() not in copy.content
    assert segments(copy.content) <= DECODING
    with Image.open(io.BytesIO(copy.content)) as image:
        assert dict(image.getexif()) == {}
        assert image.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_comments_and_profiles_stay_behind() -> None:
    """What Pillow would carry over by itself is taken away first."""
    content = pictures.encoded(
        pictures.drawing(), "JPEG", comment=b"from the harbour master", icc_profile=bytes(500)
    )

    assert segments(upright_copy(content, "JPEG", MAX_PIXELS).content) <= DECODING


def test_first_frame_alone_counts() -> None:
    """The second frame is black: the sky is still seen."""
    for image_format in ("GIF", "WEBP"):
        copy = upright_copy(pictures.animation(image_format), image_format, MAX_PIXELS)
        assert colour(copy, 1, 1) == "red"


def test_transparency_is_laid_on_white() -> None:
    """What cannot be seen is not shown black."""
    clear = Image.new("RGBA", (200, 200), (0, 0, 0, 0))
    copy = upright_copy(pictures.encoded(clear, "PNG"), "PNG", MAX_PIXELS)

    with Image.open(io.BytesIO(copy.content)) as image:
        assert image.getpixel((100, 100)) == (255, 255, 255)


def test_large_image_is_shrunk_to_what_is_sent() -> None:
    """The longer side is bounded; the whole image's size is told as well."""
    content = pictures.encoded(pictures.drawing(9000, 3000), "PNG")
    copy = upright_copy(content, "PNG", 30_000_000)

    assert (copy.width, copy.height) == (9000, 3000)
    assert max(copy.sent_width, copy.sent_height) <= pixels.MAX_SENT_SIDE_PIXELS
    assert copy.sent_width / copy.sent_height == pytest.approx(3, rel=0.01)


def test_image_that_no_quality_fits_is_halved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise does not compress: the copy becomes smaller until it fits."""
    monkeypatch.setattr(pixels, "MAX_SENT_BYTES", 60_000)
    copy = upright_copy(pictures.noise(800, 800), "PNG", MAX_PIXELS)

    assert len(copy.content) <= 60_000
    assert copy.sent_width < 800 == copy.width


@pytest.mark.parametrize(
    ("image_format", "content", "reason"),
    [
        ("PNG", pictures.png_bomb(3000, 3000), Reason.TOO_MANY_PIXELS),
        ("PNG", pictures.lying_png(2001, 1000), Reason.TOO_MANY_PIXELS),
        ("TIFF", pictures.tiff_with_huge_tiles(), Reason.TOO_MANY_PIXELS),
        ("PNG", pictures.encoded(pictures.drawing(1, 1), "PNG"), Reason.TOO_SMALL),
        ("GIF", pictures.encoded(pictures.drawing(1, 1), "GIF"), Reason.TOO_SMALL),
        ("WEBP", pictures.encoded(pictures.drawing(16000, 90), "WEBP"), Reason.TOO_SMALL),
    ],
    ids=["bomb", "one row too many", "tiles", "1×1 PNG", "1×1 GIF", "strip"],
)
def test_size_is_judged_before_a_pixel_is_decoded(
    image_format: str, content: bytes, reason: Reason
) -> None:
    """The header is enough to refuse."""
    with pytest.raises(RefusedError) as refused:
        upright_copy(content, image_format, MAX_PIXELS)

    assert refused.value.reason is reason


@pytest.mark.parametrize("kind", DRAWN)
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_truncated_file_is_broken(kind: str, kept: float) -> None:
    """Half an image is not labelled as if it were whole."""
    image_format, content = DRAWN[kind]
    answer, copy = pixels._answer(content[: int(len(content) * kept)], image_format, MAX_PIXELS)

    # Of an animation the first frame may be there whole.
    if kind in ("GIF", "animated WebP") and kept > 0.5 and "reason" not in answer:
        assert copy
        return
    assert (answer.get("reason"), copy) == (Reason.BROKEN.value, b"")
