"""Containers become uncompressed .cld files, and what is no container is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from functions.update_definitions.containers import Header, read_header, unpack
from functions.update_definitions.errors import UntrustedDefinitionsError

HEAD = b"ClamAV-VDB:22 Nov 2026 10-00 +0000:27:1000:90:X:X:tester:1795348800".ljust(512)
TAR = b"COPYING\0" + bytes(2000)


def test_header_tells_version_and_signatures(tmp_path: Path) -> None:
    """Both are read from the first 512 bytes."""
    path = tmp_path / "daily.cvd"
    path.write_bytes(HEAD + b"rest")
    assert read_header(path) == Header(version=27, signatures=1000)


@pytest.mark.parametrize(
    "content", [b"", b"ClamAV-VDB:", b"ClamAV-VDB:x:y:z", b"PK\3\4" * 200, HEAD.replace(b"2", b"x")]
)
def test_file_without_a_header_is_refused(tmp_path: Path, content: bytes) -> None:
    """The error names the file."""
    path = tmp_path / "daily.cvd"
    path.write_bytes(content)
    with pytest.raises(UntrustedDefinitionsError, match=r"daily\.cvd"):
        read_header(path)


def test_uncompressed_container_is_moved_as_it_is(tmp_path: Path) -> None:
    """A .cld of freshclam's own is in its quickest form already."""
    path, folder = tmp_path / "daily.cld", tmp_path / "candidate"
    folder.mkdir()
    path.write_bytes(HEAD + TAR)
    assert unpack(path, folder) == folder / "daily.cld"
    assert (folder / "daily.cld").read_bytes() == HEAD + TAR
    assert not path.exists()


def test_container_that_cannot_be_a_cld_stays_compressed(tmp_path: Path) -> None:
    """Only a tar that begins with COPYING is told from a compressed one."""
    path, folder = tmp_path / "daily.cvd", tmp_path / "candidate"
    folder.mkdir()
    content = HEAD + gzip.compress(b"daily.info\0" + bytes(2000))
    path.write_bytes(content)
    assert unpack(path, folder) == folder / "daily.cvd"
    assert [file.name for file in folder.iterdir()] == ["daily.cvd"]
    assert (folder / "daily.cvd").read_bytes() == content


@pytest.mark.parametrize(
    "packed", [b"no gzip at all", gzip.compress(TAR)[:-20]], ids=["foreign", "cut"]
)
def test_container_that_cannot_be_unpacked_is_refused(tmp_path: Path, packed: bytes) -> None:
    """A broken compression is an error, and no shorter database."""
    path, folder = tmp_path / "daily.cvd", tmp_path / "candidate"
    folder.mkdir()
    path.write_bytes(HEAD + packed)
    with pytest.raises(UntrustedDefinitionsError):
        unpack(path, folder)
