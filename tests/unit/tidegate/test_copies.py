"""Copies inside S3: all of it, or an error and nothing half-done (moto)."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tidegate.conftest import BUCKET, REGION
from tidegate.copies import MAX_PARTS, PART_BYTES, Copies, Target, parts_of
from tidegate.errors import (
    AccessDeniedError,
    CopyMismatchError,
    MisconfiguredError,
    TransientError,
)
from tidegate.objectref import ObjectRef

MIB = 1024**2
TARGET = Target("harbour-archive", "copy", "STANDARD_IA")
BODY = bytes(range(256)) * (11 * MIB // 256)


def always() -> bool:
    return True


def never() -> bool:
    return False


class Refusing:
    """S3, in which one call answers an error instead of working."""

    def __init__(self, s3: Any, call: str, code: str, times: int = 1) -> None:
        self._s3, self._call, self._code, self._times = s3, call, code, times

    def __getattr__(self, name: str) -> Any:
        if name != self._call or not self._times:
            return getattr(self._s3, name)
        self._times -= 1

        def refuse(**_: Any) -> Any:
            raise ClientError({"Error": {"Code": self._code, "Message": "no"}}, name)

        return refuse


@pytest.fixture
def buckets(s3: Any) -> Any:
    s3.create_bucket(Bucket=TARGET.bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    return s3


def copies(s3: Any) -> Copies:
    """Copies that take parts above 6 MiB."""
    return Copies(s3, max_single_copy_bytes=6 * MIB, part_bytes=5 * MIB)


def put(s3: Any, body: bytes) -> ObjectRef:
    answer = s3.put_object(Bucket=BUCKET, Key="key", Body=body)
    return ObjectRef(BUCKET, "key", None, answer["ETag"].strip('"'))


@given(st.integers(1, 50 * 1000**4))
def test_parts_cover_the_object_within_s3s_bounds(size_bytes: int) -> None:
    """No gap, no overlap, at most 10,000, at most 5 GiB each."""
    length = max(PART_BYTES, -(-size_bytes // MAX_PARTS))
    assert -(-size_bytes // length) <= MAX_PARTS
    assert length <= 5 * 1024**3
    if size_bytes // length < 50:
        parts = parts_of(size_bytes, PART_BYTES)
        assert [part.number for part in parts] == list(range(1, len(parts) + 1))
        assert parts[0].first == 0
        assert parts[-1].last == size_bytes - 1
        assert all(a.last + 1 == b.first for a, b in pairwise(parts))


def test_true_copy_is_left_as_it_is(buckets: Any) -> None:
    """A second call finds the first one's copy."""
    s3 = buckets
    original = copies(s3).look(put(s3, b"body"))
    first = copies(s3).ensure(original, TARGET, {}, sha256=None, out_of_time=never)
    second = copies(s3).ensure(original, TARGET, {}, sha256=None, out_of_time=never)
    assert (first.made, second.made) == (True, False)
    assert first.stored == second.stored


def test_false_copy_is_made_anew(buckets: Any) -> None:
    """Whatever lies there is no reason to trust it."""
    s3 = buckets
    original = copies(s3).look(put(s3, b"body"))
    s3.put_object(Bucket=TARGET.bucket, Key=TARGET.key, Body=b"else")
    copy = copies(s3).ensure(original, TARGET, {}, sha256=None, out_of_time=never)
    assert copy.made
    assert s3.get_object(Bucket=TARGET.bucket, Key=TARGET.key)["Body"].read() == b"body"


def test_copy_that_is_not_what_was_scanned_is_a_mismatch(buckets: Any) -> None:
    """The scanner's SHA-256 decides."""
    s3 = buckets
    original = copies(s3).look(put(s3, b"body"))
    with pytest.raises(CopyMismatchError, match="SHA256"):
        copies(s3).ensure(original, TARGET, {}, sha256="ab" * 32, out_of_time=never)


def test_missing_target_bucket_is_a_misconfiguration(s3: Any) -> None:
    """Not to be taken for a missing original."""
    original = copies(s3).look(put(s3, b"body"))
    with pytest.raises(MisconfiguredError, match="harbour-archive"):
        copies(s3).ensure(original, TARGET, {}, sha256=None, out_of_time=never)


def test_denied_target_is_a_misconfiguration(buckets: Any) -> None:
    """Our own bucket refusing us is nothing about the object."""
    denied: Any = Refusing(buckets, "head_object", "403")
    with pytest.raises(MisconfiguredError, match="Grant"):
        copies(denied).find(TARGET)


def test_denied_part_aborts_the_upload(buckets: Any) -> None:
    """What no retry can help leaves no unfinished upload to pay for."""
    s3 = buckets
    original = copies(s3).look(put(s3, BODY))
    denied: Any = Refusing(s3, "upload_part_copy", "AccessDenied")
    with pytest.raises(AccessDeniedError):
        copies(denied).ensure(original, TARGET, {}, sha256=None, out_of_time=never)
    assert not s3.list_multipart_uploads(Bucket=TARGET.bucket).get("Uploads")


