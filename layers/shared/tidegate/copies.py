"""Copies objects inside S3, whole: exact version, content, headers, metadata and tags, proven.

Up to 5 GiB one CopyObject does it; with new metadata it drops every header that is not said
again. Above that S3 wants a multipart upload, which carries the bytes and nothing else. So both
say everything again: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html.

An interrupted multipart copy is gone on with, not begun again: parts that are there stay, so a
copy longer than one invocation ends after a few. An upload that nobody ends is for the bucket's
lifecycle rule (AbortIncompleteMultipartUpload) to clear away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from botocore.exceptions import ClientError

from tidegate.errors import (
    AccessDeniedError,
    CopyMismatchError,
    MisconfiguredError,
    ObjectMissingError,
    PermanentError,
    TransientError,
    object_errors,
)
from tidegate.objectref import ObjectRef
from tidegate.objects import Objects, ObjectState, location, selector
from tidegate.stored import Stored, differences, proofs

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_SINGLE_COPY_BYTES = 5 * 1024**3
MAX_PARTS = 10_000
MAX_PART_BYTES = 5 * 1024**3
PART_BYTES = 256 * 1024**2
PART_THREADS = 16
# Of the checksums that S3 can give of a whole object put together from parts.
_MULTIPART_CHECKSUMS: tuple[Literal["CRC64NVME", "CRC32C", "CRC32"], ...] = (
    "CRC64NVME",
    "CRC32C",
    "CRC32",
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a copy goes and how it is kept there; without a key the bucket's own encryption."""

    bucket: str
    key: str
    storage_class: str
    kms_key_arn: str | None = None

    @property
    def ref(self) -> ObjectRef:
        """The copy, by name."""
        return ObjectRef(self.bucket, self.key)


