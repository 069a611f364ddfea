"""Decides in which form an image is shown to Rekognition, by what its header and size say.

Rekognition's limits, which cannot be raised: PNG and JPEG; 15 MB where it reads from S3, 5 MB
where it is sent the bytes; 80 to 10,000 pixels each way for DetectLabels and
DetectModerationLabels: https://docs.aws.amazon.com/rekognition/latest/dg/limits.html.
"""

from __future__ import annotations

from functions.label_image.errors import ImageRefusedError
from functions.label_image.formats import DECODED, Header
from functions.label_image.reasons import Reason

# "15 MB" is not said to be 15 MiB.
MAX_REFERENCE_BYTES = 15_000_000
# As the service's own model has it (Image.Bytes).
MAX_SENT_BYTES = 5_242_880
MIN_SIDE_PIXELS = 80
MAX_SIDE_PIXELS = 10_000


def goes_by_reference(header: Header, size_bytes: int, *, pinned_by_version: bool) -> bool:
    """Whether Rekognition can read the object itself, from the exact version.

    A reference without a version means whatever lies under the name by then, and Rekognition
    knows no condition: such objects are read here, by their ETag, and sent.
    """
    if not (pinned_by_version and header.plain and size_bytes <= MAX_REFERENCE_BYTES):
        return False
    return (
        header.width is not None
        and header.height is not None
        and (max(header.width, header.height) <= MAX_SIDE_PIXELS)
    )


def check(header: Header) -> None:
    """Raise ImageRefusedError where the header shows already that no form would be taken."""
    if header.format not in DECODED:
        raise ImageRefusedError(
            Reason.UNSUPPORTED_FORMAT, f"{header.format} is not one of {', '.join(sorted(DECODED))}"
        )
    if header.width is not None and header.height is not None:
        shorter = min(header.width, header.height)
        if shorter < MIN_SIDE_PIXELS:
            raise ImageRefusedError(
                Reason.TOO_SMALL,
                f"{header.width} × {header.height} pixels; Rekognition wants "
                f"{MIN_SIDE_PIXELS} at least each way",
            )


def check_bytes(size_bytes: int, max_bytes: int) -> None:
    """Raise ImageRefusedError where the object is too large to be read for decoding."""
    if size_bytes > max_bytes:
        raise ImageRefusedError(
            Reason.TOO_MANY_BYTES, f"{size_bytes} bytes; {max_bytes} are read at most"
        )
