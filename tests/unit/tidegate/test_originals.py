"""Exactly one version is deleted, by the call that can mean no other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tidegate.errors import AccessDeniedError, ObjectReplacedError
from tidegate.objectref import ObjectRef
from tidegate.originals import Originals

REF = ObjectRef("uploads", "in/box.bin", "version-1", "etag-1")
NAME = {"Bucket": REF.bucket, "Key": REF.key}


@dataclass
class FakeS3:
    """Answers HEAD and DELETE as told, and keeps what it was asked to delete."""

    head_refusal: str | None = None
    delete_refusal: str | None = None
    condition_refusal: str | None = None
    marker: str | None = None
    deletions: list[dict[str, Any]] = field(default_factory=list)
    heads: list[dict[str, Any]] = field(default_factory=list)

    def head_object(self, **asked: Any) -> dict[str, Any]:
        self.heads.append(asked)
        _refuse(self.head_refusal, "HeadObject")
        return {}

    def delete_object(self, **asked: Any) -> dict[str, Any]:
        _refuse(self.delete_refusal, "DeleteObject")
        if "IfMatch" in asked:
            _refuse(self.condition_refusal, "DeleteObject")
        self.deletions.append(asked)
        if self.marker and "VersionId" not in asked:
            return {"DeleteMarker": True, "VersionId": self.marker}
        return {}


def _refuse(code: str | None, call: str) -> None:
    if code:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, call)


def remove(s3: Any, version_id: str | None) -> None:
    """Delete REF in the given version."""
    Originals(s3).remove(replace(REF, version_id=version_id))


def test_version_is_deleted_by_its_id() -> None:
    """The id names the content for ever, and S3's condition would look at the current version."""
    s3 = FakeS3()
    remove(s3, "version-1")
    assert s3.deletions == [{**NAME, "VersionId": "version-1"}]


def test_without_versions_the_etag_is_the_condition() -> None:
    """S3 itself refuses when the object has been replaced."""
    s3 = FakeS3()
    remove(s3, None)
    assert s3.deletions == [{**NAME, "IfMatch": '"etag-1"'}]


@pytest.mark.parametrize("version_id", [None, "null"])
def test_delete_marker_is_taken_back(version_id: str | None) -> None:
    """A bucket that keeps versions by now hides the object: marker and object both go."""
    s3 = FakeS3(marker="marker-1")
    remove(s3, version_id)
    assert s3.deletions == [
        {**NAME, "IfMatch": '"etag-1"'},
        {**NAME, "VersionId": "marker-1"},
        {**NAME, "VersionId": "null"},
    ]


@pytest.mark.parametrize("version_id", [None, "null"])
def test_nothing_can_come_between_condition_and_deletion(version_id: str | None) -> None:
    """Where versioning is suspended, "null" is overwritten in place: one call, with the ETag.

    The marker that S3 puts there may be an upload by the time that a second call comes.
    """
    s3 = FakeS3(marker="null")
    remove(s3, version_id)
    assert s3.deletions == [{**NAME, "IfMatch": '"etag-1"'}]


def test_null_version_under_newer_ones_is_looked_at_just_before() -> None:
    """S3's condition is on the current version, which is another one."""
    s3 = FakeS3(condition_refusal="PreconditionFailed")
    remove(s3, "null")
    assert s3.heads == [{**NAME, "VersionId": "null", "IfMatch": '"etag-1"'}]
    assert s3.deletions == [{**NAME, "VersionId": "null"}]


def test_null_version_with_other_content_is_left() -> None:
    """The newcomer has not been scanned."""
    s3 = FakeS3(head_refusal="412", condition_refusal="PreconditionFailed")
    with pytest.raises(ObjectReplacedError):
        remove(s3, "null")
    assert s3.deletions == []


@pytest.mark.parametrize(
    ("s3", "version_id"),
    [
        (FakeS3(head_refusal="404", condition_refusal="NoSuchKey"), "null"),
        (FakeS3(delete_refusal="NoSuchKey"), None),
    ],
)
def test_deleted_already_is_done(s3: FakeS3, version_id: str | None) -> None:
    """Somebody else was quicker; there is nothing left to do."""
    remove(s3, version_id)
    assert s3.deletions == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [("PreconditionFailed", ObjectReplacedError), ("AccessDenied", AccessDeniedError)],
)
def test_refused_deletion_is_named(code: str, expected: type[Exception]) -> None:
    """Replaced, or locked or not permitted."""
    with pytest.raises(expected):
        remove(FakeS3(delete_refusal=code), None)
