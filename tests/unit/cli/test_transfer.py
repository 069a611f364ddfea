"""Uploads with boto3's transfer manager into moto's S3."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import BUCKET
from tests.unit.cli.fakes import refusal
from tidegate_cli import parts, transfer
from tidegate_cli.errors import AccessDeniedError, CliError, FileChangedError, ServiceError
from tidegate_cli.source import Source
from tidegate_cli.transfer import Plan

SIZE = 3 * parts.THRESHOLD_BYTES
CONTENT = bytes(range(256)) * (SIZE // 256)


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A file of three parts."""
    path = tmp_path / "large.bin"
    path.write_bytes(CONTENT)
    return path


def plan(**more: Any) -> Plan:
    """An upload with checksums."""
    facts: dict[str, Any] = {
        "bucket": BUCKET,
        "key": "in/large.bin",
        "part_bytes": parts.USUAL_PART_BYTES,
        "arguments": {"ChecksumAlgorithm": "CRC32", "ContentType": "text/plain"},
    }
    return Plan(**(facts | more))


def send(s3: Any, path: Path, progress: Callable[[int], None] = lambda _: None) -> Any:
    """Upload the file."""
    return transfer.send(s3, Source.of(path), plan(), progress)


def leftovers(s3: Any) -> list[Any]:
    """The uploads of which parts are kept."""
    uploads: list[Any] = s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])
    return uploads


def before(s3: Any, operation: str, happening: Callable[..., Any], *, nth: int = 1) -> None:
    """Have something happen just before the n-th call of the operation is sent."""
    counted = iter(range(1, 1000))

    def handle(**_: Any) -> Any:
        return happening() if next(counted) == nth else None

    s3.meta.events.register(f"before-call.s3.{operation}", handle)


def fail(error: BaseException) -> Callable[..., Any]:
    """Raise the error."""

    def raised() -> Any:
        raise error

    return raised


def test_large_file_arrives_in_parts_and_its_version_is_known(s3: Any, large: Path) -> None:
    """Content, version and ETag are those of the object; nothing is left over."""
    seen: list[int] = []
    uploaded = send(s3, large, seen.append)
    state = s3.get_object(Bucket=BUCKET, Key="in/large.bin", VersionId=uploaded.version_id)
    assert state["Body"].read() == CONTENT
    assert (state["ETag"].strip('"'), state["ContentType"]) == (uploaded.etag, "text/plain")
    assert uploaded.etag.endswith("-3")
    assert sum(seen) == SIZE
    assert not leftovers(s3)


@pytest.mark.parametrize("content", [b"", b"x", b"x" * (parts.THRESHOLD_BYTES - 1)])
def test_small_file_is_one_request(s3: Any, tmp_path: Path, content: bytes) -> None:
    """An empty file too has a version, an ETag and a checksum."""
    path = tmp_path / "small"
    path.write_bytes(content)
    uploaded = send(s3, path)
    state = s3.get_object(
        Bucket=BUCKET, Key="in/large.bin", VersionId=uploaded.version_id, ChecksumMode="ENABLED"
    )
    assert state["Body"].read() == content
    assert "-" not in uploaded.etag
    assert state["ChecksumCRC32"]


def test_version_is_ours_though_another_came_after(s3: Any, large: Path) -> None:
    """What was uploaded is known by S3's own answer, not by what is current afterwards."""
    rival = {"Bucket": BUCKET, "Key": "in/large.bin", "Body": b"rival"}
    s3.meta.events.register(
        "after-call.s3.CompleteMultipartUpload", lambda **_: s3.put_object(**rival)
    )
    uploaded = send(s3, large)
    assert uploaded.etag.endswith("-3")
    current = s3.head_object(Bucket=BUCKET, Key="in/large.bin")
    assert current["VersionId"] != uploaded.version_id


@pytest.mark.parametrize("part", [1, 2, 3])
def test_failed_part_leaves_nothing_behind(s3: Any, large: Path, part: int) -> None:
    """Whichever part fails, the parts are removed and there is no object."""
    before(s3, "UploadPart", fail(refusal("AccessDenied", "UploadPart", 403)), nth=part)
    with pytest.raises(AccessDeniedError, match="AccessDenied"):
        send(s3, large)
    assert not leftovers(s3)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_failed_completion_leaves_nothing_behind(s3: Any, large: Path) -> None:
    """All parts are there, and the object is refused: the parts go."""
    before(s3, "CompleteMultipartUpload", fail(refusal("InternalError", "Complete", 500)))
    with pytest.raises(ServiceError, match="InternalError"):
        send(s3, large)
    assert not leftovers(s3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_upload_leaves_nothing_behind(
    s3: Any, large: Path, number: signal.Signals
) -> None:
    """The user's Ctrl-C, or a SIGTERM, in the middle of the transfer."""
    arrived = threading.Event()

    def stop(*_: Any) -> None:
        arrived.set()
        raise KeyboardInterrupt if number is signal.SIGINT else SystemExit(143)

    def interrupt() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, number)
        assert arrived.wait(10)
        # Longer than the main thread needs to call the transfer off.
        time.sleep(0.3)

    before(s3, "UploadPart", interrupt, nth=2)
    kept = signal.signal(number, stop)
    try:
        with pytest.raises(KeyboardInterrupt if number is signal.SIGINT else SystemExit):
            send(s3, large)
    finally:
        signal.signal(number, kept)
    assert not leftovers(s3)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_abort_that_failed_once_is_made_again(s3: Any, large: Path) -> None:
    """The manager tries to remove the parts once and tells nobody whether that went well."""
    before(s3, "UploadPart", fail(refusal("InternalError", "UploadPart", 500)))
    before(s3, "AbortMultipartUpload", fail(refusal("SlowDown", "Abort", 503)))
    with pytest.raises(ServiceError) as raised:
        send(s3, large)
    assert not leftovers(s3)
    assert "are left" not in str(raised.value)


