"""The file that is uploaded, and whether it is still the same."""

from __future__ import annotations

import mimetypes
import stat
from dataclasses import dataclass
from pathlib import Path

from tidegate_cli.errors import FileChangedError, UsageError


@dataclass(frozen=True, slots=True)
class Source:
    """A regular file as it was when its upload began."""

    path: Path
    size_bytes: int
    modified_ns: int
    inode: int

    @classmethod
    def of(cls, path: Path) -> Source:
        """Look at the file; UsageError where it is not one that can be read twice."""
        if str(path) == "-":
            raise UsageError(
                "standard input has no size by which to cut it into parts: write it to a file"
            )
        try:
            state = path.stat()
            # A pipe would be waited for.
            if not stat.S_ISREG(state.st_mode):
                raise UsageError(f"{path} is not a regular file")
            with path.open("rb"):
                pass
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror}") from error
        return cls(path, state.st_size, state.st_mtime_ns, state.st_ino)

    def check_unchanged(self) -> None:
        """Raise FileChangedError where size, time or identity are not what they were."""
        try:
            state = self.path.stat()
        except OSError as error:
            raise FileChangedError(f"{self.path} went away during its upload") from error
        then = (self.size_bytes, self.modified_ns, self.inode)
        if (state.st_size, state.st_mtime_ns, state.st_ino) != then:
            raise FileChangedError(f"{self.path} changed during its upload")

    @property
    def content_type(self) -> str:
        """The type that the file's name speaks of."""
        kind, encoding = mimetypes.guess_type(self.path.name)
        if encoding:
            # x.tar.gz is no tar: what the bytes are is what the encoding makes of them.
            return {"gzip": "application/gzip", "bzip2": "application/x-bzip2"}.get(
                encoding, "application/octet-stream"
            )
        return kind or "application/octet-stream"
