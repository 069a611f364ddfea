"""tidegate upload: from the command line to the exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import BUCKET, Invoke
from tests.unit.cli.fakes import FakeAws, FakeCloudFormation, refusal

TARGET = f"s3://{BUCKET}/in/"


def verdict_comes(s3: Any, status: str, tag: str = "scan-status") -> None:
    """Have the scanner tag each version just after it was put."""

    def scan(parsed: Any, **_: Any) -> None:
        s3.put_object_tagging(
            Bucket=BUCKET,
            Key="in/minutes.txt",
            VersionId=parsed["VersionId"],
            Tagging={"TagSet": [{"Key": tag, "Value": status}]},
        )

    s3.meta.events.register("after-call.s3.PutObject", scan)


def test_upload_tells_the_exact_version(aws: FakeAws, s3: Any, invoke: Invoke, file: Path) -> None:
    """The JSON document names what was uploaded, and S3 has it."""
    result = invoke(aws, "upload", str(file), TARGET, "--json", "--tag", "team=a")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    named = document["object"]
    state = s3.head_object(Bucket=BUCKET, Key=named["key"], VersionId=named["versionId"])
    assert (named["bucket"], named["key"]) == (BUCKET, "in/minutes.txt")
    assert state["ETag"].strip('"') == named["etag"]
    assert state["ContentType"] == "text/plain"
    assert document["bytes"] == file.stat().st_size
    assert (document["parts"], document["checksum"], document["verdict"]) == (1, "CRC32", None)
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("NO_THREATS_FOUND", 0),
        ("THREATS_FOUND", 3),
        ("UNSUPPORTED", 3),
        ("FAILED", 3),
        ("ACCESS_DENIED", 3),
    ],
)
def test_waiting_ends_with_the_verdict(
    aws: FakeAws, s3: Any, invoke: Invoke, file: Path, status: str, code: int
) -> None:
    """Only clean is 0."""
    verdict_comes(s3, status)
    result = invoke(aws, "upload", str(file), TARGET, "--wait", "--json")
    assert result.exit_code == code, result.output
    verdict = json.loads(result.stdout)["verdict"]
    assert (verdict["status"], verdict["clean"]) == (status, code == 0)
    assert status in invoke(aws, "upload", str(file), TARGET, "--wait").stdout


def test_verdict_of_another_version_is_not_ours(
    aws: FakeAws, s3: Any, invoke: Invoke, file: Path
) -> None:
    """A clean version under the same key lends nothing; in time no verdict comes: 5."""
    s3.put_object(
        Bucket=BUCKET, Key="in/minutes.txt", Body=b"old", Tagging="scan-status=NO_THREATS_FOUND"
    )
    result = invoke(aws, "upload", str(file), TARGET, "--wait", "--timeout", "0", "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["error"]) == (5, "NoVerdictError")
    assert document["object"]["key"] == "in/minutes.txt"


def test_version_that_vanishes_is_not_clean(
    aws: FakeAws, s3: Any, invoke: Invoke, file: Path
) -> None:
    """Quarantined or deleted: the text says so, and the exit code is not 0."""
    s3.meta.events.register(
        "after-call.s3.PutObject",
        lambda parsed, **_: s3.delete_object(
            Bucket=BUCKET, Key="in/minutes.txt", VersionId=parsed["VersionId"]
        ),
    )
    result = invoke(aws, "upload", str(file), TARGET, "--wait")
    assert result.exit_code == 3, result.output
    assert "quarantined or deleted" in result.stdout


def test_stack_gives_bucket_and_tag(aws: FakeAws, s3: Any, invoke: Invoke, file: Path) -> None:
    """Its uploads bucket, and its own name for the verdict's tag."""
    aws.clients["cloudformation"] = FakeCloudFormation(
        {"UploadsBucketName": BUCKET}, {"StatusTagKey": "verdict"}
    )
    verdict_comes(s3, "NO_THREATS_FOUND", "verdict")
    result = invoke(
        aws, "upload", str(file), "in/", "--wait", "--json", "--stack-name", "tidegate-test"
    )
    assert result.exit_code == 0, result.output


def test_empty_file_is_uploaded(aws: FakeAws, s3: Any, invoke: Invoke, tmp_path: Path) -> None:
    """No bytes are an object too."""
    empty = tmp_path / "empty"
    empty.touch()
    assert invoke(aws, "upload", str(empty), TARGET).exit_code == 0
    assert s3.head_object(Bucket=BUCKET, Key="in/empty")["ContentLength"] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("-", TARGET),
        ("missing.txt", TARGET),
        ("FILE",),
        ("FILE", TARGET, "--storage-class", "WARM"),
        ("FILE", TARGET, "--checksum", "CRC32C"),
        ("FILE", TARGET, "--tag", "x"),
        ("FILE", TARGET, "--part-size", "4"),
        ("FILE", TARGET, "--timeout", "-1"),
        ("FILE", "s3://dotted.bucket/x", "--accelerate"),
        ("FILE", TARGET, "--manager", "crt"),
        ("FILE", TARGET, "--storage-class", "GLACIER", "--wait"),
    ],
)
def test_wrong_options_upload_nothing(
    aws: FakeAws, s3: Any, invoke: Invoke, file: Path, arguments: tuple[str, ...]
) -> None:
    """Exit code 2, and the bucket is empty."""
    given = [str(file) if argument == "FILE" else argument for argument in arguments]
    result = invoke(aws, "upload", *given)
    assert result.exit_code == 2, result.output
    assert "Versions" not in s3.list_object_versions(Bucket=BUCKET)


@pytest.mark.parametrize(
    ("code", "status", "exit_code"),
    [("AccessDenied", 403, 6), ("NoSuchBucket", 404, 7), ("InternalError", 500, 1)],
)
def test_refused_upload_has_its_exit_code(
    aws: FakeAws, s3: Any, invoke: Invoke, file: Path, code: str, status: int, exit_code: int
) -> None:
    """Denied, missing and broken are told apart."""

    def refuse(**_: Any) -> None:
        raise refusal(code, "PutObject", status)

    s3.meta.events.register("before-call.s3.PutObject", refuse)
    result = invoke(aws, "upload", str(file), TARGET, "--json")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["exitCode"]) == (exit_code, exit_code)
    assert code in document["message"]


def test_key_cannot_write_to_the_terminal(
    aws: FakeAws, s3: Any, invoke: Invoke, file: Path
) -> None:
    """Escape sequences and markup in a key or a tag are shown, not obeyed."""
    key = "in/[bold]\x1b[31mred\n"
    result = invoke(aws, "upload", str(file), f"s3://{BUCKET}/{key}")
    assert result.exit_code == 0, result.output
    assert "[bold]\\x1b[31mred\\n" in result.stdout
    assert "\x1b" not in result.stdout
    assert s3.head_object(Bucket=BUCKET, Key=key)
