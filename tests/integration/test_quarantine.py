"""Objects go into quarantine: whole, proven, once, and nothing else is touched (moto's AWS)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto import mock_aws

from functions.quarantine_object import custody
from functions.quarantine_object.report import Outcome
from tests.integration.quarantine_world import (
    INFECTED,
    QUARANTINE,
    SOURCE,
    World,
    endless,
    verdict,
)
from tidegate.errors import TransientError
from tidegate.objectref import ObjectRef

MIB = 1024**2
HOSTILE_KEYS = (
    "a b+c%20&d?versionId=1#x.txt",
    "../../etc/passwd",
    "/leading//double/",
    "clamd.conf",
    "name: with colon",
    "ü/漢字/\N{RIGHT-TO-LEFT OVERRIDE}gpj.exe",
    "'; rm -rf $HOME; `id`",
    "x" * 1024,
    "漢" * 341,
)


@pytest.fixture
def world() -> Iterator[World]:
    with mock_aws():
        yield World.make()


def test_infected_object_is_moved_and_the_copy_is_the_same(world: World) -> None:
    """The object is gone from its bucket, and its copy has its content."""
    result = world.upload()
    report = world.run(result)
    assert report.outcome is Outcome.QUARANTINED
    assert world.versions() == []
    assert world.content(QUARANTINE, custody.copy_key(result.ref)) == INFECTED
    assert report.copy is not None
    assert report.copy.proofs[0] == "SHA256"
    assert world.copy_of(result)["StorageClass"] == "GLACIER_IR"


def test_all_headers_metadata_and_tags_are_carried_over(world: World) -> None:
    """Whatever the uploader set is on the copy, and nothing is told as lost."""
    expires = datetime(2030, 1, 1, tzinfo=UTC)
    headers: dict[str, Any] = {
        "ContentType": "text/x-harbour",
        "ContentEncoding": "gzip",
        "ContentDisposition": 'attachment; filename="tide.txt"',
        "ContentLanguage": "de",
        "CacheControl": "no-store",
        "Expires": expires,
        "WebsiteRedirectLocation": "/elsewhere",
    }
    result = world.upload(
        **headers,
        Metadata={"owner": "harbour", "encoded": "=?UTF-8?B?w6k=?="},
        Tagging="scan-status=THREATS_FOUND&team=low%20water",
    )
    report = world.run(result)
    copy = world.copy_of(result)
    assert {name: copy[name] for name in headers} == headers
    assert copy["Metadata"].items() >= {"owner": "harbour", "encoded": "=?UTF-8?B?w6k=?="}.items()
    tags = world.s3.get_object_tagging(Bucket=QUARANTINE, Key=custody.copy_key(result.ref))
    assert {tag["Key"]: tag["Value"] for tag in tags["TagSet"]} == {
        "scan-status": "THREATS_FOUND",
        "team": "low water",
    }
    assert report.copy is not None
    assert report.copy.lost == ()


def test_origin_verdict_signature_and_time_are_recorded(world: World) -> None:
    """The copy's metadata say it in short, the record beside it in full."""
    result = world.upload(Metadata={"owner": "harbour"})
    world.run(result)
    marks = world.copy_of(result)["Metadata"]
    assert marks["tidegate-origin"] == "s3://harbour-uploads/in/box.bin"
    assert marks["tidegate-status"] == "THREATS_FOUND"
    assert marks["tidegate-threats"] == "Win.Test.EICAR_HDB-1"
    assert marks["tidegate-quarantined-at"] == "2026-11-22T12:00:00+00:00"
    record = world.record_of(result)
    assert record["verdict"]["s3ObjectDetails"]["objectKey"] == "in/box.bin"
    assert record["original"]["metadata"] == {"owner": "harbour"}
    assert record["copy"]["provenBy"][0] == "SHA256"


def test_alert_tells_people_and_programs_what_happened(world: World) -> None:
    """One alert with the signature, the uploader and what was done."""
    result = world.upload()
    world.run(result)
    (alert,) = world.alerts()
    assert alert["Subject"] == "Tidegate: Win.Test.EICAR_HDB-1 in harbour-uploads: quarantined"
    detail = json.loads(alert["Message"])
    assert detail["quarantine"]["outcome"] == "QUARANTINED"
    assert detail["scanner"]["uploader"] == {
        "requester": "123456789012",
        "sourceIp": "203.0.113.9",
    }
    (event,) = world.events()
    assert event["detail-type"] == "Object Quarantined"
    assert event["detail"] == detail


