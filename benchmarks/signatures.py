"""Makes the synthetic definitions: about a million signatures, the same ones on every machine.

    synthetic.hdb          600,000   MD5 of whole files
    synthetic.hsb          310,000   SHA-256 of whole files
    synthetic.ndb           90,000   byte sequences of 16 to 48 bytes, by kind of file as below
    eicar.ndb                    1   the standard test file, which the engine's proof needs
    tidegate-release.ndb         1   the canary of exactly this release

All random bytes come from one seeded generator, so the files, and with them every load and scan
time, are alike from run to run. The shares of the kinds of file imitate the vendor's own set:
most sequences are of Windows programs, few are looked for in every file.
"""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from clamav_layer import canary

# Fixed, valid as a release's id; a change of what is made here needs another one.
RELEASE = "20260101T000000Z-5eed0001"
_SEED = 20260101
_HASHED_FILES = {"hdb": (600_000, 16), "hsb": (310_000, 32)}
_SEQUENCES = 90_000
# ClamAV's target types: 1 Windows program, 3 HTML, 0 any file, 2 OLE2, 4 mail, 6 ELF, 7 text.
_TARGETS = (1, 3, 0, 2, 4, 6, 7)
_TARGET_WEIGHTS = (70, 10, 5, 5, 4, 3, 3)
_LARGEST_HASHED_BYTES = 4 * 1024 * 1024
_BLOCK = 10_000


def make(cache: Path) -> Path:
    """Return the folder with the definitions; made once, whole or not at all."""
    folder = cache / "definitions" / RELEASE
    if folder.is_dir():
        return folder
    partial = folder.with_name(f"{RELEASE}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    generator = random.Random(_SEED)
    for suffix, (count, digest_bytes) in _HASHED_FILES.items():
        _write(partial / f"synthetic.{suffix}", _hashes(generator, suffix, count, digest_bytes))
    _write(partial / "synthetic.ndb", _sequences(generator))
    eicar = canary.eicar().hex()
    _write(partial / "eicar.ndb", iter([f"Eicar-Test-Signature:0:0:{eicar}\n"]))
    (partial / canary.RELEASE_FILE).write_bytes(canary.release_signature(RELEASE))
    partial.rename(folder)
    return folder


def count(folder: Path) -> int:
    """Return how many signatures the folder holds."""
    total = 0
    for path in folder.iterdir():
        with path.open("rb") as lines:
            total += sum(1 for _ in lines)
    return total


def _hashes(generator: random.Random, suffix: str, number: int, digest_bytes: int) -> Iterator[str]:
    for first in range(0, number, _BLOCK):
        digests = generator.randbytes(digest_bytes * _BLOCK).hex()
        width = digest_bytes * 2
        for index in range(min(_BLOCK, number - first)):
            digest = digests[index * width : (index + 1) * width]
            # Small files are common, large ones are rare.
            size = 1 + int(_LARGEST_HASHED_BYTES * generator.random() ** 3)
            yield f"{digest}:{size}:Synthetic.{suffix.upper()}-{first + index}\n"


def _sequences(generator: random.Random) -> Iterator[str]:
    targets = generator.choices(_TARGETS, _TARGET_WEIGHTS, k=_SEQUENCES)
    for index, target in enumerate(targets):
        sequence = generator.randbytes(generator.randint(16, 48)).hex()
        yield f"Synthetic.NDB-{index}:{target}:*:{sequence}\n"


def _write(path: Path, lines: Iterator[str]) -> None:
    with path.open("w", encoding="ascii") as file:
        file.writelines(lines)
