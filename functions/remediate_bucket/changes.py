"""The changes table: what is noted of a bucket, and one row for each change made.

Key: `bucket` and `entry`. Rows that expire have `expiresAt` (epoch seconds); records never do.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Key

from functions.remediate_bucket import notes
from functions.remediate_bucket.bucket_state import Unreadable
from functions.remediate_bucket.change import Change, bucket_of, from_row, to_row
from functions.remediate_bucket.notes import Notes
from tidegate.errors import MisconfiguredError, PermanentError, service_errors

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

# Sorts after the names of all other kinds of rows.
_RECORDS = "record#"


class Changes:
    """The table, strongly consistent. Raises TransientError or MisconfiguredError."""

    def __init__(self, table: Table, known_controls: frozenset[str]) -> None:
        self._table = table
        self._known = known_controls

    def notes(self, bucket: str) -> Notes | Unreadable:
        """Return all that is noted of the bucket; a refusal by DynamoDB makes it unreadable."""
        condition = Key("bucket").eq(bucket) & Key("entry").lt(_RECORDS)
        rows: list[dict[str, Any]] = []
        more: dict[str, Any] = {}
        try:
            while True:
                with service_errors(f"read what is noted of {bucket}"):
                    page = self._table.query(
                        KeyConditionExpression=condition, ConsistentRead=True, **more
                    )
                rows += page["Items"]
                if "LastEvaluatedKey" not in page:
                    return notes.from_rows(rows, self._known)
                more = {"ExclusiveStartKey": page["LastEvaluatedKey"]}
        except (MisconfiguredError, PermanentError) as error:
            return Unreadable(str(error))

    def begin(self, change: Change) -> None:
        """Note that the change is open, then write its row. Both before anything is changed."""
        with service_errors(f"note change {change.id}"):
            self._table.put_item(Item={"bucket": change.bucket, "entry": f"open#{change.id}"})
            self._table.put_item(Item=to_row(change))

    def end(self, change: Change) -> None:
        """Write what became of the change."""
        with service_errors(f"record change {change.id}"):
            self._table.put_item(Item=to_row(change))

    def close(self, change_id: str) -> None:
        """Note that the change was told. Safe to repeat."""
        with service_errors(f"close change {change_id}"):
            self._table.delete_item(
                Key={"bucket": bucket_of(change_id), "entry": f"open#{change_id}"}
            )

    def find(self, change_id: str) -> Change | None:
        """Return the recorded change, or None; also for what cannot be a change's id."""
        if not bucket_of(change_id):
            return None
        with service_errors(f"read change {change_id}"):
            answer = self._table.get_item(
                Key={"bucket": bucket_of(change_id), "entry": f"{_RECORDS}{change_id}"},
                ConsistentRead=True,
            )
        return from_row(answer["Item"]) if "Item" in answer else None

    def hold(self, change: Change, until: datetime) -> None:
        """Keep the change's control from being applied to its bucket again until then."""
        with service_errors(f"hold {change.control} of {change.bucket}"):
            self._table.put_item(
                Item={
                    "bucket": change.bucket,
                    "entry": f"hold#{change.control}",
                    "change": change.id,
                    "afterSha256": change.after_sha256,
                    "expiresAt": int(until.timestamp()),
                }
            )

    def lift(self, change: Change) -> None:
        """Take the hold away again."""
        with service_errors(f"lift the hold on {change.control} of {change.bucket}"):
            self._table.delete_item(
                Key={"bucket": change.bucket, "entry": f"hold#{change.control}"}
            )
