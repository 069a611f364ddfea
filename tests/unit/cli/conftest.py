"""The command in this process, with moto's S3 and stand-ins for what moto does not have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

from tests.unit.cli.fakes import FakeAws
from tidegate_cli.main import app

REGION = "eu-central-1"
BUCKET = "harbour-uploads"

Invoke = Callable[..., Result]


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    """A session whose every call stays in this process."""
    with mock_aws():
        yield boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
        )


@pytest.fixture
def s3(session: boto3.Session) -> Any:
    """S3 with one empty bucket that keeps versions."""
    client: Any = session.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return client


@pytest.fixture
def aws(s3: Any) -> FakeAws:
    """AWS with moto's S3; tests add what else they need."""
    return FakeAws({"s3": s3})


@pytest.fixture
def invoke() -> Invoke:
    """Run the command and return its exit code and what it wrote."""
    runner = CliRunner(env={"STACK_NAME": None, "TIDEGATE_EXTERNAL_ID": None, "COLUMNS": "200"})

    def run(aws: Any, *arguments: str, typed: str | None = None) -> Result:
        return runner.invoke(app, list(arguments), obj=aws, input=typed)

    return run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A small text file."""
    path = tmp_path / "minutes.txt"
    path.write_bytes(b"Present: all.\n")
    return path