def test_parts_that_cannot_be_removed_are_told(s3: Any, large: Path) -> None:
    """Where the user may not remove them, the error names the upload."""
    before(s3, "UploadPart", fail(refusal("InternalError", "UploadPart", 500)))
    denied = fail(refusal("AccessDenied", "Abort", 403))
    s3.meta.events.register("before-call.s3.AbortMultipartUpload", lambda **_: denied())
    with pytest.raises(ServiceError, match="are left") as raised:
        send(s3, large)
    (left,) = leftovers(s3)
    assert left["UploadId"] in str(raised.value)


def test_file_that_changes_meanwhile_never_becomes_an_object(s3: Any, large: Path) -> None:
    """It is looked at again before the parts become an object; then they are removed."""
    before(s3, "UploadPart", lambda: os.utime(large, ns=(1, 1)), nth=2)
    with pytest.raises(FileChangedError, match="changed"):
        send(s3, large)
    assert not leftovers(s3)
    assert "Contents" not in s3.list_objects_v2(Bucket=BUCKET)


def test_no_part_of_a_file_cut_short_is_sent(s3: Any, large: Path) -> None:
    """S3 would wait for bytes that are no longer there, at each try until it gives up."""
    sent: list[int] = []
    s3.meta.events.register_first("before-send.s3.UploadPart", lambda **_: sent.append(1))
    before(s3, "UploadPart", lambda: os.truncate(large, 1))
    with pytest.raises(FileChangedError, match="changed"):
        send(s3, large)
    assert len(sent) < 3
    assert not leftovers(s3)


def test_file_that_goes_away_meanwhile_is_a_named_error(s3: Any, large: Path) -> None:
    """Whatever notices it first, the parts are removed."""
    before(s3, "UploadPart", large.unlink)
    with pytest.raises(ServiceError, match=r"large\.bin"):
        send(s3, large)
    assert not leftovers(s3)


def test_small_file_that_changes_meanwhile_is_told_with_its_version(s3: Any, file: Path) -> None:
    """One request cannot be taken back: the error names the version that is not to be trusted."""
    before(s3, "PutObject", lambda: os.utime(file, ns=(1, 1)))
    with pytest.raises(FileChangedError) as raised:
        send(s3, file)
    (version,) = s3.list_object_versions(Bucket=BUCKET)["Versions"]
    assert raised.value.details["object"]["versionId"] == version["VersionId"]


def test_refused_upload_is_a_named_error(s3: Any, file: Path) -> None:
    """S3's own words stand in it."""
    before(s3, "PutObject", fail(refusal("AccessDenied", "PutObject", 403)))
    with pytest.raises(AccessDeniedError, match=f"s3://{BUCKET}/in/large.bin: AccessDenied"):
        send(s3, file)


def test_client_is_left_as_it_was(s3: Any, file: Path, tmp_path: Path) -> None:
    """A second upload with the same client is overheard alone."""
    first = send(s3, file)
    other = tmp_path / "other"
    other.write_bytes(b"other")
    second = send(s3, other)
    assert first.version_id != second.version_id
    assert first.etag != second.etag


class DeafS3:
    """S3 of which no answer is overheard, as with the manager in C."""

    def __init__(self, metadata: dict[str, str], refuses: Exception | None = None) -> None:
        self._refuses = refuses
        self.meta = self
        self.events = self
        self._metadata = metadata

    def register(self, *_: Any) -> None: ...

    def unregister(self, *_: Any) -> None: ...

    def head_object(self, **_: Any) -> Any:
        if self._refuses:
            raise self._refuses
        return {"Metadata": self._metadata, "VersionId": "v1", "ETag": '"etag"'}


def test_object_of_the_manager_in_c_is_found_by_its_mark() -> None:
    """The current version is ours only if it carries our mark."""
    found = transfer.find(DeafS3({transfer.MARK: "ours"}), plan(), "ours")
    assert (found.version_id, found.etag) == ("v1", "etag")
    with pytest.raises(CliError, match="replaced"):
        transfer.find(DeafS3({transfer.MARK: "theirs"}), plan(), "ours")
    with pytest.raises(CliError, match="replaced"):
        transfer.find(DeafS3({}), plan(), None)


def test_object_that_may_not_be_read_yet_was_uploaded_all_the_same() -> None:
    """With the suite's bucket policy nobody reads before the verdict: the version is not known."""
    s3 = DeafS3({}, refusal("403", "HeadObject", 403))
    found = transfer.find(s3, plan(), "ours")
    assert (found.key, found.version_id, found.etag) == ("in/large.bin", None, None)
