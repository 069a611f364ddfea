"""Images of every kind for the demo and the tests, drawn here: whole, turned, broken, hostile."""

import io
import random
import struct
import zlib
from typing import Any

from PIL import Image, ImageDraw

# Greenwich, in the way that cameras write it: what must never be copied out of an image.
LOCATION = {1: "N", 2: (51.0, 28.0, 38.0), 3: "W", 4: (0.0, 0.0, 5.0)}
OWNER = "Harbour Master's own camera"
_ORIENTATION, _MODEL, _GPS = 0x0112, 0x0110, 0x8825


def drawing(width: int = 640, height: int = 400, mode: str = "RGB") -> Image.Image:
    """Return a harbour scene; its upper left corner is red, its lower right one blue."""
    image = Image.new("RGB", (width, height), "skyblue")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, height * 6 // 10, width, height), fill="seagreen")
    left, right, water = width * 3 // 10, width * 7 // 10, height * 6 // 10
    draw.polygon([(left, water), (right, water), (width // 2, height // 5)], fill="white")
    corner = max(2, min(width, height) // 8)
    draw.rectangle((0, 0, corner, corner), fill="red")
    draw.rectangle((width - corner, height - corner, width, height), fill="blue")
    return image.convert(mode)


def encoded(image: Image.Image, image_format: str, **options: Any) -> bytes:
    """Return the image as a file of this format, in Pillow's name for it."""
    if image_format == "HEIF":
        from pillow_heif import register_heif_opener  # noqa: PLC0415 - large, and seldom needed

        register_heif_opener()
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def photograph(
    image_format: str = "JPEG", orientation: int = 1, width: int = 640, height: int = 400
) -> bytes:
    """Return a picture as a camera saves it: turned, with camera and place in its EXIF."""
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    exif[_MODEL] = OWNER
    exif.get_ifd(_GPS).update(LOCATION)
    return encoded(drawing(width, height), image_format, exif=exif.tobytes())


def animation(image_format: str = "GIF") -> bytes:
    """Return two frames: the drawing, then black."""
    frames = [drawing(), Image.new("RGB", (640, 400), "black")]
    return encoded(frames[0], image_format, save_all=True, append_images=frames[1:], duration=500)


def noise(width: int, height: int, image_format: str = "PNG") -> bytes:
    """Return an image that no format makes smaller."""
    content = random.Random(7).randbytes(width * height * 3)
    return encoded(Image.frombytes("RGB", (width, height), content), image_format)


def deep() -> Image.Image:
    """Return the drawing in grey of 16 bits, as scanners and telescopes save it."""
    return drawing(mode="L").convert("I").point(lambda value: value * 257).convert("I;16")


def tiff_with_huge_tiles() -> bytes:
    """Return a small TIFF whose one tile claims 60,000 pixels each way."""
    entries = (
        *((256, 200), (257, 200), (258, 8), (259, 8), (262, 1), (277, 1)),
        *((322, 60_000), (323, 60_000), (324, 200), (325, 8)),
    )
    listed = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    directory = struct.pack("<H", len(entries)) + listed + bytes(4)
    return (b"II*\0" + struct.pack("<I", 8) + directory).ljust(200, b"\0") + bytes(8)


def png_bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """Return a PNG of a few kilobytes that unpacks to gigabytes: an honest header, all zeros."""
    packer = zlib.compressobj(9)
    row = bytes(width // 8 + 1)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return _png(struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0), packed)


def lying_png(width: int, height: int) -> bytes:
    """Return a PNG whose header promises this size, and which holds nothing of it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _png(header, zlib.compress(b""))


def _png(header: bytes, packed: bytes) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        checksum = zlib.crc32(name + content)
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", checksum)

    chunks = chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks
