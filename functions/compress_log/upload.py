"""Writes one object into the archive, at once or in parts, and proves what S3 has then.

Each part goes with its CRC32, which S3 compares with what it got; of an object in parts S3 keeps
the CRC32 of the parts' CRC32s. The object appears whole or not at all, and never in place of
another (If-None-Match).
"""

from __future__ import annotations

import base64
import zlib
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from mmap import mmap
from typing import TYPE_CHECKING, Any, Self

from botocore.exceptions import ClientError

from tidegate.copies import MAX_PARTS, Target
from tidegate.errors import (
    CopyMismatchError,
    MisconfiguredError,
    PermanentError,
    TidegateError,
    TransientError,
    service_errors,
)
from tidegate.objectref import ObjectRef

if TYPE_CHECKING:
    from types import TracebackType

    from mypy_boto3_s3 import S3Client

PART_BYTES = 8 * 1024**2
PART_THREADS = 3
MAX_PIECE_BYTES = 2 * 1024**2
# Smaller objects are billed as this much in the classes for what is seldom read, and a PUT there is
# dearer, which takes half a year to make up for or longer: https://aws.amazon.com/s3/pricing/
MIN_BILLED_BYTES = 128 * 1024
_STANDARD = "STANDARD"
# What was sent arrived as something else, which botocore does not send again; or the upload has
# ended under us.
_BROKEN_OFF = frozenset(
    {"BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody", "InvalidPart", "NoSuchUpload"}
)


class CopyPresentError(TransientError):
    """Another run has written the copy meanwhile. Retried: then that one is proven."""


@dataclass(frozen=True, slots=True)
class Written:
    """What S3 has: the exact version, its size and its class."""

    ref: ObjectRef
    size_bytes: int
    storage_class: str


