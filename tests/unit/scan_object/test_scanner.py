"""From one created object to one verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from clamav_layer.replies import Threat
from functions.scan_object.recorder import Recorder
from functions.scan_object.scanner import Scanner
from tests.unit.scan_object.fakes import (
    NOW,
    PLENTY,
    RELEASE,
    FakeBus,
    FakeLedger,
    FakeScanEngine,
    FakeTags,
    quiet_logger,
)
from tidegate.errors import TransientError
from tidegate.events import ObjectCreated, Uploader
from tidegate.objectref import ObjectRef
from tidegate.objects import Objects
from tidegate.verdicts import Action, ScanStatus

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_BYTES = 100


@dataclass
class Bench:
    """A scanner on a bucket of moto's, with fakes for all else."""

    s3: Any
    directory: Path
    engine: FakeScanEngine = field(default_factory=FakeScanEngine)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    tags: FakeTags = field(default_factory=FakeTags)
    bus: FakeBus = field(default_factory=FakeBus)
    failed_action: Action = Action.QUARANTINE

    @property
    def scanner(self) -> Scanner:
        return Scanner(
            objects=Objects(self.s3),
            engine=self.engine,
            recorder=Recorder(self.ledger, self.tags, self.bus, quiet_logger(), "scan-status", {}),
            logger=quiet_logger(),
            max_object_bytes=MAX_BYTES,
            unsupported_action=Action.BLOCK,
            failed_action=self.failed_action,
            work_directory=self.directory,
            now=lambda: NOW,
        )

    def put(self, body: bytes = b"content", **more: str) -> ObjectCreated:
        answer = self.s3.put_object(
            Bucket="uploads", Key="key", Body=body, ContentType="text/x", **more
        )
        ref = ObjectRef("uploads", "key", answer["VersionId"], answer["ETag"].strip('"'))
        return ObjectCreated(ref, len(body), "0055AE", Uploader("123456789012"), "request-1")


