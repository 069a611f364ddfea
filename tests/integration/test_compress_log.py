"""Real logs through real adapters on moto's AWS: what lies in the archive afterwards."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from functions.compress_log.admission import Trigger
from functions.compress_log.log import Log
from functions.compress_log.packing import Compression
from functions.compress_log.report import Outcome
from local import log_lines
from tests.integration.logs_world import ARCHIVE, KEY, LINES, LogsWorld
from tidegate.objectref import ObjectRef
from tidegate.verdicts import ScanStatus

MEBIBYTE = 1024**2


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    """Nothing here leaves the process."""
    with mock_aws():
        yield


@pytest.fixture
def world() -> LogsWorld:
    """A world whose uploads keep no versions."""
    return LogsWorld.make()


def binary(size: int) -> bytes:
    """Return bytes of all values that pack to about a half."""
    sixteen = bytes(value & 0x0F | 0x80 for value in range(256))
    return random.Random(7).randbytes(size).translate(sixteen)


CONTENTS = {
    "lines": LINES,
    "no newline at the end": LINES + b"the last line",
    "windows line ends": LINES.replace(b"\n", b"\r\n"),
    "one long line": b"x" * 1_000_000,
    "binary": binary(200_000),
    "zeros": bytes(3 * MEBIBYTE),
    "unicode": "größe 日本語 💾 \u202e rtl\n".encode() * 500,
    "not valid UTF-8": b"\xff\xfe\x80 broken \xc3\n" * 500,
    "exactly one block": (LINES * 100)[: 4 * MEBIBYTE],
    "a block and a byte": (LINES * 100)[: 4 * MEBIBYTE + 1],
}


@pytest.mark.parametrize("compression", Compression)
@pytest.mark.parametrize("name", CONTENTS)
def test_log_is_in_the_archive_byte_for_byte(compression: Compression, name: str) -> None:
    """Unpacked by other readers than ours it is the log, and the original is gone."""
    world = LogsWorld.make(compression=compression)
    report = world.run(world.upload(CONTENTS[name]))

    assert report.outcome is Outcome.ARCHIVED
    ((key, content),) = world.archived(compression).items()
    assert content == CONTENTS[name]
    assert key.startswith("logs/year=2026/month=11/day=25/access-2026-11-25-")
    assert key.endswith({"gzip": ".log.gz", "zstd": ".log.zst"}[compression])
    assert world.versions() == []


@pytest.mark.parametrize(
    ("content", "outcome"),
    [
        (b"", Outcome.EMPTY),
        (b"one line", Outcome.WOULD_GROW),
        (b"one line\n", Outcome.WOULD_GROW),
        (random.Random(7).randbytes(50_000), Outcome.WOULD_GROW),
        (random.Random(7).randbytes(20 * MEBIBYTE), Outcome.WOULD_GROW),
        (gzip.compress(LINES), Outcome.ALREADY_COMPRESSED),
    ],
    ids=["empty", "one line", "one line, ended", "noise", "much noise", "gzip renamed"],
)
def test_log_that_gains_nothing_is_left_as_it_is(
    world: LogsWorld, content: bytes, outcome: Outcome
) -> None:
    """Told and entered, the object untouched, and no parts left in the archive."""
    log = world.upload(content)
    before = world.versions()

    assert world.run(log).outcome is outcome
    assert world.versions() == before
    assert world.versions(ARCHIVE) == []
    assert "Uploads" not in world.s3.list_multipart_uploads(Bucket=ARCHIVE)
    (event,) = world.events()
    assert event["detail-type"] == "Log Not Compressed"
    assert world.entry(log)["outcome"] == outcome.value


@pytest.mark.parametrize("compression", Compression)
def test_large_log_goes_in_parts(compression: Compression) -> None:
    """The copy has the marks, tags and metadata of its original, in the class that is wanted."""
    content = log_lines.at_least(log_lines.application_lines(), 25 * MEBIBYTE)
    world = LogsWorld.make(compression=compression, part_bytes=5 * MEBIBYTE)
    world.keep_versions()
    log = world.upload(content, Metadata={"owner": "harbour"}, Tagging="team=a&reviewed=")
    report = world.run(log)

    assert report.outcome is Outcome.ARCHIVED
    assert report.copy is not None
    ((key, found),) = world.archived(compression).items()
    assert found == content
    head = world.s3.head_object(Bucket=ARCHIVE, Key=key, ChecksumMode="ENABLED")
    assert head["ETag"].strip('"').rpartition("-")[2].isdigit()
    assert head["Metadata"]["owner"] == "harbour"
    assert head["Metadata"]["tidegate-sha256"] == log.sha256
    assert head["Metadata"]["tidegate-size"] == str(len(content))
    assert head["Metadata"]["tidegate-version"] == log.ref.version_id
    assert head["StorageClass"] == "GLACIER_IR"
    tags = world.s3.get_object_tagging(Bucket=ARCHIVE, Key=key)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"team": "a", "reviewed": ""}
    assert world.versions() == []


def test_unscanned_large_log_is_hashed_before_it_is_sent() -> None:
    """S3 takes the metadata before the first part: the digest is in it all the same."""
    world = LogsWorld.make(trigger=Trigger.ON_UPLOAD, part_bytes=5 * MEBIBYTE)
    content = binary(12 * MEBIBYTE)
    log = world.upload(content)
    world.forget(log)
    report = world.run(Log(log.ref))

    assert report.outcome is Outcome.ARCHIVED
    assert report.copy is not None
    head = world.s3.head_object(Bucket=ARCHIVE, Key=report.copy.ref.key)
    assert head["Metadata"]["tidegate-sha256"] == log.sha256 == report.copy.sha256


def test_small_copy_stays_in_standard(world: LogsWorld) -> None:
    """Below 128 KiB the archive classes cost more than they save."""
    report = world.run(world.upload(LINES[:20_000]))

    assert report.copy is not None
    assert report.copy.storage_class == "STANDARD"
    head = world.s3.head_object(Bucket=ARCHIVE, Key=report.copy.ref.key)
    assert head.get("StorageClass", "STANDARD") == "STANDARD"


def test_logs_of_one_name_lie_side_by_side(world: LogsWorld) -> None:
    """Two hosts, one file name, one day: two objects, and so with two versions of one key."""
    world.keep_versions()
    logs = [
        world.upload(LINES + b"one\n", "a/access-2026-11-25.log"),
        world.upload(LINES + b"two\n", "b/access-2026-11-25.log"),
        world.upload(LINES + b"three\n", "b/access-2026-11-25.log"),
    ]
    for log in logs:
        assert world.run(log).outcome is Outcome.ARCHIVED

    contents = sorted(world.archived().values())
    assert contents == sorted(LINES + word for word in (b"one\n", b"two\n", b"three\n"))


def test_one_version_goes_and_the_others_stay(world: LogsWorld) -> None:
    """An older version's event deletes that version, not what is current now."""
    world.keep_versions()
    older, newer = world.upload(LINES + b"older\n"), world.upload(LINES + b"newer\n")
    world.run(older)

    assert world.versions() == [(KEY, newer.ref.version_id)]
    assert list(world.archived().values()) == [LINES + b"older\n"]


