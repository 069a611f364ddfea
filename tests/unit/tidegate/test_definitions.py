"""The documents of the definitions bucket: read as they were written, or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tidegate.definitions import (
    RELEASE_CANARY_NAME,
    CurrentRelease,
    DefinitionsError,
    Manifest,
    ManifestFile,
    file_key,
    fingerprint,
    manifest_key,
    new_release_id,
)

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
RELEASE = "20261122T120000Z-0123abcd"
SHA256 = "ab" * 32
FILE = ManifestFile("main.cld", SHA256, 1000, 62)
CURRENT = CurrentRelease(
    release=RELEASE,
    previous="20261121T120000Z-0123abcd",
    manifest_sha256=SHA256,
    published_at=NOON,
    verified_at=NOON + timedelta(hours=3),
    held_back=("cd" * 32,),
)
MANIFEST = Manifest(
    release=RELEASE,
    created_at=NOON,
    engine="1.4.6",
    origin="database.clamav.net",
    signatures=8_000_000,
    files=(FILE, ManifestFile("own.ndb", SHA256, 0, None)),
)


def changed(document: bytes, **fields: Any) -> bytes:
    """The document with other values; a field is left out by the value `...`."""
    values = json.loads(document) | fields
    return json.dumps({key: value for key, value in values.items() if value is not ...}).encode()


def test_documents_are_read_as_they_were_written() -> None:
    """Nothing is lost on the way, and the same content gives the same bytes."""
    assert CurrentRelease.from_json(CURRENT.to_json()) == CURRENT
    assert Manifest.from_json(MANIFEST.to_json()) == MANIFEST
    assert Manifest.from_json(MANIFEST.to_json()).to_json() == MANIFEST.to_json()


def test_first_release_has_no_previous() -> None:
    """Null is what stands there, and nothing is held back."""
    first = CurrentRelease(RELEASE, None, SHA256, NOON, NOON)
    assert json.loads(first.to_json())["previous"] is None
    assert CurrentRelease.from_json(first.to_json()) == first


@pytest.mark.parametrize(
    "document", [b"", b"{", b"[]", b"7", b"\xff", b"{}", b" " * (2 << 20)], ids=range(7)
)
def test_what_is_no_document_is_an_error(document: bytes) -> None:
    """Neither kind of document is made up from it."""
    with pytest.raises(DefinitionsError):
        CurrentRelease.from_json(document)
    with pytest.raises(DefinitionsError):
        Manifest.from_json(document)


@pytest.mark.parametrize(
    "fields",
    [
        {"schemaVersion": "2.0"},
        {"schemaVersion": ...},
        {"release": ...},
        {"release": "../../etc"},
        {"release": f"{RELEASE}\n"},
        {"release": 7},
        {"previous": "none"},
        {"manifestSha256": "ab"},
        {"manifestSha256": "AB" * 32},
        {"publishedAt": "yesterday"},
        {"verifiedAt": "2026-11-22T12:00:00"},
        {"verifiedAt": ...},
        {"heldBack": "ab"},
        {"heldBack": [7]},
        {"heldBack": ["ab"]},
    ],
)
def test_current_json_with_a_wrong_field_is_refused(fields: dict[str, Any]) -> None:
    """Each field is there, of its type and of its form."""
    with pytest.raises(DefinitionsError):
        CurrentRelease.from_json(changed(CURRENT.to_json(), **fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"release": "x"},
        {"createdAt": 7},
        {"signatures": -1},
        {"signatures": True},
        {"signatures": "8"},
        {"engine": ...},
        {"files": ...},
        {"files": []},
        {"files": ["main.cld"]},
        {"files": [{"name": "main.cld", "sha256": SHA256, "bytes": 1}] * 2},
        {"files": [{"name": "../main.cld", "sha256": SHA256, "bytes": 1}]},
        {"files": [{"name": "a/main.cld", "sha256": SHA256, "bytes": 1}]},
        {"files": [{"name": ".main.cld", "sha256": SHA256, "bytes": 1}]},
        {"files": [{"name": "manifest.json", "sha256": SHA256, "bytes": 1}]},
        {"files": [{"name": "main.cld", "sha256": "x", "bytes": 1}]},
        {"files": [{"name": "main.cld", "sha256": SHA256, "bytes": 1 << 40}]},
        {"files": [{"name": "main.cld", "sha256": SHA256, "bytes": -1}]},
        {"files": [{"name": "main.cld", "sha256": SHA256, "bytes": 1, "version": "62"}]},
        {"files": [{"name": f"{n}.ndb", "sha256": SHA256, "bytes": 1} for n in range(201)]},
    ],
    ids=range(19),
)
def test_manifest_with_a_wrong_field_is_refused(fields: dict[str, Any]) -> None:
    """In particular no name leads out of the release's folder."""
    with pytest.raises(DefinitionsError):
        Manifest.from_json(changed(MANIFEST.to_json(), **fields))


def test_later_minor_schema_is_understood() -> None:
    """Fields that are added do not stop older readers."""
    document = changed(CURRENT.to_json(), schemaVersion="1.7", more=1)
    assert CurrentRelease.from_json(document) == CURRENT


def test_fingerprint_knows_a_database_by_its_version_in_any_form() -> None:
    """A .cvd and the .cld made of it are the same set."""
    other_form = ManifestFile("main.cvd", "cd" * 32, 500, 62)
    assert fingerprint([FILE]) == fingerprint([other_form])
    assert fingerprint([FILE]) != fingerprint([ManifestFile("main.cld", SHA256, 1000, 63)])


def test_fingerprint_knows_other_files_by_their_content() -> None:
    """And leaves out the canary, which is another in each release."""
    own, other = (ManifestFile("own.ndb", digest * 32, 9, None) for digest in ("ab", "cd"))
    canary = ManifestFile(RELEASE_CANARY_NAME, SHA256, 9, None)
    assert fingerprint([own]) != fingerprint([other])
    assert fingerprint([own]) == fingerprint([own, canary])
    assert fingerprint([own, FILE]) == fingerprint([FILE, own])


def test_release_ids_sort_by_time() -> None:
    """An hour later, and in whichever time zone, the id is greater."""
    first = new_release_id(NOON, [FILE])
    later = new_release_id(NOON + timedelta(hours=1), [FILE])
    assert first.startswith("20261122T120000Z-")
    assert first < later
    assert first[-8:] == later[-8:]


def test_keys_are_within_the_releases_folder() -> None:
    """Nothing but an id names a release."""
    assert manifest_key(RELEASE) == f"releases/{RELEASE}/manifest.json"
    assert file_key(RELEASE, "main.cld") == f"releases/{RELEASE}/main.cld"
    with pytest.raises(DefinitionsError):
        file_key("..", "main.cld")


def test_age_counts_from_the_last_confirmation() -> None:
    """Not from publication; and a clock that is behind makes nothing younger than new."""
    assert CURRENT.age_hours(NOON + timedelta(hours=5)) == pytest.approx(2.0)
    assert CURRENT.age_hours(NOON) == 0.0
