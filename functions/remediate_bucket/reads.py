"""How each setting is read: one call, or a few pages of it, and what of the answer is kept.

Each takes the bucket's S3 client and the arguments that name the bucket. What S3 does not have
set, it tells by an error whose code says so; those codes are `ABSENT`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from functions.remediate_bucket.bucket_state import Section

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
ABSENT = frozenset(
    {
        "NoSuchBucketPolicy",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "NoSuchWebsiteConfiguration",
        "ObjectLockConfigurationNotFoundError",
        "OwnershipControlsNotFoundError",
        "ReplicationConfigurationNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
type Named = Mapping[str, Any]
type Read = Callable[[S3Client, Named], Mapping[str, Any] | None]


def _public_access_block(s3: S3Client, named: Named) -> Any:
    return s3.get_public_access_block(**named)["PublicAccessBlockConfiguration"]


def _policy(s3: S3Client, named: Named) -> Any:
    return json.loads(s3.get_bucket_policy(**named)["Policy"])


def _policy_status(s3: S3Client, named: Named) -> Any:
    return s3.get_bucket_policy_status(**named)["PolicyStatus"]


def _acl(s3: S3Client, named: Named) -> Any:
    return _bare(s3.get_bucket_acl(**named))


def _ownership(s3: S3Client, named: Named) -> Any:
    return s3.get_bucket_ownership_controls(**named)["OwnershipControls"]


def _encryption(s3: S3Client, named: Named) -> Any:
    return s3.get_bucket_encryption(**named)["ServerSideEncryptionConfiguration"]


def _versioning(s3: S3Client, named: Named) -> Any:
    return _bare(s3.get_bucket_versioning(**named))


def _lifecycle(s3: S3Client, named: Named) -> Any:
    return _bare(s3.get_bucket_lifecycle_configuration(**named))


def _logging(s3: S3Client, named: Named) -> Any:
    return s3.get_bucket_logging(**named).get("LoggingEnabled")


def _notification(s3: S3Client, named: Named) -> Any:
    return _bare(s3.get_bucket_notification_configuration(**named))


def _object_lock(s3: S3Client, named: Named) -> Any:
    return s3.get_object_lock_configuration(**named)["ObjectLockConfiguration"]


def _replication(s3: S3Client, named: Named) -> Any:
    return s3.get_bucket_replication(**named)["ReplicationConfiguration"]


def _website(s3: S3Client, named: Named) -> Any:
    return _bare(s3.get_bucket_website(**named))


def _tags(s3: S3Client, named: Named) -> Any:
    tags = s3.get_bucket_tagging(**named)["TagSet"]
    return {"Tags": {tag["Key"]: tag["Value"] for tag in tags}}


def _intelligent_tiering(s3: S3Client, named: Named) -> Any:
    return _listed(
        lambda more: s3.list_bucket_intelligent_tiering_configurations(**named, **more),
        "IntelligentTieringConfigurationList",
    )


def _inventory(s3: S3Client, named: Named) -> Any:
    return _listed(
        lambda more: s3.list_bucket_inventory_configurations(**named, **more),
        "InventoryConfigurationList",
    )


def _metrics(s3: S3Client, named: Named) -> Any:
    return _listed(
        lambda more: s3.list_bucket_metrics_configurations(**named, **more),
        "MetricsConfigurationList",
    )


READS: Mapping[Section, Read] = {
    Section.PUBLIC_ACCESS_BLOCK: _public_access_block,
    Section.POLICY: _policy,
    Section.POLICY_STATUS: _policy_status,
    Section.ACL: _acl,
    Section.OWNERSHIP: _ownership,
    Section.ENCRYPTION: _encryption,
    Section.VERSIONING: _versioning,
    Section.LIFECYCLE: _lifecycle,
    Section.LOGGING: _logging,
    Section.NOTIFICATION: _notification,
    Section.OBJECT_LOCK: _object_lock,
    Section.REPLICATION: _replication,
    Section.INTELLIGENT_TIERING: _intelligent_tiering,
    Section.INVENTORY: _inventory,
    Section.METRICS: _metrics,
    Section.WEBSITE: _website,
    Section.TAGS: _tags,
}


def _listed(page_of: Callable[[dict[str, Any]], Any], name: str) -> dict[str, Any]:
    found: list[Any] = []
    more: dict[str, Any] = {}
    while True:
        page = page_of(more)
        found += page.get(name, ())
        if not page.get("IsTruncated"):
            return {"Configurations": found}
        more = {"ContinuationToken": page["NextContinuationToken"]}


def _bare(answer: Any) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}
