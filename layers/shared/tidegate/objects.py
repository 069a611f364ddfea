"""Reads S3 objects by exact version and writes tags to that version alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tidegate import tags
from tidegate.errors import ObjectReplacedError, TransientError, object_errors
from tidegate.objectref import ObjectRef

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

# Their first byte takes minutes or hours, after a restore that is not ours to pay for.
ARCHIVE_CLASSES = frozenset({"GLACIER", "DEEP_ARCHIVE"})


@dataclass(frozen=True, slots=True)
class ObjectState:
    """What S3 says of one object version. `ref` is pinned to its version and ETag."""

    ref: ObjectRef
    size_bytes: int
    storage_class: str
    content_type: str | None

    @classmethod
    def of(cls, ref: ObjectRef, answer: Mapping[str, Any]) -> ObjectState:
        """Return the state told by the answer to a GET or HEAD of the whole object `ref`."""
        return cls(
            ref=replace(
                ref,
                version_id=answer.get("VersionId") or ref.version_id,
                etag=answer["ETag"].strip('"'),
            ),
            size_bytes=answer["ContentLength"],
            storage_class=answer.get("StorageClass") or "STANDARD",
            content_type=answer.get("ContentType"),
        )


def selector(ref: ObjectRef) -> dict[str, Any]:
    """Return the arguments by which GET and HEAD meet this content or none.

    By version where it is known, and by If-Match where the ETag is.
    """
    arguments: dict[str, Any] = {"Bucket": ref.bucket, "Key": ref.key}
    if ref.version_id:
        arguments["VersionId"] = ref.version_id
    if ref.etag:
        arguments["IfMatch"] = f'"{ref.etag}"'
    return arguments


def location(ref: ObjectRef) -> dict[str, Any]:
    """Return the arguments that name the object version where no condition can be given."""
    arguments = selector(ref)
    arguments.pop("IfMatch", None)
    return arguments


class Objects:
    """Objects in S3, each named by an ObjectRef.

    Every method raises an ObjectError for what is wrong with the object (missing, replaced,
    archived, denied, customer key), TransientError for what may go well next time, and
    MisconfiguredError.
    """

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    def head(self, ref: ObjectRef) -> ObjectState:
        """Return what S3 says of the object, without its content."""
        with object_errors(f"look up {ref}"):
            return ObjectState.of(ref, self._s3.head_object(**selector(ref)))

    def open(self, ref: ObjectRef) -> tuple[ObjectState, StreamingBody]:
        """Return the object's state and its content as a stream that the caller closes."""
        with object_errors(f"read {ref}"):
            answer = self._s3.get_object(**selector(ref))
        return ObjectState.of(ref, answer), answer["Body"]

    def open_range(self, ref: ObjectRef, first: int, last: int) -> StreamingBody:
        """Return bytes `first` to `last`, both included, as a stream that the caller closes.

        A server may ignore the Range and answer with the whole object: TransientError then, for
        other bytes in the place of these would be scanned or copied as if they were the object's.
        """
        with object_errors(f"read bytes {first}-{last} of {ref}"):
            answer = self._s3.get_object(**selector(ref), Range=f"bytes={first}-{last}")
        told = answer.get("ContentRange", "the whole object")
        if not told.startswith(f"bytes {first}-{last}/"):
            answer["Body"].close()
            raise TransientError(f"asked for bytes {first}-{last} of {ref}, got {told}")
        return answer["Body"]

    def tags(self, ref: ObjectRef) -> dict[str, str]:
        """Return the tags of the object version."""
        with object_errors(f"read the tags of {ref}"):
            answer = self._s3.get_object_tagging(**location(ref))
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def merge_tags(
        self, ref: ObjectRef, essential: Mapping[str, str], useful: Mapping[str, str]
    ) -> dict[str, str] | None:
        """Add our tags to the object version, and return all it has then; None: no room.

        PutObjectTagging knows no If-Match. Where there is no version to name, the object is
        looked up again afterwards, and if it was replaced meanwhile, our tags are taken off the
        newcomer and ObjectReplacedError is raised.
        """
        merged = tags.merge(self.tags(ref), essential, useful)
        if merged is None:
            return None
        self.put_tags(ref, merged)
        if is_pinned_by_version(ref):
            return merged
        try:
            self.head(ref)
        except ObjectReplacedError:
            self.remove_tags(ref, essential.keys() | useful.keys())
            raise
        return merged

    def remove_tags(self, ref: ObjectRef, keys: frozenset[str] | set[str]) -> None:
        """Take the named tags off the object version and leave all others."""
        present = self.tags(ref)
        kept = {key: value for key, value in present.items() if key not in keys}
        if kept != present:
            self.put_tags(ref, kept)

    def put_tags(self, ref: ObjectRef, wanted: Mapping[str, str]) -> None:
        """Make these all the tags of the object version. `merge_tags` keeps those of others."""
        tag_set = [{"Key": key, "Value": value} for key, value in wanted.items()]
        with object_errors(f"write the tags of {ref}"):
            self._s3.put_object_tagging(**location(ref), Tagging={"TagSet": tag_set})  # type: ignore[typeddict-item]


def is_pinned_by_version(ref: ObjectRef) -> bool:
    """Whether the version names this content for ever: "null" is overwritten in place."""
    return ref.version_id is not None and ref.version_id != "null"
