"""The ledger: one DynamoDB row for each object version, with its verdict and what became of it.

Key: `object` ("bucket/key") and `version` (the version id, or "null" where the bucket keeps no
versions). Index `by-status`: `status`, `scannedAt`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING, Any

from boto3.dynamodb.conditions import Attr, ConditionBase
from botocore.exceptions import ClientError

from tidegate.errors import service_errors
from tidegate.objectref import ObjectRef
from tidegate.verdicts import ScanResult, ScanStatus

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.service_resource import Table

UNVERSIONED = "null"
_SEQUENCER_WIDTH = 64


@dataclass(frozen=True, slots=True)
class Recorded:
    """The verdict was written."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The same content was found infected before, and that verdict stands: `threats`."""

    threats: tuple[str, ...]
    definitions_release: str | None


@dataclass(frozen=True, slots=True)
class Superseded:
    """A later upload has been recorded under this name; this verdict is of the past."""


class Ledger:
    """What the suite knows of each object version."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def record(self, result: ScanResult, limits: Mapping[str, int]) -> Recorded | Kept | Superseded:
        """Write the verdict, unless that would better a verdict on the same content.

        Content once found infected (same version and ETag) stays infected whatever a later scan
        says; other verdicts on the same content may be replaced, for they vouch for nothing.
        Nor does the verdict on an earlier upload replace that on a later one. One conditional
        write; safe to repeat. Raises TransientError or MisconfiguredError.
        """
        with service_errors(f"record the verdict on {result.ref}"):
            try:
                self._table.put_item(
                    Item=_row(result, limits),
                    **_may_replace(result),
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if error.response["Error"].get("Code") != "ConditionalCheckFailedException":
                    raise
                # The resource layer turns attribute values in answers, not in errors.
                return _standing(error.response.get("Item", {}), result)  # type: ignore[arg-type]
        return Recorded()

    def annotate(self, ref: ObjectRef, name: str, facts: Mapping[str, Any]) -> None:
        """Write `facts` as the row's attribute `name`, what a later function did with the object.

        Safe to repeat. Raises TransientError or MisconfiguredError.
        """
        with service_errors(f"record {name} of {ref}"):
            self._table.update_item(
                Key=row_key(ref),
                UpdateExpression="SET #name = :facts",
                ExpressionAttributeNames={"#name": name},
                ExpressionAttributeValues={":facts": dict(facts)},
            )

    def row(self, ref: ObjectRef) -> dict[str, Any] | None:
        """Return the row of the object version, strongly consistent; None where there is none."""
        with service_errors(f"read the ledger row of {ref}"):
            answer = self._table.get_item(Key=row_key(ref), ConsistentRead=True)
        return answer.get("Item")


def row_key(ref: ObjectRef) -> dict[str, str]:
    """Return the key of the object version's row."""
    return {"object": f"{ref.bucket}/{ref.key}", "version": ref.version_id or UNVERSIONED}


def _row(result: ScanResult, limits: Mapping[str, int]) -> dict[str, Any]:
    row: dict[str, Any] = {
        **row_key(result.ref),
        "bucket": result.ref.bucket,
        "key": result.ref.key,
        "etag": result.ref.etag or "",
        "status": result.status.value,
        "action": result.action.value,
        "threats": list(result.threats),
        "reason": result.reason,
        "sha256": result.sha256,
        "bytes": result.size_bytes,
        "contentType": result.content_type,
        "engine": result.engine,
        "definitionsRelease": result.definitions_release,
        "limits": dict(limits),
        "scannedAt": result.scanned_at.isoformat(),
        "durationMs": result.duration_ms,
        "sequencer": _padded(result.sequencer),
        "requester": result.uploader.requester,
        "sourceIp": result.uploader.source_ip,
        "correlationId": result.correlation_id,
    }
    return {name: value for name, value in row.items() if value is not None}


def _may_replace(result: ScanResult) -> dict[str, Any]:
    """Return the condition on the row that is there, if any, under which the verdict replaces it.

    An attribute that the row lacks is unlike any value, and not greater than one.
    """
    conditions: list[ConditionBase] = []
    if result.status is not ScanStatus.THREATS_FOUND:
        other_content = Attr("etag").ne(result.ref.etag or "")
        conditions.append(other_content | Attr("status").ne(ScanStatus.THREATS_FOUND.value))
    if result.sequencer is not None:
        conditions.append(~Attr("sequencer").gt(_padded(result.sequencer)))
    return {"ConditionExpression": reduce(and_, conditions)} if conditions else {}


def _standing(row: Mapping[str, Any], result: ScanResult) -> Kept | Superseded:
    """Return why the row, in DynamoDB's own notation, was left as it is."""
    same = row.get("etag", {}).get("S") == (result.ref.etag or "")
    if same and row.get("status", {}).get("S") == ScanStatus.THREATS_FOUND:
        return Kept(
            threats=tuple(threat["S"] for threat in row.get("threats", {}).get("L", ())),
            definitions_release=row.get("definitionsRelease", {}).get("S"),
        )
    return Superseded()


def _padded(sequencer: str | None) -> str:
    """Return the sequencer in a form that compares as text; zeros where there is none.

    Sequencers are hexadecimal; the shorter of two is padded with zeros on its right:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html.
    """
    return (sequencer or "").ljust(_SEQUENCER_WIDTH, "0")
