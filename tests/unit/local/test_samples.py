"""The sample files are what they say, so that the verdicts on them mean something."""

from __future__ import annotations

import io
import tarfile
import zipfile

from local import samples


def test_encrypted_zip_opens_with_its_password_alone() -> None:
    """It is a true encrypted archive, not merely one that is marked so."""
    archive = zipfile.ZipFile(io.BytesIO(samples.encrypted_zip(samples.text(), b"low water")))
    assert archive.infolist()[0].flag_bits & 1
    assert archive.read("locked.txt", pwd=b"low water") == samples.text()


def test_nested_zip_holds_the_content_at_its_depth() -> None:
    """Opening it as often as it is deep gives the content back."""
    content = samples.nested_zip(b"inside", depth=3)
    for _ in range(3):
        archive = zipfile.ZipFile(io.BytesIO(content))
        (name,) = archive.namelist()
        content = archive.read(name)
    assert content == b"inside"


def test_tar_gz_holds_the_content() -> None:
    """It is a gzip-compressed tar archive."""
    with tarfile.open(fileobj=io.BytesIO(samples.tar_gz("a.txt", b"inside"))) as archive:
        member = archive.extractfile("a.txt")
        assert member is not None
        assert member.read() == b"inside"


def test_pdf_says_where_its_cross_reference_table_is() -> None:
    """The offset before the end of file is that of the table."""
    document = samples.pdf()
    offset = int(document.split(b"startxref\n")[1].split(b"\n")[0])
    assert document[offset:].startswith(b"xref\n")


def test_filler_has_exactly_the_size_asked_for() -> None:
    """Not a byte more or less, also around the length of its line."""
    assert [len(samples.filler(size)) for size in (0, 1, 40, 41, 1000)] == [0, 1, 40, 41, 1000]
