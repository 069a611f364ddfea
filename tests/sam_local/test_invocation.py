"""Each function in Lambda's own container, by `sam local invoke`, with a sample event.

Where the real image cannot be pulled, a stand-in made from Debian's Python and Lambda's runtime
client takes its place (local/lambda_image.py).
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from local import invocation, log_lines, sample_event
from local.demo.uploads import set_consuming
from local.deployment import Stack
from tests.e2e.uploads import eventually

_EVENTS = Path(__file__).parents[2] / "events"

pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("lambda_containers")]


def test_scan_object_scans_in_the_container(stack: Stack) -> None:
    """The engine starts from its layer inside the container and gives its verdict."""
    answer = _invoke(stack, "ScanObjectFunction", "scan_object/direct.json")
    assert answer["scanResultDetails"]["scanResultStatus"] == "NO_THREATS_FOUND"
    assert answer["scanner"]["engine"].startswith("ClamAV")


def test_scan_object_reports_the_one_bad_record_of_a_batch(stack: Stack) -> None:
    """An SQS batch is answered with the one record that failed."""
    event = "scan_object/batch_of_ten_one_bad.json"
    answer = _invoke(stack, "ScanObjectFunction", event)
    assert len(answer["batchItemFailures"]) == 1


def test_quarantine_object_moves_in_the_container(stack: Stack) -> None:
    """The object that the sample verdict names is in quarantine afterwards."""
    answer = _invoke(stack, "QuarantineObjectFunction", "quarantine_object/direct.json")
    assert answer["quarantine"]["outcome"] == "QUARANTINED"
    copy = answer["quarantine"]["copy"]
    found = stack.client("s3").get_object(Bucket=copy["bucket"], Key=copy["key"])
    assert found["Body"].read() == b"hello"


def test_label_image_decodes_and_labels_in_the_container(stack: Stack) -> None:
    """The image that the sample names is labelled, by whatever stands in for Rekognition."""
    answer = _invoke(stack, "LabelImageFunction", "label_image/direct.json")
    assert answer["labelling"]["outcome"] == "LABELLED"
    assert answer["labelling"]["image"]["format"] == "JPEG"


def test_update_definitions_proves_and_publishes_in_the_container(stack: Stack) -> None:
    """A set of signatures is proven by an engine inside the container, and becomes current."""
    answer = _invoke(stack, "UpdateDefinitionsFunction", "update_definitions/publish.json")
    assert "errorMessage" not in answer
    current = stack.client("s3").get_object(
        Bucket=stack.output("DefinitionsBucketName"), Key="current.json"
    )
    assert json.loads(current["Body"].read())["release"] in json.dumps(answer)


def test_compress_log_archives_in_the_container(stack: Stack) -> None:
    """A log that was found clean is compressed and its original deleted, in one invocation."""
    lines = log_lines.at_least(log_lines.access_lines(), 400_000)
    s3, key = stack.client("s3"), "sam-local/access-2026-11-25.log"
    bucket = stack.output("UploadsBucketName")
    set_consuming(stack, "CompressLogFunctionName", enabled=False)
    try:
        put = s3.put_object(Bucket=bucket, Key=key, Body=lines)
        named = {"bucket": bucket, "key": key, "versionId": put["VersionId"]}
        assert eventually(lambda: _status(stack, named) == "NO_THREATS_FOUND")
        result = invocation.invoke(stack, "CompressLogFunction", named)
    finally:
        set_consuming(stack, "CompressLogFunctionName", enabled=True)
    assert result.status == 0, result.log
    archive = json.loads(result.answer.splitlines()[-1])["archive"]
    assert archive["outcome"] == "ARCHIVED"
    found = s3.get_object(Bucket=archive["copy"]["bucket"], Key=archive["copy"]["key"])
    assert gzip.decompress(found["Body"].read()) == lines


def test_remediate_bucket_plans_in_the_container(stack: Stack) -> None:
    """A bucket is read, judged by every control and planned for; nothing is changed."""
    answer = _invoke(stack, "RemediateBucketFunction", "remediate_bucket/plan.json")
    assert answer["bucket"] == stack.output("UploadsBucketName")
    assert len(answer["findings"]) > 20
    assert {change["outcome"] for change in answer["changes"]} <= {"PLANNED", "REFUSED"}


def test_report_storage_reports_in_the_container(stack: Stack) -> None:
    """The page that the answer names is there, made by the templates of the artifact."""
    answer = _invoke(stack, "ReportStorageFunction", "report_storage/report.json")
    bucket, _, key = answer["html"].removeprefix("s3://").partition("/")
    page = stack.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert stack.output("UploadsBucketName").encode() in page


def _status(stack: Stack, named: dict[str, str]) -> str | None:
    answer = stack.client("s3").get_object_tagging(
        Bucket=named["bucket"], Key=named["key"], VersionId=named["versionId"]
    )
    return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}.get("scan-status")


def _invoke(stack: Stack, function: str, event: str) -> Any:
    """Return the function's answer; fail with its log where it gave none."""
    result = invocation.invoke(stack, function, sample_event.made_true(stack, _EVENTS / event))
    assert result.status == 0, result.log
    return json.loads(result.answer.splitlines()[-1])
