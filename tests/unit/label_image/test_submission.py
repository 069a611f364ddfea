"""Rekognition's limits decide how it gets an image, or that it gets none."""

from __future__ import annotations

import pytest

from functions.label_image.errors import ImageRefusedError
from functions.label_image.formats import DECODED, Format, Header
from functions.label_image.reasons import Reason
from functions.label_image.submission import check, check_bytes, goes_by_reference


def jpeg(width: int | None = 640, height: int | None = 400, *, plain: bool = True) -> Header:
    """Return the header of a JPEG."""
    return Header(Format.JPEG, width, height, plain=plain)


@pytest.mark.parametrize(
    ("header", "size_bytes", "pinned", "by_reference"),
    [
        (jpeg(), 1000, True, True),
        (Header(Format.PNG, 640, 400, plain=True), 1000, True, True),
        (jpeg(), 15_000_000, True, True),
        (jpeg(), 15_000_001, True, False),
        (jpeg(10_000, 10_000), 1000, True, True),
        (jpeg(10_001, 400), 1000, True, False),
        (jpeg(400, 10_001), 1000, True, False),
        (jpeg(None, None), 1000, True, False),
        (jpeg(plain=False), 1000, True, False),
        (jpeg(), 1000, False, False),
        (Header(Format.WEBP), 1000, True, False),
    ],
)
def test_only_plain_images_of_exact_versions_go_by_reference(
    header: Header, size_bytes: int, pinned: bool, by_reference: bool
) -> None:
    """15 MB, 10,000 pixels each way, JPEG or PNG, and a version that cannot change."""
    found = goes_by_reference(header, size_bytes, pinned_by_version=pinned)

    assert found is by_reference


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (jpeg(1, 1), Reason.TOO_SMALL),
        (jpeg(79, 5000), Reason.TOO_SMALL),
        (jpeg(5000, 79), Reason.TOO_SMALL),
        (Header(Format.AVIF), Reason.UNSUPPORTED_FORMAT),
        (Header(Format.PHOTOSHOP), Reason.UNSUPPORTED_FORMAT),
    ],
)
def test_what_no_form_would_help_is_refused_by_its_header(header: Header, reason: Reason) -> None:
    """Nothing is fetched or decoded for it."""
    with pytest.raises(ImageRefusedError) as refused:
        check(header)

    assert refused.value.reason is reason


@pytest.mark.parametrize("image_format", sorted(DECODED))
def test_formats_that_are_decoded_pass(image_format: Format) -> None:
    """A size that is not known yet is the decoder's to judge."""
    check(Header(image_format))


def test_eighty_pixels_are_enough() -> None:
    """The smallest image that Rekognition takes."""
    check(jpeg(80, 80))


def test_bytes_are_bounded() -> None:
    """One byte too many is refused before it is read."""
    check_bytes(100, 100)
    with pytest.raises(ImageRefusedError, match="101 bytes") as refused:
        check_bytes(101, 100)
    assert refused.value.reason is Reason.TOO_MANY_BYTES
