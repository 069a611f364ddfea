"""Reads a bucket's rules: versioning, lifecycle, Intelligent-Tiering, request metrics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from functions.report_storage.usage import LifecycleRule
from tidegate.errors import object_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_NO_LIFECYCLE = "NoSuchLifecycleConfiguration"


class Configuration:
    """The configuration of the buckets in one region. Each call raises what object_errors does."""

    def __init__(self, s3: S3Client) -> None:
        self._s3 = s3

    def versioning(self, bucket: str) -> str:
        """Return Enabled, Suspended, or Off where the bucket never kept versions."""
        with object_errors(f"read the versioning of {bucket}"):
            return str(self._s3.get_bucket_versioning(Bucket=bucket).get("Status", "Off"))

    def lifecycle(self, bucket: str) -> tuple[LifecycleRule, ...]:
        """Return the lifecycle rules; none where there is no configuration."""
        with object_errors(f"read the lifecycle of {bucket}"):
            try:
                answer = self._s3.get_bucket_lifecycle_configuration(Bucket=bucket)
            except ClientError as error:
                if error.response["Error"].get("Code") != _NO_LIFECYCLE:
                    raise
                return ()
        return tuple(rule_of(rule) for rule in answer.get("Rules", []))

    def tiering(self, bucket: str) -> tuple[str, ...]:
        """Return the Intelligent-Tiering configurations in force, in words."""
        found: list[str] = []
        token: dict[str, Any] = {}
        with object_errors(f"read the Intelligent-Tiering configurations of {bucket}"):
            while True:
                answer = self._s3.list_bucket_intelligent_tiering_configurations(
                    Bucket=bucket, **token
                )
                found += [
                    _tiering_words(each)
                    for each in answer.get("IntelligentTieringConfigurationList", [])
                    if each["Status"] == "Enabled"
                ]
                if not answer.get("IsTruncated"):
                    return tuple(found)
                token = {"ContinuationToken": answer["NextContinuationToken"]}

    def whole_metrics(self, bucket: str) -> str | None:
        """Return the id of a request metrics configuration that covers the whole bucket."""
        token: dict[str, Any] = {}
        with object_errors(f"read the metrics configurations of {bucket}"):
            while True:
                answer = self._s3.list_bucket_metrics_configurations(Bucket=bucket, **token)
                for each in answer.get("MetricsConfigurationList", []):
                    if not each.get("Filter"):
                        return str(each["Id"])
                if not answer.get("IsTruncated"):
                    return None
                token = {"ContinuationToken": answer["NextContinuationToken"]}


def rule_of(rule: Mapping[str, Any]) -> LifecycleRule:
    """Return one rule of S3's answer, in words."""
    expiration = rule.get("Expiration", {})
    aborts = rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation")
    noncurrent = rule.get("NoncurrentVersionExpiration", {})
    return LifecycleRule(
        rule_id=rule.get("ID", ""),
        enabled=rule["Status"] == "Enabled",
        whole=not _filtered(rule),
        actions=tuple(_actions(rule)),
        aborts_uploads=aborts is not None,
        expires_noncurrent="NoncurrentDays" in noncurrent,
        moves_to=tuple(each["StorageClass"] for each in rule.get("Transitions", [])),
        expires_after_days=expiration.get("Days"),
    )


def _filtered(rule: Mapping[str, Any]) -> bool:
    """Whether a rule concerns a part of the bucket only; an empty prefix is no filter."""
    return bool(rule.get("Prefix")) or any(bool(value) for value in rule.get("Filter", {}).values())


def _actions(rule: Mapping[str, Any]) -> Iterator[str]:
    for move in rule.get("Transitions", []):
        yield f"to {move['StorageClass']} {_when(move)}"
    for move in rule.get("NoncurrentVersionTransitions", []):
        yield f"noncurrent to {move['StorageClass']} after {move['NoncurrentDays']} days"
    expiration = rule.get("Expiration", {})
    if "Days" in expiration or "Date" in expiration:
        yield f"expire {_when(expiration)}"
    if expiration.get("ExpiredObjectDeleteMarker"):
        yield "remove lone delete markers"
    noncurrent = rule.get("NoncurrentVersionExpiration", {})
    if "NoncurrentDays" in noncurrent:
        kept = noncurrent.get("NewerNoncurrentVersions")
        words = f"expire noncurrent after {noncurrent['NoncurrentDays']} days"
        yield f"{words}, {kept} kept" if kept else words
    aborts = rule.get("AbortIncompleteMultipartUpload", {}).get("DaysAfterInitiation")
    if aborts is not None:
        yield f"abort uploads after {aborts} days"


def _when(action: Mapping[str, Any]) -> str:
    return f"after {action['Days']} days" if "Days" in action else f"on {action['Date']:%Y-%m-%d}"


def _tiering_words(configuration: Mapping[str, Any]) -> str:
    tiers = ", ".join(
        f"{each['AccessTier']} after {each['Days']} days" for each in configuration["Tierings"]
    )
    part = " (a part of the bucket)" if configuration.get("Filter") else ""
    return f"{configuration['Id']}: {tiers}{part}"
