"""moto's AWS in this process, for the adapters."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

REGION = "eu-central-1"
BUCKET = "harbour-uploads"


@pytest.fixture
def aws() -> Iterator[boto3.Session]:
    """A session whose every call stays in this process."""
    with mock_aws():
        yield boto3.Session(
            aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION
        )


@pytest.fixture
def s3(aws: boto3.Session) -> Any:
    """S3 with one empty bucket that keeps no versions."""
    client: Any = aws.client("s3")
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    return client


@pytest.fixture
def table(aws: boto3.Session) -> Any:
    """An empty ledger table."""
    return aws.resource("dynamodb").create_table(
        TableName="ledger",
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "object", "KeyType": "HASH"},
            {"AttributeName": "version", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": "object", "AttributeType": "S"},
            {"AttributeName": "version", "AttributeType": "S"},
        ],
    )
