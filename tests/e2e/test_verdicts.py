"""Each verdict that an upload can get, with what must follow from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from local import samples
from local.deployment import Stack
from local.verdicts import Listener
from tests.e2e.uploads import Uploads

_LIMIT_BYTES = 26_214_400  # samconfig.toml, environment local


@pytest.mark.parametrize(
    "body",
    [b"", samples.text(), samples.pdf(), samples.zipped("minutes.txt", samples.text())],
    ids=["empty", "text", "pdf", "zip"],
)
def test_harmless_upload_is_tagged_clean_and_stays(
    uploads: Uploads, listener: Listener, body: bytes
) -> None:
    """A harmless object gets its verdict in the event, on its tags and in the ledger."""
    put = uploads.put("file", body)
    verdict = uploads.verdict(listener, put)
    assert (verdict.status, verdict.action, verdict.threats) == ("NO_THREATS_FOUND", "NONE", ())
    release = verdict.detail["scanner"]["definitionsRelease"]
    assert uploads.tags(put) == {"scan-status": "NO_THREATS_FOUND", "scan-definitions": release}
    row = uploads.row(put)
    assert row is not None
    assert row["status"] == {"S": "NO_THREATS_FOUND"}
    assert row["sha256"] == {"S": verdict.detail["scanner"]["sha256"]}
    assert uploads.exists(put)


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        (samples.eicar(), samples.EICAR_NAME),
        (samples.nested_zip(samples.eicar(), depth=3), samples.EICAR_NAME),
        (samples.tar_gz("install.sh", samples.TEST_THREAT), samples.TEST_THREAT_NAME),
        (samples.HASHED_THREAT, samples.HASHED_THREAT_NAME),
    ],
    ids=["plain", "nested-zips", "tar-gz", "hash"],
)
def test_infected_upload_is_named_and_leaves_the_bucket(
    uploads: Uploads, listener: Listener, body: bytes, signature: str
) -> None:
    """An infected object's event names the signature, and its version goes to quarantine."""
    put = uploads.put("file", body)
    verdict = uploads.verdict(listener, put)
    assert (verdict.status, verdict.action) == ("THREATS_FOUND", "QUARANTINE")
    assert verdict.threats[0].startswith(signature)
    assert uploads.moved(listener, put).outcome == "QUARANTINED"
    assert not uploads.exists(put)


@pytest.mark.parametrize(
    "body",
    [
        samples.encrypted_zip(samples.text()),
        samples.zipped("minutes.txt", samples.text() * 100)[:-40],
        b"Rar!\x1a\x07\x01\x00" + bytes(64),
    ],
    ids=["encrypted", "cut-off", "rar"],
)
def test_unreadable_upload_is_unsupported_and_blocked(
    uploads: Uploads, listener: Listener, body: bytes
) -> None:
    """What cannot be looked into is not called clean; the reason stands on its tags."""
    put = uploads.put("file", body)
    verdict = uploads.verdict(listener, put)
    assert (verdict.status, verdict.action) == ("UNSUPPORTED", "BLOCK")
    assert verdict.reason
    tags = uploads.tags(put)
    assert tags["scan-status"] == "UNSUPPORTED"
    assert tags["scan-detail"]


def test_upload_over_the_limit_is_refused_unread(uploads: Uploads, listener: Listener) -> None:
    """An object larger than the limit is UNSUPPORTED, and no content was hashed."""
    put = uploads.put("file", samples.filler(_LIMIT_BYTES + 1))
    verdict = uploads.verdict(listener, put)
    assert (verdict.status, verdict.reason) == ("UNSUPPORTED", "TOO_LARGE")
    assert verdict.detail["scanner"]["sha256"] is None


def test_upload_at_the_limit_is_scanned(uploads: Uploads, listener: Listener) -> None:
    """An object of exactly the limit's size is scanned whole."""
    put = uploads.put("file", samples.filler(_LIMIT_BYTES))
    verdict = uploads.verdict(listener, put)
    assert verdict.status == "NO_THREATS_FOUND"
    assert verdict.detail["scanner"]["bytes"] == _LIMIT_BYTES


def test_upload_that_the_scanner_may_not_read_is_access_denied(
    uploads: Uploads, listener: Listener
) -> None:
    """Where the bucket's policy keeps the scanner out, the verdict says so."""
    with _reads_denied(uploads):
        put = uploads.put("file", samples.text())
        verdict = uploads.verdict(listener, put)
    assert (verdict.status, verdict.action) == ("ACCESS_DENIED", "BLOCK")


def test_upload_that_no_engine_can_scan_ends_as_failed(
    stack: Stack, uploads: Uploads, listener: Listener
) -> None:
    """Without definitions nothing is called clean: the last try ends in FAILED."""
    with _without_definitions(stack):
        put = uploads.put("file", samples.text())
        verdict = uploads.verdict(listener, put)
        assert (verdict.status, verdict.action) == ("FAILED", "BLOCK")
        assert uploads.tags(put)["scan-status"] == "FAILED"


@pytest.mark.parametrize(
    "name",
    [
        "with spaces + plus %20 percent.txt",
        "données/ファイル/Ωμέγα 💾.txt",
        "../../etc/passwd",
        "/leading//double/slash",
        "stream: OK\nfile: OK",
        "'$(touch x)'; `id` \"quoted\" <tag> & \\back",
        "a" * 900,
    ],
    ids=["spaces", "unicode", "dots", "slashes", "forged-reply", "shell", "long"],
)
def test_hostile_key_changes_no_verdict(uploads: Uploads, listener: Listener, name: str) -> None:
    """Whatever the key is, harmless is tagged clean, and infected goes to quarantine."""
    clean = uploads.put(name, samples.text())
    infected = uploads.put(name + "!", samples.eicar())
    assert uploads.verdict(listener, clean).status == "NO_THREATS_FOUND"
    assert uploads.tags(clean)["scan-status"] == "NO_THREATS_FOUND"
    assert uploads.verdict(listener, infected).status == "THREATS_FOUND"
    assert uploads.moved(listener, infected).outcome == "QUARANTINED"
    assert not uploads.exists(infected)


@contextmanager
def _reads_denied(uploads: Uploads) -> Iterator[None]:
    """Deny the scanner all reads below this test's prefix."""
    policy = uploads.s3.get_bucket_policy(Bucket=uploads.bucket)["Policy"]
    document = json.loads(policy)
    document["Statement"].append(
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:GetObject", "s3:GetObjectVersion"],
            "Resource": f"arn:aws:s3:::{uploads.bucket}/{uploads.prefix}*",
        }
    )
    uploads.s3.put_bucket_policy(Bucket=uploads.bucket, Policy=json.dumps(document))
    try:
        yield
    finally:
        uploads.s3.put_bucket_policy(Bucket=uploads.bucket, Policy=policy)


@contextmanager
def _without_definitions(stack: Stack) -> Iterator[None]:
    """Point the scanner at a bucket that it may not read, on its first and last try."""
    functions, name = stack.client("lambda"), stack.output("ScanObjectFunctionName")
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    elsewhere = {
        "DEFINITIONS_BUCKET_NAME": stack.output("ReportsBucketName"),
        "MAX_RECEIVE_COUNT": "1",
    }
    functions.update_function_configuration(
        FunctionName=name, Environment={"Variables": {**variables, **elsewhere}}
    )
    try:
        yield
    finally:
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )
