"""Deletes one exact object version for good, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tidegate.errors import ObjectMissingError, object_errors
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

        A version id names its content for ever. Without one the bucket keeps no versions and S3
        is told to delete only while the ETag is the same. The version "null" of a bucket whose
        versioning is suspended can be overwritten, and S3's condition looks at the current
        version alone: there we look just before, and an upload in the milliseconds between would
        be deleted unscanned. Raises ObjectReplacedError where other content is there now,
        AccessDeniedError for Object Lock, a legal hold and missing permission.
        """
        if ref.version_id is None:
            self._remove_unversioned(ref)
            return
        if ref.version_id == NULL_VERSION:
            try:
                with object_errors(f"look up {ref} before deleting it"):
                    self._s3.head_object(**selector(ref))
            except ObjectMissingError:
                return
        self._delete(ref, ref.version_id)

    def _remove_unversioned(self, ref: ObjectRef) -> None:
        try:
            with object_errors(f"delete {ref}"):
                answer = self._s3.delete_object(
                    Bucket=ref.bucket, Key=ref.key, IfMatch=f'"{ref.etag}"'
                )
        except ObjectMissingError:
            return
        if answer.get("DeleteMarker"):
            # The bucket has begun to keep versions after this object came: it is hidden, not
            # deleted. Take the marker off and delete what it hides.
            self._delete(ref, answer["VersionId"])
            self._delete(ref, NULL_VERSION)

    def _delete(self, ref: ObjectRef, version_id: str) -> None:
        with object_errors(f"delete {ref}"):
            self._s3.delete_object(Bucket=ref.bucket, Key=ref.key, VersionId=version_id)
