"""What to write into a bucket's own template, where CloudFormation or Terraform owns the bucket.

The setting is not changed behind the owner's back: the next deployment would take it back, and
two tools would fight. The patch names the property or resource and holds the setting.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from functions.remediate_bucket.bucket_state import Section, Setting, Unreadable
from functions.remediate_bucket.properties import as_property
from functions.remediate_bucket.sections import to_json

_STACK_TAG = "aws:cloudformation:stack-name"
_TERRAFORM_KEYS = frozenset(
    {"terraform", "managed-by", "managedby", "managed_by", "provisioner", "iac", "created-by"}
)
_TERRAFORM_VALUES = ("terraform", "opentofu", "tofu", "terragrunt", "pulumi", "true")

# The property of AWS::S3::Bucket, and Terraform's resource.
_HOMES: Mapping[Section, tuple[str, str]] = {
    Section.PUBLIC_ACCESS_BLOCK: (
        "PublicAccessBlockConfiguration",
        "aws_s3_bucket_public_access_block",
    ),
    Section.POLICY: ("AWS::S3::BucketPolicy PolicyDocument", "aws_s3_bucket_policy"),
    Section.OWNERSHIP: ("OwnershipControls", "aws_s3_bucket_ownership_controls"),
    Section.ENCRYPTION: (
        "BucketEncryption",
        "aws_s3_bucket_server_side_encryption_configuration",
    ),
    Section.VERSIONING: ("VersioningConfiguration", "aws_s3_bucket_versioning"),
    Section.LIFECYCLE: ("LifecycleConfiguration", "aws_s3_bucket_lifecycle_configuration"),
    Section.LOGGING: ("LoggingConfiguration", "aws_s3_bucket_logging"),
    Section.NOTIFICATION: ("NotificationConfiguration", "aws_s3_bucket_notification"),
    Section.OBJECT_LOCK: ("ObjectLockConfiguration", "aws_s3_bucket_object_lock_configuration"),
    Section.INTELLIGENT_TIERING: (
        "IntelligentTieringConfigurations",
        "aws_s3_bucket_intelligent_tiering_configuration",
    ),
    Section.INVENTORY: ("InventoryConfigurations", "aws_s3_bucket_inventory"),
    Section.METRICS: ("MetricsConfigurations", "aws_s3_bucket_metric"),
    Section.TAGS: ("Tags", "aws_s3_bucket tags"),
}


@dataclass(frozen=True, slots=True)
class Owner:
    """What deploys the bucket: its tool, and the stack's name where that is known."""

    tool: str
    name: str

    @property
    def said(self) -> str:
        """The owner in words."""
        return f"{self.tool} {self.name}".strip()


def owner_of(tags: Mapping[str, str]) -> Owner | None:
    """Return what deploys the bucket, as its tags tell; None where they tell of nothing."""
    if _STACK_TAG in tags:
        return Owner("CloudFormation stack", tags[_STACK_TAG])
    for key, value in tags.items():
        said = value.lower()
        if key.lower() in _TERRAFORM_KEYS and said.startswith(_TERRAFORM_VALUES):
            return Owner("Terraform" if said == "true" else value, "")
    return None


def patch(owner: Owner, section: Section, wanted: Setting) -> str:
    """Return what to write there, for people: where, and the setting as it should be."""
    if section not in _HOMES or isinstance(wanted, Unreadable):
        return f"set {section} in {owner.said}"
    property_name, resource = _HOMES[section]
    if owner.tool.startswith("CloudFormation"):
        body = json.dumps({property_name: as_property(section, to_json(wanted))}, indent=2)
        return f"in {owner.said}, AWS::S3::Bucket:\n{body}"
    return f"in {owner.said}, {resource}:\n{json.dumps(to_json(wanted), indent=2)}"
