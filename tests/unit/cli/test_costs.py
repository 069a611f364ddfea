"""tidegate costs: the report made now."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import BUCKET, Invoke
from tests.unit.cli.fakes import FakeAws, FakeCloudFormation, FakeLambda

STACK = ("--stack-name", "tidegate-test")
ANSWER: dict[str, Any] = {
    "schemaVersion": "1.0",
    "date": "2026-11-25",
    "account": "111122223333",
    "buckets": 4,
    "unknown": ["locked-away"],
    "monthlyCost": "123.45",
    "monthlySavings": "12.34",
    "currency": "USD",
    "json": f"s3://{BUCKET}/costs/2026-11-25/report.json",
    "csv": f"s3://{BUCKET}/costs/2026-11-25/report.csv",
    "html": f"s3://{BUCKET}/costs/2026-11-25/report.html",
}


@pytest.fixture
def functions() -> FakeLambda:
    """report_storage with one answer."""
    return FakeLambda([dict(ANSWER)])


@pytest.fixture
def reporting(aws: FakeAws, s3: Any, functions: FakeLambda) -> FakeAws:
    """A stack whose report lies in the bucket."""
    aws.clients["lambda"] = functions
    aws.clients["cloudformation"] = FakeCloudFormation({"ReportStorageFunctionName": "report"})
    for form in ("json", "csv", "html"):
        s3.put_object(Bucket=BUCKET, Key=f"costs/2026-11-25/report.{form}", Body=form.encode())
    return aws


def test_sums_are_shown_with_what_they_leave_out(
    reporting: FakeAws, functions: FakeLambda, invoke: Invoke
) -> None:
    """What the month costs, what could be saved, which bucket could not be read, where it is."""
    result = invoke(reporting, "costs", *STACK)
    assert result.exit_code == 0, result.output
    for told in ("123.45 USD", "12.34 USD", "locked-away", ANSWER["html"]):
        assert told in result.stdout
    assert functions.events == [{"action": "report"}]


def test_buckets_are_passed_on(reporting: FakeAws, functions: FakeLambda, invoke: Invoke) -> None:
    """Only those that were named."""
    invoke(reporting, "costs", "a-bucket", "b-bucket", *STACK)
    assert functions.events == [{"action": "report", "buckets": ["a-bucket", "b-bucket"]}]


def test_report_is_downloaded_whole(reporting: FakeAws, invoke: Invoke, tmp_path: Path) -> None:
    """All three forms, in the folder that was named, and the document says where."""
    folder = tmp_path / "new" / "folder"
    result = invoke(reporting, "costs", *STACK, "--output", str(folder), "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["monthlyCost"] == "123.45"
    assert {form: Path(path).read_text() for form, path in document["files"].items()} == {
        "json": "json",
        "csv": "csv",
        "html": "html",
    }
    assert {path.name for path in folder.iterdir()} == {"report.json", "report.csv", "report.html"}


def test_report_that_is_not_there_is_told(
    reporting: FakeAws, s3: Any, invoke: Invoke, tmp_path: Path
) -> None:
    """A file that cannot be had is no success."""
    s3.delete_object(Bucket=BUCKET, Key="costs/2026-11-25/report.csv")
    result = invoke(reporting, "costs", *STACK, "--output", str(tmp_path))
    assert result.exit_code == 7
    assert "report.csv" in result.stderr


def test_report_that_cannot_be_written_is_told(
    reporting: FakeAws, invoke: Invoke, tmp_path: Path
) -> None:
    """A folder where the file should be: an error of its own, no traceback."""
    (tmp_path / "report.json").mkdir()
    result = invoke(reporting, "costs", *STACK, "--output", str(tmp_path))
    assert result.exit_code == 2, result.output
    assert "report.json" in result.stderr


def test_open_needs_the_download(reporting: FakeAws, invoke: Invoke) -> None:
    """A page in a bucket that nobody may read cannot be opened."""
    assert invoke(reporting, "costs", *STACK, "--open").exit_code == 2


@pytest.mark.parametrize("missing", ["date", "monthlyCost", "monthlySavings", "currency"])
def test_answer_without_sums_is_an_error(
    reporting: FakeAws, functions: FakeLambda, invoke: Invoke, missing: str
) -> None:
    """No number is invented."""
    del functions.answers[0][missing]
    result = invoke(reporting, "costs", *STACK)
    assert result.exit_code == 1
    assert missing in result.stderr