def test_duplicate_event_changes_nothing_and_alerts_nobody(world: World) -> None:
    """The same verdict once more finds all done."""
    world.keep_versions(QUARANTINE)
    result = world.upload()
    world.run(result)
    before = world.versions(QUARANTINE)
    assert len(world.alerts()) == 1
    report = world.run(result)
    assert (report.outcome, report.changed) == (Outcome.QUARANTINED, False)
    assert world.alerts() == []
    assert world.versions(QUARANTINE) == before


def test_versioned_bucket_keeps_its_other_versions_and_gets_no_marker(world: World) -> None:
    """The infected version in the middle goes, its neighbours stay as they were."""
    world.keep_versions()
    world.upload(body=b"clean, first")
    result = world.upload()
    world.upload(body=b"clean, latest")
    world.run(result)
    assert len(world.versions()) == 2
    assert result.ref.version_id not in {version for _, version in world.versions()}
    assert world.content(SOURCE, "in/box.bin") == b"clean, latest"
    assert world.content(QUARANTINE, custody.copy_key(result.ref)) == INFECTED


def test_versioned_current_version_is_deleted_without_a_marker(world: World) -> None:
    """When the infected version is the latest, the one before it becomes the latest."""
    world.keep_versions()
    world.upload(body=b"clean, first")
    result = world.upload()
    world.run(result)
    assert world.content(SOURCE, "in/box.bin") == b"clean, first"
    assert all(version != "marker" for _, version in world.versions())


def test_versioning_begun_after_the_upload_leaves_no_marker(world: World) -> None:
    """An object from before versioning is deleted, not hidden."""
    result = world.upload()
    world.keep_versions()
    assert world.run(result).outcome is Outcome.QUARANTINED
    assert world.versions() == []


def test_object_replaced_before_the_copy_is_reported_and_left(world: World) -> None:
    """Newer content under the name is not touched, and the alert says what was missed."""
    result = world.upload()
    world.upload(body=b"newer and maybe clean")
    report = world.run(result)
    assert report.outcome is Outcome.GONE
    assert world.content(SOURCE, "in/box.bin") == b"newer and maybe clean"
    assert world.versions(QUARANTINE) == []
    (alert,) = world.alerts()
    assert alert["Subject"].endswith("gone before quarantine")
    assert world.events()[0]["detail-type"] == "Object Not Quarantined"


def test_object_deleted_before_the_copy_is_reported(world: World) -> None:
    """A missing object is told of once, not retried."""
    result = world.upload()
    world.s3.delete_object(Bucket=SOURCE, Key="in/box.bin")
    assert world.run(result).outcome is Outcome.GONE
    assert world.run(result).outcome is Outcome.GONE
    assert len(world.alerts()) == 1


def test_same_content_uploaded_again_is_quarantined_again(world: World) -> None:
    """An unversioned bucket gives the same content the same name: it still has to go."""
    result = world.upload(Metadata={"owner": "first"})
    world.run(result)
    again = world.upload(Metadata={"owner": "second"})
    report = world.run(again)
    assert report.outcome is Outcome.QUARANTINED
    assert world.versions() == []
    assert len(world.alerts()) == 2
    assert world.copy_of(again)["Metadata"]["owner"] == "second"


@pytest.mark.parametrize("key", HOSTILE_KEYS, ids=ascii)
def test_hostile_key_is_quarantined_under_a_harmless_one(world: World, key: str) -> None:
    """Nothing of the uploader's key is in the copy's, and the record has it unchanged."""
    result = world.upload(key)
    assert world.run(result).outcome is Outcome.QUARANTINED
    assert world.versions() == []
    assert world.record_of(result)["verdict"]["s3ObjectDetails"]["objectKey"] == key
    (alert,) = world.alerts()
    assert alert["Subject"].isascii()
    assert len(alert["Subject"]) < 100


