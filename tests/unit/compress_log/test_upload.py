"""What is sent to the archive, with which checksums, and what is left when something fails."""

from __future__ import annotations

import base64
import threading
import zlib
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.compress_log.report import LogLeftError, Outcome
from functions.compress_log.upload import (
    MIN_BILLED_BYTES,
    PART_BYTES,
    PART_THREADS,
    CopyPresentError,
    Upload,
    Uploads,
    part_bytes_for,
)
from tidegate.copies import Target
from tidegate.errors import CopyMismatchError, MisconfiguredError, TransientError

TARGET = Target("archive", "logs/a.log.gz", "GLACIER_IR")
KEY = "arn:aws:kms:eu-central-1:111122223333:key/1"


def crc32(content: bytes) -> bytes:
    """Return the checksum as bytes."""
    return zlib.crc32(content).to_bytes(4, "big")


def base64_of(digest: bytes) -> str:
    """Return it as S3 writes it."""
    return base64.b64encode(digest).decode()


@dataclass
class FakeS3:
    """Takes objects and parts, checks their checksums, and refuses calls by name."""

    refusals: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    parts: dict[int, bytes] = field(default_factory=dict)
    content: bytes = b""
    told: dict[str, Any] = field(default_factory=dict)
    under_way: int = 0
    most: int = 0

    def __post_init__(self) -> None:
        self.lock = threading.Lock()

    def put_object(self, **asked: Any) -> dict[str, Any]:
        self._take("put_object", asked)
        self.content = asked["Body"]
        assert asked["ChecksumCRC32"] == base64_of(crc32(self.content))
        self.told = {"ChecksumCRC32": asked["ChecksumCRC32"]}
        return {"VersionId": "copy-1"}

    def create_multipart_upload(self, **asked: Any) -> dict[str, Any]:
        self._take("create_multipart_upload", asked)
        return {"UploadId": "upload-1"}

    def upload_part(self, **asked: Any) -> dict[str, Any]:
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        self._take("upload_part", asked)
        assert asked["ChecksumCRC32"] == base64_of(crc32(asked["Body"]))
        self.parts[asked["PartNumber"]] = asked["Body"]
        with self.lock:
            self.under_way -= 1
        return {"ETag": f'"etag-{asked["PartNumber"]}"'}

    def complete_multipart_upload(self, **asked: Any) -> dict[str, Any]:
        self._take("complete_multipart_upload", asked)
        numbers = [part["PartNumber"] for part in asked["MultipartUpload"]["Parts"]]
        self.content = b"".join(self.parts[number] for number in numbers)
        assert asked["MpuObjectSize"] == len(self.content)
        digests = b"".join(crc32(self.parts[number]) for number in numbers)
        self.told = {"ChecksumCRC32": f"{base64_of(crc32(digests))}-{len(numbers)}"}
        return {"VersionId": "copy-1"}

    def abort_multipart_upload(self, **asked: Any) -> dict[str, Any]:
        self._take("abort_multipart_upload", asked)
        return {}

    def head_object(self, **asked: Any) -> dict[str, Any]:
        self._take("head_object", asked)
        return {
            "ContentLength": len(self.content),
            "ETag": '"copy-etag"',
            "VersionId": "copy-1",
            **self.told,
        }

    def named(self, name: str) -> list[dict[str, Any]]:
        return [asked for call, asked in self.calls if call == name]

    def _take(self, name: str, asked: dict[str, Any]) -> None:
        self.calls.append((name, asked))
        if name in self.refusals:
            raise ClientError(
                {
                    "Error": {"Code": self.refusals[name], "Message": "no"},
                    "ResponseMetadata": {"HTTPStatusCode": 400},  # type: ignore[typeddict-item]
                },
                name,
            )


def begin(
    s3: Any, metadata: dict[str, str] | None = None, target: Target = TARGET, size: int = 1000
) -> Upload:
    """Return an upload with parts of ten bytes."""
    return Uploads(s3, "application/gzip", part_bytes=10).begin(target, metadata, size)


def send(s3: Any, metadata: dict[str, str] | None = None, error: Exception | None = None) -> None:
    """Upload ten bytes; with an error in the middle, if there is one."""
    with begin(s3, metadata) as upload:
        upload.write(b"0123456789")
        if error:
            raise error
        upload.finish({})


def test_small_log_is_put_at_once() -> None:
    """One call with its checksum, never in place of another object, and a HEAD to prove it."""
    s3 = FakeS3()
    with begin(s3) as upload:
        upload.write(b"first ")
        upload.write(b"second")
        assert s3.calls == []
        written = upload.finish({"a": "b"})

    (put,) = s3.named("put_object")
    assert put["Body"] == b"first second"
    assert (put["Metadata"], put["IfNoneMatch"]) == ({"a": "b"}, "*")
    assert (written.ref.version_id, written.ref.etag) == ("copy-1", "copy-etag")
    assert s3.named("head_object")[0]["VersionId"] == "copy-1"


def test_large_log_goes_in_parts() -> None:
    """Parts in their order, each with its checksum; the whole with size and condition."""
    s3 = FakeS3()
    content = bytes(range(100))
    with begin(s3, {"a": "b"}) as upload:
        for first in range(0, 100, 7):
            upload.write(content[first : first + 7])
        written = upload.finish({"a": "b"})

    assert s3.content == content
    assert written.size_bytes == 100
    assert s3.named("create_multipart_upload")[0]["ChecksumAlgorithm"] == "CRC32"
    (complete,) = s3.named("complete_multipart_upload")
    assert complete["IfNoneMatch"] == "*"
    numbers = [part["PartNumber"] for part in complete["MultipartUpload"]["Parts"]]
    assert numbers == list(range(1, len(s3.parts) + 1))
    assert all(len(part) >= 10 for number, part in s3.parts.items() if number < len(s3.parts))
    assert s3.named("abort_multipart_upload") == []