@pytest.mark.parametrize("call", ["upload_part_copy", "complete_multipart_upload"])
def test_busy_s3_keeps_the_upload_for_the_retry(buckets: Any, call: str) -> None:
    """The next try goes on with it."""
    s3 = buckets
    original = copies(s3).look(put(s3, BODY))
    busy: Any = Refusing(s3, call, "SlowDown")
    with pytest.raises(TransientError):
        copies(busy).ensure(original, TARGET, {}, sha256=None, out_of_time=never)
    assert len(s3.list_multipart_uploads(Bucket=TARGET.bucket)["Uploads"]) == 1
    copy = copies(s3).ensure(original, TARGET, {}, sha256=None, out_of_time=never)
    assert copy.stored.size_bytes == len(BODY)
    assert not s3.list_multipart_uploads(Bucket=TARGET.bucket).get("Uploads")


def test_upload_finished_by_a_duplicate_is_tried_again(buckets: Any) -> None:
    """Two receives of one message may meet in one upload."""
    s3 = buckets
    original = copies(s3).look(put(s3, BODY))
    ended: Any = Refusing(s3, "complete_multipart_upload", "NoSuchUpload")
    with pytest.raises(TransientError, match="has ended"):
        copies(ended).ensure(original, TARGET, {}, sha256=None, out_of_time=never)


def test_upload_cut_in_other_parts_is_begun_anew(buckets: Any) -> None:
    """After a change of the part size nothing is put together wrongly."""
    s3 = buckets
    original = copies(s3).look(put(s3, BODY))
    upload = s3.create_multipart_upload(Bucket=TARGET.bucket, Key=TARGET.key)["UploadId"]
    s3.upload_part(
        Bucket=TARGET.bucket, Key=TARGET.key, UploadId=upload, PartNumber=1, Body=b"short"
    )
    copies(s3).ensure(original, TARGET, {}, sha256=None, out_of_time=never)
    assert s3.get_object(Bucket=TARGET.bucket, Key=TARGET.key)["Body"].read() == BODY
    assert not s3.list_multipart_uploads(Bucket=TARGET.bucket).get("Uploads")


def put_in_parts(s3: Any, *parts: bytes) -> ObjectRef:
    """Upload an object part by part."""
    name = {"Bucket": BUCKET, "Key": "key"}
    upload = {**name, "UploadId": s3.create_multipart_upload(**name)["UploadId"]}
    etags = [
        s3.upload_part(**upload, PartNumber=number, Body=part)["ETag"]
        for number, part in enumerate(parts, start=1)
    ]
    told = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
    answer = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": told})
    return ObjectRef(BUCKET, "key", None, answer["ETag"].strip('"'))


def test_equal_parts_of_the_original_are_kept(buckets: Any) -> None:
    """The copy has the original's ETag, which proves it without any checksum."""
    original = copies(buckets).look(put_in_parts(buckets, b"a" * 7 * MIB, b"b" * 7 * MIB, b"c" * 3))
    copy = copies(buckets).ensure(original, TARGET, {}, sha256=None, out_of_time=never)
    assert copy.stored.ref.etag == original.ref.etag
    assert copy.proofs[-2:] == ("MD5 of parts", "size")


def test_unequal_parts_of_the_original_are_cut_anew(buckets: Any) -> None:
    """No part may be longer than the first one's length allows, so ours are taken."""
    original = copies(buckets).look(put_in_parts(buckets, b"a" * 5 * MIB, b"b" * 9 * MIB, b"c" * 3))
    copy = copies(buckets).ensure(original, TARGET, {}, sha256=None, out_of_time=never)
    assert copy.stored.size_bytes == 14 * MIB + 3
    body = buckets.get_object(Bucket=TARGET.bucket, Key=TARGET.key)["Body"].read()
    assert body == b"a" * 5 * MIB + b"b" * 9 * MIB + b"ccc"


def test_upload_to_a_longer_key_is_not_ours(buckets: Any) -> None:
    """S3 lists uploads by prefix."""
    s3 = buckets
    original = copies(s3).look(put(s3, BODY))
    s3.create_multipart_upload(Bucket=TARGET.bucket, Key=TARGET.key + ".json")
    copies(s3).ensure(original, TARGET, {}, sha256=None, out_of_time=never)
    uploads = s3.list_multipart_uploads(Bucket=TARGET.bucket)["Uploads"]
    assert [upload["Key"] for upload in uploads] == [TARGET.key + ".json"]


def test_no_time_left_is_transient(buckets: Any) -> None:
    """The function's deadline ends the work, not Lambda."""
    s3 = buckets
    original = copies(s3).look(put(s3, BODY))
    with pytest.raises(TransientError, match="no time left"):
        copies(s3).ensure(original, TARGET, {}, sha256=None, out_of_time=always)


def test_kms_key_is_asked_for_on_the_copy(buckets: Any) -> None:
    """The bucket's default is not relied upon where a key is set."""
    s3 = buckets
    key = f"arn:aws:kms:{REGION}:123456789012:key/00000000-0000-4000-8000-000000000000"
    target = Target(TARGET.bucket, TARGET.key, "STANDARD", key)
    original = copies(s3).look(put(s3, b"body"))
    copy = copies(s3).ensure(original, target, {}, sha256=None, out_of_time=never)
    head = s3.head_object(Bucket=TARGET.bucket, Key=TARGET.key)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
    assert copy.stored.encryption == "aws:kms"
