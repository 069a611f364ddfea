"""An account of which each expected call is stubbed, after botocore's own model of it."""

from __future__ import annotations

from typing import Any

import boto3
from botocore.stub import Stubber

from functions.remediate_bucket.account import Account
from functions.remediate_bucket.bucket_state import Section
from functions.remediate_bucket.deliveries import AccessLogs
from functions.remediate_bucket.reader import Reader
from functions.remediate_bucket.regions import Bucket, Regions
from functions.remediate_bucket.trails import Trails
from tests.unit.remediate_bucket.buckets import ACCOUNT as ACCOUNT_ID
from tests.unit.remediate_bucket.buckets import (
    NAME,
    bucket,
)

REGION = "eu-central-1"
HERE = Bucket(NAME, REGION)
NAMED = {"Bucket": NAME, "ExpectedBucketOwner": ACCOUNT_ID}


class Aws:
    """Clients of one Region, each with its stubber."""

    def __init__(self) -> None:
        self.clients: dict[str, Any] = {}
        self.stubs: dict[str, Stubber] = {}
        for service in ("s3", "s3control", "cloudtrail", "config", "sqs"):
            made: Any = boto3.client(
                service,
                region_name=REGION,
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
            self.clients[service] = made
            self.stubs[service] = Stubber(made)
            self.stubs[service].activate()
        self.regions = Regions(REGION, ACCOUNT_ID, lambda service, _region: self.clients[service])

    def answers(self, operation: str, answer: Any, expected: Any = NAMED, to: str = "s3") -> None:
        """Let the next call be this one, and be answered so."""
        self.stubs[to].add_response(operation, answer, expected)

    def refuses(self, operation: str, code: str, status: int = 403, to: str = "s3") -> None:
        """Let the next call be this one, and be refused."""
        self.stubs[to].add_client_error(operation, code, http_status_code=status)

    def reader(self) -> Reader:
        """Return a reader of this account."""
        return Reader(
            self.regions, Account(self.regions), Trails(self.regions), AccessLogs(self.regions)
        )

    def read(self, section: Section) -> Any:
        """Read one section of the bucket."""
        state = bucket()
        return self.reader().again(state, [section]).setting(section)
