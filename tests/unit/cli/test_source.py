"""The file, and whether it is still the same."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tidegate_cli.errors import FileChangedError, UsageError
from tidegate_cli.source import Source


def test_unchanged_file_passes(file: Path) -> None:
    """Being read is no change."""
    source = Source.of(file)
    file.read_bytes()
    source.check_unchanged()
    assert source.size_bytes == len(b"Present: all.\n")


def test_file_of_other_length_is_noticed(file: Path) -> None:
    """A log that grows while it is sent is another file."""
    source = Source.of(file)
    file.write_bytes(b"Present: all, later.\n")
    with pytest.raises(FileChangedError, match="changed"):
        source.check_unchanged()


def test_file_written_over_in_place_is_noticed(file: Path) -> None:
    """The same length at another time is another file."""
    source = Source.of(file)
    os.utime(file, ns=(source.modified_ns, source.modified_ns + 1))
    with pytest.raises(FileChangedError):
        source.check_unchanged()


def test_file_put_in_its_place_is_noticed(file: Path, tmp_path: Path) -> None:
    """A file renamed over it is another, even of the same length and time."""
    source = Source.of(file)
    other = tmp_path / "other"
    other.write_bytes(file.read_bytes())
    os.utime(other, ns=(source.modified_ns, source.modified_ns))
    other.rename(file)
    with pytest.raises(FileChangedError):
        source.check_unchanged()


def test_file_that_went_away_is_noticed(file: Path) -> None:
    """What cannot be looked at any more is not the same."""
    source = Source.of(file)
    file.unlink()
    with pytest.raises(FileChangedError, match="went away"):
        source.check_unchanged()


def test_what_cannot_be_read_twice_is_refused(tmp_path: Path) -> None:
    """Standard input, folders, pipes and what is not there; a pipe is not waited for."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (Path("-"), tmp_path, pipe, tmp_path / "missing"):
        with pytest.raises(UsageError):
            Source.of(path)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("page.html", "text/html"),
        ("photo.png", "image/png"),
        ("backup.tar.gz", "application/gzip"),
        ("dump.bz2", "application/x-bzip2"),
        ("access.log.xz", "application/octet-stream"),
        ("unheard.of", "application/octet-stream"),
    ],
)
def test_type_is_what_the_name_speaks_of(tmp_path: Path, name: str, kind: str) -> None:
    """A compressed file is of its compression's type, not of what is in it."""
    path = tmp_path / name
    path.write_bytes(b"x")
    assert Source.of(path).content_type == kind
