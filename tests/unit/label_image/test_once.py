"""Work on one image is done once, and never forgotten half done (moto's DynamoDB)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.label_image.once import EXPIRES_AFTER_SECONDS, Once
from tests.invocation import Invocation
from tidegate.errors import MisconfiguredError, ObjectMissingError, TransientError

IDENTITY = {"bucket": "uploads", "key": "a.jpg", "versionId": "v1", "eTag": "e1"}
TABLE = "idempotency"


@pytest.fixture
def client() -> Iterator[Any]:
    """DynamoDB with the table as the template makes it."""
    with mock_aws():
        made: Any = boto3.client(
            "dynamodb",
            region_name="eu-central-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        made.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        yield made


def once(client: Any, milliseconds: int = 300_000) -> Once:
    """Return a memory in an invocation of its own."""
    made = Once(client, TABLE)
    made.begin(Invocation(milliseconds))
    return made


def test_second_message_gets_the_first_ones_result(client: Any) -> None:
    """The work is not done again, and the caller is told that it was not."""
    first = once(client).do(IDENTITY, lambda: {"labels": ["Boat"]})
    second = once(client).do(IDENTITY, lambda: pytest.fail("done twice"))

    assert (first.result, first.repeated) == ({"labels": ["Boat"]}, False)
    assert (second.result, second.repeated) == ({"labels": ["Boat"]}, True)


@pytest.mark.parametrize("changed", [{"versionId": "v2"}, {"eTag": "e2"}, {"request": 1}])
def test_other_version_or_request_is_other_work(client: Any, changed: dict[str, Any]) -> None:
    """Content and settings are part of what is remembered."""
    once(client).do(IDENTITY, lambda: {"of": "first"})

    assert not once(client).do({**IDENTITY, **changed}, lambda: {"of": "second"}).repeated


def test_failed_work_is_forgotten(client: Any) -> None:
    """The retry begins afresh, and the error is the work's own."""

    def fail() -> dict[str, Any]:
        raise ObjectMissingError("gone")

    with pytest.raises(ObjectMissingError, match="gone"):
        once(client).do(IDENTITY, fail)
    assert not once(client).do(IDENTITY, dict).repeated


def test_work_under_way_elsewhere_is_waited_for(client: Any) -> None:
    """The duplicate goes back to its queue while the first one works."""

    def meanwhile() -> dict[str, Any]:
        with pytest.raises(TransientError, match="another run"):
            once(client).do(IDENTITY, lambda: pytest.fail("done at the same time"))
        return {}

    once(client).do(IDENTITY, meanwhile)


def test_killed_work_is_done_again_when_its_time_is_up(client: Any) -> None:
    """A process that died says nothing; after its invocation's end it is no longer waited for."""

    def die() -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        once(client, milliseconds=1).do(IDENTITY, die)
    time.sleep(0.01)
    assert not once(client).do(IDENTITY, dict).repeated


def test_killed_work_is_not_done_again_before(client: Any) -> None:
    """Within the time of its invocation it may still be alive."""

    def die() -> dict[str, Any]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        once(client).do(IDENTITY, die)
    with pytest.raises(TransientError):
        once(client).do(IDENTITY, dict)


def test_memory_forgets_by_itself(client: Any) -> None:
    """DynamoDB deletes the row after some days; nothing of an image is kept longer."""
    before = int(time.time())
    once(client).do(IDENTITY, lambda: {"labels": []})
    (item,) = client.scan(TableName=TABLE)["Items"]

    assert int(item["expiration"]["N"]) - before in range(
        EXPIRES_AFTER_SECONDS, EXPIRES_AFTER_SECONDS + 60
    )
    assert item["id"]["S"].startswith("label_image#")
    assert "a.jpg" not in item["id"]["S"]


def test_missing_table_is_a_misconfiguration(client: Any) -> None:
    """An operator has to act, and is told of what."""
    client.delete_table(TableName=TABLE)

    with pytest.raises(MisconfiguredError, match="remember what was done"):
        once(client).do(IDENTITY, dict)


def test_memory_that_does_not_answer_is_retried(client: Any) -> None:
    """Nor is the work done without it: two might do it at once."""

    class Throttled:
        meta = client.meta
        exceptions = client.exceptions

        def put_item(self, **_: Any) -> Any:
            raise TimeoutError("no answer")

    throttled: Any = Throttled()
    with pytest.raises(TransientError):
        once(throttled).do(IDENTITY, lambda: pytest.fail("done unremembered"))
