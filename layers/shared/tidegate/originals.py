"""Deletes one exact object version for good, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.errors import ObjectMissingError, ObjectReplacedError, object_errors
from tidegate.objectref import ObjectRef
from tidegate.objects import selector

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NULL_VERSION = "null"


class Originals:
    """The objects in the protected buckets."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    def remove(self, ref: ObjectRef) -> None:
        """Delete the version that `ref`, as a HEAD answered it, names; done already is done.

        A version id names its content for ever. An object without one, and the version "null",
        can be overwritten in place: S3 itself is told to delete only while the ETag is the same.
        Where versioning is suspended, S3 leaves a delete marker in its place, and so do we: the
        marker is "null" too, and to take it off could delete an upload that has just replaced it.
        Raises ObjectReplacedError where other content is there now, AccessDeniedError for Object
        Lock, a legal hold and missing permission.
        """
        if ref.version_id not in (None, NULL_VERSION):
            self._delete(ref, ref.version_id)
            return
        try:
            self._remove_current(ref)
        except (ObjectMissingError, ObjectReplacedError) as error:
            if ref.version_id == NULL_VERSION:
                self._remove_beneath(ref)
            elif isinstance(error, ObjectReplacedError):
                raise

    def _remove_current(self, ref: ObjectRef) -> None:
        """Delete the object while it is what everybody sees under its name."""
        with object_errors(f"delete {ref}"):
            answer = self._s3.delete_object(Bucket=ref.bucket, Key=ref.key, IfMatch=f'"{ref.etag}"')
        if answer.get("DeleteMarker") and answer["VersionId"] != NULL_VERSION:
            # The bucket has begun to keep versions after this object came: it is hidden, not
            # deleted. Take the marker off and delete what it hides.
            self._delete(ref, answer["VersionId"])
            self._delete(ref, NULL_VERSION)

    def _remove_beneath(self, ref: ObjectRef) -> None:
        """Delete the version "null" that lies under newer ones, where S3's condition is blind."""
        try:
            with object_errors(f"look up {ref} before deleting it"):
                self._s3.head_object(**selector(ref))
        except ObjectMissingError:
            return
        self._delete(ref, NULL_VERSION)

    def _delete(self, ref: ObjectRef, version_id: str) -> None:
        with object_errors(f"delete {ref}"):
            self._s3.delete_object(Bucket=ref.bucket, Key=ref.key, VersionId=version_id)