def part_bytes_for(size_bytes: int, least: int = PART_BYTES) -> int:
    """Return the length of the parts of an object of at most this size: 10,000 must do."""
    return max(least, -(-size_bytes // MAX_PARTS))


class Upload:
    """One object in the making, inside a `with` block: what `finish` did not end is aborted.

    Nothing is sent before the metadata are known: S3 takes them first. Without `metadata` all
    waits in memory for `finish`, so only small objects may do without.
    """

    def __init__(
        self,
        s3: S3Client,
        target: Target,
        content_type: str,
        *,
        metadata: Mapping[str, str] | None,
        part_bytes: int,
    ) -> None:
        self._s3 = s3
        self._target = target
        self._content_type = content_type
        self._metadata = metadata
        self._part_bytes = part_bytes
        # One piece of memory for all parts, one after the other: its size never changes.
        self._waiting = mmap(-1, max(part_bytes, PART_BYTES) + MAX_PIECE_BYTES)
        self._size_bytes = 0
        self._upload_id: str | None = None
        self._parts: list[dict[str, Any]] = []
        self._checksums: list[bytes] = []
        self._under_way: deque[Future[dict[str, Any]]] = deque()
        self._pool = ThreadPoolExecutor(PART_THREADS, thread_name_prefix="part")

    def __enter__(self) -> Self:
        """Return the upload itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave no parts behind that nobody will complete.

        What cannot be removed now, and what a crash leaves, the bucket's lifecycle rule removes.
        """
        self._pool.shutdown(cancel_futures=True)
        self._waiting.close()
        if isinstance(error, Exception) and self._upload_id is not None:
            # Why the log is left is what counts: a failed abort must not have it tried again.
            with suppress(TidegateError), self._archiving():
                self._s3.abort_multipart_upload(**self._place, UploadId=self._upload_id)

    def write(self, piece: bytes) -> None:
        """Take the next piece; send a part when there is enough for one, and wait for an old one.

        A piece has at most `MAX_PIECE_BYTES`. Raises TransientError and MisconfiguredError.
        """
        self._waiting.write(piece)
        self._size_bytes += len(piece)
        if self._metadata is not None and self._waiting.tell() >= self._part_bytes:
            if self._upload_id is None:
                self._upload_id = self._begin(self._metadata)
            self._send_part()

    def finish(self, metadata: Mapping[str, str]) -> Written:
        """Make the object appear, and return it as S3 tells of it.

        Raises CopyPresentError (retried) where there is one already, CopyMismatchError (retried)
        where S3 does not tell the size and checksum of what was sent, and as `write` does.
        """
        if self._upload_id is None:
            body = self._taken()
            storage_class = self._class_for(len(body))
            checksum = _base64(_crc32(body))
            version = self._put(body, checksum, storage_class, metadata)
        else:
            if self._waiting.tell():
                self._send_part()
            while self._under_way:
                self._parts.append(self._under_way.popleft().result())
            storage_class = self._target.storage_class
            checksum = _base64(_crc32(b"".join(self._checksums)))
            version = self._complete(self._upload_id)
        self._upload_id = None
        return self._proven(version, checksum, storage_class)

    def _begin(self, metadata: Mapping[str, str]) -> str:
        with self._archiving():
            answer = self._s3.create_multipart_upload(
                **self._place,
                **self._kept(self._target.storage_class, metadata),
                ChecksumAlgorithm="CRC32",
                ChecksumType="COMPOSITE",
            )
        return answer["UploadId"]

    def _taken(self) -> bytes:
        """Return all that waits, and make room for more."""
        length = self._waiting.tell()
        self._waiting.seek(0)
        body = self._waiting.read(length)
        self._waiting.seek(0)
        return body

    def _send_part(self) -> None:
        while len(self._under_way) >= PART_THREADS:
            self._parts.append(self._under_way.popleft().result())
        body = self._taken()
        self._checksums.append(_crc32(body))
        number = len(self._checksums)
        self._under_way.append(self._pool.submit(self._upload_part, number, body))

    def _upload_part(self, number: int, body: bytes) -> dict[str, Any]:
        checksum = _base64(self._checksums[number - 1])
        with self._archiving():
            answer = self._s3.upload_part(
                **self._place,
                UploadId=str(self._upload_id),
                PartNumber=number,
                Body=body,
                ChecksumAlgorithm="CRC32",
                ChecksumCRC32=checksum,
            )
        return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumCRC32": checksum}

    def _complete(self, upload_id: str) -> str | None:
        with self._archiving():
            answer = self._s3.complete_multipart_upload(
                **self._place,
                UploadId=upload_id,
                MultipartUpload={"Parts": self._parts},  # type: ignore[typeddict-item]
                ChecksumType="COMPOSITE",
                MpuObjectSize=self._size_bytes,
                IfNoneMatch="*",
            )
        return answer.get("VersionId")

    def _put(
        self, body: bytes, checksum: str, storage_class: str, metadata: Mapping[str, str]
    ) -> str | None:
        with self._archiving():
            answer = self._s3.put_object(
                **self._place,
                **self._kept(storage_class, metadata),
                Body=body,
                ChecksumAlgorithm="CRC32",
                ChecksumCRC32=checksum,
                IfNoneMatch="*",
            )
        return answer.get("VersionId")

    def _proven(self, version: str | None, checksum: str, storage_class: str) -> Written:
        place = {**self._place, "VersionId": version} if version else self._place
        with self._archiving():
            told = self._s3.head_object(**place, ChecksumMode="ENABLED")
        # Of an object in parts S3 tells how many after a dash, which base64 knows not.
        found = (told["ContentLength"], told.get("ChecksumCRC32", "").partition("-")[0])
        if found != (self._size_bytes, checksum):
            raise CopyMismatchError(
                f"S3 tells size and CRC32 {found} of {self._target.ref}, "
                f"sent were {(self._size_bytes, checksum)}"
            )
        ref = ObjectRef(
            self._target.bucket, self._target.key, told.get("VersionId"), told["ETag"].strip('"')
        )
        return Written(ref, self._size_bytes, storage_class)

    def _class_for(self, size_bytes: int) -> str:
        return _STANDARD if size_bytes < MIN_BILLED_BYTES else self._target.storage_class

    def _kept(self, storage_class: str, metadata: Mapping[str, str]) -> dict[str, Any]:
        kept: dict[str, Any] = {
            "ContentType": self._content_type,
            "Metadata": dict(metadata),
            "StorageClass": storage_class,
        }
        if self._target.kms_key_arn:
            kept |= {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": self._target.kms_key_arn,
                "BucketKeyEnabled": True,
            }
        return kept

    @property
    def _place(self) -> dict[str, Any]:
        return {"Bucket": self._target.bucket, "Key": self._target.key}

    @contextmanager
    def _archiving(self) -> Iterator[None]:
        """Name the errors of a call on the archive, where a refusal is nobody's object's fault.

        So none is permanent: the log would be told as unreadable, and never be asked for again.
        """
        doing = f"write {self._target.ref}"
        try:
            with service_errors(doing):
                try:
                    yield
                except ClientError as error:
                    code = error.response["Error"].get("Code")
                    if code in ("PreconditionFailed", "412"):
                        raise CopyPresentError(f"could not {doing}: it is there already") from error
                    if code in _BROKEN_OFF:
                        raise TransientError(f"could not {doing}: {error}") from error
                    raise
        except PermanentError as error:
            raise MisconfiguredError(str(error)) from error


class Uploads:
    """Makes uploads."""

    def __init__(self, s3: S3Client, content_type: str, *, part_bytes: int = PART_BYTES) -> None:
        self._s3 = s3
        self._content_type = content_type
        self._part_bytes = part_bytes

    def begin(self, target: Target, metadata: Mapping[str, str] | None, size_bytes: int) -> Upload:
        """Return an upload of at most `size_bytes`. Nothing is sent yet."""
        return Upload(
            self._s3,
            target,
            self._content_type,
            metadata=metadata,
            part_bytes=part_bytes_for(size_bytes, self._part_bytes),
        )


def _crc32(content: bytes) -> bytes:
    return zlib.crc32(content).to_bytes(4, "big")


def _base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
