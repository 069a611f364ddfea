"""The decoder's process: bounded, without credentials, and never mistaken for the image's fault."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from functions.label_image.decoder import Decoder
from functions.label_image.errors import DecoderError, ImageRefusedError
from functions.label_image.formats import Format
from functions.label_image.reasons import Reason
from local import pictures

MEMORY_BYTES = 1536 * 1024 * 1024


def decoder(max_pixels: int = 64_000_000, memory_mb: int = 1536, seconds: int = 30) -> Decoder:
    """Return a decoder with the template's limits, or others."""
    return Decoder(max_pixels, memory_mb * 1024 * 1024, seconds)


def refusal(running: Decoder, content: bytes, image_format: Format) -> ImageRefusedError:
    """Return why the image is refused."""
    with pytest.raises(ImageRefusedError) as refused:
        running.copy(content, image_format)
    return refused.value


def test_copy_comes_back_whole() -> None:
    """Sizes and bytes are those that the program wrote."""
    copy = decoder().copy(pictures.photograph(orientation=6), Format.JPEG)

    assert (copy.width, copy.height, copy.sent_width, copy.sent_height) == (400, 640, 400, 640)
    assert copy.content.startswith(b"\xff\xd8\xff")
    assert copy.content.endswith(b"\xff\xd9")


def test_twenty_megabytes_come_back_within_what_rekognition_takes() -> None:
    """An image over its limit by reference is sent as a copy under its limit for bytes."""
    content = pictures.noise(2700, 2600)
    assert len(content) > 20_000_000

    assert len(decoder().copy(content, Format.PNG).content) <= 5_242_880


def test_bomb_is_refused_for_its_pixels() -> None:
    """A hundred kilobytes that would be a hundred megabytes are never unpacked."""
    bomb = pictures.png_bomb()
    assert len(bomb) < 200_000

    assert refusal(decoder(), bomb, Format.PNG).reason is Reason.TOO_MANY_PIXELS


def test_image_that_takes_too_much_memory_is_refused() -> None:
    """Whatever slips past the bound on pixels meets the bound on memory, and only there."""
    content = pictures.encoded(pictures.drawing(8000, 8000, "RGBA"), "PNG", compress_level=1)

    error = refusal(decoder(memory_mb=300), content, Format.PNG)

    assert error.reason is Reason.TOO_COSTLY
    assert decoder().copy(content, Format.PNG).width == 8000


def test_image_that_takes_too_long_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The processor's time is bounded; the wall's is not the image's fault."""
    endless = tmp_path / "PIL"
    endless.mkdir()
    (endless / "__init__.py").write_text("while True: pass")
    monkeypatch.syspath_prepend(tmp_path)

    error = refusal(decoder(seconds=1), pictures.photograph(), Format.JPEG)

    assert error.reason is Reason.TOO_COSTLY
    assert "signal" in str(error)


def test_truncated_image_is_broken() -> None:
    """Its process ends in good order and says what it met."""
    error = refusal(decoder(), pictures.photograph()[:3000], Format.JPEG)

    assert error.reason is Reason.BROKEN
    assert "truncated" in str(error)


def test_process_gets_nothing_of_the_functions_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The code that reads hostile bytes has no credentials to lose."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    seen = tmp_path / "seen"
    interpreter = tmp_path / "python"
    interpreter.write_text(f'#!/bin/sh\nenv > {seen}\nexec {sys.executable} "$@"\n')
    interpreter.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(interpreter))

    decoder().copy(pictures.photograph(), Format.JPEG)

    assert "PYTHONPATH" in seen.read_text()
    assert "secret" not in seen.read_text()
    assert "AWS" not in seen.read_text()


def test_function_is_closed_to_processes_of_its_user() -> None:
    """Else /proc would tell the decoder the environment that it was not given."""
    pr_get_dumpable = 3
    program = (
        "import ctypes; from functions.label_image.decoder import Decoder; Decoder(1, 1, 1); "
        f"print(ctypes.CDLL(None).prctl({pr_get_dumpable}, 0, 0, 0, 0))"
    )
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    answer = subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)

    assert answer == "0\n"


def test_decoder_that_cannot_run_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without Python says nothing about the image."""
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")

    with pytest.raises(DecoderError, match="did not answer"):
        decoder().copy(pictures.photograph(), Format.JPEG)


def test_decoder_that_fails_by_itself_is_retried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does a program that cannot be imported."""
    monkeypatch.setattr(sys, "path", ["/nonexistent"])

    with pytest.raises(DecoderError, match="failed"):
        decoder().copy(pictures.photograph(), Format.JPEG)


def test_library_that_is_not_there_is_retried(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A package that lacks what it needs must not have every image recorded as broken."""
    incomplete = tmp_path / "PIL"
    incomplete.mkdir()
    (incomplete / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(DecoderError, match="ImportError"):
        decoder().copy(pictures.photograph(), Format.JPEG)


def test_decoder_that_crashes_costs_one_image(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A decoder brought down by an image is that image's fault, and the function goes on."""
    interpreter = tmp_path / "python"
    interpreter.write_text("#!/bin/sh\nkill -SEGV $$\n")
    interpreter.chmod(0o755)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "executable", str(interpreter))
        error = refusal(decoder(), pictures.photograph(), Format.JPEG)

    assert error.reason is Reason.TOO_COSTLY
    assert decoder().copy(pictures.photograph(), Format.JPEG).width == 640


def test_images_are_decoded_one_at_a_time() -> None:
    """Two threads of a batch share the memory of one image; both get their own answer."""
    running = decoder()
    files = [pictures.photograph(width=100 + number, height=100) for number in range(4)]

    with ThreadPoolExecutor(4) as pool:
        copies = pool.map(lambda content: running.copy(content, Format.JPEG), files)

    assert [copy.width for copy in copies] == [100, 101, 102, 103]


@pytest.mark.parametrize(
    ("image_format", "options"),
    [
        ("WEBP", {"mode": "RGB", "lossless": True, "quality": 0, "method": 0}),
        ("TIFF", {"mode": "F", "compression": "tiff_adobe_deflate"}),
        ("JPEG", {"mode": "CMYK", "progressive": True}),
    ],
)
def test_largest_image_allowed_fits_into_the_functions_memory(
    image_format: str, options: dict[str, object]
) -> None:
    """What the bound on pixels lets in, that on memory lets through, in the costliest modes."""
    drawn = pictures.drawing(8000, 8000, str(options["mode"]))
    more = {name: value for name, value in options.items() if name != "mode"}
    content = pictures.encoded(drawn, image_format, **more)

    copy = decoder().copy(content, Format(image_format))

    assert (copy.width, copy.height) == (8000, 8000)


def test_program_writes_no_file(tmp_path: Path) -> None:
    """Its own limits forbid it, whatever a decoder wishes."""
    script = (
        "import io, sys; from functions.label_image import pixels;"
        "sys.stdin = io.TextIOWrapper(io.BytesIO(b''));"
        f"pixels.main(['JPEG', '1', '{MEMORY_BYTES}', '5']);"
        f"open({str(tmp_path / 'file')!r}, 'w').write('x')"
    )
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}
    finished = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, check=False
    )

    assert b"File too large" in finished.stderr
    assert (tmp_path / "file").read_text() == ""
