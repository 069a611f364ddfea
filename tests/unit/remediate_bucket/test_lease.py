"""Leases and budgets, on a table of DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.remediate_bucket.lease import LEASE_SECONDS, Budget, Leases
from tidegate.errors import TransientError

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(seconds=LEASE_SECONDS)


@pytest.fixture
def leases() -> Iterator[Leases]:
    """Return the leases of an empty table, with two changes a day."""
    with mock_aws():
        dynamodb: Any = boto3.resource(
            "dynamodb", "eu-central-1", aws_access_key_id="test", aws_secret_access_key="test"
        )
        table = dynamodb.create_table(
            TableName="changes",
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[
                {"AttributeName": "bucket", "KeyType": "HASH"},
                {"AttributeName": "entry", "KeyType": "RANGE"},
            ],
            AttributeDefinitions=[
                {"AttributeName": "bucket", "AttributeType": "S"},
                {"AttributeName": "entry", "AttributeType": "S"},
            ],
        )
        yield Leases(table, 2)


def test_lease_is_one_runs_until_it_ends(leases: Leases) -> None:
    """Another run gets it when it is given back, or when its time is over."""
    leases.take("papers", "one", NOW)
    with pytest.raises(TransientError):
        leases.take("papers", "two", LATER - timedelta(seconds=1))
    leases.take("papers", "two", LATER)
    leases.release("papers", "one")
    with pytest.raises(TransientError):
        leases.take("papers", "one", LATER)
    leases.release("papers", "two")
    leases.take("papers", "one", LATER)


def test_lease_that_another_run_had_meanwhile_is_not_renewed(leases: Leases) -> None:
    """What this run has read is stale then, even though the lease is free again."""
    leases.take("papers", "one", NOW)
    leases.renew("papers", "one", LATER + timedelta(seconds=1))
    late = LATER + timedelta(seconds=LEASE_SECONDS + 1)
    leases.take("papers", "two", late)
    with pytest.raises(TransientError):
        leases.renew("papers", "one", late)
    leases.release("papers", "two")
    with pytest.raises(TransientError):
        leases.renew("papers", "one", late)


def test_budget_is_of_a_bucket_a_control_and_a_day(leases: Leases) -> None:
    """Its end is told once; another bucket, control or day has its own."""
    spent = [leases.spend("papers", "tls-only", NOW) for _ in range(4)]

    assert spent == [Budget.WITHIN, Budget.WITHIN, Budget.EXCEEDED_FIRST, Budget.EXCEEDED]
    leases.refund("papers", "tls-only", NOW)
    leases.refund("papers", "tls-only", NOW)
    assert leases.spend("papers", "tls-only", NOW) is Budget.EXCEEDED_FIRST
    assert leases.spend("papers", "versioning", NOW) is Budget.WITHIN
    assert leases.spend("others", "tls-only", NOW) is Budget.WITHIN
    assert leases.spend("papers", "tls-only", NOW + timedelta(days=1)) is Budget.WITHIN
