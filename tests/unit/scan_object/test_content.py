"""An object's exact content, brought here and let go."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from functions.scan_object.content import MEMORY_BYTES, ObjectTooLargeError, fetched
from functions.scan_object.deadline import DeadlineError
from functions.scan_object.download import PART_BYTES, StorageFullError, download
from tests.unit.scan_object.fakes import PAST, PLENTY
from tidegate.errors import (
    ObjectArchivedError,
    ObjectMissingError,
    ObjectReplacedError,
    TransientError,
)
from tidegate.objectref import ObjectRef
from tidegate.objects import Objects

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_BYTES = 1 << 30


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Client]:
    """An S3 with one versioned bucket."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="uploads")
        client.put_bucket_versioning(
            Bucket="uploads", VersioningConfiguration={"Status": "Enabled"}
        )
        yield client


def put(s3: S3Client, body: bytes, key: str = "key") -> ObjectRef:
    """Upload an object and return its exact name."""
    answer = s3.put_object(Bucket="uploads", Key=key, Body=body)
    return ObjectRef("uploads", key, answer["VersionId"], answer["ETag"].strip('"'))


@pytest.mark.parametrize(
    "size", [0, 1, MEMORY_BYTES, PART_BYTES + 1, 9 * PART_BYTES, 2 * PART_BYTES - 1]
)
def test_content_of_any_size_is_whole_and_hashed(s3: S3Client, tmp_path: Path, size: int) -> None:
    """Every byte arrives in its place, however many parts it came in."""
    body = os.urandom(1 << 20) * (size >> 20) + os.urandom(size & ((1 << 20) - 1))
    ref = put(s3, body)
    with fetched(
        Objects(s3), ref, max_bytes=MAX_BYTES, directory=tmp_path, deadline=PLENTY
    ) as content:
        assert content.state.ref == ref
        assert content.sha256 == hashlib.sha256(body).hexdigest()
        content.file.seek(0)
        assert hashlib.sha256(content.file.read()).hexdigest() == content.sha256


@pytest.mark.parametrize(("size", "where"), [(10, "/memfd:"), (MEMORY_BYTES + 1, "(deleted)")])
def test_content_has_no_name_that_could_be_left_behind(
    s3: S3Client, tmp_path: Path, size: int, where: str
) -> None:
    """Small content is in memory, large content in a file without a name; both are freed."""
    ref = put(s3, bytes(size))
    with fetched(
        Objects(s3), ref, max_bytes=MAX_BYTES, directory=tmp_path, deadline=PLENTY
    ) as content:
        descriptor = content.file.fileno()
        assert where in str(Path(f"/proc/self/fd/{descriptor}").readlink())
        assert list(tmp_path.iterdir()) == []
    assert content.file.closed


def test_object_over_the_limit_is_refused_before_a_byte_is_read(
    s3: S3Client, tmp_path: Path
) -> None:
    """The refusal tells size and exact version."""
    ref = put(s3, b"12345")
    with (
        pytest.raises(ObjectTooLargeError) as caught,
        fetched(Objects(s3), ref, max_bytes=4, directory=tmp_path, deadline=PAST),
    ):
        pass
    assert (caught.value.state.ref, caught.value.state.size_bytes) == (ref, 5)


def test_archived_object_is_not_restored(s3: S3Client, tmp_path: Path) -> None:
    """An object in an archive class is named as such."""
    s3.put_object(Bucket="uploads", Key="old", Body=b"x", StorageClass="DEEP_ARCHIVE")
    ref = ObjectRef("uploads", "old")
    with (
        pytest.raises(ObjectArchivedError),
        fetched(Objects(s3), ref, max_bytes=9, directory=tmp_path, deadline=PLENTY),
    ):
        pass


def test_deleted_version_is_missing(s3: S3Client, tmp_path: Path) -> None:
    """A version deleted between event and read is no failure of ours."""
    ref = put(s3, b"x")
    s3.delete_object(Bucket="uploads", Key="key", VersionId=ref.version_id or "")
    with (
        pytest.raises(ObjectMissingError),
        fetched(Objects(s3), ref, max_bytes=9, directory=tmp_path, deadline=PLENTY),
    ):
        pass


def test_older_version_is_read_though_a_newer_one_is_there(s3: S3Client, tmp_path: Path) -> None:
    """The version that the event spoke of is read, not the current one."""
    ref = put(s3, b"first")
    put(s3, b"second")
    with fetched(Objects(s3), ref, max_bytes=9, directory=tmp_path, deadline=PLENTY) as content:
        content.file.seek(0)
        assert content.file.read() == b"first"


def test_overwritten_object_without_version_is_replaced(s3: S3Client, tmp_path: Path) -> None:
    """Where only the ETag is known, other content is never taken for it."""
    etag = put(s3, b"first").etag
    put(s3, b"second")
    ref = ObjectRef("uploads", "key", None, etag)
    with (
        pytest.raises(ObjectReplacedError),
        fetched(Objects(s3), ref, max_bytes=9, directory=tmp_path, deadline=PLENTY),
    ):
        pass


def test_download_stops_at_the_deadline(s3: S3Client, tmp_path: Path) -> None:
    """No byte is copied once the time is up."""
    ref = put(s3, b"x")
    with (
        pytest.raises(DeadlineError),
        fetched(Objects(s3), ref, max_bytes=9, directory=tmp_path, deadline=PAST),
    ):
        pass


def test_full_ephemeral_storage_is_named(s3: S3Client) -> None:
    """A disk without room gives an error that says which parameter to raise."""
    objects = Objects(s3)
    state, body = objects.open(put(s3, b"x"))
    full = os.open("/dev/full", os.O_RDWR)
    try:
        with pytest.raises(StorageFullError, match="ScanEphemeralStorageMb"):
            download(objects, state, body, full, PLENTY)
    finally:
        os.close(full)


def test_stream_that_ends_early_is_an_error(s3: S3Client, tmp_path: Path) -> None:
    """A connection cut in the middle never passes for a short object."""
    objects = Objects(s3)
    state, _ = objects.open(put(s3, b"0123456789"))
    _, short = objects.open(put(s3, b"01234", key="other"))
    with (tmp_path / "file").open("w+b") as file, pytest.raises(TransientError, match="5 of 10"):
        download(objects, state, short, file.fileno(), PLENTY)