def test_parts_are_sent_side_by_side_and_not_without_end() -> None:
    """As many as there are threads, so that memory stays what it is."""
    s3 = FakeS3()
    gate = threading.Barrier(PART_THREADS, timeout=5)
    sent = s3.upload_part

    def together(**asked: Any) -> dict[str, Any]:
        gate.wait()
        return sent(**asked)

    s3.upload_part = together  # type: ignore[method-assign]
    with begin(s3, {}) as upload:
        for _ in range(PART_THREADS * 4):
            upload.write(b"0123456789")
        upload.finish({})

    assert len(s3.parts) == PART_THREADS * 4
    assert s3.most <= PART_THREADS


@pytest.mark.parametrize(
    ("size", "expected"),
    [(1, PART_BYTES), (PART_BYTES * 10_000, PART_BYTES), (PART_BYTES * 10_000 + 1, PART_BYTES + 1)],
)
def test_parts_grow_where_ten_thousand_would_not_do(size: int, expected: int) -> None:
    """S3 takes 10,000 parts: 50 GB and more go into them at 8 MiB."""
    assert part_bytes_for(size) == expected


@pytest.mark.parametrize(
    ("size", "storage_class"),
    [(MIN_BILLED_BYTES - 1, "STANDARD"), (MIN_BILLED_BYTES, "GLACIER_IR")],
)
def test_object_below_the_least_billed_size_stays_in_standard(
    size: int, storage_class: str
) -> None:
    """128 KiB are billed in any case there."""
    s3 = FakeS3()
    with begin(s3, size=size) as upload:
        upload.write(bytes(size))
        written = upload.finish({})

    assert s3.named("put_object")[0]["StorageClass"] == written.storage_class == storage_class


def test_key_is_used_where_there_is_one() -> None:
    """Both ways of uploading ask for it."""
    target = Target("archive", "logs/a.log.gz", "GLACIER_IR", KEY)
    for metadata, call in ((None, "put_object"), ({}, "create_multipart_upload")):
        s3 = FakeS3()
        with begin(s3, metadata, target) as upload:
            upload.write(b"0123456789")
            upload.finish({})
        (asked,) = s3.named(call)
        assert (asked["ServerSideEncryption"], asked["SSEKMSKeyId"]) == ("aws:kms", KEY)
        assert asked["BucketKeyEnabled"] is True


@pytest.mark.parametrize("told", [{}, {"ChecksumCRC32": "AAAAAA=="}, {"ContentLength": 3}])
def test_object_that_s3_tells_otherwise_of_is_not_proven(told: dict[str, Any]) -> None:
    """No checksum, another one or another size: the original must not go."""
    s3 = FakeS3()
    put = s3.put_object

    def lying(**asked: Any) -> dict[str, Any]:
        answer = put(**asked)
        s3.told = told
        return answer

    s3.put_object = lying  # type: ignore[method-assign]
    with pytest.raises(CopyMismatchError):
        send(s3)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("PreconditionFailed", CopyPresentError),
        ("NoSuchUpload", TransientError),
        ("BadDigest", TransientError),
        ("InvalidPart", TransientError),
        ("NoSuchBucket", MisconfiguredError),
        ("KMS.DisabledException", MisconfiguredError),
        ("InvalidRequest", MisconfiguredError),
        ("AccessDenied", MisconfiguredError),
        ("SlowDown", TransientError),
    ],
)
def test_refusal_is_named_and_the_parts_removed(code: str, error: type[Exception]) -> None:
    """Whatever S3 says at the end, no parts are left to be paid for."""
    s3 = FakeS3({"complete_multipart_upload": code})
    with pytest.raises(error):
        send(s3, {})

    assert len(s3.named("abort_multipart_upload")) == 1


def test_part_that_fails_fails_the_upload() -> None:
    """At the next write or at the end, and all is removed."""
    s3 = FakeS3({"upload_part": "SlowDown"})
    with pytest.raises(TransientError):
        send(s3, {})

    assert s3.named("complete_multipart_upload") == []
    assert len(s3.named("abort_multipart_upload")) == 1


def test_log_that_is_left_leaves_no_parts() -> None:
    """An error inside the block, of whatever sort of ours, aborts; nothing begun is no call."""
    for metadata, aborts in (({}, 1), (None, 0)):
        s3 = FakeS3()
        with pytest.raises(TransientError):
            send(s3, metadata, TransientError("stop"))
        assert len(s3.named("abort_multipart_upload")) == aborts
        assert s3.named("put_object") == []


@pytest.mark.parametrize("error", [LogLeftError(Outcome.OUT_OF_TIME, "no time"), OSError("lost")])
def test_abort_that_fails_hides_nothing(error: Exception) -> None:
    """Why the log is left decides whether it is tried again; the lifecycle rule clears the rest."""
    s3 = FakeS3({"abort_multipart_upload": "SlowDown"})
    with pytest.raises(type(error)):
        send(s3, {}, error)

    assert len(s3.named("abort_multipart_upload")) == 1