def test_object_lock_leaves_the_object_blocked_and_says_so(world: World) -> None:
    """A locked version is copied, stays where it is, and one alert tells it."""
    world.s3.create_bucket(
        Bucket="harbour-locked",
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
    )
    answer = world.s3.put_object(
        Bucket="harbour-locked",
        Key="deed.pdf",
        Body=INFECTED,
        Tagging="scan-status=THREATS_FOUND",
        ObjectLockMode="COMPLIANCE",
        ObjectLockRetainUntilDate=datetime.now(UTC) + timedelta(days=1),
    )
    ref = ObjectRef("harbour-locked", "deed.pdf", answer["VersionId"], answer["ETag"].strip('"'))
    result = verdict(ref)
    report = world.run(result)
    assert report.outcome is Outcome.LEFT_BLOCKED
    assert "AccessDenied" in (report.reason or "")
    tags = world.s3.get_object_tagging(Bucket="harbour-locked", Key="deed.pdf")["TagSet"]
    assert tags == [{"Key": "scan-status", "Value": "THREATS_FOUND"}]
    assert world.content(QUARANTINE, custody.copy_key(ref)) == INFECTED
    world.run(result)
    (alert,) = world.alerts()
    assert alert["Subject"].endswith("NOT moved, still blocked")


def test_legal_hold_released_lets_the_next_run_finish(world: World) -> None:
    """What was left blocked is quarantined once S3 allows it, and that is told too."""
    world.s3.create_bucket(
        Bucket="harbour-locked",
        ObjectLockEnabledForBucket=True,
        CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
    )
    answer = world.s3.put_object(
        Bucket="harbour-locked", Key="k", Body=INFECTED, ObjectLockLegalHoldStatus="ON"
    )
    result = verdict(ObjectRef("harbour-locked", "k", answer["VersionId"], answer["ETag"][1:-1]))
    assert world.run(result).outcome is Outcome.LEFT_BLOCKED
    world.s3.put_object_legal_hold(Bucket="harbour-locked", Key="k", LegalHold={"Status": "OFF"})
    assert world.run(result).outcome is Outcome.QUARANTINED
    assert world.versions("harbour-locked") == []
    assert len(world.alerts()) == 2


def large(size_bytes: int) -> bytes:
    """Return content in which no two blocks are alike."""
    blocks = (hashlib.sha256(b"%d" % number).digest() for number in range(size_bytes // 32 + 1))
    return b"".join(blocks)[:size_bytes]


@pytest.fixture
def multipart_world() -> Iterator[World]:
    with mock_aws():
        yield World.make(max_single_copy_bytes=6 * MIB, part_bytes=5 * MIB)


def test_object_above_the_threshold_is_copied_in_parts_and_whole(multipart_world: World) -> None:
    """Content, headers, metadata and tags of a multipart copy are those of the original."""
    world = multipart_world
    body = large(12 * MIB + 7)
    result = world.upload(
        body=body,
        ContentType="video/x",
        CacheControl="no-store",
        Metadata={"owner": "harbour"},
        Tagging="scan-status=UNSUPPORTED&team=a",
    )
    report = world.run(result)
    copy = world.copy_of(result)
    assert report.outcome is Outcome.QUARANTINED
    assert copy["ETag"].endswith('-3"')
    assert world.content(QUARANTINE, custody.copy_key(result.ref)) == body
    assert (copy["ContentType"], copy["CacheControl"]) == ("video/x", "no-store")
    assert copy["Metadata"]["owner"] == "harbour"
    assert copy["StorageClass"] == "GLACIER_IR"
    assert report.copy is not None
    assert report.copy.lost == ()
    assert "CRC32" in report.copy.proofs


def test_copy_out_of_time_is_gone_on_with_by_the_next_receive(multipart_world: World) -> None:
    """Parts that are there are not copied again."""
    world = multipart_world
    body = large(16 * MIB)
    result = world.upload(body=body)
    answers = iter([False, False, True, True])
    with pytest.raises(TransientError, match="no time left"):
        world.run(result, lambda: next(answers))
    uploads = world.s3.list_multipart_uploads(Bucket=QUARANTINE)["Uploads"]
    assert len(uploads) == 1
    calls: list[int] = []
    world.s3.meta.events.register("before-call.s3.UploadPartCopy", lambda **_: calls.append(1))
    assert world.run(result, endless).outcome is Outcome.QUARANTINED
    assert len(calls) == 2
    assert world.content(QUARANTINE, custody.copy_key(result.ref)) == body
    assert world.s3.list_multipart_uploads(Bucket=QUARANTINE).get("Uploads", []) == []
