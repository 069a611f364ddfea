"""What proves a copy true, and what it may lack."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.unit.quarantine_object.fakes import stored
from tidegate.errors import CopyMismatchError
from tidegate.objectref import ObjectRef
from tidegate.stored import Stored, differences, proofs

SHA256 = "ab" * 32
SHA256_TOLD = base64.b64encode(bytes.fromhex(SHA256)).decode()
MD5 = "0" * 32


def copied(**more: Any) -> Stored:
    return stored(ObjectRef("quarantine", "key", "c1", MD5), **more)


def original(**more: Any) -> Stored:
    return stored(ObjectRef("uploads", "key", "v1", MD5), **more)


def test_the_scanners_sha256_is_held_against_the_copys() -> None:
    """The strongest proof comes first."""
    copy = copied(checksums={"SHA256": SHA256_TOLD})
    assert proofs(copy, 68, SHA256, original()) == ("SHA256", "MD5", "size")


@pytest.mark.parametrize(
    ("copy", "sha256"),
    [
        (copied(checksums={"SHA256": SHA256_TOLD}), "cd" * 32),
        (copied(size_bytes=67), None),
        (copied(checksums={"CRC64NVME": "other"}), None),
        (stored(ObjectRef("quarantine", "key", "c1", "1" * 32)), None),
    ],
    ids=["sha256", "size", "crc", "md5"],
)
def test_any_difference_is_a_mismatch(copy: Stored, sha256: str | None) -> None:
    """One that differs outweighs all that agree."""
    with pytest.raises(CopyMismatchError):
        proofs(copy, 68, sha256, original(checksums={"CRC64NVME": "same"}))


def test_composed_checksums_and_etags_prove_nothing() -> None:
    """Parts were cut otherwise: not comparable, and not a mismatch."""
    answer = {
        "ETag": '"abc-3"',
        "ContentLength": 68,
        "LastModified": stored().modified_at,
        "ChecksumSHA256": "Zm9v-3",
        "ChecksumCRC64NVME": "same",
    }
    parts = Stored.of(ObjectRef("uploads", "key"), answer, {})
    assert parts.checksums == {"CRC64NVME": "same"}
    assert parts.md5 is None
    assert proofs(copied(), 68, None, parts) == ("size",)


def test_etag_of_parts_proves_where_it_is_alike_and_nothing_elsewhere() -> None:
    """Copies cut like the original have its ETag; others differ without being false."""
    source = stored(ObjectRef("uploads", "key", "v1", "abc-3"))
    alike = stored(ObjectRef("quarantine", "key", "c1", "abc-3"))
    unlike = stored(ObjectRef("quarantine", "key", "c1", "def-3"))
    assert proofs(alike, 68, SHA256, source) == ("MD5 of parts", "size")
    assert proofs(unlike, 68, None, source) == ("size",)


def test_kms_etag_is_no_md5() -> None:
    """With a KMS key the ETag is something else."""
    copy = copied(encryption="aws:kms")
    assert proofs(copy, 68, None, original()) == ("size",)


def test_scanned_content_without_a_checksum_is_unproven() -> None:
    """The size alone never costs an original that has a known SHA-256."""
    with pytest.raises(CopyMismatchError, match="no checksum"):
        proofs(copied(encryption="aws:kms"), 68, SHA256, original())


def test_empty_object_can_be_proven() -> None:
    """Nothing has a size too."""
    assert proofs(copied(size_bytes=0), 0, None, original(size_bytes=0))[-1] == "size"


def test_differences_name_header_metadata_and_tag() -> None:
    """Each thing that the copy lacks, by name; what was to be left out is not missed."""
    source = original(
        headers={"ContentType": "a/b", "CacheControl": "no-store"},
        metadata={"kept": "1", "lost": "2", "left-out": "3"},
        tags={"team": "a"},
    )
    copy = copied(headers={"ContentType": "a/b"}, metadata={"kept": "1"})
    wanted = {"kept": "1", "lost": "2"}
    assert differences(copy, source, wanted) == ("CacheControl", "metadata lost", "tag team")
