"""Brings one object's exact content here: small ones into memory, large ones into a nameless file.

The file is anonymous either way (memfd, or O_TMPFILE in ephemeral storage): its name cannot be
guessed, reused or left behind, and the system frees it even if the process is killed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from functions.scan_object.deadline import Deadline
from functions.scan_object.download import download
from tidegate.errors import ObjectArchivedError, ObjectError
from tidegate.objectref import ObjectRef
from tidegate.objects import ARCHIVE_CLASSES, Objects, ObjectState

MEMORY_BYTES = 16 * 1024 * 1024


class ObjectTooLargeError(ObjectError):
    """The object is larger than the limit; nothing of it was read. Not retried."""

    def __init__(self, state: ObjectState, max_bytes: int) -> None:
        super().__init__(f"{state.ref} has {state.size_bytes} bytes, the limit is {max_bytes}")
        self.state = state


@dataclass(frozen=True, slots=True)
class Content:
    """An object's content, open for reading at any place, and proof of what it is."""

    file: BinaryIO
    state: ObjectState
    sha256: str


@contextmanager
def fetched(
    objects: Objects, ref: ObjectRef, *, max_bytes: int, directory: Path, deadline: Deadline
) -> Iterator[Content]:
    """Give the block the whole content of exactly this object, and free it afterwards.

    Raises ObjectTooLargeError and ObjectArchivedError before a byte is read, StorageFullError,
    DeadlineError, and what `Objects` raises.
    """
    with ExitStack() as resources:
        state, body = objects.open(ref)
        resources.callback(body.close)
        if state.size_bytes > max_bytes:
            raise ObjectTooLargeError(state, max_bytes)
        if state.storage_class in ARCHIVE_CLASSES:
            raise ObjectArchivedError(f"{state.ref} is in {state.storage_class}")
        file = resources.enter_context(_anonymous_file(state.size_bytes, directory))
        sha256 = download(objects, state, body, file.fileno(), deadline)
        yield Content(file, state, sha256)


def _anonymous_file(size_bytes: int, directory: Path) -> BinaryIO:
    if size_bytes <= MEMORY_BYTES:
        return os.fdopen(os.memfd_create("object", os.MFD_CLOEXEC), "w+b", buffering=0)
    return tempfile.TemporaryFile(dir=directory, buffering=0)
