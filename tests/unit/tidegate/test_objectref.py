"""An object's name is taken as it is, within S3's bounds."""

from __future__ import annotations

import pytest

from tidegate.errors import MalformedEventError
from tidegate.objectref import ObjectRef


@pytest.mark.parametrize("key", ["a", "x" * 1024, "漢" * 341, "../up", "/", " ", "\n", "a\0b"])
def test_key_within_bounds_is_taken(key: str) -> None:
    """Any text of 1 to 1024 bytes is a key."""
    assert ObjectRef("uploads", key).key == key


@pytest.mark.parametrize("key", ["", "x" * 1025, "漢" * 342, "\ud800"])
def test_key_out_of_bounds_is_malformed(key: str) -> None:
    """S3 can have no such object."""
    with pytest.raises(MalformedEventError):
        ObjectRef("uploads", key)


@pytest.mark.parametrize("bucket", ["abc", "a.b-c", "My_Old_Bucket", "a" * 255])
def test_bucket_of_any_age_is_taken(bucket: str) -> None:
    """Old buckets may have names that new ones may not."""
    assert ObjectRef(bucket, "key").bucket == bucket


@pytest.mark.parametrize(
    "bucket", ["", "ab", "-abc", "abc/def", "a b", "a\n", "arn:aws:s3:::b", "ü" * 5]
)
def test_bucket_that_cannot_be_is_malformed(bucket: str) -> None:
    """Nothing that could be taken for a path or a host gets through."""
    with pytest.raises(MalformedEventError):
        ObjectRef(bucket, "key")


def test_text_shows_control_characters() -> None:
    """A hostile key cannot break a log line."""
    assert str(ObjectRef("uploads", "a\nb", "v1")) == r"s3://uploads/'a\nb'?versionId=v1"
