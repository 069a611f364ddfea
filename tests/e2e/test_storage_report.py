"""What report_storage does on the deployed stack, with the rights of its own role."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from local.demo import costs
from local.deployment import Stack
from tests.browser import DESKTOP, render

GB = 1 << 30
_SECONDS = 90.0


@pytest.fixture
def bucket(stack: Stack) -> Iterator[str]:
    """Return a bucket of the test's own, with 1,000 GB by CloudWatch and an unfinished upload."""
    s3, name = stack.client("s3"), f"measured-{uuid4().hex[:12]}"
    s3.create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name}
    )
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for content in (b"old", b"new"):
        s3.put_object(Bucket=name, Key="a + b/ключ", Body=content)
    upload = s3.create_multipart_upload(Bucket=name, Key="big + %20")["UploadId"]
    s3.upload_part(Bucket=name, Key="big + %20", UploadId=upload, PartNumber=1, Body=b"x" * 4096)
    costs.measure(stack, name, {"StandardStorage": 1000 * GB}, days=28)
    yield name
    s3.abort_multipart_upload(Bucket=name, Key="big + %20", UploadId=upload)
    for version in s3.list_object_versions(Bucket=name)["Versions"]:
        s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=name)


def documented(stack: Stack, place: str) -> dict[str, Any]:
    """Return the report at an s3:// place."""
    name, _, key = place.removeprefix("s3://").partition("/")
    body = stack.client("s3").get_object(Bucket=name, Key=key)["Body"].read()
    found: dict[str, Any] = json.loads(body)
    return found


def test_report_by_direct_call_tells_what_a_bucket_holds(stack: Stack, bucket: str) -> None:
    """Sizes, versions and unfinished uploads are read, priced and written, all by its role."""
    report = costs.invoke(stack, [bucket])

    (told,) = documented(stack, report.answer["json"])["perBucket"]
    assert told["name"] == bucket
    assert told["bytes"] == 1000 * GB
    assert told["measuredBy"] == "CloudWatch"
    assert told["versioning"] == "Enabled"
    assert told["noncurrent"]["bytes"] == 3
    assert (told["incompleteUploads"]["count"], told["incompleteUploads"]["bytes"]) == (1, 4096)
    assert "AccessDenied" not in json.dumps(told["notKnown"])
    assert float(report.answer["monthlyCost"]) > 0


def test_page_of_the_deployed_function_is_whole(stack: Stack, bucket: str) -> None:
    """The template engine is in the artifact, and the page is drawn by a browser."""
    rendered = render(costs.invoke(stack).page, *DESKTOP)

    assert bucket in rendered.dom
    assert "<polygon" in rendered.dom
    assert rendered.fetched() == []


def test_report_asked_for_by_message_is_pointed_to(stack: Stack) -> None:
    """The queue takes what the schedule sends; the pointer tells of a report of after that."""
    account = costs.invoke(stack).answer["account"]
    place = {"Bucket": stack.output("ReportsBucketName"), "Key": f"storage/{account}/latest.json"}
    s3 = stack.client("s3")
    before = s3.head_object(**place)["VersionId"]

    stack.client("sqs").send_message(
        QueueUrl=stack.output("ReportStorageQueueUrl"), MessageBody='{"action":"report"}'
    )

    deadline = time.monotonic() + _SECONDS
    while s3.head_object(**place)["VersionId"] == before:
        assert time.monotonic() < deadline, "no report was made"
        time.sleep(0.5)
    pointer = json.loads(s3.get_object(**place)["Body"].read())
    assert documented(stack, pointer["json"])["monthlyCost"] == pointer["monthlyCost"]


def test_message_that_is_none_ends_among_the_dead_letters(stack: Stack) -> None:
    """It is kept, as every message that no retry can help."""
    sqs, body = stack.client("sqs"), json.dumps({"action": uuid4().hex})
    sqs.send_message(QueueUrl=stack.output("ReportStorageQueueUrl"), MessageBody=body)

    deadline = time.monotonic() + _SECONDS
    while True:
        answer = sqs.receive_message(
            QueueUrl=stack.output("ReportStorageDeadLetterQueueUrl"), WaitTimeSeconds=1
        )
        if [each for each in answer.get("Messages", []) if each["Body"] == body]:
            return
        assert time.monotonic() < deadline, "the message did not become a dead letter"
