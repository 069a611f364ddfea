"""A private folder in ephemeral storage for one run."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from functions.update_definitions.errors import NoSpaceError

_NAME = "update-{}-"
_REMEDY = "Give the function more ephemeral storage"


@contextmanager
def workspace(parent: Path) -> Iterator[Path]:
    """Give a new folder, removed afterwards whatever happens.

    Folders of runs that were killed are removed first. A full disk becomes NoSpaceError.
    """
    parent.mkdir(parents=True, exist_ok=True)
    for left in parent.glob(_NAME.format("*") + "*"):
        if _is_orphan(left.name):
            shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(prefix=_NAME.format(os.getpid()), dir=parent) as folder:
        try:
            yield Path(folder)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise NoSpaceError(f"{parent} is full. {_REMEDY}") from error


def require_space(folder: Path, needed_bytes: int) -> None:
    """Raise NoSpaceError where the folder's file system has less than that left."""
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise NoSpaceError(f"{needed_bytes} bytes are needed, {free} are left. {_REMEDY}")


def _is_orphan(name: str) -> bool:
    process = name.split("-")[1]
    # A run of this very process would not come here: it works on one request at a time.
    return process == str(os.getpid()) or not Path("/proc", process).exists()