@dataclass(frozen=True, slots=True)
class Copy:
    """A proven copy. `proofs` says by what; `lost` names what it could not carry.

    `made` is False for a copy that was there before.
    """

    stored: Stored
    proofs: tuple[str, ...]
    lost: tuple[str, ...]
    made: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart copy: bytes `first` to `last`, both included."""

    number: int
    first: int
    last: int

    @property
    def size_bytes(self) -> int:
        """How many bytes the part has."""
        return self.last - self.first + 1


def parts_of(size_bytes: int, part_bytes: int) -> tuple[Part, ...]:
    """Return the parts of an object, each of `part_bytes` or, past 10,000 of them, more.

    The same for the same arguments, so that an interrupted copy finds its parts again.
    """
    length = max(part_bytes, -(-size_bytes // MAX_PARTS))
    return tuple(
        Part(number, first, min(first + length, size_bytes) - 1)
        for number, first in enumerate(range(0, size_bytes, length), start=1)
    )


class Copies:
    """Copies between S3 buckets. Errors are those of tidegate.objects.Objects."""

    def __init__(
        self,
        s3: S3Client,
        *,
        max_single_copy_bytes: int = MAX_SINGLE_COPY_BYTES,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self._s3 = s3
        self._objects = Objects(s3)
        self._max_single_copy_bytes = max_single_copy_bytes
        self._part_bytes = part_bytes

    def look(self, ref: ObjectRef) -> Stored:
        """Return what S3 tells of the object, its tags too."""
        with object_errors(f"look up {ref}"):
            answer = self._s3.head_object(**selector(ref), ChecksumMode="ENABLED")
        pinned = ObjectState.of(ref, answer).ref
        return Stored.of(pinned, answer, self._objects.tags(pinned))

    def find(self, target: Target) -> Stored | None:
        """Return what lies at the target, or None. Denied access raises MisconfiguredError."""
        try:
            return self.look(target.ref)
        except ObjectMissingError:
            return None
        except AccessDeniedError as error:
            raise MisconfiguredError(
                f"{error}. Grant this function's role access to {target.bucket}"
            ) from error

    def ensure(
        self,
        original: Stored,
        target: Target,
        metadata: Mapping[str, str],
        *,
        sha256: str | None,
        out_of_time: Callable[[], bool],
    ) -> Copy:
        """Make sure that the target holds a true copy of the original, and return it.

        `metadata` is all that the copy gets; headers and tags are the original's. A true copy
        that is there already is left as it is. Safe to repeat, and after a stop anywhere.
        Raises CopyMismatchError (retried) where the copy does not prove true.
        """
        present = self.find(target)
        if present is not None and not differences(present, original, metadata):
            try:
                proven = proofs(present, original.size_bytes, sha256, original)
                return Copy(present, proven, lost=(), made=False)
            except CopyMismatchError:
                # Overwritten below by a fresh one, and only that is judged.
                pass
        if original.size_bytes > self._max_single_copy_bytes:
            self._copy_in_parts(original, target, metadata, out_of_time)
        else:
            self._copy_at_once(original, target, metadata)
        stored = self.look(target.ref)
        return Copy(
            stored,
            proofs(stored, original.size_bytes, sha256, original),
            lost=differences(stored, original, metadata),
            made=True,
        )

    def _copy_at_once(self, original: Stored, target: Target, metadata: Mapping[str, str]) -> None:
        with _copying(original, target):
            self._s3.copy_object(
                **_place(target),
                **_kept(original, target, metadata),
                **_source(original),
                MetadataDirective="REPLACE",
                TaggingDirective="COPY",
                # S3 computes it of the whole content, so that it can be held against the scan's.
                ChecksumAlgorithm="SHA256",
            )

    def _copy_in_parts(
        self,
        original: Stored,
        target: Target,
        metadata: Mapping[str, str],
        out_of_time: Callable[[], bool],
    ) -> None:
        parts = parts_of(original.size_bytes, self._part_bytes_of(original))
        upload_id, etags = self._resume(original, target, parts)
        if upload_id is None:
            upload_id = self._begin(original, target, metadata)
        upload = {**_place(target), "UploadId": upload_id}
        missing = [part for part in parts if part.number not in etags]
        try:
            for number, etag in self._copy_parts(original, target, upload, missing, out_of_time):
                etags[number] = etag
            self._complete(original, target, upload, etags)
        except PermanentError:
            # No later receive goes on with it.
            with _copying(original, target):
                self._s3.abort_multipart_upload(**upload)
            raise
        if original.tags:
            # By a call of its own: in the header of the first, ten long tags exceed S3's limit.
            tag_set = [{"Key": key, "Value": value} for key, value in original.tags.items()]
            with _copying(original, target):
                self._s3.put_object_tagging(**_place(target), Tagging={"TagSet": tag_set})  # type: ignore[typeddict-item]

    def _part_bytes_of(self, original: Stored) -> int:
        """Return the length of the original's own parts, where it was put in equal ones.

        A copy cut alike has the same ETag, which proves it where there is no checksum to do so.
        """
        if "-" not in (original.ref.etag or ""):
            return self._part_bytes
        with object_errors(f"look up the parts of {original.ref}"):
            first = self._s3.head_object(**location(original.ref), PartNumber=1)
        length = first["ContentLength"]
        alike = len(parts_of(original.size_bytes, length)) == first.get("PartsCount")
        return length if alike and length <= MAX_PART_BYTES else self._part_bytes

    def _begin(self, original: Stored, target: Target, metadata: Mapping[str, str]) -> str:
        algorithm = next(
            (name for name in _MULTIPART_CHECKSUMS if name in original.checksums),
            _MULTIPART_CHECKSUMS[0],
        )
        with _copying(original, target):
            answer = self._s3.create_multipart_upload(
                **_place(target),
                **_kept(original, target, metadata),
                ChecksumAlgorithm=algorithm,
                ChecksumType="FULL_OBJECT",
            )
        return answer["UploadId"]

    def _resume(
        self, original: Stored, target: Target, parts: tuple[Part, ...]
    ) -> tuple[str | None, dict[int, str]]:
        """Return the unfinished upload to this very target, if any, and its parts' ETags.

        The target's name stands for one content. An upload cut in other parts is aborted.
        """
        with _copying(original, target):
            uploads = self._s3.list_multipart_uploads(Bucket=target.bucket, Prefix=target.key)
        sizes = {part.number: part.size_bytes for part in parts}
        for upload in uploads.get("Uploads", ()):
            if upload.get("Key") != target.key:
                continue
            known = {**_place(target), "UploadId": upload["UploadId"]}
            with _copying(original, target):
                pages = self._s3.get_paginator("list_parts").paginate(**known)
                present = [part for page in pages for part in page.get("Parts", ())]
            if all(sizes.get(part["PartNumber"]) == part["Size"] for part in present):
                return upload["UploadId"], {part["PartNumber"]: part["ETag"] for part in present}
            with _copying(original, target):
                self._s3.abort_multipart_upload(**known)
        return None, {}

    def _copy_parts(
        self,
        original: Stored,
        target: Target,
        upload: Mapping[str, Any],
        parts: list[Part],
        out_of_time: Callable[[], bool],
    ) -> Iterator[tuple[int, str]]:
        def copy(part: Part) -> tuple[int, str]:
            if out_of_time():
                raise TransientError(
                    f"no time left to copy {original.ref}: the next receive goes on at about "
                    f"part {part.number}"
                )
            with _copying(original, target):
                answer = self._s3.upload_part_copy(
                    **upload,
                    **_source(original),
                    PartNumber=part.number,
                    CopySourceRange=f"bytes={part.first}-{part.last}",
                )
            return part.number, answer["CopyPartResult"]["ETag"]

        pool = ThreadPoolExecutor(PART_THREADS, thread_name_prefix="copy-part")
        try:
            yield from pool.map(copy, parts)
        finally:
            pool.shutdown(cancel_futures=True)

    def _complete(
        self, original: Stored, target: Target, upload: Mapping[str, Any], etags: Mapping[int, str]
    ) -> None:
        with _copying(original, target):
            self._s3.complete_multipart_upload(
                **upload,
                MultipartUpload={
                    "Parts": [
                        {"PartNumber": number, "ETag": etags[number]} for number in sorted(etags)
                    ]
                },
                ChecksumType="FULL_OBJECT",
            )


def _place(target: Target) -> dict[str, Any]:
    return {"Bucket": target.bucket, "Key": target.key}


def _source(original: Stored) -> dict[str, Any]:
    ref = original.ref
    source = {"Bucket": ref.bucket, "Key": ref.key}
    if ref.version_id:
        source["VersionId"] = ref.version_id
    return {"CopySource": source, "CopySourceIfMatch": f'"{ref.etag}"'}


def _kept(original: Stored, target: Target, metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return what is said again, for S3 carries none of it over by itself."""
    arguments: dict[str, Any] = {
        **original.headers,
        "Metadata": dict(metadata),
        "StorageClass": target.storage_class,
    }
    if target.kms_key_arn:
        arguments |= {
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": target.kms_key_arn,
            "BucketKeyEnabled": True,
        }
    return arguments


@contextmanager
def _copying(original: Stored, target: Target) -> Iterator[None]:
    """Name the errors of a call that concerns two places: most are of the original."""
    doing = f"copy {original.ref} to {target.ref}"
    with object_errors(doing):
        try:
            yield
        except ClientError as error:
            code = error.response["Error"].get("Code")
            if code == "NoSuchBucket":
                raise MisconfiguredError(
                    f"could not {doing}: there is no bucket {target.bucket}"
                ) from error
            if code == "NoSuchUpload":
                # A duplicate of this message has finished it.
                raise TransientError(f"could not {doing}: the upload has ended") from error
            raise
