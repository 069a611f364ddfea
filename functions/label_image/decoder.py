"""Runs the program that decodes images, bounded in memory and time.

A process for each image, for the decoders are written in C and the images come from anybody: one
that crashes, or takes more memory or time than it may, ends its own process and is refused,
instead of ending the function with all that it was working on, again and again. The process gets
none of the function's environment, and so none of its credentials; nor may it read them out of the
function's own process, which it could else, for both run as the same user.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from threading import Lock

from functions.label_image.errors import DecoderError, ImageRefusedError
from functions.label_image.formats import Format
from functions.label_image.reasons import Reason

_PROGRAM = "functions.label_image.pixels"
# Beyond the processor's time, for a machine that is busy.
_SPARE_SECONDS = 30
# Where the runtime keeps the libraries of its own Python.
_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "PATH")
# https://man7.org/linux/man-pages/man2/pr_set_dumpable.2const.html
_PR_SET_DUMPABLE = 4


@dataclass(frozen=True, slots=True)
class Copy:
    """A small upright JPEG of an image, without metadata, and the image's own size; pixels."""

    width: int
    height: int
    sent_width: int
    sent_height: int
    content: bytes


class Decoder:
    """Makes copies of images that Rekognition takes; one at a time, for each takes much memory."""

    def __init__(self, max_pixels: int, memory_bytes: int, cpu_seconds: int) -> None:
        self._limits = (max_pixels, memory_bytes, cpu_seconds)
        self._turn = Lock()
        # Closes this process's memory and environment to all others of its user.
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)

    def copy(self, content: bytes, image_format: Format) -> Copy:
        """Return the copy. Raises ImageRefusedError, and DecoderError, which is retried."""
        command = [sys.executable, "-s", "-B", "-m", _PROGRAM, image_format.value]
        command += [str(limit) for limit in self._limits]
        *_, cpu_seconds = self._limits
        try:
            with self._turn:
                finished = subprocess.run(
                    command,
                    input=content,
                    env=_environment(),
                    cwd="/",
                    capture_output=True,
                    check=False,
                    timeout=cpu_seconds + _SPARE_SECONDS,
                )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise DecoderError(f"the decoder did not answer: {error}") from error
        if finished.returncode < 0:
            raise ImageRefusedError(
                Reason.TOO_COSTLY, f"the decoder was ended by signal {-finished.returncode}"
            )
        if finished.returncode:
            last = finished.stderr.decode(errors="replace").strip().rpartition("\n")[-1]
            raise DecoderError(f"the decoder failed: {last}")
        return _copy(finished.stdout)


def _copy(answer: bytes) -> Copy:
    line, _, content = answer.partition(b"\n")
    facts = json.loads(line)
    if "reason" in facts:
        raise ImageRefusedError(Reason(facts["reason"]), facts["text"])
    return Copy(facts["width"], facts["height"], facts["sentWidth"], facts["sentHeight"], content)


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path), "LANG": "C.UTF-8"}
