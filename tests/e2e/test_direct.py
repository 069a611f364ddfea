"""Functions invoked directly, as an operator or another program does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local import samples
from local.deployment import Stack
from local.verdicts import Listener
from tests.e2e.uploads import Uploads


def test_direct_scan_answers_with_the_verdict(stack: Stack, uploads: Uploads) -> None:
    """Bucket and key in, the event's detail out, at once."""
    put = uploads.put("file", samples.encrypted_zip(samples.text()))
    answer = _scan(stack, {"bucket": put.bucket, "key": put.key})
    assert answer["scanResultDetails"]["scanResultStatus"] == "UNSUPPORTED"
    assert answer["s3ObjectDetails"]["eTag"] == put.etag


def test_direct_scan_finds_threats(stack: Stack, uploads: Uploads) -> None:
    """The caller hears of the threat; nothing takes the object away before."""
    with uploads.scanning_paused():
        put = uploads.put("file", samples.eicar())
        answer = _scan(stack, {"bucket": put.bucket, "key": put.key})
    assert answer["scanResultDetails"]["threats"] == [{"name": samples.EICAR_NAME}]


def test_direct_scan_of_a_version_is_about_that_version(
    stack: Stack, uploads: Uploads, listener: Listener
) -> None:
    """A version that is no longer the current one can be scanned by its id."""
    old = uploads.put("file", samples.encrypted_zip(samples.text()))
    new = uploads.put("file", samples.text())
    uploads.verdict(listener, new)
    answer = _scan(stack, {"bucket": old.bucket, "key": old.key, "versionId": old.version})
    assert answer["scanResultDetails"]["scanResultStatus"] == "UNSUPPORTED"
    assert answer["s3ObjectDetails"]["versionId"] == old.version
    assert uploads.tags(new)["scan-status"] == "NO_THREATS_FOUND"


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"bucket": "BUCKET", "key": "there-is-none"}, "does not exist"),
        ({"bucket": "BUCKET"}, "expected"),
        ({"bucket": "BUCKET", "key": "k", "version": "v"}, "unknown fields"),
    ],
    ids=["missing", "no-key", "unknown-field"],
)
def test_direct_scan_of_nothing_says_what_is_wrong(
    stack: Stack, uploads: Uploads, event: dict[str, str], error: str
) -> None:
    """A missing object and a wrong event are errors that say so."""
    event = {**event, "bucket": uploads.bucket}
    answer = _invoke(stack, "ScanObjectFunctionName", event)
    assert error in answer["errorMessage"]


def test_definitions_are_published_and_rolled_back_by_hand(
    stack: Stack, uploads: Uploads, listener: Listener
) -> None:
    """A new set is taken without a deployment, and the one before comes back when asked for."""
    bucket, prefix = stack.output("DefinitionsBucketName"), f"incoming/{uploads.prefix}"
    extra = b"Tidegate.Test.Extra:0:*:" + b"one more sentence of ill repute".hex().encode() + b"\n"
    for name, content in {**samples.definitions(), "tidegate-extra.ndb": extra}.items():
        uploads.s3.put_object(Bucket=bucket, Key=f"{prefix}{name}", Body=content)
    before = _current(stack)
    request = {"action": "publish", "source": f"s3://{bucket}/{prefix}"}
    published = _invoke(stack, "UpdateDefinitionsFunctionName", request)
    assert "errorMessage" not in published, published
    assert _current(stack)["release"] != before["release"]
    assert _current(stack)["previous"] == before["release"]
    rolled_back = _invoke(stack, "UpdateDefinitionsFunctionName", {"action": "rollback"})
    assert "errorMessage" not in rolled_back, rolled_back
    assert _current(stack)["release"] == before["release"]
    put = uploads.put("file", samples.eicar())
    assert uploads.verdict(listener, put).status == "THREATS_FOUND"


def test_definitions_that_find_nothing_are_not_published(stack: Stack, uploads: Uploads) -> None:
    """A set without EICAR fails its proof; what is current stays, and the answer says why."""
    bucket, prefix = stack.output("DefinitionsBucketName"), f"incoming/{uploads.prefix}"
    content = b"Tidegate.Test.Nothing:0:*:" + b"nobody ever writes this".hex().encode() + b"\n"
    uploads.s3.put_object(Bucket=bucket, Key=f"{prefix}nothing.ndb", Body=content)
    before = _current(stack)
    request = {"action": "publish", "source": f"s3://{bucket}/{prefix}"}
    answer = _invoke(stack, "UpdateDefinitionsFunctionName", request)
    assert "EICAR" in json.dumps(answer)
    assert _current(stack) == before


def _scan(stack: Stack, event: dict[str, Any]) -> dict[str, Any]:
    answer = _invoke(stack, "ScanObjectFunctionName", event)
    assert "errorMessage" not in answer, answer
    return answer


def _invoke(stack: Stack, function: str, event: dict[str, Any]) -> dict[str, Any]:
    answer = stack.client("lambda").invoke(
        FunctionName=stack.output(function), Payload=json.dumps(event).encode()
    )
    payload: dict[str, Any] = json.loads(answer["Payload"].read())
    return payload


def _current(stack: Stack) -> dict[str, Any]:
    answer = stack.client("s3").get_object(
        Bucket=stack.output("DefinitionsBucketName"), Key="current.json"
    )
    current: dict[str, Any] = json.loads(answer["Body"].read())
    return current
