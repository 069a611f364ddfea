"""tidegate hold, against moto's Object Lock."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.cli.conftest import REGION, Invoke
from tests.unit.cli.fakes import FakeAws, refusal

LOCKED = "harbour-records"
KEY = "contract 7.pdf"
TARGET = f"s3://{LOCKED}/{KEY}"


class WithRetentions:
    """moto's S3 with what it lacks of Object Lock: reading a retention, unknown versions."""

    def __init__(self, s3: Any) -> None:
        self._s3 = s3

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def get_object_retention(self, **named: Any) -> Any:
        state = self._head(named)
        if "ObjectLockMode" not in state:
            raise refusal("NoSuchObjectLockConfiguration", "GetObjectRetention", 404)
        until = state["ObjectLockRetainUntilDate"]
        return {"Retention": {"Mode": state["ObjectLockMode"], "RetainUntilDate": until}}

    def put_object_legal_hold(self, *, LegalHold: Any, **named: Any) -> Any:  # noqa: N803
        self._head(named)
        return self._s3.put_object_legal_hold(**named, LegalHold=LegalHold)

    def _head(self, named: dict[str, Any]) -> Any:
        try:
            return self._s3.head_object(**named)
        except ClientError as error:
            raise refusal("NoSuchVersion", "Call", 404) from error


@pytest.fixture
def aws(s3: Any) -> FakeAws:
    """AWS with Object Lock."""
    return FakeAws({"s3": WithRetentions(s3)})


@pytest.fixture
def version(s3: Any) -> str:
    """The older of two versions of an object in a bucket with Object Lock."""
    s3.create_bucket(
        Bucket=LOCKED,
        CreateBucketConfiguration={"LocationConstraint": REGION},
        ObjectLockEnabledForBucket=True,
    )
    first: str = s3.put_object(Bucket=LOCKED, Key=KEY, Body=b"1")["VersionId"]
    s3.put_object(Bucket=LOCKED, Key=KEY, Body=b"2")
    s3.put_object(Bucket=LOCKED, Key=f"{KEY}.sig", Body=b"2")
    return first


def legal_hold(s3: Any, version: str) -> str:
    """The legal hold as S3 tells it."""
    answer = s3.get_object_legal_hold(Bucket=LOCKED, Key=KEY, VersionId=version)
    status: str = answer["LegalHold"]["Status"]
    return status


def retention(s3: Any, version: str) -> dict[str, Any]:
    """The retention as S3 tells it."""
    answer: dict[str, Any] = s3.head_object(Bucket=LOCKED, Key=KEY, VersionId=version)
    return {
        "mode": answer.get("ObjectLockMode"),
        "until": answer.get("ObjectLockRetainUntilDate"),
    }


@pytest.mark.parametrize("command", ["on", "off", "status", "retain"])
def test_without_version_id_the_versions_are_listed(
    aws: FakeAws, version: str, invoke: Invoke, command: str
) -> None:
    """A lock is on one version: which, only the user can say. Other keys are not listed."""
    more = ["--days", "1"] if command == "retain" else []
    result = invoke(aws, "hold", command, TARGET, "--json", *more)
    document = json.loads(result.stdout)
    assert (result.exit_code, document["error"]) == (2, "UsageError")
    assert len(document["versions"]) == 2
    assert document["versions"][1]["versionId"] == version
    shown = invoke(aws, "hold", command, TARGET, *more)
    assert version in shown.stderr
    assert "(current)" in shown.stderr


def test_typed_key_puts_the_hold_on_that_version(
    aws: FakeAws, s3: Any, version: str, invoke: Invoke
) -> None:
    """On and off again, each confirmed by the key's name."""
    arguments = (TARGET, "--version-id", version)
    result = invoke(aws, "hold", "on", *arguments, "--json", typed=f"{KEY}\n")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {
        "bucket": LOCKED,
        "key": KEY,
        "versionId": version,
        "legalHold": True,
        "retention": None,
    }
    assert legal_hold(s3, version) == "ON"
    assert invoke(aws, "hold", "off", *arguments, "--yes").exit_code == 0
    assert legal_hold(s3, version) == "OFF"


