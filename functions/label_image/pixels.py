"""The program that decodes hostile images, in a process of its own, and writes a small JPEG.

    python -m functions.label_image.pixels FORMAT MAX_PIXELS MEMORY_BYTES CPU_SECONDS

takes the image on its standard input and answers one line of JSON, then the JPEG's bytes:
`{"width", "height", "sentWidth", "sentHeight"}`, or only `{"reason", "text"}`. The first two are
the whole image's, upright. Limits are set before the first byte is read: whatever the image does
to the decoder, it costs this process and no other. Of the image's metadata only EXIF's orientation
is used, and none is written.
"""

from __future__ import annotations

import io
import json
import resource
import struct
import sys
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from functions.label_image.reasons import Reason

if TYPE_CHECKING:
    from PIL.Image import Image

# A longer side of this is more than labels need, and fits into what Rekognition takes.
MAX_SENT_SIDE_PIXELS = 4096
MIN_SENT_SIDE_PIXELS = 80
MAX_SENT_BYTES = 5_242_880
_QUALITIES = (88, 75, 60, 40)
# The formats that Pillow does not make known by itself.
_PLUGINS = {"TIFF": "Tiff", "WEBP": "WebP"}
_TILE_WIDTH, _TILE_LENGTH = 322, 323
_TRANSPOSITIONS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
_TURNED = frozenset({5, 6, 7, 8})
_ORIENTATION_TAG = 0x0112
# What Pillow raises over EXIF that makes no sense.
_GARBLED = (
    ArithmeticError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)


class RefusedError(Exception):
    """The image is refused, for this reason."""

    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Copy:
    """A JPEG, upright, and the size of the image that it was made from; pixels."""

    width: int
    height: int
    sent_width: int
    sent_height: int
    content: bytes


def upright_copy(content: bytes, image_format: str, max_pixels: int) -> Copy:
    """Return a copy that Rekognition takes. Raises RefusedError and what the decoder raises."""
    from PIL import Image  # noqa: PLC0415 - after the limits are set

    _register(image_format)
    with Image.open(io.BytesIO(content), formats=(_pillow_name(image_format),)) as image:
        width, height = image.size
        _check_size(image, max_pixels)
        # JPEG alone: decodes an eighth, a quarter or a half, whatever is large enough still.
        image.draft("RGB", (MAX_SENT_SIDE_PIXELS, MAX_SENT_SIDE_PIXELS))
        image.load()
        # Now, for TIFF and HEIC are turned by their decoders, which say so here.
        orientation = _orientation(image)
        small = _shrunk(_plain(image))
    if orientation in _TRANSPOSITIONS:
        small = small.transpose(Image.Transpose[_TRANSPOSITIONS[orientation]])
    if orientation in _TURNED:
        width, height = height, width
    if min(small.size) < MIN_SENT_SIDE_PIXELS:
        raise RefusedError(
            Reason.TOO_SMALL,
            f"{width} × {height} pixels: within {MAX_SENT_SIDE_PIXELS} the shorter side has "
            f"fewer than {MIN_SENT_SIDE_PIXELS}",
        )
    return _encoded(small, width, height)


def _orientation(image: Image) -> int:
    """Return EXIF's orientation; 1, which is upright, where there is none or EXIF is garbled."""
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except _GARBLED:
        return 1


def _register(image_format: str) -> None:
    """Make the format known to Pillow, which else would try all that it ever heard of."""
    if image_format == "HEIC":
        from pi_heif import register_heif_opener  # noqa: PLC0415 - needed by few images

        register_heif_opener(thumbnails=False)
    elif image_format in _PLUGINS:
        import_module(f"PIL.{_PLUGINS[image_format]}ImagePlugin")


def _pillow_name(image_format: str) -> str:
    return "HEIF" if image_format == "HEIC" else image_format


