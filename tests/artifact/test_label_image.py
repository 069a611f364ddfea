"""The decoders that label_image brings along, in its artifact with nothing else on the path."""

from __future__ import annotations

import json
import subprocess

import pytest

from local import pictures
from tests.artifact.test_functions import BUILD, RUNTIME

ARTIFACT = BUILD / "LabelImageFunction"
MEMORY_BYTES = 1536 * 1024 * 1024

FILES = {
    "JPEG": pictures.photograph(),
    "PNG": pictures.encoded(pictures.drawing(), "PNG"),
    "GIF": pictures.animation(),
    "WEBP": pictures.animation("WEBP"),
    "TIFF": pictures.encoded(pictures.drawing(), "TIFF", compression="tiff_lzw"),
    "BMP": pictures.encoded(pictures.drawing(), "BMP"),
    "HEIC": pictures.photograph("HEIF"),
}


@pytest.mark.parametrize("image_format", FILES)
def test_each_format_is_decoded_by_the_artifact_alone(image_format: str) -> None:
    """What was left out of the packages is missed by no format that the function decodes."""
    finished = subprocess.run(
        [
            *(str(RUNTIME), "-s", "-B", "-m", "functions.label_image.pixels"),
            *(image_format, "64000000", str(MEMORY_BYTES), "30"),
        ],
        input=FILES[image_format],
        env={"PYTHONPATH": str(ARTIFACT)},
        cwd="/",
        capture_output=True,
        check=True,
        timeout=60,
    )
    line, _, content = finished.stdout.partition(b"\n")

    assert json.loads(line) == {"width": 640, "height": 400, "sentWidth": 640, "sentHeight": 400}
    assert content.startswith(b"\xff\xd8\xff")


def test_licences_of_the_decoders_are_there() -> None:
    """What is distributed with the suite is distributed with its licence."""
    licences: dict[str, str] = {}
    for path in ARTIFACT.glob("*.dist-info/licenses/LICENSE*"):
        package = path.parents[1].name.partition("-")[0]
        licences[package] = licences.get(package, "") + path.read_text()

    assert licences.keys() == {"pillow", "pi_heif"}
    assert "libheif" in licences["pi_heif"]