@pytest.mark.parametrize("typed", ["", "\n", "yes\n", f"{KEY}x\n"])
def test_other_words_change_nothing(
    aws: FakeAws, s3: Any, version: str, invoke: Invoke, typed: str
) -> None:
    """Nothing typed, or something else, ends with 4."""
    result = invoke(aws, "hold", "on", TARGET, "--version-id", version, typed=typed)
    assert result.exit_code == 4
    assert "nothing was changed" in result.stderr
    status = invoke(aws, "hold", "status", TARGET, "--version-id", version, "--json")
    assert json.loads(status.stdout)["legalHold"] is False
    assert s3.head_object(Bucket=LOCKED, Key=KEY, VersionId=version)


def test_retention_is_governance_until_the_day(
    aws: FakeAws, s3: Any, version: str, invoke: Invoke
) -> None:
    """Days from now, in the mode that can be ended by those with the right to."""
    result = invoke(
        aws, "hold", "retain", TARGET, "--version-id", version, "--days", "30", typed=f"{KEY}\n"
    )
    assert result.exit_code == 0, result.output
    found = retention(s3, version)
    assert found["mode"] == "GOVERNANCE"
    assert abs(found["until"] - datetime.now(UTC) - timedelta(days=30)) < timedelta(minutes=1)
    assert "GOVERNANCE until" in result.stdout


def test_compliance_needs_its_word_and_takes_no_yes(
    aws: FakeAws, s3: Any, version: str, invoke: Invoke
) -> None:
    """It cannot be undone: not --yes, not the key's name, only the mode typed out."""
    arguments = (
        *("hold", "retain", TARGET, "--version-id", version),
        *("--days", "1", "--mode", "COMPLIANCE"),
    )
    assert invoke(aws, *arguments, "--yes").exit_code == 4
    assert invoke(aws, *arguments, typed=f"{KEY}\n").exit_code == 4
    assert retention(s3, version)["mode"] is None
    result = invoke(aws, *arguments, typed="COMPLIANCE\n")
    assert result.exit_code == 0, result.output
    assert "CANNOT BE UNDONE" in result.stderr
    assert retention(s3, version)["mode"] == "COMPLIANCE"


def test_shortening_needs_the_bypass(aws: FakeAws, s3: Any, version: str, invoke: Invoke) -> None:
    """GOVERNANCE is shortened with the option alone."""
    arguments = ("hold", "retain", TARGET, "--version-id", version, "--yes", "--days")
    assert invoke(aws, *arguments, "30").exit_code == 0
    before = retention(s3, version)
    refused = invoke(aws, *arguments, "3")
    assert refused.exit_code == 4
    assert "--bypass-governance" in refused.stderr
    assert retention(s3, version) == before
    assert invoke(aws, *arguments, "3", "--bypass-governance").exit_code == 0
    assert retention(s3, version)["until"] < before["until"]


def test_version_that_is_not_there_is_told(aws: FakeAws, version: str, invoke: Invoke) -> None:
    """A wrong id, and a key without any version, end with 7."""
    unknown = version[::-1]
    result = invoke(aws, "hold", "on", TARGET, "--version-id", unknown, "--yes", "--json")
    assert (result.exit_code, json.loads(result.stdout)["error"]) == (7, "MissingError")
    assert invoke(aws, "hold", "status", f"s3://{LOCKED}/none").exit_code == 7


@pytest.mark.parametrize("target", ["contract.pdf", f"s3://{LOCKED}", f"s3://{LOCKED}/"])
def test_target_that_names_no_object_is_refused(aws: FakeAws, invoke: Invoke, target: str) -> None:
    """A lock needs bucket and key."""
    assert invoke(aws, "hold", "status", target, "--version-id", "x").exit_code == 2