def _check_size(image: Image, max_pixels: int) -> None:
    width, height = image.size
    if min(width, height) < MIN_SENT_SIDE_PIXELS:
        raise RefusedError(
            Reason.TOO_SMALL,
            f"{width} × {height} pixels; Rekognition wants {MIN_SENT_SIDE_PIXELS} each way",
        )
    pixels = width * height
    # A TIFF is decoded tile by tile, and a tile may claim to be larger than the image.
    tags: Any = getattr(image, "tag_v2", {})
    pixels = max(pixels, int(tags.get(_TILE_WIDTH, 1)) * int(tags.get(_TILE_LENGTH, 1)))
    if pixels > max_pixels:
        raise RefusedError(
            Reason.TOO_MANY_PIXELS, f"{pixels} pixels; {max_pixels} are decoded at most"
        )


def _plain(image: Image) -> Image:
    """Return the image in grey, colour, or colour with transparency, 8 bits each."""
    if image.mode in ("P", "PA", "1", "La", "RGBa"):
        transparent = "transparency" in image.info or image.mode in ("PA", "La", "RGBa")
        return image.convert("RGBA" if transparent else "RGB")
    if image.mode.startswith("I;16"):
        return _scaled(image.convert("I"))
    if image.mode in ("I", "F"):
        return _scaled(image)
    if image.mode in ("L", "LA", "RGB", "RGBA"):
        return image
    try:
        return image.convert("RGB")
    except ValueError as error:
        raise RefusedError(Reason.UNSUPPORTED_FORMAT, f"colours of mode {image.mode}") from error


def _scaled(image: Image) -> Image:
    """Return wide or floating-point grey as 8 bits, from its darkest to its brightest."""
    extrema: Any = image.getextrema()
    low, high = extrema
    if not (abs(low) < float("inf") and abs(high) < float("inf")):
        raise RefusedError(Reason.BROKEN, "brightness without bounds")
    scale = 255 / (high - low) if high > low else 0
    return image.convert("F").point(lambda value: value * scale - low * scale).convert("L")


def _shrunk(image: Image) -> Image:
    """Return the image on white, without transparency, within the size that is sent."""
    from PIL import Image as images  # noqa: N813, PLC0415

    factor = max(image.size) // MAX_SENT_SIDE_PIXELS
    if factor > 1:
        image = image.reduce(factor)
    image.thumbnail((MAX_SENT_SIDE_PIXELS, MAX_SENT_SIDE_PIXELS))
    if image.mode in ("LA", "RGBA"):
        coloured = image.convert("RGBA")
        background = images.new("RGBA", coloured.size, "white")
        image = images.alpha_composite(background, coloured)
    return image.convert("RGB")


def _encoded(image: Image, width: int, height: int) -> Copy:
    # Comments and the like would come along.
    image.info.clear()
    while True:
        for quality in _QUALITIES:
            buffer = io.BytesIO()
            image.save(buffer, "JPEG", quality=quality)
            if buffer.tell() <= MAX_SENT_BYTES:
                return Copy(width, height, *image.size, buffer.getvalue())
        image = image.reduce(2)


def main(arguments: list[str]) -> None:
    """Decode what is on the standard input, within the limits given."""
    image_format, max_pixels, memory_bytes, cpu_seconds = arguments[0], *map(int, arguments[1:])
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    answer, content = _answer(sys.stdin.buffer.read(), image_format, max_pixels)
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + content)


def _answer(content: bytes, image_format: str, max_pixels: int) -> tuple[dict[str, Any], bytes]:
    try:
        copy = upright_copy(content, image_format, max_pixels)
    except RefusedError as error:
        return _refusal(error.reason, error)
    except MemoryError:
        return _refusal(Reason.TOO_COSTLY, "it takes more memory than there is for one image")
    except ImportError:
        # A decoder that is not there says nothing about the image.
        raise
    # A decoder given hostile bytes may raise anything; this process ends here in any case.
    except Exception as error:  # noqa: BLE001
        if type(error).__name__ == "DecompressionBombError":
            return _refusal(Reason.TOO_MANY_PIXELS, error)
        return _refusal(Reason.BROKEN, f"{type(error).__name__}: {error}")
    return {
        "width": copy.width,
        "height": copy.height,
        "sentWidth": copy.sent_width,
        "sentHeight": copy.sent_height,
    }, copy.content


def _refusal(reason: Reason, text: object) -> tuple[dict[str, Any], bytes]:
    return {"reason": reason.value, "text": str(text)[:500]}, b""


if __name__ == "__main__":
    main(sys.argv[1:])
