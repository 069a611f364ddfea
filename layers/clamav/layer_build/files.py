"""Copying files, and the errors and messages of the build."""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path


class BuildError(Exception):
    """The layer cannot be built here; the message says why and what to do."""


def report(message: str) -> None:
    """Tells the person who builds; SAM shows what is on the error output."""
    sys.stderr.write(f"clamav layer: {message}\n")


def install(source: Path, target: Path, mode: int) -> None:
    """Copies a file's content and sets its mode."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(mode)


def within(path: Path, folder: Path) -> Path:
    """Returns what the path stands for, with absolute links read inside the unpacked package."""
    while path.is_symlink():
        link = path.readlink()
        path = folder / link.relative_to("/") if link.is_absolute() else path.parent / link
    return path


def sha256(path: Path) -> str:
    """Returns the file's sha256 in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