@pytest.mark.parametrize("status", [ScanStatus.THREATS_FOUND, ScanStatus.UNSUPPORTED])
def test_log_that_a_rescan_condemned_is_left(world: LogsWorld, status: ScanStatus) -> None:
    """Its event said clean; the ledger says otherwise by now."""
    log = world.upload()
    world.scan(log, status)

    assert world.run(log).outcome is Outcome.NOT_CLEAN
    assert world.versions(ARCHIVE) == []
    assert len(world.versions()) == 1


def test_locked_original_is_kept_beside_its_copy() -> None:
    """Object Lock refuses the deletion for good: both stay, and nobody tries again and again."""
    world = LogsWorld.make()
    world.s3.create_bucket(
        Bucket="harbour-locked",
        CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
        ObjectLockEnabledForBucket=True,
    )
    answer = world.s3.put_object(Bucket="harbour-locked", Key=KEY, Body=LINES)
    place = {"Bucket": "harbour-locked", "Key": KEY, "VersionId": answer["VersionId"]}
    world.s3.put_object_legal_hold(**place, LegalHold={"Status": "ON"})
    etag = answer["ETag"].strip('"')
    log = Log(ObjectRef("harbour-locked", KEY, answer["VersionId"], etag))
    world.scan(log, ScanStatus.NO_THREATS_FOUND)

    assert world.run(log).outcome is Outcome.ORIGINAL_KEPT
    assert world.run(log).outcome is Outcome.ORIGINAL_KEPT
    assert world.s3.get_object(**place)["Body"].read() == LINES
    assert LINES in world.archived().values()
    assert [event["detail"]["archive"]["outcome"] for event in world.events()] == ["ORIGINAL_KEPT"]


@pytest.mark.parametrize(
    "key",
    [
        "../../etc/passwd.log",
        "größe/日本語 + 50%.log",
        "a'; rm -rf $(pwd)\n.log",
        "\u202egol.txt.log",
        "x" * 1020 + ".log",
        "/leading//slashes/.log",
        "year=1999/month=13/day=32/a.log",
    ],
)
def test_hostile_key_lands_in_its_partition(world: LogsWorld, key: str) -> None:
    """Whatever the key, the copy lies in a day's folder under a harmless name."""
    report = world.run(world.upload(LINES, key))

    assert report.outcome is Outcome.ARCHIVED
    assert report.copy is not None
    prefix, year, month, day, name = report.copy.ref.key.split("/")
    assert (prefix, year[:5], month[:6], day[:4]) == ("logs", "year=", "month=", "day=")
    assert name.isascii()
    assert name[0].isalnum()
    assert list(world.archived().values()) == [LINES]


def test_time_that_runs_out_leaves_no_parts() -> None:
    """The upload is aborted, the log stays, and the message is done."""
    world = LogsWorld.make(part_bytes=5 * MEBIBYTE)
    log = world.upload(binary(28 * MEBIBYTE))
    looks: list[Any] = []

    def out_of_time() -> bool:
        looks.append(1)
        return len(looks) > 6

    assert world.run(log, out_of_time).outcome is Outcome.OUT_OF_TIME
    assert "Uploads" not in world.s3.list_multipart_uploads(Bucket=ARCHIVE)
    assert world.versions(ARCHIVE) == []
    assert len(world.versions()) == 1
