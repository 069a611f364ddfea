"""A folder in ephemeral storage that belongs to this process alone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_PREFIX = "process-"


def private_folder(parent: Path) -> Path:
    """Make and return an empty folder for this process; remove those of processes that are gone.

    After a crash Lambda starts a new process on the same ephemeral storage, often under the same
    number, and what the old one left would fill it. The embedded AWS runs several beside each
    other on one disk.
    """
    parent.mkdir(parents=True, exist_ok=True)
    own = parent / f"{_PREFIX}{os.getpid()}"
    for folder in parent.glob(f"{_PREFIX}*"):
        number = folder.name.removeprefix(_PREFIX)
        if folder == own or not Path("/proc", number).exists():
            shutil.rmtree(folder, ignore_errors=True)
    own.mkdir(mode=0o700)
    return own
