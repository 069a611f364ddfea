"""One run at a time changes a bucket, and no control changes it too often.

S3's configuration calls know no conditions, so the changes table keeps two events that come at
once apart: row `lease`, with its holder and its end. Row `budget#<control>#<day>` counts the
changes that nobody asked for by name: the loop breaker.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from boto3.dynamodb.conditions import Attr
from botocore.exceptions import ClientError

from tidegate.errors import TransientError, service_errors

if TYPE_CHECKING:
    from boto3.dynamodb.conditions import ConditionBase
    from mypy_boto3_dynamodb.service_resource import Table

# Longer than any step between two renewals, shorter than a message stays hidden.
LEASE_SECONDS = 180
_KEPT = timedelta(days=3)
_CONDITION = "ConditionalCheckFailedException"


class Budget(StrEnum):
    """Whether one more change is within the budget; EXCEEDED_FIRST is answered once a day."""

    WITHIN = "WITHIN"
    EXCEEDED_FIRST = "EXCEEDED_FIRST"
    EXCEEDED = "EXCEEDED"


class Leases:
    """The leases and budgets of all buckets. Raises TransientError or MisconfiguredError."""

    def __init__(self, table: Table, changes_a_day: int) -> None:
        self._table = table
        self._changes_a_day = changes_a_day

    def take(self, bucket: str, holder: str, now: datetime) -> None:
        """Take the lease, or renew one's own. TransientError where another run holds it."""
        free = Attr("holder").not_exists() | Attr("holder").eq(holder)
        over = Attr("expiresAt").lte(int(now.timestamp()))
        self._put(bucket, holder, now, free | over)

    def renew(self, bucket: str, holder: str, now: datetime) -> None:
        """Renew one's own lease. TransientError where it is gone or was another's since.

        Then another run may have changed what this one has read.
        """
        self._put(bucket, holder, now, Attr("holder").eq(holder))

    def _put(self, bucket: str, holder: str, now: datetime, condition: ConditionBase) -> None:
        with service_errors(f"take the lease of {bucket}"):
            try:
                self._table.put_item(
                    Item={
                        "bucket": bucket,
                        "entry": "lease",
                        "holder": holder,
                        "expiresAt": int(now.timestamp()) + LEASE_SECONDS,
                    },
                    ConditionExpression=condition,
                )
            except ClientError as error:
                if error.response["Error"].get("Code") != _CONDITION:
                    raise
                raise TransientError(f"another run is at work on {bucket}") from error

    def release(self, bucket: str, holder: str) -> None:
        """Give one's own lease back; nothing happens where it is another's by now."""
        with service_errors(f"release the lease of {bucket}"):
            try:
                self._table.delete_item(
                    Key={"bucket": bucket, "entry": "lease"},
                    ConditionExpression=Attr("holder").eq(holder),
                )
            except ClientError as error:
                if error.response["Error"].get("Code") != _CONDITION:
                    raise

    def spend(self, bucket: str, control: str, now: datetime) -> Budget:
        """Count one change by this control today, and answer whether it is within the budget."""
        spent = self._count(bucket, control, now, 1)
        if spent <= self._changes_a_day:
            return Budget.WITHIN
        first = spent == self._changes_a_day + 1
        return Budget.EXCEEDED_FIRST if first else Budget.EXCEEDED

    def refund(self, bucket: str, control: str, now: datetime) -> None:
        """Count one change less: S3 did not say that it took it."""
        self._count(bucket, control, now, -1)

    def _count(self, bucket: str, control: str, now: datetime, number: int) -> int:
        with service_errors(f"count the changes of {bucket}"):
            answer = self._table.update_item(
                Key={"bucket": bucket, "entry": f"budget#{control}#{now.date()}"},
                UpdateExpression="ADD changes :number SET expiresAt = :end",
                ExpressionAttributeValues={
                    ":number": number,
                    ":end": int((now + _KEPT).timestamp()),
                },
                ReturnValues="UPDATED_NEW",
            )
        return int(str(answer["Attributes"]["changes"]))
