"""The release in force, brought here and verified byte by byte."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from functions.scan_object.releases import NoDefinitionsError, Releases
from tests.unit.scan_object.fakes import NEWER_RELEASE, NOW, PLENTY, RELEASE
from tidegate.definitions import (
    CURRENT_KEY,
    CurrentRelease,
    DefinitionsError,
    Manifest,
    ManifestFile,
    file_key,
    manifest_key,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

FILES = {"main.cld": b"signatures" * 1000, "daily.cld": b"more", "empty.ndb": b""}


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    """An S3 with an empty definitions bucket."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="definitions")
        yield client


def publish(s3: S3Client, release: str = RELEASE) -> CurrentRelease:
    """Publish FILES as a release and put it in force."""
    files = tuple(
        ManifestFile(name, hashlib.sha256(body).hexdigest(), len(body), None)
        for name, body in FILES.items()
    )
    document = Manifest(release, NOW, "ClamAV 1.4.6", "test", 3, files).to_json()
    for name, body in FILES.items():
        s3.put_object(Bucket="definitions", Key=file_key(release, name), Body=body)
    s3.put_object(Bucket="definitions", Key=manifest_key(release), Body=document)
    current = CurrentRelease(release, None, hashlib.sha256(document).hexdigest(), NOW, NOW)
    s3.put_object(Bucket="definitions", Key=CURRENT_KEY, Body=current.to_json())
    return current


def test_release_is_fetched_whole(s3: S3Client, tmp_path: Path) -> None:
    """The folder has the release's name and all of its files."""
    current = publish(s3)
    releases = Releases(s3, "definitions", tmp_path)
    assert releases.current() == current
    folder = releases.fetch(current, PLENTY)
    assert folder == tmp_path / RELEASE
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == FILES


def test_unchanged_pointer_is_not_read_again(s3: S3Client, tmp_path: Path) -> None:
    """The second look-up is answered 304 and gives the same release."""
    current = publish(s3)
    releases = Releases(s3, "definitions", tmp_path)
    assert releases.current() == current
    assert releases.current() == current


def test_newer_pointer_is_noticed(s3: S3Client, tmp_path: Path) -> None:
    """A look-up after a publication gives the newer release."""
    releases = Releases(s3, "definitions", tmp_path)
    publish(s3)
    releases.current()
    publish(s3, NEWER_RELEASE)
    assert releases.current().release == NEWER_RELEASE


def test_empty_bucket_says_what_to_do(s3: S3Client, tmp_path: Path) -> None:
    """Before the first publication the error names the function to invoke."""
    with pytest.raises(NoDefinitionsError, match="UpdateDefinitions"):
        Releases(s3, "definitions", tmp_path).current()


@pytest.mark.parametrize("key", [file_key(RELEASE, "main.cld"), manifest_key(RELEASE)])
@pytest.mark.parametrize("damage", ["changed", "longer", "deleted"])
def test_release_that_differs_from_what_was_published_is_refused(
    s3: S3Client, tmp_path: Path, key: str, damage: str
) -> None:
    """One byte that is not as proven keeps the whole release from being used."""
    current = publish(s3)
    body = s3.get_object(Bucket="definitions", Key=key)["Body"].read()
    changed = {"changed": b"X" + body[1:], "longer": body + b" "}
    s3.delete_object(Bucket="definitions", Key=key)
    if damage in changed:
        s3.put_object(Bucket="definitions", Key=key, Body=changed[damage])
    releases = Releases(s3, "definitions", tmp_path)
    with pytest.raises(DefinitionsError):
        releases.fetch(current, PLENTY)
    assert not (tmp_path / RELEASE).exists()


def test_interrupted_fetch_is_begun_anew(s3: S3Client, tmp_path: Path) -> None:
    """What a killed fetch left is never taken for a release."""
    current = publish(s3)
    left = tmp_path / f"{RELEASE}.partial"
    left.mkdir()
    (left / "main.cld").write_bytes(b"half")
    folder = Releases(s3, "definitions", tmp_path).fetch(current, PLENTY)
    assert (folder / "main.cld").read_bytes() == FILES["main.cld"]


def test_other_releases_are_discarded(s3: S3Client, tmp_path: Path) -> None:
    """Ephemeral storage keeps one release."""
    releases = Releases(s3, "definitions", tmp_path)
    for release in (RELEASE, NEWER_RELEASE):
        releases.fetch(publish(s3, release), PLENTY)
    releases.discard_all_but(NEWER_RELEASE)
    assert [folder.name for folder in tmp_path.iterdir()] == [NEWER_RELEASE]