class RefusingS3:
    """An S3 that answers every call with one error."""

    def __init__(self, code: str, status: int, message: str = "") -> None:
        answer: Any = {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        self.error = ClientError(answer, "GetObject")

    def get_object(self, **_: object) -> None:
        raise self.error

    head_object = get_object


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A scanner on a versioned bucket."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        s3: S3Client = boto3.client("s3", region_name="us-east-1")
        s3.create_bucket(Bucket="uploads")
        s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
        yield Bench(s3, tmp_path)


def test_clean_object_is_recorded_with_all_that_proves_it(bench: Bench) -> None:
    """The verdict names content, engine, definitions and upload."""
    created = bench.put(b"content")
    result = bench.scanner.scan(created, PLENTY)
    assert result is not None
    assert (result.status, result.action) == (ScanStatus.NO_THREATS_FOUND, Action.NONE)
    assert result.ref == created.ref
    assert result.sha256 == "ed7002b439e9ac845f22357d822bac1444730fbdb6016d3ec9432297b9ec9f73"
    assert (result.size_bytes, result.content_type) == (7, "text/x")
    assert (result.engine, result.definitions_release) == ("ClamAV 1.4.6", RELEASE)
    assert (result.uploader.requester, result.correlation_id) == ("123456789012", "request-1")


def test_infected_object_is_to_be_quarantined(bench: Bench) -> None:
    """A found threat is named and sent to quarantine."""
    bench.engine.outcome = Threat("Eicar")
    result = bench.scanner.scan(bench.put(), PLENTY)
    assert result is not None
    assert (result.status, result.action) == (ScanStatus.THREATS_FOUND, Action.QUARANTINE)
    assert result.threats == ("Eicar",)


def test_object_over_the_limit_is_unsupported_and_not_read(bench: Bench) -> None:
    """An object too large never reaches the engine."""
    created = bench.put(bytes(MAX_BYTES + 1))
    result = bench.scanner.scan(created, PLENTY)
    assert result is not None
    assert (result.status, result.reason) == (ScanStatus.UNSUPPORTED, "TOO_LARGE")
    assert (result.ref, result.size_bytes) == (created.ref, MAX_BYTES + 1)
    assert bench.engine.scanned == 0


def test_archived_object_is_unsupported(bench: Bench) -> None:
    """An object that must be restored first has a verdict that says so."""
    result = bench.scanner.scan(bench.put(StorageClass="DEEP_ARCHIVE"), PLENTY)
    assert result is not None
    assert (result.status, result.reason) == (ScanStatus.UNSUPPORTED, "ARCHIVED_STORAGE_CLASS")


@pytest.mark.parametrize(
    ("s3", "status", "reason", "action"),
    [
        (RefusingS3("AccessDenied", 403), "ACCESS_DENIED", "ACCESS_DENIED", Action.BLOCK),
        (RefusingS3("KMS.DisabledException", 400), "ACCESS_DENIED", "ACCESS_DENIED", Action.BLOCK),
        (
            RefusingS3("InvalidRequest", 400, "stored using a form of Server Side Encryption"),
            "UNSUPPORTED",
            "CUSTOMER_PROVIDED_KEY",
            Action.BLOCK,
        ),
    ],
)
def test_object_that_cannot_be_read_has_a_verdict_that_says_why(
    bench: Bench, s3: RefusingS3, status: str, reason: str, action: Action
) -> None:
    """Refused reads are final verdicts, not endless retries."""
    created = ObjectCreated(ObjectRef("uploads", "key", "v1", "etag"))
    bench.s3 = s3
    result = bench.scanner.scan(created, PLENTY)
    assert result is not None
    assert (result.status, result.reason, result.action) == (status, reason, action)


@pytest.mark.parametrize("code", [("SlowDown", 503), ("InternalError", 500)])
def test_failing_s3_gives_no_verdict(bench: Bench, code: tuple[str, int]) -> None:
    """What may go well next time is raised, and nothing is recorded."""
    bench.s3 = RefusingS3(*code)
    with pytest.raises(TransientError):
        bench.scanner.scan(ObjectCreated(ObjectRef("uploads", "key", "v1")), PLENTY)
    assert bench.ledger.results == []


def test_deleted_object_is_done(bench: Bench) -> None:
    """An object deleted between event and read leaves nothing to do and nothing recorded."""
    created = bench.put()
    bench.s3.delete_object(Bucket="uploads", Key="key", VersionId=created.ref.version_id)
    assert bench.scanner.scan(created, PLENTY, is_last_try=True) is None
    assert bench.ledger.results == []


def test_last_try_marks_the_object_failed_before_the_work(bench: Bench) -> None:
    """Should the process be killed, the object has a final status; a better one replaces it."""
    created = bench.put()
    bench.scanner.scan(created, PLENTY, is_last_try=True)
    assert [result.status for result in bench.ledger.results] == [
        ScanStatus.FAILED,
        ScanStatus.NO_THREATS_FOUND,
    ]
    assert [detail["scanResultDetails"]["scanResultStatus"] for detail in bench.bus.details] == [
        "NO_THREATS_FOUND"
    ]


def test_last_try_opens_nothing_before_the_scan_where_failed_objects_may_be_read(
    bench: Bench,
) -> None:
    """With FailedAction=ALLOW the mark would let an infected object be read while it is scanned."""
    bench.failed_action = Action.ALLOW
    bench.engine.outcome = Threat("Eicar")
    bench.scanner.scan(bench.put(), PLENTY, is_last_try=True)
    assert [result.status for result in bench.ledger.results] == [ScanStatus.THREATS_FOUND]


def test_object_without_known_version_is_pinned_before_it_is_marked(bench: Bench) -> None:
    """FAILED is recorded on the exact version, also where the event named none."""
    exact = bench.put().ref
    created = ObjectCreated(ObjectRef("uploads", "key"))
    bench.scanner.fail(created)
    assert bench.ledger.results[0].ref == exact


def test_failed_scan_is_told_with_the_operators_choice(bench: Bench) -> None:
    """When the last try failed, the event carries FAILED and what is to be done."""
    bench.scanner.fail(bench.put())
    assert bench.bus.details[0]["scanResultDetails"]["scanResultStatus"] == "FAILED"
    assert bench.bus.details[0]["scanner"]["action"] == "QUARANTINE"


def test_engine_without_answer_gives_no_verdict(bench: Bench) -> None:
    """An error of the engine is raised; nothing is tagged."""
    bench.engine.outcome = TransientError("mute")
    with pytest.raises(TransientError):
        bench.scanner.scan(bench.put(), PLENTY)
    assert bench.tags.written == []
