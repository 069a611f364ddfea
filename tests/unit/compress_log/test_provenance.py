"""What a compressed log says of its original."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.compress_log import provenance
from tests.unit.compress_log.fakes import REF, SHA256, stored

NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=30)


def test_metadata_holds_the_originals_and_ours() -> None:
    """The owner's entries as they were; size, digest, ETag and version of the original beside."""
    kept, lost = provenance.metadata(stored(metadata={"owner": "harbour"}), SHA256)

    assert lost == ()
    assert kept["owner"] == "harbour"
    assert kept["tidegate-size"] == "11"
    assert kept["tidegate-sha256"] == SHA256
    assert (kept["tidegate-etag"], kept["tidegate-version"]) == ("etag-1", "version-1")
    assert kept["tidegate-origin"] == "s3://uploads/web/access-2026-11-25.log"
    assert kept["tidegate-content-type"] == "text/plain"


def test_entry_that_passes_for_ours_is_named_as_lost() -> None:
    """An uploader cannot write what the archive says of itself."""
    kept, lost = provenance.metadata(stored(metadata={"tidegate-sha256": "forged"}), SHA256)

    assert kept["tidegate-sha256"] == SHA256
    assert lost == ("tidegate-sha256",)


def test_entries_without_room_are_named_and_ours_stay() -> None:
    """S3 takes 2 KB: what proves the copy comes first."""
    kept, lost = provenance.metadata(stored(metadata={"big": "x" * 1900, "small": "y"}), SHA256)

    assert lost == ("big",)
    assert kept["small"] == "y"
    assert provenance.is_of(stored(metadata=kept), stored())


@given(st.dictionaries(NAMES, st.text("xyzü\x00", max_size=600), max_size=8))
def test_whatever_the_metadata_it_fits_and_nothing_vanishes(entries: dict[str, str]) -> None:
    """Within S3's limit, ASCII, and each entry is either carried or named."""
    kept, lost = provenance.metadata(stored(metadata=entries), SHA256)

    assert sum(len(name) + len(value) for name, value in kept.items()) <= 2048
    assert all(value.isascii() for value in kept.values())
    for name, value in entries.items():
        assert (kept.get(name) == value) != (name in lost)


def test_copy_is_recognised_by_all_of_its_marks() -> None:
    """One that was made of another version, content or size is another's."""
    original = stored()
    kept, _ = provenance.metadata(original, SHA256)

    assert provenance.is_of(stored(metadata=kept), original)
    assert provenance.told_sha256(stored(metadata=kept)) == SHA256
    for name in ("size", "etag", "version"):
        other = {**kept, f"tidegate-{name}": "other"}
        assert not provenance.is_of(stored(metadata=other), original)
    assert not provenance.is_of(stored(metadata={}), original)


@pytest.mark.parametrize("name", ["metadata", "headers", "tags", "bytes", "lastModified"])
def test_ledger_keeps_all_that_was_told_of_the_original(name: str) -> None:
    """Even what the copy has no room for can be found again."""
    facts = provenance.facts(stored(ref=REF, metadata={"big": "x" * 2000}, tags={"team": "a"}))

    assert facts[name]
