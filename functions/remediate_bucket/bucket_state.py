"""What S3 says of one bucket: every setting that a control judges, as it was read.

A setting is the answer of its GET without ResponseMetadata, None where S3 says that there is none,
or `Unreadable` where it could not be read: denied, throttled for good, or not known in that Region.
Nothing that is `Unreadable` may ever count as compliant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# All but aws itself, by how the names of their Regions begin.
_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
}


class Section(StrEnum):
    """A setting of the bucket, or of its account, that is read and written as one."""

    ACCOUNT_PUBLIC_ACCESS_BLOCK = "account-public-access-block"
    PUBLIC_ACCESS_BLOCK = "public-access-block"
    POLICY = "policy"
    POLICY_STATUS = "policy-status"
    ACL = "acl"
    OWNERSHIP = "ownership"
    ENCRYPTION = "encryption"
    VERSIONING = "versioning"
    LIFECYCLE = "lifecycle"
    LOGGING = "logging"
    NOTIFICATION = "notification"
    OBJECT_LOCK = "object-lock"
    REPLICATION = "replication"
    INTELLIGENT_TIERING = "intelligent-tiering"
    INVENTORY = "inventory"
    METRICS = "metrics"
    WEBSITE = "website"
    TAGS = "tags"
    ACCESS_POINTS = "access-points"
    TRAILS = "trails"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A setting that could not be read, and why."""

    reason: str


# What a section holds: see SHAPES for the form of each.
type Setting = Mapping[str, Any] | Unreadable | None

SHAPES: Mapping[Section, str] = {
    Section.ACCOUNT_PUBLIC_ACCESS_BLOCK: "PublicAccessBlockConfiguration, of the account",
    Section.PUBLIC_ACCESS_BLOCK: "PublicAccessBlockConfiguration",
    Section.POLICY: "the policy document, parsed",
    Section.POLICY_STATUS: '{"IsPublic": bool}',
    Section.ACL: '{"Owner": …, "Grants": […]}',
    Section.OWNERSHIP: '{"Rules": [{"ObjectOwnership": …}]}',
    Section.ENCRYPTION: '{"Rules": […]}: ServerSideEncryptionConfiguration',
    Section.VERSIONING: '{"Status"?: …, "MFADelete"?: …}; {} where it was never turned on',
    Section.LIFECYCLE: '{"Rules": […], "TransitionDefaultMinimumObjectSize"?: …}',
    Section.LOGGING: "LoggingEnabled; None where logging is off",
    Section.NOTIFICATION: "all four kinds, as GetBucketNotificationConfiguration answers",
    Section.OBJECT_LOCK: "ObjectLockConfiguration",
    Section.REPLICATION: "ReplicationConfiguration",
    Section.INTELLIGENT_TIERING: '{"Configurations": [IntelligentTieringConfiguration, …]}',
    Section.INVENTORY: '{"Configurations": [InventoryConfiguration, …]}',
    Section.METRICS: '{"Configurations": [MetricsConfiguration, …]}',
    Section.WEBSITE: "as GetBucketWebsite answers",
    Section.TAGS: '{"Tags": {key: value}}',
    Section.ACCESS_POINTS: '{"AccessPoints": [{"Name": …, "PublicAccessBlock": {…}}, …]}',
    Section.TRAILS: '{"WritesRecorded": bool, "ReadsRecorded": bool}, of its data events',
}


@dataclass(frozen=True, slots=True)
class BucketState:
    """One bucket, as read at one moment.

    `is_log_target`: other buckets (or a service) deliver logs here, as far as can be told from
    the account's own buckets and from the policy; None where that is not known.
    `access_log_sources`: the account's buckets whose access logs S3 delivers here, each with the
    prefix of its logs; None where that is not known.
    """

    name: str
    region: str
    account_id: str
    settings: Mapping[Section, Setting] = field(default_factory=dict)
    is_log_target: bool | None = None
    access_log_sources: Mapping[str, str] | None = None

    @property
    def arn_partition(self) -> str:
        """The partition of the bucket's Region."""
        for start, partition in _PARTITIONS.items():
            if self.region.startswith(start):
                return partition
        return "aws"

    @property
    def arn(self) -> str:
        """The bucket's ARN."""
        return f"arn:{self.arn_partition}:s3:::{self.name}"

    def setting(self, section: Section) -> Setting:
        """Return one setting; one that nobody read is unreadable, not absent."""
        return self.settings.get(section, Unreadable(f"{section} was not read"))

    def unreadable(self, sections: Iterable[Section]) -> Unreadable | None:
        """Return the first of these settings that could not be read, if any."""
        asked = set(sections)
        for section in Section:
            if section in asked and isinstance(setting := self.setting(section), Unreadable):
                return setting
        return None

    def known(self, section: Section) -> Mapping[str, Any] | None:
        """Return a setting that could be read. Raises LookupError for one that could not."""
        setting = self.setting(section)
        if not isinstance(setting, Unreadable):
            return setting
        raise LookupError(setting.reason)
